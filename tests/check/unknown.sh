# The screen of unknown outcomes: it opens by itself after a run that ended while it posted, says what was
# sent, why nobody knows and what was read, reads back on a key, and stays to say what it came to. The
# status line has the way to it, offline as well.
set -eu
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
start_sandbox --clock 1769860800
clock=2026-01-31T12:00:00Z

played() { # played SIZE SCRIPT [ARG...]
	size=$1
	script=$2
	shift 2
	(cd "$dir" && timeout 300 "$RETICLE" --script "$here/screen/$script" --size "$size" --clock $clock "$@")
}

compare() { # compare FILE...: with the screens that are expected
	for f in "$@"; do
		if [ -n "${UPDATE_SCREENS:-}" ]; then
			cp "$dir/$f" "$here/screen/expect/$f"
		else
			diff -u "$here/screen/expect/$f" "$dir/$f" || { echo "$f is not what is expected"; exit 1; }
		fi
	done
}

# --- the answer is lost, and so is whoever waited for it
control faults '{"rules":[{"method":"POST","path":"/batch/","nth":1,"times":1,"action":"stall@post-commit:600000"}]}' >/dev/null
(cd "$dir" && exec "$RETICLE" --script "$here/screen/unknown_post.script" --size 100x30 --clock $clock) 2>/dev/null &
client=$!
until control ledger | grep -q '"target": *"[^"]*/batch/'; do kill -0 $client; done
kill -9 $client
wait $client 2>/dev/null || true

# --- offline: it is the first thing on the screen
rc=0
played 80x24 unknown_offline.script --offline || rc=$?
[ $rc = 6 ] || { echo "offline it ended with $rc, not 6"; exit 1; }
compare unknown_offline.txt

# --- with a network it is read back, on a key at once
rc=0
played 80x24 unknown.script || rc=$?
[ $rc = 0 ] || { echo "it ended with $rc"; exit 1; }
compare unknown_settled.txt
control doubles | grep -qE '"count": *0' || { echo "the sandbox saw a double"; exit 1; }

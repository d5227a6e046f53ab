# F1, F4, F11: what a core file of the running program would hold (all its memory but for the pages that it
# keeps out of cores) has no secret, wherever it came from: the file, a helper, the environment; on the
# screen the supervisor too. Cores are off anyway, and a crash leaves none.
set -eu
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH=$here
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
start_sandbox
config=$dir/config/reticle/config.yaml
cp "$config" "$dir/full.yaml"
grep -vE 'consumer_|access_' "$dir/full.yaml" >"$dir/plain.yaml"
secrets="$(field consumer_secret)
$(field access_token_secret)"
# the sanitizer keeps a copy of the environment that the program cannot reach
sources="file helper"
if grep -q __asan_init "$RETICLE"; then
	echo "the environment is left out: the sanitizer copies it"
else
	sources="$sources environment"
fi

cat >"$dir/helper" <<SH
#!/bin/sh
cat "$dir/helper-says"
SH
chmod 755 "$dir/helper"
for name in consumer_key consumer_secret access_token access_token_secret; do
	echo "$name: $(field $name)"
done >"$dir/helper-says"

give() { # give SOURCE
	case $1 in
	file) cp "$dir/full.yaml" "$config" ;;
	helper)
		{
			cat "$dir/plain.yaml"
			echo "    credentials_command: [$dir/helper]"
		} >"$config"
		;;
	environment)
		cp "$dir/plain.yaml" "$config"
		RETICLE_CONSUMER_KEY=$(field consumer_key) RETICLE_CONSUMER_SECRET=$(field consumer_secret)
		RETICLE_ACCESS_TOKEN=$(field access_token) RETICLE_ACCESS_TOKEN_SECRET=$(field access_token_secret)
		export RETICLE_CONSUMER_KEY RETICLE_CONSUMER_SECRET RETICLE_ACCESS_TOKEN RETICLE_ACCESS_TOKEN_SECRET
		;;
	esac
}

look() { # look WHO PID
	rc=0
	python3 "$here/memory_scan.py" "$2" "$dir/memory" || rc=$?
	[ $rc != 77 ] || { echo "skipped: the memory of a process may not be read here"; exit 0; }
	[ $rc = 0 ]
	# the search finds what is there: the program's own name for what it signs with
	grep -qaF oauth_ "$dir/memory" || { echo "$1: its memory was not read"; exit 1; }
	if printf '%s\n' "$secrets" | grep -qaFf - "$dir/memory"; then
		echo "$1: a secret is in its memory:"
		printf '%s\n' "$secrets" | grep -aobFf - "$dir/memory" | head -n 5
		exit 1
	fi
	grep -qE '^Max core file size +0 ' "/proc/$2/limits" || { echo "$1 may write a core"; exit 1; }
	echo "$1: $(wc -c <"$dir/memory") bytes, no secret"
	rm "$dir/memory"
}

# a command, while its request is under way
control faults '{"rules":[{"method":"GET","path":"/line_items","action":"stall@pre-commit:60000"}]}' >/dev/null
for source in $sources; do
	(
		give "$source"
		curl -sf -X DELETE "$(field url)/__sandbox/ledger" >/dev/null
		cd "$dir"
		ulimit -c unlimited 2>/dev/null || true
		ASAN_OPTIONS=handle_segv=0 "$RETICLE" api GET /12/accounts/18ce5demo01/line_items \
			>/dev/null 2>"$dir/err" &
		pid=$!
		until control ledger | grep -q line_items; do
			kill -0 $pid 2>/dev/null || { cat "$dir/err"; exit 1; }
		done
		look "command, from $source" $pid
		kill -SEGV $pid
		wait $pid 2>/dev/null || true
		if ls "$dir"/core* >/dev/null 2>&1; then echo "a core was written"; exit 1; fi
	)
done
control faults '{"rules":[]}' >/dev/null

# the screen and its supervisor, once something was read
for source in $sources; do
	(
		give "$source"
		python3 - "$RETICLE" "$dir/pids" <<'PY' &
import os, sys, time
from pty_program import Program

p = Program([sys.argv[1]])
p.wait(rb"Home buyers", "screen")
with open(sys.argv[2] + ".new", "w") as f:
    f.write("%d %d\n" % (p.pid, p.children()[0]))
os.rename(sys.argv[2] + ".new", sys.argv[2])
while os.path.exists(sys.argv[2]):  # until they were looked at
    p.read(0.1)
p.close("screen")
PY
		driver=$!
		until [ -s "$dir/pids" ]; do
			kill -0 $driver 2>/dev/null || { echo "no screen"; exit 1; }
		done
		read -r parent program <"$dir/pids"
		look "screen, from $source" "$program"
		look "supervisor, from $source" "$parent"
		rm "$dir/pids"
		wait $driver
	)
done

# A start without network paints from the disk, with its age, says that there is no connection, and
# stages; the cache can go between two runs: what was staged stays, and the rest is read again.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --line-items 40 --criteria 5
write_profile "$(field consumer_secret)" 18ce5bulk01
"$RETICLE" sync >"$dir/sync.txt"
shows sync.txt "^40 line items with"
url=$(field url)
stop_sandbox

stage() { # stage WORD SCREEN [OPTION...]: a keyword on every line item
	word=$1 screen=$2
	shift 2
	cat >"$dir/stage.script" <<-S
		:screen $screen-start.txt
		*
		a
		text keyword (broad)
		Enter
		text $word
		Enter
		Enter
		:expect staged
		:screen $screen.txt
	S
	(cd "$dir" && timeout 120 "$RETICLE" "$@" --script stage.script --size 120x30)
}

stage apples offline --offline
shows offline-start.txt "offline"
shows offline-start.txt "read (now|[0-9]+[smh] ago)"
shows offline-start.txt " 1/40"
shows offline.txt "40 staged"
# the same when nobody answers
stage pears unreachable
shows unreachable-start.txt "^ check .* no connection "
shows unreachable-start.txt " 1/40"
shows unreachable.txt "80 staged"

# without the cache nothing is to be seen of the account, but the stage is whole
rm -rf "$XDG_CACHE_HOME"
cat >"$dir/look.script" <<'S'
:expect 80 staged
:review
:screen stage.txt
S
(cd "$dir" && "$RETICLE" --offline --script look.script --size 120x30)
shows stage.txt "80"

# and with the server back all of it is read again
port=${url##*:}
start_sandbox --line-items 40 --criteria 5 --port "$port"
write_profile "$(field consumer_secret)" 18ce5bulk01
"$RETICLE" sync >"$dir/sync.txt"
shows sync.txt "^40 line items with .* criteria of 40 read again"
cat >"$dir/look.script" <<'S'
:expect 80 staged
:screen again.txt
S
(cd "$dir" && "$RETICLE" --script look.script --size 120x30)
shows again.txt " 1/40"

# What a terminal that cannot be used gets: one message that names it, exit 2, not one escape byte.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"

refused() { # refused WORD COMMAND...
	word=$1
	shift
	rc=0
	"$@" >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
	[ "$rc" = 2 ] || { echo "$*: exit $rc, not 2"; cat "$dir/err"; exit 1; }
	grep -q "$word" "$dir/err" || { echo "$*: does not name \"$word\":"; cat "$dir/err"; exit 1; }
	if grep -q "$(printf '\033')" "$dir/out" "$dir/err"; then
		echo "$*: an escape byte was written"
		exit 1
	fi
}
refused terminal "$RETICLE" demo
refused "no profile" "$RETICLE"
refused "no command" "$RETICLE" nonsense
refused "help" "$RETICLE" --nonsense
refused "80x24" "$RETICLE" demo --script /dev/null --size 80by24
# a real terminal of a kind that cannot address its cursor
for term in dumb nosuch ""; do
	rc=0
	script -qec "env TERM='$term' '$RETICLE' demo; echo exit \$?" /dev/null >"$dir/out" 2>&1 </dev/null || rc=$?
	grep -q "exit 2" "$dir/out" || { echo "TERM='$term':"; cat "$dir/out"; exit 1; }
	grep -q TERM "$dir/out" || { echo "TERM='$term' is not named:"; cat "$dir/out"; exit 1; }
done

# Screens of 80 columns in the demo, each script in a demo of its own, against tests/screen/expect.
# UPDATE_SCREENS=1 writes what is seen.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TZ=UTC LC_ALL=C.UTF-8
for script in lines paste reference widen; do
	export XDG_CONFIG_HOME="$dir/$script/config" XDG_STATE_HOME="$dir/$script/state"
	export XDG_CACHE_HOME="$dir/$script/cache"
	mkdir -p "$dir/$script/screens"
	cd "$dir/$script/screens"
	"$RETICLE" demo --fresh --script "$here/screen/$script.script" --size 80x24 \
		--clock 2026-01-31T12:00:00Z
	for f in *.txt; do
		if [ -n "${UPDATE_SCREENS:-}" ]; then
			cp "$f" "$here/screen/expect/$f"
		elif ! diff -u "$here/screen/expect/$f" "$f"; then
			echo "$script: $f is not what is expected"
			exit 1
		fi
	done
	echo "$script: $(ls | wc -l) screens"
done

# A configuration that others can read, or that has a mistake, is refused with place and remedy.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME="$dir" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
mkdir "$dir/reticle"
file=$dir/reticle/config.yaml
touch "$dir/script"

refused() { # refused WORD: running must fail with exit 2 and name WORD
	rc=0
	"$RETICLE" --script "$dir/script" >"$dir/out" 2>&1 || rc=$?
	[ "$rc" = 2 ] || { echo "exit $rc, not 2:"; cat "$dir/out"; exit 1; }
	grep -qF "$1" "$dir/out" || { echo "does not say \"$1\":"; cat "$dir/out"; exit 1; }
}
cat >"$file" <<'YAML'
profiles:
  main:
    account: abc
    consumer_key: CANARYKEY
    consumer_secret: CANARYSECRET
    access_token: CANARYTOKEN
    access_token_secret: CANARYTOKENSECRET
YAML
chmod 644 "$file"
refused "chmod 600"
grep -q CANARY "$dir/out" && { echo "a secret was printed"; exit 1; }
chmod 600 "$file"
printf 'profils:\n  main: {}\n' >"$file"
refused 'did you mean "profiles"'
refused ':1:1:'
printf 'profiles:\n  main:\n    acount: abc\n' >"$file"
refused 'did you mean "account"'
refused ':3:5:'

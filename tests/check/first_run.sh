# The first run of a new user, screen by screen, twice: in the demo (which keeps its account), and
# against a sandbox whose ledger is then read: one batch was posted, no look-up was asked twice.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
sandbox=
cleanup() {
	[ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
export TZ=UTC LC_ALL=C.UTF-8
clock=2026-01-31T12:00:00Z

compare() { # compare the screens of this directory with those that are expected
	for f in *.txt; do
		if [ -n "${UPDATE_SCREENS:-}" ]; then
			cp "$f" "$here/screen/expect/$f"
		elif ! cmp -s "$f" "$here/screen/expect/$f"; then
			echo "$f is not what is expected:"
			diff -u "$here/screen/expect/$f" "$f" || true
			exit 1
		fi
	done
}

# --- the demo
mkdir "$dir/demo"
cd "$dir/demo"
"$RETICLE" demo --fresh --script "$here/screen/first_run.script" --size 100x30 --clock $clock
compare
"$RETICLE" demo --script "$here/screen/second_run.script" --size 100x30 --clock $clock
compare

# --- the ledger
mkdir -p "$dir/ledger" "$dir/config/reticle"
cd "$dir/ledger"
"$RETICLE_SANDBOX" --clock "$(date -ud "$clock" +%s)" >ready &
sandbox=$!
while [ ! -s ready ]; do sleep 0.05; done
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" ready; }
cat >"$dir/config/reticle/config.yaml" <<YAML
profiles:
  first:
    base_url: $(field url)
    account: $(field account_id)
    consumer_key: $(field consumer_key)
    consumer_secret: $(field consumer_secret)
    access_token: $(field access_token)
    access_token_secret: $(field access_token_secret)
YAML
chmod 600 "$dir/config/reticle/config.yaml"
"$RETICLE" --script "$here/screen/first_run.script" --size 100x30 --clock $clock
"$RETICLE" --script "$here/screen/second_run.script" --size 100x30 --clock $clock
curl -s "$(field url)/__sandbox/ledger" >ledger.json
curl -s "$(field url)/__sandbox/doubles" >doubles.json
python3 - <<'PY'
import collections, json, sys
rows = json.load(open("ledger.json"))["requests"]
batches = [r for r in rows if r["method"] == "POST" and "/batch/" in r["target"]]
# an estimate is a POST that changes nothing (reference 6.1)
writes = [r for r in rows if r["method"] in ("POST", "PUT", "DELETE")
          and "/audience_estimate" not in r["target"]]
lookups = collections.Counter(r["target"] for r in rows if "/targeting_criteria/" in r["target"]
                              and "/accounts/" not in r["target"])
print("%d requests, %d batches, %d look-ups" % (len(rows), len(batches), len(lookups)))
if len(batches) != 1 or len(writes) != 1 or not batches[0]["committed"]:
    sys.exit("one committed batch and no other write was expected: %r" % writes)
twice = [p for p, n in lookups.items() if n > 1]
if twice or not lookups:
    sys.exit("look-ups asked twice (or none at all): %r" % twice)
if json.load(open("doubles.json"))["count"] != 0:
    sys.exit("the sandbox saw a double")
PY

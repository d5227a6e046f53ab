# reticle lint against a sandbox: findings in three forms, exit statuses, nothing written.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox

run() { # run STATUS ARG...: lint, its output in $dir/out
	want=$1
	shift
	rc=0
	timeout 120 "$RETICLE" lint "$@" >"$dir/out" 2>"$dir/err" || rc=$?
	[ "$rc" = "$want" ] || {
		echo "lint $* ended with $rc, not $want"
		cat "$dir/out" "$dir/err"
		exit 1
	}
}

run 3
shows out '^(error|warning) '
shows err '[0-9]+ errors?, [0-9]+ warnings?, [0-9]+ notes? in [0-9]+ line items?'
# the small look-ups are fetched, once; what is in none of them is said
shows err '^not looked up, so judged in part: .*TV show'
lookups() {
	control ledger | python3 -c '
import json, sys
print(sum("/targeting_criteria/" in r["target"] for r in json.load(sys.stdin)["requests"]))'
}
fetched=$(lookups)
[ "$fetched" -ge 4 ] && [ "$fetched" -le 10 ]
run 3
[ "$(lookups)" = "$fetched" ]

# one that is mended by dropping it
control edit '{"create": {"line_item_id": "7k2aa", "targeting_type": "BROAD_KEYWORD",
	"targeting_value": " SOFA", "operator_type": "EQ"}}' >/dev/null
run 3 --json
python3 - "$dir/out" <<'PY'
import collections, json, sys
report = json.load(open(sys.argv[1]))
found = collections.Counter(p["severity"] for p in report["problems"])
if any(found[k] != n for k, n in report["counts"].items()) or not report["problems"]:
    sys.exit("counts and problems differ: %r" % report["counts"])
for p in report["problems"]:
    if p["fix"] not in ("none", "drop", "take back") or p["fixable"] != (p["fix"] != "none"):
        sys.exit("the fix of %r" % p)
assert any(p["rule"] == "DUPLICATE" and p["fix"] == "drop" for p in report["problems"])
assert report["not_looked_up"]["TV_SHOW"] > 0 and "INTEREST" not in report["not_looked_up"]
open(sys.argv[1] + ".id", "w").write(report["problems"][0]["line_item"])
PY
one=$(cat "$dir/out.id")

run 3 --sarif --line-item "$one"
python3 - "$dir/out" "$one" <<'PY'
import json, sys
sarif = json.load(open(sys.argv[1]))
run = sarif["runs"][0]
rules = {r["id"] for r in run["tool"]["driver"]["rules"]}
assert sarif["version"] == "2.1.0" and run["results"]
for r in run["results"]:
    assert r["ruleId"] in rules, r
    assert r["level"] in ("error", "warning", "note"), r
    assert r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == sys.argv[2], r
PY

run 2 --line-item nosuch1
shows err 'there is no line item "nosuch1"'
run 2 --json --sarif

control ledger | python3 -c '
import json, sys
rows = json.load(sys.stdin)["requests"]
if not rows or any(r["method"] != "GET" for r in rows):
    sys.exit("lint sent something else than reads")'

write_profile wrong "$(field account_id)"
run 4
stop_sandbox

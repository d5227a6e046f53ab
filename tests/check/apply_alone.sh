# A plan posts itself and nothing else: what another terminal stages while it is being checked is
# neither posted with it nor taken off the stage.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox

run() { # run STATUS COMMAND ARG...
	want=$1
	shift
	rc=0
	(cd "$dir" && timeout 120 "$RETICLE" "$@" >out 2>err) || rc=$?
	[ "$rc" = "$want" ] || {
		echo "$* ended with $rc, not $want"
		cat "$dir/out" "$dir/err"
		exit 1
	}
}
ledger() { # ledger METHOD PART: how many requests
	control ledger | python3 -c '
import json, sys
print(sum(r["method"] == sys.argv[1] and sys.argv[2] in r["target"]
          for r in json.load(sys.stdin)["requests"]))' "$1" "$2"
}

run 0 export --line-item 7k2aa --out one.yaml
sed 's/- "sofa"/- "sofa bed"/' "$dir/one.yaml" >"$dir/edited.yaml"
run 0 plan edited.yaml --out plan.json

# apply reads the line item for as long as the other terminal needs
read=$(ledger GET targeting_criteria)
control faults '{"rules": [{"method": "GET", "path": "targeting_criteria", "nth": 1,
	"action": "stall@hdr:10000"}]}' >/dev/null
(
	cd "$dir"
	rc=0
	timeout 120 "$RETICLE" apply plan.json >apply.out 2>apply.err || rc=$?
	echo $rc >apply.rc
) &
applying=$!
while [ "$(curl -sf "$(field url)/__sandbox/faults" | grep -c '"fired": *1')" = 0 ]; do
	[ ! -e "$dir/apply.rc" ] || { echo "apply did not read:"; cat "$dir/apply.err"; exit 1; }
	sleep 0.1
done
play 100x30 <<'S'
2
:filter London
Enter
j
d
:wait 1 staged
S
[ ! -e "$dir/apply.rc" ] || { echo "the other terminal was too slow: nothing was tested"; exit 1; }
wait $applying
[ "$(cat "$dir/apply.rc")" = 1 ] || {
	echo "apply ended with $(cat "$dir/apply.rc")"
	cat "$dir/apply.out" "$dir/apply.err"
	exit 1
}
grep -q "are staged on this account" "$dir/apply.err"
[ "$(ledger POST /batch/)" = 0 ] || { echo "something was posted"; exit 1; }
play 100x30 <<'S'
:wait 1 staged
S

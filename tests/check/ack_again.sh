# A question about posting is about what was widened when it was asked: when another terminal reads
# meanwhile that somebody removed the location too, the answer does not count.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox

until_there() { # until_there FILE
	tries=0
	while [ ! -s "$dir/$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 900 ] || { echo "$1 never came"; cat "$dir"/*.err "$dir"/*.txt; exit 1; }
		sleep 0.1
	done
}

cat >"$dir/asked.script" <<'S'
2
:filter London
Enter
:filter !United !loyal
*
d
:wait 3 staged
r
P
:wait Type "widen"
:screen asked.txt
:wait 4 staged
:screen saw.txt
:wait 3 staged
text widen
Enter
y
:screen after.txt
S
(cd "$dir" && timeout 300 "$RETICLE" --script asked.script --size 120x40 2>asked.err) &
asked=$!
until_there asked.txt
location=$("$RETICLE" api GET /12/accounts/18ce5demo01/targeting_criteria -p line_item_ids=7k2ab |
	python3 -c '
import json, sys
print([c["id"] for c in json.load(sys.stdin)["data"] if c["targeting_type"] == "LOCATION"][0])')
control edit "{\"delete\": \"$location\"}" >/dev/null
play 120x40 <<'S'
2
:filter London
Enter
R
:reject United Kingdom
:filter loyal
d
:wait 4 staged
S
until_there saw.txt
play 120x40 <<'S'
2
u
:wait 3 staged
S
rc=0
wait $asked || rc=$?
[ "$rc" = 0 ] || { echo "the question ended with $rc"; cat "$dir/asked.err"; exit 1; }
if control ledger | grep -o '"method":"POST","target":"[^"]*/batch/' | grep .; then
	echo "it was posted worldwide on the word \"widen\""
	cat "$dir/after.txt"
	exit 1
fi
shows after.txt 'the plan changed while you were asked'

# G1: the list of accounts may be read five times in 15 minutes, so it is kept; starting again does
# not ask for it again.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
for run in 1 2 3; do
	play 80x24 <<'SCRIPT'
:expect Home buyers in San Francisco
:screen g1.txt
SCRIPT
done
n=$(control ledger | python3 -c '
import json, sys
rows = json.load(sys.stdin)
rows = rows if isinstance(rows, list) else next(iter(rows.values()))
print(sum(r["method"] == "GET" and r["target"].split("?")[0] == "/12/accounts" for r in rows))')
[ "$n" = 1 ] || { echo "three starts read the list of accounts $n times"; exit 1; }

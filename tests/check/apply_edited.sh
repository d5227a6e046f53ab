# A plan file whose ids were edited or mixed up removes nothing else than what it shows.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
cd "$dir"

id_of() { # id_of LINE_ITEM TYPE: its first criterion of that type
	"$RETICLE" api GET /12/accounts/18ce5demo01/targeting_criteria -p line_item_ids="$1" |
		python3 -c '
import json, sys
print([c["id"] for c in json.load(sys.stdin)["data"] if c["targeting_type"] == sys.argv[1]][0])' "$2"
}

"$RETICLE" export --line-item 7k2aa --out one.yaml
sed '/"sofa"/d' one.yaml >two.yaml
"$RETICLE" plan two.yaml --out plan.json >out
before=$(control state_hash)
for id in "$(id_of 7k2aa LOCATION)" "$(id_of 7k2ab LOCATION)" nosuch1; do
	sed "s/\"id\": \"[^\"]*\"/\"id\": \"$id\"/" plan.json >edited.json
	rc=0
	"$RETICLE" apply edited.json >out 2>err || rc=$?
	[ "$rc" = 2 ] || { echo "with the id $id apply ended with $rc"; cat out err; exit 1; }
	shows err "and that is not BROAD_KEYWORD sofa"
	[ "$(control state_hash)" = "$before" ] || { echo "the id $id: the account changed"; exit 1; }
done
"$RETICLE" apply plan.json >out
[ "$(control state_hash)" != "$before" ]

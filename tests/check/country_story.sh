# The story of a new user: export an account, change a country everywhere with an editor, plan, read
# the plan, apply, and undo it by its revert plan; then the account has what it had.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox

run() { # run STATUS COMMAND ARG...: its output in $dir/out
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

# What the server has, read without the program's own ideas of targeting: line item, type, operator
# and value of every criterion, sorted; in FILE.ids their ids.
server_set() { # server_set FILE
	account=$(field account_id)
	(cd "$dir" && "$RETICLE" api GET "/12/accounts/$account/line_items" -p count=1000 >items.json)
	ids=$(python3 -c '
import json, sys
print(",".join(x["id"] for x in json.load(open(sys.argv[1]))["data"]))' "$dir/items.json")
	(cd "$dir" && "$RETICLE" api GET "/12/accounts/$account/targeting_criteria" \
		-p "line_item_ids=$ids" -p count=1000 >criteria.json)
	python3 - "$dir/criteria.json" "$1" <<'PY'
import json, sys, unicodedata
reply = json.load(open(sys.argv[1]))
assert not reply.get("next_cursor"), "more than one page"
key = lambda c: "%s %s %s %s" % (c["line_item_id"], c["targeting_type"], c.get("operator_type", "EQ"),
    " ".join(unicodedata.normalize("NFKC", str(c["targeting_value"])).casefold().split()))
open(sys.argv[2], "w").write("".join(sorted(key(c) + "\n" for c in reply["data"])))
open(sys.argv[2] + ".ids", "w").write("".join(sorted(c["id"] + "\n" for c in reply["data"])))
PY
}
same() {
	cmp -s "$1" "$2" || {
		echo "$1 and $2 differ:"
		diff "$1" "$2" || true
		exit 1
	}
}

server_set "$dir/before"

us=96683cc9126741d1
gb=6416b8512febefc9
for form in yaml csv json; do
	run 0 export --format "$form" --out "all.$form"
	run 0 plan "all.$form"
	shows out '^nothing to change$'
done
grep -q "\"$us\"  # United States" "$dir/all.yaml"

# an editor: another country everywhere. X refuses it where a TV show needs the old one, and then
# nothing at all is changed; so the line items with TV shows are left alone.
sed "s/\"$us\"  # United States/\"$gb\"/" "$dir/all.yaml" >"$dir/edited.yaml"
run 0 plan edited.yaml --out change.plan
run 1 apply change.plan
shows err "TV show"
server_set "$dir/after"
same "$dir/before" "$dir/after"
tv=" $(sed -n 's/ TV_SHOW .*//p' "$dir/before" | sort -u | tr '\n' ' ')"
[ "$tv" != " " ]
awk -v tv="$tv" -v from="\"$us\"  # United States" -v to="\"$gb\"" '
	/^  - id:/ { split($0, part, "\""); item = part[2] }
	!index(tv, " " item " ") { sub(from, to) }
	{ print }' "$dir/all.yaml" >"$dir/edited.yaml"
changed=$(grep -c "\"$gb\"\$" "$dir/edited.yaml")
[ "$changed" -gt 0 ]

# plan, and read it: that country goes, the other one comes, and nothing else
run 0 plan edited.yaml --out change.plan
shows out "^$((changed * 2)) changes on $changed line items"
[ "$(grep -c "^  - include LOCATION $us" "$dir/out")" = "$changed" ]
[ "$(grep -c "^  + include LOCATION $gb" "$dir/out")" = "$changed" ]

run 0 apply change.plan
shows out '^to undo: reticle plan --revert [0-9]+ --out undo.plan, then reticle apply undo.plan$'
posting=$(sed -n 's/^to undo: reticle plan --revert \([0-9]*\) .*/\1/p' "$dir/out")
run 0 plan edited.yaml
shows out '^nothing to change$'
server_set "$dir/after"
awk -v tv="$tv" -v us="$us" -v gb="$gb" '
	!index(tv, " " $1 " ") && $2 == "LOCATION" && $4 == us { $4 = gb }
	{ print }' "$dir/before" | sort >"$dir/expected"
same "$dir/expected" "$dir/after"

# the revert plan: read like any other, says that ids change, is refused when the account moved
run 0 plan --revert "$posting" --out undo.plan
shows out "^$((changed * 2)) changes on $changed line items"
shows out 'created anew: with new ids'
run 0 apply undo.plan
server_set "$dir/undone"
same "$dir/before" "$dir/undone"
! cmp -s "$dir/before.ids" "$dir/undone.ids"
run 0 drift all.yaml

# undone once, there is nothing left of it; the undo is undone like any other posting
run 5 apply undo.plan
run 0 plan --revert "$posting"
shows out '^nothing to change$'
shows out 'were put back already'
run 0 plan --revert "$((posting + 1))" --out redo.plan
run 0 apply redo.plan
server_set "$dir/redone"
same "$dir/after" "$dir/redone"

# somebody else put one of them back meanwhile: that one stays as it is
item=$(diff "$dir/before" "$dir/after" | sed -n "s/^< \([^ ]*\) LOCATION EQ $us\$/\1/p" | head -n 1)
printf '[{"operation_type":"Create","params":{"line_item_id":"%s","targeting_type":"LOCATION",' \
	"$item" >"$dir/other.json"
printf '"targeting_value":"%s","operator_type":"EQ"}}]' "$us" >>"$dir/other.json"
(cd "$dir" && "$RETICLE" api POST "/12/batch/accounts/$(field account_id)/targeting_criteria" \
	--json other.json --write >/dev/null)
run 0 plan --revert "$((posting + 2))" --out undo.plan
shows out 'were put back already'
run 0 apply undo.plan
server_set "$dir/undone"
same "$dir/before" "$dir/undone"

run 2 plan --revert 0
run 2 plan --revert 99999
shows err 'there is no posting 99999'
run 2 plan --revert 1x
run 2 plan --revert 1 all.yaml
stop_sandbox

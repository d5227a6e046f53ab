# Targeting as code against a sandbox: export, plan, apply, drift and their laws.
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
batches() {
	control ledger | python3 -c '
import json, sys
print(sum(r["method"] == "POST" and "/batch/" in r["target"]
          for r in json.load(sys.stdin)["requests"]))'
}

# export | plan is empty, in all three forms
run 0 export --out all.yaml
run 0 export --format csv --out all.csv
run 0 export --format json --out all.json
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))' "$dir/all.json"
for form in yaml csv json; do
	run 0 plan "all.$form"
	shows out '^nothing to change$'
	run 0 drift "all.$form"
done
for form in yaml csv json; do
	(cd "$dir" && "$RETICLE" export --format $form | "$RETICLE" plan - | grep -qx 'nothing to change')
done

# a line item that is asked for twice is written once
item=$(sed -n 's/^  - id: "\(.*\)"  # Home buyers in San Francisco$/\1/p' "$dir/all.yaml")
other=$(sed -n 's/^  - id: "\(.*\)"  # Home buyers in London$/\1/p' "$dir/all.yaml")
for form in yaml csv json; do
	run 0 export --format $form --line-item "$item" --line-item "$other" --out one.$form
	run 0 export --format $form --line-item "$item" --line-item "$other" --line-item "$item" \
		--out twice.$form
	cmp "$dir/one.$form" "$dir/twice.$form"
done

# the reach before and after: every distinct set is asked for once, and what X does not estimate never
estimates() {
	control ledger | python3 -c '
import json, sys
print(sum(r["method"] == "POST" and "audience_estimate" in r["target"]
          for r in json.load(sys.stdin)["requests"]))'
}
range='[0-9.]+[KMB]?-[0-9.]+[KMB]?'
printf 'reticle: 1\nline_items:\n' >"$dir/reach.yaml"
for id in "$item" "$other"; do # both end with one and the same set
	printf '  - id: "%s"\n    include:\n      BROAD_KEYWORD:\n        - "sofa bed"\n' "$id"
done >>"$dir/reach.yaml"
women=$(sed -n 's/^  - id: "\(.*\)"  # Reach: women 25-49$/\1/p' "$dir/all.yaml")
printf '  - id: "%s"\n    include:\n      AGE:\n        - "AGE_OVER_25"\n' "$women" >>"$dir/reach.yaml"
run 0 plan reach.yaml
shows out '^[0-9]+ changes on 3 line items'
[ "$(estimates)" = 0 ]
run 0 plan reach.yaml --reach
[ "$(estimates)" = 3 ] || { echo "$(estimates) estimates, not 3"; exit 1; }
[ "$(grep -cE "^  reach: $range -> $range \([+-][0-9]+%\)$" "$dir/out")" = 2 ]
shows out '^  reach: needs a primary criterion'
shows err '^3 estimates asked of X$'
run 0 plan reach.yaml --reach --json
[ "$(estimates)" = 6 ]
python3 - "$dir/out" "$item" "$women" <<'PY'
import json, sys
plan = json.load(open(sys.argv[1]))
items = {i["id"]: i for i in plan["line_items"]}
reach = items[sys.argv[2]]["reach"]
assert 0 < reach["before"]["min"] <= reach["before"]["max"], reach
mid = lambda r: (r["min"] + r["max"]) / 2
assert abs(100 * (mid(reach["after"]) / mid(reach["before"]) - 1) - reach["percent"]) <= 1, reach
women = items[sys.argv[3]]["reach"]
assert women["after"]["min"] is None and "primary" in women["after"]["why"], women
assert plan["estimates"] == {"asked": 3, "unknown": 0}, plan["estimates"]
assert plan["operations"] == sum(len(i["changes"]) for i in plan["line_items"])
PY
run 0 plan reach.yaml --json
python3 -c 'import json, sys; assert "reach" not in json.load(open(sys.argv[1]))["line_items"][0]' "$dir/out"

# what cannot be had is said, and the plan is good without it
control faults '{"rules": [{"path": "audience_estimate", "action": "status@body:400"}]}' >/dev/null
run 0 plan reach.yaml --reach --out reach.plan
shows out '^  reach: not available: Injected'
shows err '^3 estimates asked of X, 3 could not be had$'
[ -s "$dir/reach.plan" ]
control faults '{"rules": []}' >/dev/null

# an edit is a plan, the plan is applied once, then there is nothing left to do
sed 's/- "sofa"/- "sofa bed"/' "$dir/all.yaml" >"$dir/edited.yaml"
run 3 drift edited.yaml
run 0 plan edited.yaml --out plan.json
shows out '  \+ include BROAD_KEYWORD sofa bed'
shows out '  - include BROAD_KEYWORD sofa$'
shows out "\($item\)"
[ "$(batches)" = 0 ]
run 0 apply plan.json
[ "$(batches)" = 1 ]
run 0 plan edited.yaml
shows out '^nothing to change$'

# the same plan again: the account is not what it was made from
run 5 apply plan.json
shows err 'changed since the plan was made'
[ "$(batches)" = 1 ]

# and back, by the export that was taken before
run 0 plan all.yaml --out back.json
run 0 apply back.json
run 0 drift all.yaml
[ "$(batches)" = 2 ]

# to everyone worldwide only when that is said
printf 'reticle: 1\nline_items:\n  - id: "%s"\n' "$item" >"$dir/none.yaml"
run 0 plan none.yaml --out none.json
shows out 'everyone worldwide; apply needs --allow-worldwide'
run 1 apply none.json
shows err 'allow-worldwide says that this is meant'
[ "$(batches)" = 2 ]
run 0 apply none.json --allow-worldwide
[ "$(batches)" = 3 ]
run 0 plan all.yaml --out undo.json
run 0 apply undo.json
run 0 drift all.yaml

# a batch says only what changes; its deletes name criteria of any line item
first=$("$RETICLE" api GET "/12/accounts/$(field account_id)/targeting_criteria" \
	-p "line_item_ids=$item" | sed 's/.*"id": *"\([^"]*\)".*/\1/; q' | cut -c1-64)
printf '[{"operation_type":"Delete","params":{"targeting_criterion_id":"%s"}}]' "$first" \
	>"$dir/batch.json"
run 0 plan batch.json
shows out '^1 change on 1 line item '
printf '[{"operation_type":"Delete","params":{"targeting_criterion_id":"nosuch"}}]' >"$dir/batch.json"
run 2 plan batch.json
shows err '1 of the criteria that the file deletes are not in the account'
printf '[{"operation_type":"Drop","params":{}}]' >"$dir/batch.json"
run 2 plan batch.json
shows err 'batch.json:1:0: operation 1: operation_type is Create or Delete'

# what X would refuse is told while the plan is read, and ends apply
cp "$dir/none.yaml" "$dir/events.yaml"
printf '    include:\n      EVENT:\n        - "1ex"\n        - "2ex"\n' >>"$dir/events.yaml"
run 0 plan events.yaml --out events.plan
shows out '  ! refused by X: More than one event: '
run 1 apply events.plan
shows err 'More than one event'

# IAB categories go by whole content categories: what X would refuse is told before it is sent
iab() { # iab ID...
	cp "$dir/none.yaml" "$dir/iab.yaml"
	printf '    include:\n      IAB_CATEGORY:\n' >>"$dir/iab.yaml"
	for id; do printf '        - "%s"\n' "$id" >>"$dir/iab.yaml"; done
}
iab IAB12
run 0 plan iab.yaml --out iab.plan
shows out '  ! refused by X: Part of a content category: IAB12 is a part of News, which has IAB12-2 too'
run 1 apply iab.plan --allow-worldwide
shows err 'Part of a content category'
iab IAB12 IAB12-2
run 0 plan iab.yaml
[ "$(grep -c 'refused by X' "$dir/out")" = 0 ]

# bad files name the line and change nothing
printf 'reticle: 1\nline_items:\n  - id: "%s"\n    include:\n      NOPE!:\n        - "x"\n' "$item" \
	>"$dir/bad.yaml"
run 2 plan bad.yaml
shows err '^bad.yaml:6:[0-9]+: the targeting type is not one'
printf 'reticle: 1\nline_items: &a [*a]\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
printf -- '---\nline_items: []\n---\nline_items: []\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
shows err '^bad.yaml:3:1: only one document is read'
printf 'account: other1\naccount: 18ce5demo01\nline_items: []\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
shows err '^bad.yaml:2:1: this key stands above'
printf 'line_items:\n  - id: "%s"\n  - id: "%s"\n' "$item" "$item" >"$dir/bad.yaml"
run 2 plan bad.yaml
shows err '^bad.yaml:3:9: this line item stands above'
run 2 plan all.yaml --account ../x
shows err 'is not an account id'
printf 'reticle: 2\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
shows err 'only version 1'
printf 'line_items:\n  - id: nosuch1\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
shows err 'there is no line item "nosuch1"'
printf 'account: other1\nline_items: []\n' >"$dir/bad.yaml"
run 2 plan bad.yaml
run 2 apply all.yaml
run 2 apply
run 2 export --format xml
[ "$(batches)" = 4 ]
stop_sandbox

# a budget that is used up ends the asking, not the plan
forget
start_sandbox --rate write=1
run 0 plan reach.yaml --reach --json
python3 - "$dir/out" <<'PY'
import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["estimates"]["unknown"] >= 1, plan["estimates"]
why = [r["why"] for i in plan["line_items"] for r in i["reach"].values()
       if isinstance(r, dict) and r["min"] is None]
assert any("rate limit" in w for w in why), why
assert plan["operations"] > 0
PY
stop_sandbox

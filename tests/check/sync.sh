# sync reads what is missing, the second time only the lists; --full reads all criteria again. The
# commands of the journal work without anything posted.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --line-items 450 --criteria 3
write_profile "$(field consumer_secret)" 18ce5bulk01
number() { sed -n "/\"event\":\"done\"/s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/sync.json"; }
is() { [ "$(number "$1")" = "$2" ] || { echo "$1 is not $2:"; cat "$dir/sync.json"; exit 1; }; }
reads() { control ledger | grep -o '/targeting_criteria?' | wc -l; }

"$RETICLE" sync --json >"$dir/sync.json"
is line_items 450
is criteria_read_of 450
# 200 line items a request (reference 1.5)
[ "$(reads)" = 3 ] || { echo "$(reads) requests for the criteria of 450 line items"; exit 1; }
criteria=$(number criteria)
[ "$criteria" -gt 450 ]
"$RETICLE" sync --json >"$dir/sync.json"
is criteria_read_of 0
is criteria "$criteria"
[ "$(reads)" = 3 ]
"$RETICLE" sync --full >"$dir/sync.txt"
shows sync.txt "^450 line items with $criteria criteria; criteria of 450 read again"
[ "$(reads)" = 6 ]

# progress with rows, requests and time left: events without the screen, the status line on it
"$RETICLE" sync --full --json >"$dir/sync.json"
shows sync.json '"event":"progress".*"rows":[0-9]+.*"requests_left":[0-9]+,"milliseconds_left":'
control faults '{"rules":[{"path":"/targeting_criteria","action":"stall@pre-commit:300"}]}' >/dev/null
play 200x20 <<'S'
:sync whole
:wait requests,
:screen progress.txt
S
shows progress.txt "sync [0-9]+/450 line items, [0-9]+ rows, [0-9]+ of ~[0-9]+ requests, .* left"

"$RETICLE" journal >"$dir/journal.txt"
shows journal.txt "nothing was posted"
[ -z "$("$RETICLE" journal --json)" ]
"$RETICLE" recover >"$dir/recover.txt"
shows recover.txt "^0 staged, 0 of unknown outcome"

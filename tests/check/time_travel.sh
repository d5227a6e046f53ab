# Time travel on a real program: a posting, the screens that lead from it to what was before, the way
# back through the review, and the same without a screen.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
play 80x24 <<'S'
Enter
a
text gender
Enter
Enter
:expect 1 staged
r
P
y
:expect 1 applied and seen
7
t
:expect Around posting 1
:screen moments.txt
gg
Enter
:expect As reviewed at
:expect Not there then, but now (1)
:screen as_of.txt
V
:expect 1 change on 1 line item
:screen restored.txt
P
text widen
Tab
Tab
y
:wait nothing staged
:expect 1 applied and seen
S
shows moments.txt 'before posting 1'
shows moments.txt 'after posting 1'
shows as_of.txt '\+ new'
shows as_of.txt '20[0-9-]*T[0-9:]*Z, and since: 0 gone, 1 new'
shows restored.txt 'gets a new id|GENDER|Gender|gender'

"$RETICLE" journal --json >"$dir/journal.json"
item=$(sed -n '1s/.*"line_item_id":"\([^"]*\)".*/\1/p' "$dir/journal.json")
"$RETICLE" journal --line-item "$item" >"$dir/moments"
[ "$(grep -c posting "$dir/moments")" = 4 ] || { cat "$dir/moments"; exit 1; }
"$RETICLE" journal --line-item "$item" --as-of "$(date -u '+%Y-%m-%d %H:%M')" >"$dir/now"
shows now "line item $item as of .* criteria"
shows now 'Read at .*, after posting 2'
"$RETICLE" journal --line-item "$item" --as-of "$(date -u +%Y-%m-%d)" --json >"$dir/now.json"
shows now.json '"side":"after","next_at":null,"next_is_the_same":null'
"$RETICLE" journal --line-item "$item" --as-of 2020-01-01 >"$dir/none" 2>&1 && exit 1
shows none 'nothing is known of this line item before'
rc=0
"$RETICLE" journal --as-of 2020-01-01 >"$dir/none" 2>&1 || rc=$?
[ $rc = 2 ] || { echo "--as-of without a line item ended with $rc"; exit 1; }

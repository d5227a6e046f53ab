# Several drafts on a real program: kill -9 in the middle of a draft, and a second program beside the
# first, lose nothing and show the same.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
# killed while it waits for what never comes, with two drafts on disk
cat >"$dir/killed.script" <<'S'
Enter
a
text gender
Enter
Enter
:expect 1 staged
:draft spring sale
:expect draft spring sale
:expect nothing staged
a
text language
Enter
Enter
:expect 1 staged
:draft-copy autumn
:expect you are on it
:screen killed.txt
:wait this never comes
S
(cd "$dir" && exec "$RETICLE" --script killed.script --size 120x30) >/dev/null 2>&1 &
pid=$!
tries=0
while [ ! -s "$dir/killed.txt" ]; do
	tries=$((tries + 1))
	[ $tries -lt 1200 ] || { echo "the first program did not come so far"; exit 1; }
	sleep 0.05
done
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
play 80x24 <<'S'
:expect draft autumn
:expect 1 staged
:drafts
:expect * autumn
:screen drafts80.txt
:draft default
:expect 1 staged
:try draft-delete default
:expect always there
:drafts
:expect spring sale
:draft-delete spring sale
:expect deleted now
u
:screen back.txt
:expect draft spring sale is back
:resize 200x60
:screen drafts200.txt
S
shows drafts80.txt '\* autumn +1 +1 .*you are here'
shows drafts80.txt 'spring sale +1 +1 +now *$'
shows drafts200.txt '\* default +1 +1 .*you are here'
shows drafts200.txt 'spring sale +1 +1 '
# the one that is not posted stays as it is
play 120x30 <<'S'
:draft spring sale
r
:expect Draft spring sale: 1 change on 1 line item
P
y
:expect 1 applied and seen
:journal
:expect draft spring sale
:drafts
:screen posted.txt
S
shows posted.txt 'default +1 +1 '
shows posted.txt 'autumn +1 +1 '

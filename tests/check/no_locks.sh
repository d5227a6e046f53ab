# Row D8 on the whole program: a state directory on a disk without file locks. Nothing is posted; with
# post_without_lock it is, the question before it and the journal say so; and never beside one that is
# alive and posts. A disk on which SQLite cannot lock either posts nothing at all and says why.
set -eu
. "$(dirname "$0")/lib.sh"
preload=$(cd "$(dirname "$RETICLE")" && pwd)/sweep/preload.so
start_sandbox
real=$RETICLE
posts() { control ledger | grep -o '"target": *"[^"]*/batch/' | wc -l; }
without() { # without LEVEL: from now on the program runs on such a disk
	cat >"$dir/reticle" <<-S
		#!/bin/sh
		export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD='$preload' SWEEP_NO_LOCKS=$1
		exec '$real' "\$@"
	S
	chmod +x "$dir/reticle"
	RETICLE=$dir/reticle
}

without 1
play 100x30 <<'S'
Enter
a
text gender
Enter
Enter
:expect 1 staged
r
P
:reject NO LOCK
y
:screen refused.txt
S
shows refused.txt 'has no file locks'
shows refused.txt '1 staged'
[ "$(posts)" = 0 ] || { echo "it posted without a lock and without having been told to"; exit 1; }

printf 'post_without_lock: true\n' >>"$dir/config/reticle/config.yaml"
play 80x24 <<'S'
r
P
:screen question.txt
:expect NO LOCK
y
:expect 1 applied and seen
:expect nothing staged
S
[ "$(posts)" = 1 ] || { echo "$(posts) requests, not one"; exit 1; }
"$RETICLE" journal --json | grep -q 'WITHOUT A LOCK' || { echo "the journal does not say it"; exit 1; }

# without a screen it is said, too
"$RETICLE" plan --revert 1 --out "$dir/undo.plan" >/dev/null
"$RETICLE" apply "$dir/undo.plan" >/dev/null 2>"$dir/err"
shows err 'NO LOCK'

# the same option where there are locks: no word of it
RETICLE=$real
play 80x24 <<'S'
Enter
a
text keyword (broad)
Enter
paste alpha\nbeta
Enter
r
P
:reject NO LOCK
y
:expect 2 applied and seen
S
[ "$("$RETICLE" journal --json | grep -c 'WITHOUT A LOCK')" = 2 ] || { echo "said once too often"; exit 1; }

# SQLite needs locks as well: nothing is claimed of what it keeps
without 2
"$RETICLE" recover >"$dir/out" 2>"$dir/err" </dev/null && rc=0 || rc=$?
[ "$rc" = 1 ] || { echo "recover without state.db ended with $rc"; cat "$dir/out" "$dir/err"; exit 1; }
shows err 'state.db cannot be used: its disk has no file locks'
[ ! -s "$dir/out" ] || { echo "it claims to know:"; cat "$dir/out"; exit 1; }

# A directory in place of state.db: what is staged cannot be read, and the status line must not claim
# that there is nothing. It comes back with the file.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
play 200x40 <<'S'
Enter
a
text gender
Enter
Enter
:expect 1 staged
S
mv "$dir/state/reticle/state.db" "$dir/kept.db"
rm -f "$dir/state/reticle/state.db-wal" "$dir/state/reticle/state.db-shm"
mkdir "$dir/state/reticle/state.db"
play 200x40 <<'S'
:expect read-only
:expect what is staged is not known
:reject nothing staged
S
rmdir "$dir/state/reticle/state.db"
mv "$dir/kept.db" "$dir/state/reticle/state.db"
play 200x40 <<'S'
:expect 1 staged
S

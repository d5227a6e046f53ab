# Row D6 on two whole programs in two terminals: both stage on one account and post at the same moment,
# in drafts of their own or in the same one, with a quick and a slow server, and with one of them killed
# while it posts. One has the lock, the other says who has it and posts afterwards; every change is in
# exactly one place, and nothing is there twice.
#   ROUNDS=N  that many rounds (default 5)     SEED=N  another order
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --line-items 6 --criteria 2 --no-rate-limit
write_profile "$(field consumer_secret)" 18ce5bulk01
export ASAN_OPTIONS=detect_leaks=0 # of the one that is killed
PYTHONPATH="$(dirname "$0")" PYTHONDONTWRITEBYTECODE=1 \
	python3 "$(dirname "$0")/two_terminals.py" "$RETICLE" "$dir" "$(field url)"

# A sample of the kill sweep (make sweep runs it in full): kill -9 at one in N of the calls that change
# something, in all scenarios; the first call of the sample moves with the day, so that CI sees others.
set -eu
SWEEP_PRELOAD=$(dirname "$RETICLE")/sweep/preload.so
export SWEEP_PRELOAD
"$(dirname "$RETICLE")/sweep/kill" --stride 97 --from $((1 + $(date +%-j) % 97))

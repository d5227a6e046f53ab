# A sample of the network fault points (make sweep-net runs them all): one in N of them.
set -eu
SWEEP_PRELOAD=$(dirname "$RETICLE")/sweep/preload.so
export SWEEP_PRELOAD
"$(dirname "$RETICLE")/sweep/net" --stride 37 --from $(($(date +%-j) % 37))

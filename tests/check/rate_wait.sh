# A18 on the screen: a batch that X refuses for its rate limit waits for the reset and counts down; then
# it is sent again, once. The wait can be left with a key, and then nothing more is sent.
set -eu
. "$(dirname "$0")/lib.sh"
PYTHONPATH=$(dirname "$0")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
start_sandbox

stage() { # stage TYPE
	forget
	printf 'Enter\na\ntext %s\nEnter\nEnter\n:expect 1 staged\n' "$1" | play 120x30
	curl -sf -X DELETE "$(field url)/__sandbox/ledger" >/dev/null
}
refuse_for() { # refuse_for SECONDS: the next batch
	control faults "{\"rules\":[{\"method\":\"POST\",\"path\":\"/batch/\",\"times\":1,\"action\":\"status:429\",
		\"body\":{\"errors\":[{\"code\":\"TOO_MANY_REQUESTS\",\"message\":\"Too many requests\"}]},
		\"headers\":{\"x-rate-limit-limit\":\"450\",\"x-rate-limit-remaining\":\"0\",
		\"x-rate-limit-reset\":\"$(($(date +%s) + $1))\"}}]}" >/dev/null
}
posts() { # posts SENT COMMITTED
	control ledger | python3 -c '
import json, sys
posts = [r for r in json.load(sys.stdin)["requests"] if r["method"] == "POST" and "/batch/" in r["target"]]
seconds, got = (posts[-1]["ms"] - posts[0]["ms"]) / 1000, [str(len(posts)), str(sum(r["committed"] for r in posts))]
print("%s sent, %s committed, %.1f s between them" % (got[0], got[1], seconds))
sys.exit(sys.argv[1:] != got or len(posts) == 2 and not 5 <= seconds <= 30)' "$@"
}

stage gender
refuse_for 8
python3 - "$RETICLE" <<'PY'
import sys
from pty_program import Program, post_staged

p = Program([sys.argv[1]], size=(30, 120))
post_staged(p, "A18")
seen = []
while len(seen) < 3:
    p.forget()
    left = int(p.wait_redrawn(rb"goes on in ([0-9]+) s", "A18: the countdown").group(1))
    if left not in seen:
        seen.append(left)
if sorted(seen, reverse=True) != seen or seen[0] > 9:
    sys.exit("A18: counted %r" % seen)
p.forget()
p.wait_redrawn(rb"1 applied and seen", "A18")
p.close("A18")
print("A18: counted %r, then posted" % seen)
PY
posts 2 1

stage language
refuse_for 600
python3 - "$RETICLE" <<'PY'
import sys, time
from pty_program import Program, post_staged

p = Program([sys.argv[1]], size=(30, 120))
post_staged(p, "A18")
p.wait_redrawn(rb"goes on in (9:[0-9][0-9]|10:0[0-9]) min; p stops now", "A18: ten minutes")
p.type(b"p")
began = time.monotonic()
p.wait_redrawn(rb"1 refused", "A18: left")
p.forget()
p.wait_redrawn(rb"stopped before it was sent again", "A18: left")
print("A18: left in %.1f s" % (time.monotonic() - began))
p.forget()
p.wait_redrawn(rb"1 staged", "A18: still staged")
p.close("A18")
PY
posts 1 0

# C4 and C6 on the program itself, while it posts. C4: Ctrl-C twice at moments spread over a posting: it
# leaves at once, the terminal is given back, and after the next start each change is in the account or
# on the stage. C6: stopped in the middle of a request and continued after a second, or
# (RETICLE_LONG) after ten minutes.   C4_MOMENTS=N: how many moments
set -eu
. "$(dirname "$0")/lib.sh"
PYTHONPATH=$(dirname "$0")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
start_sandbox --line-items 4 --criteria 3 --no-rate-limit --dup allow
write_profile "$(field consumer_secret)" 18ce5bulk01
printf 'batch_size: 2\n' >>"$dir/config/reticle/config.yaml"
python3 - "$RETICLE" "$(field url)" "${C4_MOMENTS:-6}" "${RETICLE_LONG:+600}" <<'PY'
import json, os, random, signal, subprocess, sys, time, urllib.request
from pty_program import Program, post_staged

reticle, url = sys.argv[1:3]
moments, pauses = int(sys.argv[3]), [1] + [int(s) for s in sys.argv[4:] if s]
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"


def control(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    r = urllib.request.Request(url + "/__sandbox/" + path, data, {"Content-Type": "application/json"},
                               method=method)
    return json.load(urllib.request.urlopen(r))


def posts():
    return [r for r in control("ledger")["requests"] if r["method"] == "POST" and "/batch/" in r["target"]]


def criteria():
    return control("state_hash")["criteria"]


def script(text, who):
    path = os.path.join(os.path.dirname(os.environ["XDG_STATE_HOME"]), "keys")
    open(path, "w").write(text)
    p = subprocess.run([reticle, "--script", path, "--size", "100x30"], capture_output=True, text=True)
    if p.returncode:
        sys.exit("%s: %s%s" % (who, p.stdout[-2000:], p.stderr[-2000:]))


def stage(word, who):
    control("faults", {"rules": []})
    script("*\na\ntext keyword (broad)\nEnter\npaste %s\nEnter Enter\n:expect 4 staged\n" % word, who)
    control("ledger", method="DELETE")
    return criteria()


def recover(base, who):
    """Every change is in exactly one place, and what is claimed is what the account has."""
    control("faults", {"rules": []})
    p = subprocess.run([reticle, "recover", "--json"], capture_output=True, text=True)
    if p.returncode:
        sys.exit("%s: recover ended with %d: %s" % (who, p.returncode, p.stderr))
    said = json.loads(p.stdout)
    landed = criteria() - base
    if said["unknown"] or said["staged"] + landed != 4 or control("doubles")["count"]:
        sys.exit("%s: %r, but %d landed; %r" % (who, said, landed, control("doubles")))
    return landed


def finish(landed, base, who):
    if landed < 4:
        script("r\nP\ny\n:expect %d applied and seen\n" % (4 - landed), who)
    if criteria() - base != 4 or control("doubles")["count"]:
        sys.exit("%s: %d instead of 4" % (who, criteria() - base))


# C4: two batches, each slow in another phase; the second Ctrl-C comes anywhere in them
phases = ["hdr", "body", "pre-commit", "post-commit", "resp-hdr"]
chance = random.Random(6)
slowest, ends = 0, {}
for i in range(moments):
    who = "C4, moment %d" % i
    base = stage("c%dx" % i, who)
    control("faults", {"rules": [{"method": "POST", "path": "/batch/",
                                  "action": "stall@%s:500" % phases[i % len(phases)]}]})
    p = Program([reticle])
    post_staged(p, who)
    delay = chance.uniform(0, 1.6)
    end = time.monotonic() + delay
    while time.monotonic() < end:
        p.read(end - time.monotonic() if end > time.monotonic() else 0)
    os.write(p.master, b"\x03\x03")  # the first finishes the batch, the second does not wait for that
    began = time.monotonic()
    p.wait_end(who)
    took = time.monotonic() - began
    slowest = max(slowest, took)
    p.given_back(who)
    p.close(who)
    landed = recover(base, who)
    ends[landed] = ends.get(landed, 0) + 1
    finish(landed, base, who)
print("C4: %d moments, the slowest end after %.0f ms; landed before the end: %r" % (moments, slowest * 1000, ends))

# C6: the job is stopped while the batch is under way; meanwhile it is answered, or its connection dies
for pause in pauses:
    for fate in ("answered", "dropped"):
        who = "C6, %d s, %s" % (pause, fate)
        base = stage("c6%s%d" % (fate[0], pause), who)
        rules = [{"method": "POST", "path": "/batch/", "times": 1, "action": "stall@post-commit:700"}]
        if fate == "dropped":
            rules.append({"method": "POST", "path": "/batch/", "times": 1, "action": "drop@resp-hdr"})
        control("faults", {"rules": rules})
        p = Program([reticle])
        post_staged(p, who)
        while not posts():
            p.read(0.01)
        ui = p.children()[0]
        os.kill(ui, signal.SIGSTOP)
        os.kill(p.pid, signal.SIGSTOP)
        time.sleep(pause)  # this is what is tried
        while p.read(0) and p.seen:
            p.forget()
        began = time.monotonic()
        os.kill(p.pid, signal.SIGCONT)
        os.kill(ui, signal.SIGCONT)
        p.wait(rb"batch|applied|Posting|Reading|No answer", who)
        repaint = time.monotonic() - began
        p.wait_redrawn(rb"[24] applied and seen", who)
        landed = criteria() - base
        p.close(who)
        landed = recover(base, who)
        finish(landed, base, who)
        print("%s: painted after %.0f ms, %d posted" % (who, repaint * 1000, len(posts())))
PY

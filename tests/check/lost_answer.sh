# The connection dies after the commit of a batch, on a client that has warm connections: the batch
# is sent once, the screen says "unknown" until reading back has shown what happened.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox
control faults '{"rules":[{"method":"POST","path":"/batch/","nth":1,"times":1,"action":"drop@post-commit"}]}' >/dev/null
play 120x30 <<'S'
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
:screen posted.txt
S
control ledger >"$dir/ledger.json"
control doubles >"$dir/doubles.json"
python3 - "$dir" <<'PY'
import json, sys
rows = json.load(open(sys.argv[1] + "/ledger.json"))["requests"]
posts = [r for r in rows if r["method"] == "POST" and "/batch/" in r["target"]]
before = [r for r in rows if r["seq"] < posts[0]["seq"]]
after = [r for r in rows if r["seq"] > posts[0]["seq"]]
if len(posts) != 1 or not posts[0]["committed"]:
    sys.exit("exactly one committed POST was expected: %r" % posts)
if not before or not any("with_deleted=true" in r["target"] for r in after):
    sys.exit("the outcome was not settled by reading, deleted ones included")
if json.load(open(sys.argv[1] + "/doubles.json"))["count"] != 0:
    sys.exit("the sandbox saw a double")
PY

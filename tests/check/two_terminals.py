"""The races of two_terminals.sh. usage: two_terminals.py RETICLE DIRECTORY SANDBOX_URL"""
import collections, csv, io, json, os, random, signal, sqlite3, subprocess, sys, time, urllib.request

from pty_screen import PATIENCE, Terminal

reticle, directory, url = sys.argv[1:]
rounds = int(os.environ.get("ROUNDS", "5"))
seed = int(os.environ.get("SEED", "1"))
chance = random.Random(seed)
counts = collections.Counter()
APPLIED = 3  # enum draft_state
QUESTION = r"Post these changes\?"
QUESTION_DEAF_S = 0.35  # a question ignores what was typed ahead: 0.3 s
REFUSAL = r"reticle (\d+) on (\S+) is posting"
CHANGED = r"the plan changed while you were asked|is not staged any more"
OTHERS = r"P asks again"
DONE = r"(?m)^ \d+ applied and seen$"


def control(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + "/__sandbox/" + path, data, method=method)
    with urllib.request.urlopen(request) as f:
        text = f.read()
    return json.loads(text) if text.strip() else None


def posts():
    rows = control("ledger")["requests"]
    return [r for r in rows if r["method"] == "POST" and "/batch/" in r["target"]]


def state(sql, *values):
    db = sqlite3.connect("file:%s/state/reticle/state.db?mode=ro" % directory, uri=True, timeout=60)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


class Person:
    def __init__(self, name):
        self.name = name
        self.sit_down()

    def sit_down(self):
        self.term = Terminal([reticle])
        self.term.wait(r"Line items +\d/6")
        self.process = self.term.program()

    def command(self, line, *comes):
        self.term.keys(":" + line)
        self.term.wait(r":" + line)
        self.term.keys("\r")
        return self.term.wait(*comes)

    def stage(self, draft, words, line_item):
        t = self.term
        self.command("draft " + draft, r"you are on draft " + draft)
        self.command("line-items", r"Line items +\d/6")
        t.keys("gg" + "j" * line_item)
        t.wait(r"Line items +%d/6" % (line_item + 1))
        t.keys("\r")
        t.wait(r"now  ")
        t.keys("a")
        t.wait(r"which kind")
        t.keys("keyword (broad)\r")
        t.wait(r"Add: Keyword")
        t.keys("\x1b[200~%s\x1b[201~\r" % "\r".join(words))
        t.wait(r"(?s)now  .*\d staged")

    def ask(self, changes):
        """Open the question before posting, as soon as the review is ready for it."""
        t = self.term
        self.command("review", r"\b%d changes? on (?s:.*)P posts" % changes)
        while t.shows(REFUSAL + "|" + CHANGED): # of the time before; it goes with a later key
            t.keys("k")
            Terminal.read_all(0.2)
        while not t.shows(QUESTION):
            t.keys("P") # refused while the line items are being read
            t.wait(QUESTION, r"note: post: ", ever=True)
        self.asked_at = time.monotonic()


def answer_together(people):
    """y on all of them, in a random order, once no question is deaf any more."""
    while True:
        left = max(p.asked_at for p in people) + QUESTION_DEAF_S - time.monotonic()
        if left <= 0:
            break
        Terminal.read_all(left)
    for p in chance.sample(people, len(people)):
        p.term.keys("y")


def answer(p, other):
    """What the answer came to: "posted", "refused", or "ask again" when the plan is not the one any more."""
    t = p.term
    t.wait_gone(QUESTION) # it may say such things itself
    t.wait(DONE, REFUSAL, CHANGED, OTHERS, ever=True)
    found = t.showed(REFUSAL)
    if found:
        if (int(found.group(1)), found.group(2)) != (other.process, other.term.tty):
            t.fail("the one who posts is %d on %s" % (other.process, other.term.tty))
        counts["told who posts"] += 1
        return "refused"
    return "posted" if t.showed(DONE) else "ask again"


def post_the_rest(p, other, changes):
    """Post until nothing is staged, as often as it takes: others post meanwhile."""
    for _ in range(9):
        p.ask(changes)
        answer_together([p])
        if answer(p, other) == "posted":
            return
        counts["asked again"] += 1
    p.term.fail("it never posted")


# --- what must be so after each round


def check_server(words):
    """Each word once in the account, and nothing written twice."""
    doubles = control("doubles")
    if doubles["count"]:
        sys.exit("doubles: %r" % doubles)
    text = subprocess.run([reticle, "export", "--format", "csv"], check=True, capture_output=True).stdout
    live = collections.Counter(row["targeting_value"] for row in csv.DictReader(io.StringIO(text.decode())))
    wrong = {w: live[w] for w in words if live[w] != 1}
    if wrong:
        sys.exit("these are not in the account exactly once: %r" % wrong)


def check_journal(words):
    """Each word is one edit, applied, done by one operation; and no batch began inside another."""
    rows = state(
        "SELECT c.value, count(DISTINCT c.id), min(c.state), max(c.state), sum(o.state = 1)"
        " FROM change c LEFT JOIN op o ON o.change = c.id GROUP BY c.value")
    seen = {value: rest for value, *rest in rows}
    for w in words:
        if seen.get(w) != [1, APPLIED, APPLIED, 1]:
            sys.exit("%s: edits, least state, largest state, times done: %r" % (w, seen.get(w)))
    open_batch = None
    for seq, batch, to in state("SELECT seq, batch, to_state FROM event WHERE batch ORDER BY seq"):
        if to in ("intent", "wire"):
            if open_batch not in (None, batch):
                sys.exit("event %d: batch %d begins inside batch %d" % (seq, batch, open_batch))
            open_batch = batch
        elif to in ("ok", "rejected", "unknown", "planned") and batch == open_batch:
            open_batch = None
    epochs = [e for e, in state("SELECT epoch FROM batch WHERE wire_at ORDER BY wire_at, id")]
    if epochs != sorted(epochs):
        sys.exit("a batch of an old epoch was sent after a newer one: %r" % epochs)
    if len(posts()) != len(epochs):
        sys.exit("%d requests for %d batches" % (len(posts()), len(epochs)))


# --- the rounds


def slow_server():
    control("faults", {"rules": [{"method": "POST", "path": "/batch/", "action": "stall@pre-commit:700"}]})


def race(n, both, same):
    """Both stage and post at the same moment."""
    words = ["r%dw%d" % (n, i) for i in range(4)]
    for p, mine in zip(both, (words[:2], words[2:])):
        p.stage("all" if same else "of %s in %d" % (p.name, n), mine, chance.randrange(6))
    for p in both:
        p.ask(4 if same else 2)
    answer_together(both)
    came = [answer(p, o) for p, o in zip(both, both[::-1])]
    if came.count("posted") == 0:
        both[0].term.fail("nobody posted: %r" % came)
    for p, o, what in zip(both, both[::-1], came):
        if what == "posted":
            continue
        o.term.wait(DONE)
        if same: # the other has posted this one's, too
            p.command("review", r"nothing staged")
        else:
            post_the_rest(p, o, 2)
    return words


def killed(n, both, phase):
    """One is killed while it posts; the other finds out what became of that, and posts its own."""
    words = ["r%dw%d" % (n, i) for i in range(4)]
    for p, mine in zip(both, (words[:2], words[2:])):
        p.stage("of %s in %d" % (p.name, n), mine, chance.randrange(6))
        p.ask(2)
    before = len(posts())
    control("faults", {"rules": [{"method": "POST", "path": "/batch/", "nth": 1, "times": 1, "action": phase}]})
    answer_together(both)
    while len(posts()) == before:
        Terminal.read_all(0.05)
    (pid,), = state("SELECT pid FROM lease")
    victim, other = both if both[0].process == pid else both[::-1]
    if victim.process != pid:
        sys.exit("nobody holds the lock while a request is under way")
    if answer(other, victim) != "refused":
        other.term.fail("it was not refused while the other one posted")
    victim.term.end(signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while state("SELECT 1 FROM batch WHERE state IN (1, 2, 6)"): # intent, wire, unknown
        if time.monotonic() > end:
            other.term.fail("it did not settle what the killed one left")
        Terminal.read_all(0.2)
    control("faults", method="DELETE")
    post_the_rest(other, victim, 2)
    victim.sit_down()
    if victim.term.shows(r"unknown|[1-9]\d* staged"):
        victim.term.fail("what was settled is not settled for who comes back")
    counts["killed while posting"] += 1
    return words


def play():
    ann, bob = Person("ann"), Person("bob")
    words = []
    for n in range(rounds):
        both = chance.sample([ann, bob], 2)
        slow = chance.random() < 0.5
        if slow:
            slow_server()
        if n % 3 == 2:
            late = n > 5 and chance.random() < 0.5
            words += killed(n, both, "stall@pre-commit:5000" if late else "stall@post-commit:60000")
        else:
            words += race(n, both, n % 3 == 1)
            counts["raced, %s draft, %s server" % ("one" if n % 3 else "own", "slow" if slow else "quick")] += 1
        control("faults", method="DELETE")
        check_server(words)
        check_journal(words)
    for p in (ann, bob):
        p.term.end(signal.SIGTERM)
    print("D6: seed %d, %d edits posted once each; %s" % (
        seed, len(words), ", ".join("%s: %d" % c for c in sorted(counts.items()))))


play()

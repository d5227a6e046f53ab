#!/usr/bin/env python3
"""Start, sync, memory and staging beside programs that do only that: goals P1, P4, P6 to P9 as ratios.

usage: store.py RETICLE BENCH_STAGE FLOOR [--rounds N] [--sizes 8000x50,10000x100] [--goals P1,P4,P6,P7,P8,P9]

A server of canned pages (replay.py) takes the place of X, so that its speed does not count; curl
fetches the same pages to nowhere. Programs run in turn, round after round; medians are printed, with the
range. A peer that is not installed is said to be missing."""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from ttybench import KEYS, Program, percentile

HERE = os.path.dirname(os.path.realpath(__file__))

def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def report(goal, values, limit=None, note=""):
    if not values:
        print("| %s | peer missing | %s | - |" % (goal, limit), flush=True)
        return
    med = statistics.median(values)
    met = "-" if limit is None else "yes" if med <= limit else "no"
    print("| %s | %.3g [%.3g..%.3g]%s | %s | %s |" % (goal, med, min(values), max(values), note,
                                                "<= %g" % limit if limit is not None else "-", met), flush=True)


class Bench:
    def __init__(self, reticle, floor, n, per):
        self.reticle, self.floor, self.n, self.per = os.path.realpath(reticle), os.path.realpath(floor), n, per
        self.dir = tempfile.mkdtemp()
        self.env = dict(os.environ, XDG_CONFIG_HOME=self.dir + "/config", XDG_STATE_HOME=self.dir + "/state",
                        XDG_CACHE_HOME=self.dir + "/cache", LC_ALL="C.UTF-8")
        self.server = None

    def serve(self, delay_ms):
        self.stop()
        self.server = subprocess.Popen([sys.executable, HERE + "/replay.py", str(self.n), str(self.per), str(delay_ms),
                                        self.dir + "/urls"], stdout=subprocess.PIPE, text=True)
        self.url = self.server.stdout.readline().strip()
        self.configure(self.url, "k", "s", "1-a", "t")

    def configure(self, url, *credentials):
        path = self.dir + "/config/reticle/config.yaml"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("profiles:\n  bench:\n    base_url: %s\n    account: 18ce5bulk01\n    consumer_key: %s\n"
                    "    consumer_secret: %s\n    access_token: %s\n    access_token_secret: %s\n" % (url, *credentials))
        os.chmod(path, 0o600)

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait()
            self.server = None

    def ask(self, what):
        return int(urllib.request.urlopen(self.url + "/" + what).read())

    def forget(self):
        for d in ("state", "cache"):
            shutil.rmtree(self.dir + "/" + d, ignore_errors=True)

    def sync(self):
        """Seconds and requests of one sync."""
        before, t = self.ask("count"), time.monotonic()
        subprocess.run([self.reticle, "sync"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - t, self.ask("count") - before

    def curl(self, at_once):
        t = time.monotonic()
        subprocess.run(["curl", "-s", "--parallel", "--parallel-max", str(at_once), "--parallel-immediate", "-K",
                        self.dir + "/urls"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - t

    # --- the goals

    def p6(self, delay_ms, limit, rounds):
        self.serve(delay_ms)
        ours, four, ten, requests = [], [], [], 0
        for _ in range(rounds):
            self.forget()
            seconds, requests = self.sync()
            ours.append(seconds)
            if shutil.which("curl"):
                four.append(self.curl(4))
                ten.append(self.curl(10))
        name = "P6 full sync, %d ms a request, of curl --parallel with " % delay_ms
        report(name + "4 at once (as many as we allow ourselves)", [a / b for a, b in zip(ours, four)], limit)
        report(name + "10 at once", [a / b for a, b in zip(ours, ten)], limit)
        report("P6 full sync, %d ms a request, seconds" % delay_ms, ours)
        return requests

    def p7(self, requests):
        groups = [min(200, self.n - g) * self.per for g in range(0, self.n, 200)]
        least = 5 + -(-self.n // 1000) + sum(max(1, -(-g // 1000)) for g in groups)
        # the accounts of a first run are one more
        report("P7 requests of a full sync, of the least", [(requests - 1) / least], 1.0)
        report("P7 requests when nothing changed, of the least", [self.sync()[1] / 6], 1.0)
        changed = self.ask("change")
        report("P7 requests after %d line items changed, of the least" % changed,
               [self.sync()[1] / (6 + max(1, -(-changed * self.per // 1000)))], 1.0)

    def p8(self):
        size = sum(os.path.getsize(os.path.join(self.dir, "cache/reticle", f))
                   for f in os.listdir(self.dir + "/cache/reticle"))
        report("P8 snapshot file, of the JSON", [size / self.ask("bytes")], 0.25)

    def start(self, args=()):
        return Program({"cmd": [self.reticle, *args], "env": self.env})

    def down(self, p, n):
        times = []
        for _ in range(n):
            times.append(p.press_first(KEYS["Down"]))
            time.sleep(0.01)          # as keys come, and a frame of its own may end
        return [t * 1e3 for t in times if t is not None]

    def p4(self):
        """Keys while all is read again, with 5 ms a request so that it lasts."""
        self.serve(5)
        p = self.start()
        try:
            p.wait_for("Engagements")
            p.settle()
            idle = self.down(p, 150)
            p.press(b":sync whole\r")
            busy = self.down(p, 150)
        finally:
            p.end("Q")
        theirs = self.fzf_reading(150)
        report("P4 Down while a sync runs, p50, of own idle p50", [percentile(busy, 50) / percentile(idle, 50)], 3)
        for p in (95, 99):
            report("P4 Down while a sync runs, p%d, ms" % p, [percentile(busy, p)])
            report("P4 Down while a sync runs, p%d, of fzf while it reads" % p,
                   [percentile(busy, p) / percentile(theirs, p)] if theirs else [], 0.25)

    def fzf_reading(self, n):
        """Keys of fzf while it reads 100,000 rows a second; empty: it is not installed."""
        if not shutil.which("fzf"):
            return []
        feed = ("import sys, time\n"
                "for i in range(3000):\n"
                "    sys.stdout.write(''.join('line %d of a list that is read\\n' % k\n"
                "                             for k in range(i * 1000, i * 1000 + 1000)))\n"
                "    sys.stdout.flush()\n"
                "    time.sleep(0.01)\n")
        with open(self.dir + "/feed.py", "w") as f:
            f.write(feed)
        p = Program({"cmd": ["sh", "-c", "%s %s/feed.py | fzf" % (sys.executable, self.dir)], "env": self.env})
        try:
            p.wait_for("line 1 of")
            return self.down(p, n)
        finally:
            p.end("\x1b")

    def p1_p8(self, rounds):
        lines, repo = self.dir + "/lines", self.dir + "/repo"
        peers = {"reticle": ([self.reticle, "--offline"], "Engagements", "Q", None)}
        if shutil.which("less"):
            with open(lines, "w") as f:
                f.writelines("line %d of a long file that a pager shows\n" % i for i in range(1, 1000001))
            peers["less"] = (["less", lines], "line 30 of", "q", 1.75)
        if shutil.which("tig") and shutil.which("git"):
            make_repository(repo)
            peers["tig"] = (["sh", "-c", "cd %s && exec tig" % repo], "commit number 1000", "Q", 0.15)
        subprocess.run([self.floor, self.dir + "/floor.db", "make"], check=True)
        peers["floor"] = ([self.floor, self.dir + "/floor.db"], "modern sofa, US 30", "q", 1.25)
        runs, pss, filtered = {k: [] for k in peers}, [], []
        for i in range(rounds + 1):
            for name, (cmd, wait, quit_keys, _) in peers.items():
                p = Program({"cmd": cmd, "env": self.env})
                try:
                    seconds = p.wait_for(wait)
                    if i:          # the first run of each warms the caches
                        runs[name].append(seconds)
                    if name == "reticle":
                        p.settle()
                        pss.append(p.status()["pss"] / 1024)
                        p.press(b"/")
                        p.press(b"sofa 79")
                        p.settle()
                        filtered.append((p.status()["pss"] / 1024 - pss[-1]) * 1048576 / (self.n * self.per))
                        p.press(b"\x1b")
                        p.press(b"\x1b")
                finally:
                    p.end(quit_keys)
        for name, limit in (("less", 1.75), ("tig", 0.15), ("floor", 1.25)):
            report("P1 start to painted, of " + name, [a / b for a, b in zip(runs["reticle"], runs.get(name, []))],
                   limit)
        report("P8 memory while browsing, MB", pss, 10)
        report("P8 memory more with a filter typed, bytes a criterion", filtered, 40)

    def p9(self, program, rounds):
        values = []
        for _ in range(rounds):
            d = tempfile.mkdtemp(dir=self.dir)
            out = subprocess.run([program, d], check=True, stdout=subprocess.PIPE, text=True).stdout
            ours, bare = re.match(r"stage ([\d.]+) bare ([\d.]+)", out).groups()
            values.append(float(ours) / float(bare))
            shutil.rmtree(d)
        report("P9 100,000 edits staged, of the bare insert", values, 2)

    def p9_apply(self):
        """100,000 new keywords planned and applied at the sandbox with 50 ms a request, beside curl posting as
        many bytes one batch after another, each on a fresh connection, to a server that only waits."""
        items, keywords, per_batch = 2000, 50, 500
        sandbox = subprocess.Popen([self.reticle, "sandbox", "--line-items", str(items), "--criteria", "5",
                                    "--no-rate-limit"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            ready = json.loads(sandbox.stdout.readline())
            self.forget()
            self.configure(ready["url"], *(ready[k] for k in ("consumer_key", "consumer_secret", "access_token",
                                                               "access_token_secret")))
            wanted, plan = self.dir + "/wanted.csv", self.dir + "/plan"
            self.run("sync")
            self.run("export", "--format", "csv", "--out", wanted)
            self.add_keywords(wanted, keywords)
            planned = self.run("plan", wanted, "--out", plan)
            control(ready["url"], "faults", {"rules": [{"action": "stall@pre-commit:50"}]})
            applied = self.run("apply", plan)
            rows = json.loads(control(ready["url"], "ledger"))["requests"]
            posts = sum(r["method"] == "POST" and "/batch/" in r["target"] for r in rows)
            reads = sum(r["method"] == "GET" for r in rows)
            failed = sum(r["method"] == "POST" and r["status"] // 100 != 2 and "/batch/" in r["target"] for r in rows)
        finally:
            sandbox.terminate()
            sandbox.wait()
        report("P9 100,000 changes planned, seconds", [planned], 0.5)
        report("P9 batches applied, of 200 (%d of them failed)" % failed, [posts / (items * keywords / per_batch)], 1)
        report("P9 100,000 changes applied and read back, seconds", [applied], None, " (%d reads in all)" % reads)
        if shutil.which("curl"):
            report("P9 100,000 changes applied, of curl posting alone", [applied / self.curl_posts(200)], 1.1)

    def run(self, *args):
        t = time.monotonic()
        subprocess.run([self.reticle, *args], env=self.env, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - t

    @staticmethod
    def add_keywords(path, n):
        with open(path) as f:
            ids = dict.fromkeys(line.split(",")[0] for line in f.readlines()[1:])
        with open(path, "a") as f:
            f.writelines("%s,,BROAD_KEYWORD,EQ,keyword number %d,,\n" % (i, k) for i in ids for k in range(n))

    def curl_posts(self, n):
        body = json.dumps([{"operation_type": "Create", "params": {
            "line_item_id": "b%05d" % i, "operator_type": "EQ", "targeting_type": "BROAD_KEYWORD",
            "targeting_value": "keyword number %d" % i}} for i in range(500)], separators=(",", ":"))
        with open(self.dir + "/body", "w") as f:
            f.write(body)
        self.serve(50)
        t = time.monotonic()
        for _ in range(n):
            subprocess.run(["curl", "-s", "--data-binary", "@" + self.dir + "/body", self.url + "/post"], check=True,
                           stdout=subprocess.DEVNULL)
        return time.monotonic() - t

    def done(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def table(title, rounds):
    print("\n%s, %d rounds\n\n| goal | median [min..max] | limit | met |\n|---|---|---|---|" % (title, rounds), flush=True)


def control(url, what, body=None):
    data = json.dumps(body).encode() if body is not None else None
    return urllib.request.urlopen("%s/__sandbox/%s" % (url, what), data).read()


def make_repository(repo):
    subprocess.run(["git", "init", "-q", repo], check=True)
    feed = subprocess.Popen(["git", "-C", repo, "fast-import", "--quiet"], stdin=subprocess.PIPE, text=True)
    for i in range(1, 100001):
        m = "commit number %d touches the budget of line item %d" % (i, i * 7919 % 8000)
        feed.stdin.write("commit refs/heads/main\nmark :%d\ncommitter a <a@example.com> %d +0000\ndata %d\n%s\n%s"
                         % (i, 1500000000 + i * 60, len(m), m, "from :%d\n" % (i - 1) if i > 1 else ""))
    feed.stdin.close()
    feed.wait()
    subprocess.run(["git", "-C", repo, "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    subprocess.run(["git", "-C", repo, "commit-graph", "write", "--reachable"], check=True, stderr=subprocess.DEVNULL)


def main():
    rounds = int(option("--rounds", "5"))
    goals = option("--goals", "P1,P4,P6,P7,P8,P9").split(",")
    for size in option("--sizes", "8000x50,10000x100").split(","):
        n, per = map(int, size.split("x"))
        bench = Bench(sys.argv[1], sys.argv[3], n, per)
        table("%d line items x %d criteria" % (n, per), rounds)
        try:
            if "P6" in goals:
                bench.p6(50, 1.08, max(1, rounds // 2))
            # what follows needs an account that was read
            requests = bench.p6(0, 5, rounds if "P6" in goals else 1)
            if "P7" in goals:
                bench.p7(requests)
            if "P8" in goals:
                bench.p8()
            if "P1" in goals or "P8" in goals:
                bench.p1_p8(rounds)
            if "P4" in goals:
                bench.p4()
        finally:
            bench.done()
    if "P9" in goals:
        bench = Bench(sys.argv[1], sys.argv[3], 0, 0)
        table("100,000 changes", rounds)
        try:
            bench.p9(sys.argv[2], rounds)
            bench.p9_apply()
        finally:
            bench.done()


main()

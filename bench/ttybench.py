#!/usr/bin/env python3
"""Measure terminal programs side by side: start to painted, key to painted, bursts, memory, idle.

usage: ttybench.py MANIFEST.json [--rounds N]

Every program runs on a fresh pty (120x40, TERM=xterm-256color), the programs of the manifest in
turn, round after round, so that a drifting machine hits all of them alike. Times are monotonic and
taken around read(2) on the pty. "Painted" is the first moment at which the text received so far,
without its escape sequences, matches the program's regular expression; a key is painted with the
last byte before 8 ms of quiet. Medians and ratios are printed, never a single time.

MANIFEST: {"programs": [{"label", "cmd": [...], "wait": regex, "quit": keys, "env": {}}],
           "goals": [{"name", "a": label, "b": label or null, "metric", "limit"}]}"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time

COLS, ROWS, QUIET_S = 120, 40, 0.008
KEYS = {"Down": b"\x1bOB", "PageDown": b"\x1b[6~", "Home": b"\x1bOH"}
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|.)")


def family(pid):
    """The process and its children: a supervisor and what it watches are one program."""
    found = [pid]
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()[1]) in found:
                found.append(int(p))
        except (OSError, IndexError):
            pass
    return found


class Program:
    def __init__(self, spec):
        env = {**os.environ, **spec.get("env", {}), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.t0 = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
            os.execvpe(spec["cmd"][0], spec["cmd"], env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
        self.out = b""

    def read(self, timeout):
        """One read, or None after `timeout` seconds of quiet."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return None
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        self.out += data
        return data

    def wait_for(self, regex, timeout=60):
        pattern = re.compile(regex.encode())
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.read(0.2) is None:
                if not self.alive():
                    break
                continue
            if pattern.search(ESCAPES.sub(b"", self.out)):
                return time.monotonic() - self.t0
        raise RuntimeError("never painted: %r" % ESCAPES.sub(b" ", self.out)[-400:])

    def settle(self, quiet=0.3, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.read(quiet) is not None:
            pass

    def press(self, data, quiet=QUIET_S, first=0.25):
        """Seconds from the key to its last byte, and how many bytes it painted."""
        start = last = time.monotonic()
        os.write(self.fd, data)
        n, wait = 0, first
        while True:
            got = self.read(wait)
            if got is None:
                return last - start, n
            n += len(got)
            last = time.monotonic()
            wait = quiet

    def press_first(self, data, timeout=5):
        """Seconds from the key to the first paint behind it; None: there was none. For a screen that
        paints by itself, too: a frame shows all that was known when it was drawn."""
        while self.read(0):
            pass
        start = time.monotonic()
        os.write(self.fd, data)
        return time.monotonic() - start if self.read(timeout) else None

    def alive(self):
        return os.waitpid(self.pid, os.WNOHANG) == (0, 0)

    def status(self):
        """RSS and PSS in kB, voluntary and other context switches, CPU seconds."""
        texts = [open("/proc/%d/smaps_rollup" % p).read() for p in family(self.pid)]
        stat = open("/proc/%d/status" % self.pid).read()
        times = open("/proc/%d/stat" % self.pid).read().rsplit(")", 1)[1].split()

        def number(where, name):
            return int(re.search(r"^%s:\s+(\d+)" % name, where, re.M).group(1))
        return dict(rss=sum(number(t, "Rss") for t in texts), pss=sum(number(t, "Pss") for t in texts),
                    switches=number(stat, "voluntary_ctxt_switches") +
                    number(stat, "nonvoluntary_ctxt_switches"),
                    cpu=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"))

    def end(self, quit_keys):
        if quit_keys:
            os.write(self.fd, quit_keys.encode())
            self.settle(0.1, 2)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def measure(spec):
    p, m = Program(spec), {}
    try:
        m["start_ms"] = p.wait_for(spec["wait"]) * 1e3
        p.settle(spec.get("settle", 0.3))
        m["rss_mb"] = p.status()["rss"] / 1024
        m["pss_mb"] = p.status()["pss"] / 1024
        for key, count in (("Down", 120), ("PageDown", 60)):
            p.press(KEYS["Home"])
            samples = [p.press(KEYS[key]) for _ in range(count)]
            times = [t * 1e3 for t, n in samples if n]
            if times:
                m[key.lower() + "_p50_ms"] = percentile(times, 50)
                m[key.lower() + "_p95_ms"] = percentile(times, 95)
                m[key.lower() + "_bytes"] = statistics.median(n for _, n in samples)
        p.press(KEYS["Home"])
        m["burst_ms"] = p.press(KEYS["Down"] * 1000, quiet=0.05, first=2)[0] * 1e3
        before = p.status()
        received = len(p.out)
        time_before = time.monotonic()
        p.settle(3, 3)
        seconds = time.monotonic() - time_before
        after = p.status()
        m["idle_bytes"] = len(p.out) - received
        m["idle_cpu_ms_per_s"] = (after["cpu"] - before["cpu"]) * 1e3 / seconds
        m["idle_switches_per_s"] = (after["switches"] - before["switches"]) / seconds
    finally:
        p.end(spec.get("quit", ""))
    return m


def main():
    manifest = json.load(open(sys.argv[1]))
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 7
    programs = manifest["programs"]
    runs = {p["label"]: [] for p in programs}
    for p in programs:          # one run of each that does not count: caches
        measure(p)
    for _ in range(rounds):
        for p in programs:
            runs[p["label"]].append(measure(p))
    metrics = []
    for label in runs:
        metrics += [k for k in runs[label][0] if k not in metrics]
    print("Medians of %d rounds, 120x40.\n" % rounds)
    print("| metric | " + " | ".join(runs) + " |\n|---|" + "---|" * len(runs))
    for k in metrics:
        cells = []
        for label in runs:
            v = [r[k] for r in runs[label] if k in r]
            cells.append("%.3g" % statistics.median(v) if v else "-")
        print("| %s | %s |" % (k, " | ".join(cells)))
    print("\n| goal | ratio or value, median [min..max] | limit | met |\n|---|---|---|---|")
    for g in manifest["goals"]:
        a = [r.get(g["metric"]) for r in runs[g["a"]]]
        b = [r.get(g.get("metric_b", g["metric"])) for r in runs[g["b"]]] if g.get("b") else [1] * len(a)
        v = [x / y for x, y in zip(a, b) if x is not None and y]
        if v:
            med = statistics.median(v)
            print("| %s | %.3g [%.3g..%.3g] | <= %g | %s |" % (g["name"], med, min(v), max(v), g["limit"],
                                                         "yes" if med <= g["limit"] else "no"))


if __name__ == "__main__":
    main()

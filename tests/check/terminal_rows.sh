# Rows C10 to C14, C16 and C18 of the fault matrix on the program itself: closed descriptors, kinds of
# terminals, locales, a paste of 10 MB, random keys, few descriptors, no process. C16: no editor is ever started.
set -eu
. "$(dirname "$0")/lib.sh"
start_sandbox --no-rate-limit
export ASAN_OPTIONS=detect_leaks=0 # what a terminal that is closed on the program leaves does not matter

escapes() { grep -lq "$(printf '\033')" "$@" 2>/dev/null; }

# C10: each of the eight subsets of closed descriptors; none of them is a terminal
for closed in "" "0" "1" "2" "0 1" "0 2" "1 2" "0 1 2"; do
	: >"$dir/out"
	: >"$dir/err"
	rc=0
	(
		exec </dev/null >"$dir/out" 2>"$dir/err"
		for fd in $closed; do
			case $fd in 0) exec <&- ;; 1) exec >&- ;; 2) exec 2>&- ;; esac
		done
		exec "$RETICLE"
	) || rc=$?
	[ $rc = 2 ] || { echo "C10: with \"$closed\" closed it ended with $rc, not 2"; exit 1; }
	if escapes "$dir/out" "$dir/err"; then echo "C10: an escape byte with \"$closed\" closed"; exit 1; fi
done

# C11: six terminals that cannot be used; commands without the screen work with each
mkdir -p "$dir/none" "$dir/bad/c"
printf 'no terminfo at all' >"$dir/bad/c/corrupt"
for how in "-u TERM" "TERM=" "TERM=dumb" "TERM=nosuch" "TERM=corrupt TERMINFO=$dir/bad" \
	"TERM=missing TERMINFO=$dir/none"; do
	script -qec "env $how '$RETICLE'; echo exit \$?" /dev/null >"$dir/out" 2>&1 </dev/null || true
	grep -q "exit 2" "$dir/out" && grep -q TERM "$dir/out" || { echo "C11 $how:"; cat "$dir/out"; exit 1; }
	# shellcheck disable=SC2086
	env $how "$RETICLE" version >/dev/null || { echo "C11: version fails with $how"; exit 1; }
done

# C16
if grep -aqE '\b(EDITOR|VISUAL)\b' "$RETICLE"; then echo "C16: an editor is started; test it"; exit 1; fi

# C18: with any limit of descriptors it works or says why, and never crashes
for n in 4 5 6 7 8 9 10 11 12 14 16 20 24 32; do
	rc=0
	(ulimit -n $n; exec "$RETICLE" recover) >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
	[ $rc -lt 64 ] || { echo "C18: with $n descriptors it ended with $rc"; cat "$dir/err"; exit 1; }
	[ $rc = 0 ] || [ -s "$dir/err" ] || { echo "C18: with $n descriptors it says nothing"; exit 1; }
done

# C18: no process and no thread can be made (EAGAIN): what needs one says so, the rest works
limited() { # limited COMMAND...: its exit status is in $rc
	rc=0
	env SWEEP_NO_FORK=1 LD_PRELOAD="$(dirname "$RETICLE")/sweep/preload.so" \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$@" >"$dir/out" 2>"$dir/err" </dev/null || rc=$?
}
refuses() { # refuses WORDS: it said so, and ended in order
	[ $rc -gt 0 ] && [ $rc -lt 64 ] && grep -qE "$1" "$dir/out" "$dir/err" && return
	echo "C18: without processes it ended with $rc, without \"$1\":"
	cat "$dir/out" "$dir/err"
	exit 1
}
echo :messages >"$dir/c18.script"
limited "$RETICLE" demo --script "$dir/c18.script" --size 80x24
refuses 'Resource temporarily unavailable'
cp "$dir/config/reticle/config.yaml" "$dir/config.kept"
sed -i '/consumer_/d; /access_/d' "$dir/config/reticle/config.yaml"
echo "    credentials_command: [/bin/true]" >>"$dir/config/reticle/config.yaml"
limited "$RETICLE" api GET /12/accounts
refuses 'Resource temporarily unavailable'
# a name needs a thread of libcurl's
sed 's|base_url: .*|base_url: https://ads-api.invalid|' "$dir/config.kept" >"$dir/config/reticle/config.yaml"
limited "$RETICLE" api GET /12/accounts
refuses 'reticle: '
cp "$dir/config.kept" "$dir/config/reticle/config.yaml"
limited "$RETICLE" api GET /12/accounts
[ $rc = 0 ] || { echo "C18: a request without a process:"; cat "$dir/err"; exit 1; }
printf 'Enter\na\ntext gender\nEnter\nEnter\n:expect 1 staged\n:screen c18.txt\nu\n:expect nothing staged\n' >"$dir/c18.script"
(cd "$dir" && limited "$RETICLE" --script c18.script --size 120x30 && [ $rc = 0 ]) ||
	{ echo "C18: staging without a process:"; cat "$dir/err"; exit 1; }

python3 - "$RETICLE" <<'PY'
import fcntl, os, pty, random, select, signal, struct, sys, termios, time

class Program:
    def __init__(self, **env):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.environ.pop("LC_ALL", None)
            os.environ.update(TERM="xterm-256color", **env)
            os.execv(sys.argv[1], [sys.argv[1]])
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = b""
        self.status = None

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 1 << 16)
            except OSError:
                return False
        return True

    def wait(self, what, who):
        end = time.monotonic() + 60
        while what not in self.seen:
            if time.monotonic() > end or not self.read(1):
                sys.exit("%s: %r did not come: %r" % (who, what, self.seen[-600:]))

    def feed(self, data):
        at = 0
        while at < len(data) and not self.ended():
            try:
                at += os.write(self.master, data[at:at + 4096])
            except BlockingIOError:
                pass
            except OSError:
                return
            self.read(0)

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def close(self, who):
        os.close(self.master)
        end = time.monotonic() + 60
        while not self.ended():
            if time.monotonic() > end:
                sys.exit("%s: it does not end" % who)
            time.sleep(0.02)
        if os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) not in (signal.SIGHUP, signal.SIGTERM):
            sys.exit("%s: signal %d" % (who, os.WTERMSIG(self.status)))

# C18: on a terminal too, where the supervisor cannot be made
preload = os.path.join(os.path.dirname(sys.argv[1]), "sweep/preload.so")
asan = "verify_asan_link_order=0:detect_leaks=0"
p = Program(SWEEP_NO_FORK="1", LD_PRELOAD=preload, ASAN_OPTIONS=asan, LANG="C.UTF-8")
p.wait(b"nothing staged", "C18")
if open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read():
    sys.exit("C18: it has a child")
p.feed(b"?")
p.wait(b"elp", "C18")
p.close("C18")

# C12: no byte of 0x80 or more where the locale has none
for locale in ("C", "POSIX", "en_US.ISO-8859-1", "xx_XX.nonsense"):
    p = Program(LANG=locale)
    p.wait(b"nothing staged", "C12 " + locale)
    p.feed(b"ii?")
    for _ in range(10):
        p.read(0.1)
    high = [b for b in p.seen if b >= 0x80]
    if high:
        sys.exit("C12 %s: %d high bytes, the first %#x" % (locale, len(high), high[0]))
    p.close("C12 " + locale)

def work_of(p):
    """Seconds that the program below its supervisor has worked."""
    pid = int(open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read())
    stat = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

# C13: 10 MB of keys that would stage and post, as one paste
p = Program(LANG="C.UTF-8")
p.wait(b"nothing staged", "C13")
worked = work_of(p)
began = time.monotonic()
p.feed(b"\x1b[200~" + b"*a gender\r\rrPyQ\r" * 640000 + b"\x1b[201~")
# it asks what kind the lines are; nobody answers, and the list is there again
p.wait(b"cut at", "C13")
p.seen = b""
p.feed(b"\x1b")
p.wait(b"\x1b[?25l", "C13") # no cursor: nothing is typed into any more
p.seen = b""
p.feed(b"?")
p.wait(b"elp", "C13")
worked = work_of(p) - worked
print("C13: %.1f s, of which it worked %.2f s" % (time.monotonic() - began, worked))
if worked > 1: # of its own time: the rest is the terminal's, and whatever else runs here
    sys.exit("C13: 10 MB kept it busy for more than a second")
p.close("C13")

# C14: random keys; whoever quits is started again
seed = 20260106
chance = random.Random(seed)
keys = [b"\x1b[A", b"\x1b[<0;9;9M", b"\x1b[<35;2;2m", b"\xc3", b"\xf0\x9f", b"\x1bO", b"\r", b"\t", b"\x1b"]
left = 200000
while left > 0:
    p = Program(LANG="C.UTF-8")
    p.wait(b"staged", "C14")  # a run before this one may have staged something
    while left > 0 and not p.ended():
        part = b"".join(chance.choice(keys) if chance.random() < 0.2 else bytes([chance.randrange(256)])
                        for _ in range(500))
        # Ctrl-Z stops the job, Q and Ctrl-C end it: less is seen then
        p.feed(part.translate(None, b"\x1a\x03Q"))
        left -= len(part)
    p.close("C14, seed %d" % seed)
PY
control ledger | python3 -c '
import json, sys
posts = [r for r in json.load(sys.stdin)["requests"] if r["method"] != "GET" and r["committed"] and "estimate" not in r["target"]]
sys.exit("C13 C14: written to the account: %r" % posts if posts else 0)'

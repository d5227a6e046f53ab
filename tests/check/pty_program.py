"""The program on a pseudo terminal, for the shell checks: what it writes is kept, keys are typed, and
everything is waited for. Its arguments follow the program's path."""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

PATIENCE_S = 60  # far more than any machine needs
GUARD_S = 0.5  # for so long a question takes no answer


class Program:
    def __init__(self, argv, size=(30, 100), term="xterm-256color", limits=(), job=False, **env):
        self.master, self.slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.environ.update(TERM=term, **env)
            for limit in limits:
                limit()
            os.execv(argv[0], argv)
        os.set_blocking(self.master, False)
        self.seen = b""
        self.status = None

    def resize(self, rows, cols):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        """Something more, if it comes in that time; false when the terminal is gone."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 1 << 16)
            except OSError:
                return False
        return True

    def fail(self, who, what):
        sys.exit("%s: %s: %r" % (who, what, self.seen[-1500:]))

    def wait(self, pattern, who):
        """Until what was written since the last forget() matches; the match."""
        end = time.monotonic() + PATIENCE_S
        while not (m := re.search(pattern, self.seen)):
            if time.monotonic() > end or not self.read(0.2):
                self.fail(who, "%r did not come" % pattern)
        return m

    def comes(self, pattern, seconds):
        """As wait, but false when it did not come in that time."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                return False
        return True

    def wait_redrawn(self, pattern, who):
        """As wait, on a screen that is drawn whole again and again: cells that stay are not written."""
        end = time.monotonic() + PATIENCE_S
        while not (m := re.search(pattern, self.seen)):
            if time.monotonic() > end:
                self.fail(who, "%r did not come" % pattern)
            self.seen = b""
            os.write(self.master, b"\x0c")
            if not self.read(0.5):
                self.fail(who, "%r did not come" % pattern)
            while select.select([self.master], [], [], 0.05)[0] and self.read(0):
                pass
        return m

    def forget(self):
        self.seen = b""

    def type(self, data):
        self.seen = b""
        os.write(self.master, data)

    def feed(self, data):
        """More than the terminal takes at once; what is written meanwhile is read."""
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

    def wait_end(self, who):
        """Its exit status; negative: the signal that ended it."""
        end = time.monotonic() + PATIENCE_S
        while not self.ended():
            if time.monotonic() > end:
                self.fail(who, "it does not end")
            self.read(0.02)
        while select.select([self.master], [], [], 0)[0] and self.read(0):
            pass
        return os.waitstatus_to_exitcode(self.status)

    def given_back(self, who):
        """The terminal is as it was before."""
        if termios.tcgetattr(self.slave)[:4] != self.before[:4]:
            self.fail(who, "the terminal's modes are not as before")
        for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"),
                        (b"\x1b[?2004h", b"\x1b[?2004l")):
            if self.seen.rfind(on) > self.seen.rfind(off):
                self.fail(who, "%r was not taken back" % on)

    def children(self):
        """Of the process that was started: the program below its supervisor."""
        return [int(p) for p in open("/proc/%d/task/%d/children" % (self.pid, self.pid)).read().split()]

    def close(self, who):
        os.close(self.slave)
        os.close(self.master)
        end = time.monotonic() + PATIENCE_S
        while not self.ended():
            if time.monotonic() > end:
                sys.exit("%s: it does not end" % who)
            time.sleep(0.02)
        if os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) not in (signal.SIGHUP, signal.SIGTERM):
            sys.exit("%s: signal %d" % (who, os.WTERMSIG(self.status)))


def post_staged(p, who):
    """From the start of the program with staged changes: the review, the question, the posting."""
    p.wait(rb"[0-9] staged", who)
    p.type(b"r")
    p.wait_redrawn(rb"P posts", who)
    # refused while the line items are still being read
    end = time.monotonic() + PATIENCE_S
    p.type(b"P")
    while not p.comes(rb"Post these changes", 1):
        if time.monotonic() > end:
            p.fail(who, "it does not ask")
        p.type(b"P")
    # a question that has only just appeared takes no key: it could not have been read
    while True:
        time.sleep(GUARD_S)
        p.type(b"y")
        if p.comes(rb"Posting|applied|waits|No answer", 1):
            return
        if time.monotonic() > end:
            p.fail(who, "the question stays")

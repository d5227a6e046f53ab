"""A program in a pseudo terminal, and what its screen shows: just enough of a terminal for what
tui/painter.c sends (positions, erasing, scroll regions; looks are dropped)."""
import fcntl, os, pty, re, select, struct, sys, termios, time, unicodedata

PATIENCE = 120  # seconds; only a broken program needs them
SEQUENCE = re.compile(
    rb"\x1b(?:\[([?>=]?[0-9;]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78MDEc])")


class Terminal:
    everybody = []  # who is read while one of them is waited for, so that no message goes by unseen

    def __init__(self, argv, cols=100, rows=24, **env):
        self.cols, self.rows = cols, rows
        self.lines = [[" "] * cols for _ in range(rows)]
        self.x = self.y = 0
        self.top, self.bottom = 0, rows - 1
        self.rest = b""
        self.open = True
        self.frames = []  # what was on the screen since the last key, frame by frame
        self.master, slave = pty.openpty()
        self.tty = os.ttyname(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.environ.update(TERM="xterm-256color", **env)
            os.execv(argv[0], argv)
        os.close(slave)
        Terminal.everybody.append(self)

    # --- what the program sent

    def _control(self, params, final):
        if params[:1] in (b"?", b">", b"="):
            return
        n = [int(p) if p else 0 for p in params.split(b";")] if params else []
        first = n[0] if n and n[0] else 1
        if final == b"H":
            self.y = min(first, self.rows) - 1
            self.x = min(n[1] if len(n) > 1 and n[1] else 1, self.cols) - 1
        elif final == b"K":
            self.lines[self.y][self.x:] = [" "] * (self.cols - self.x)
        elif final == b"J":
            self.lines = [[" "] * self.cols for _ in range(self.rows)]
        elif final == b"r":
            self.top = first - 1
            self.bottom = (n[1] if len(n) > 1 and n[1] else self.rows) - 1
            self.x = self.y = 0
        elif final in (b"S", b"T"):
            part = self.lines[self.top:self.bottom + 1]
            blank = [[" "] * self.cols for _ in range(first)]
            part = part[first:] + blank if final == b"S" else blank + part[:-first]
            self.lines[self.top:self.bottom + 1] = part

    def _text(self, data):
        for c in data.decode("utf-8", "replace"):
            if c == "\r":
                self.x = 0
            elif c == "\n":
                self.y = min(self.y + 1, self.rows - 1)
            elif c >= " ":
                wide = unicodedata.east_asian_width(c) in "WF"
                for part in (c, "") if wide else (c,):
                    if self.x < self.cols:
                        self.lines[self.y][self.x] = part
                    self.x += 1

    def _feed(self, data):
        data = self.rest + data
        at = 0
        for m in SEQUENCE.finditer(data):
            self._text(data[at:m.start()])
            if m.group(2):
                self._control(m.group(1), m.group(2))
            at = m.end()
        tail = data[at:]
        cut = tail.find(b"\x1b")  # a sequence that is not complete yet
        if cut < 0:
            cut = len(tail)
            while cut and cut > len(tail) - 4 and tail[cut - 1] & 0xC0 == 0x80:
                cut -= 1
            if cut and tail[cut - 1] >= 0xC0:
                cut -= 1  # a character that may not be complete yet
            else:
                cut = len(tail)
        self._text(tail[:cut])
        self.rest = tail[cut:]

    def _read(self):
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            data = b""
        self._feed(data)
        self.frames.append(self.text())
        if not data:
            self.open = False

    @staticmethod
    def read_all(seconds):
        """Take what any of them sent, waiting at most so long for the first of it."""
        there = {t.master: t for t in Terminal.everybody if t.open}
        for fd in select.select(list(there), [], [], seconds)[0]:
            there[fd]._read()

    # --- what a person does

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def shows(self, pattern):
        return re.search(pattern, self.text())

    def showed(self, pattern):
        """Now, or at any time since the last key."""
        for frame in self.frames:
            found = re.search(pattern, frame)
            if found:
                return found
        return self.shows(pattern)

    def wait(self, *patterns, ever=False):
        """Until one of the patterns is on the screen: its match."""
        end = time.monotonic() + PATIENCE
        while True:
            for p in patterns:
                found = self.showed(p) if ever else self.shows(p)
                if found:
                    return found
            if not self.open or time.monotonic() > end:
                self.fail("%r did not come" % (patterns,))
            Terminal.read_all(1)

    def wait_gone(self, pattern):
        """Until the pattern is not on the screen; what was there with it counts no more."""
        end = time.monotonic() + PATIENCE
        while self.shows(pattern):
            if not self.open or time.monotonic() > end:
                self.fail("%r does not go" % pattern)
            Terminal.read_all(1)
        self.frames = [f for f in self.frames if not re.search(pattern, f)]

    def keys(self, text):
        self.frames = []
        os.write(self.master, text.encode())

    def fail(self, why):
        sys.exit("%s: %s\n%s" % (self.tty, why, self.text()))

    # --- its end

    def program(self):
        """The process behind the supervisor that guards the terminal."""
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
            ids = f.read().split()
        return int(ids[0]) if ids else None

    def end(self, sig):
        """End the program with that signal; its terminal goes, too."""
        os.kill(self.program() or self.pid, sig)
        stop = time.monotonic() + PATIENCE
        while self.open:
            if time.monotonic() > stop:
                self.fail("it does not end")
            Terminal.read_all(1)
        os.close(self.master)
        Terminal.everybody.remove(self)
        return os.waitpid(self.pid, 0)[1]

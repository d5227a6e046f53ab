# The program in a pseudo terminal, ended by each signal: the terminal is as it was, the exit status
# says how it ended, and after kill -9 the supervisor says that what was staged is safe.
set -eu
. "$(dirname "$0")/lib.sh"
python3 - "$RETICLE" <<'PY'
import os, pty, select, signal, struct, sys, termios, fcntl, time

RESTORED = b"\x1b[?1049l"

def children(pid):
    out = []
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                stat = open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()
                name = open("/proc/%s/comm" % p).read().strip()
            except OSError:
                continue
            if int(stat[1]) == pid and name.startswith("reticle") and "sandbox" not in name:
                out.append(int(p))
    return out

def run(name, sig, to_child):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.argv[1], [sys.argv[1], "demo"])
    seen = b""
    def read_until(what, seconds):
        nonlocal seen
        end = time.monotonic() + seconds
        while what not in seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([master], [], [], left)[0]:
                sys.exit("%s: %r did not come; seen: %r" % (name, what, seen[-400:]))
            seen += os.read(master, 65536)
    read_until(b"\x1b[?1049h", 30)
    read_until(b"nothing staged", 30)
    ui = children(pid)
    if len(ui) != 1:
        sys.exit("%s: a supervisor and one program were expected, not %r" % (name, ui))
    seen = b""
    began = time.monotonic()
    os.kill(ui[0] if to_child else pid, sig)
    read_until(RESTORED, 10)
    status = os.waitpid(pid, 0)[1]
    took = time.monotonic() - began
    if termios.tcgetattr(slave)[:4] != before[:4]:
        sys.exit("%s: the terminal's modes are not as before" % name)
    if sig == signal.SIGKILL:
        while select.select([master], [], [], 0.2)[0]:
            seen += os.read(master, 65536)
        if b"staged is safe" not in seen:
            sys.exit("%s: nothing was said: %r" % (name, seen))
    print("%s: restored, status %x, %.0f ms" % (name, status, took * 1000))
    os.close(master)
    os.close(slave)

for name, sig, to_child in [("TERM", signal.SIGTERM, True), ("HUP", signal.SIGHUP, True),
        ("QUIT", signal.SIGQUIT, True), ("SEGV", signal.SIGSEGV, True),
        ("KILL", signal.SIGKILL, True), ("TERM to the parent", signal.SIGTERM, False)]:
    run(name, sig, to_child)
PY

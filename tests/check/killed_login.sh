# reticle auth login that is killed while a secret is typed leaves a terminal that echoes.
set -eu
. "$(dirname "$0")/lib.sh"
mkdir -p "$dir/config/reticle"
python3 - "$RETICLE" <<'PY'
import os, pty, select, signal, sys, termios, time

def until(what, ask):
    end = time.time() + 60
    while not ask():
        if time.time() > end:
            sys.exit("nothing happened: " + what)
        time.sleep(0.02)

def echoes(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)

for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"):
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        for v in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"):
            os.environ.pop("RETICLE_" + v, None)
        os.execv(sys.argv[1], [sys.argv[1], "auth", "login"])
    until("the echo goes off", lambda: not echoes(slave))
    os.write(master, b"half a sec")
    os.kill(pid, getattr(signal, name))
    gone = []
    def ended():
        if select.select([master], [], [], 0)[0]:
            os.read(master, 4096)
        got, status = os.waitpid(pid, os.WNOHANG)
        if got:
            gone.append(status)
        return got
    until("the end after " + name, ended)
    if not os.WIFSIGNALED(gone[0]):
        sys.exit("%s: ended with %x" % (name, gone[0]))
    if not echoes(slave):
        sys.exit(name + " left the echo off")
    os.close(master)
    os.close(slave)
PY

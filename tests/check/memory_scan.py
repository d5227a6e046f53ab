"""What a core file of a running process would hold: its memory but for the pages that it has marked as not
to be dumped. memory_scan.py PID FILE: writes that to FILE. Exit 77: this process may not be read."""
import re, sys


def regions(pid):
    """(start, end, readable and dumped) of every mapping."""
    region = None
    for line in open("/proc/%d/smaps" % pid):
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line)
        if m:
            region = [int(m.group(1), 16), int(m.group(2), 16), m.group(3)[0] == "r"]
        elif line.startswith("VmFlags:"):
            flags = line.split()[1:]
            yield region[0], region[1], region[2] and not {"dd", "io", "pf"} & set(flags)


try:
    pid = int(sys.argv[1])
    mem = open("/proc/%d/mem" % pid, "rb", 0)
    parts = list(regions(pid))
except PermissionError:
    sys.exit(77)
with open(sys.argv[2], "wb") as out:
    for start, end, dumped in parts:
        # the sanitizer's shadow is terabytes of nothing
        if not dumped or end - start > 1 << 32:
            continue
        for at in range(start, end, 1 << 20):
            try:
                mem.seek(at)
                data = mem.read(min(1 << 20, end - at))
            except (OSError, ValueError):
                continue
            if data.count(0) != len(data):
                out.write(data)

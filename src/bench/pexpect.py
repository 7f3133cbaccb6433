"""The same work as `cto bench script`, by pexpect through `docker exec -it`. One JSON line.

pexpect.py rtt COUNT DELAY DOCKER…        round trips; DELAY is "none" or "default"
pexpect.py match FILE KIND LIMIT DOCKER…  a marker after a file; KIND is "exact" or "regex"
pexpect.py many COUNT DOCKER…             so many at once: memory of all processes, in KiB
"""
import json, os, sys, time
import pexpect

CAT = "stty raw -echo; printf RE%s ADY; exec cat"


def spawn(docker, script, **options):
    return pexpect.spawn(docker[0], docker[1:] + ["sh", "-c", script], dimensions=(24, 80), timeout=60, **options)


def children(pid):
    found = [pid]
    for line in os.popen("ps -e -o pid=,ppid=").read().splitlines():
        child, parent = map(int, line.split())
        if parent == pid:
            found += children(child)
    return found


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    except OSError:
        return 0


def main(what, *words):
    if what == "rtt":
        count, delay, docker = int(words[0]), words[1], list(words[2:])
        child = spawn(docker, CAT)
        child.expect_exact("READY")
        if delay == "none":
            child.delaybeforesend = None
        times = []
        for number in range(count):
            marker = "<m%d>" % number
            begun = time.perf_counter()
            child.send(marker)
            child.expect_exact(marker)
            times.append((time.perf_counter() - begun) * 1e6)
        times.sort()
        child.close(force=True)
        return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}
    if what == "match":
        file, kind, limit, docker = words[0], words[1], float(words[2]), list(words[3:])
        script = "stty -echo; printf RE%s ADY; read -r go; cat " + file + "; printf 'MARK%s\\n' END; sleep 5"
        child = spawn(docker, script, maxread=65536, searchwindowsize=2000)
        child.expect_exact("READY")
        begun = time.perf_counter()
        child.sendline("")
        (child.expect if kind == "regex" else child.expect_exact)("MARK[A-Z]+\r" if kind == "regex" else "MARKEND", timeout=limit)
        took = time.perf_counter() - begun
        memory = pss(os.getpid())
        child.close(force=True)
        return {"seconds": took, "pss": memory}
    count, docker = int(words[0]), list(words[1:])
    base = pss(os.getpid())
    begun = time.perf_counter()
    all = [spawn(docker, CAT) for _ in range(count)]
    for child in all:
        child.delaybeforesend = None
        child.expect_exact("READY")
    ready = time.perf_counter() - begun
    for child in all:
        child.send("x1y")
    for child in all:
        child.expect_exact("x1y")
    memory = sum(map(pss, children(os.getpid()))) - base
    for child in all:
        child.close(force=True)
    return {"pss": memory, "ready": ready}


print(json.dumps(main(*sys.argv[1:])))

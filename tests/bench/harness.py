"""What the benchmarks share: a server's processes and their CPU time, disk use, medians, rows and their table."""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
TELEPOST = pathlib.Path(os.environ.get("TELEPOST", BUILD / "release/telepost"))
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def parser(quick):
    """Of a program's options; `quick` says what --quick does."""
    options = argparse.ArgumentParser()
    options.add_argument("--json", action="store_true")
    options.add_argument("--quick", action="store_true", help=quick)
    return options


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listens(port, process, deadline_s=15):
    """Returns once a connection is accepted; raises if the process ends or the deadline passes."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port} after {deadline_s} s")


def descendants(pid):
    """The process and all below it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pid):
    """User and system time of the process and all below it, those that ended and were waited for included."""
    ticks = 0
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / CLOCK_TICKS


def disk_bytes(folder):
    """What du says: allocated blocks, hard links once."""
    answer = subprocess.run(["du", "-s", "--block-size=1", str(folder)], capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[0])


def stop(process, deadline_s=15):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError("the server did not stop within its time")


def load(server, **options):
    """Runs `telepost bench load` against a server; options are its own, with _ for -; True is a flag. A single error
    of ours voids the run; Dovecot answers 451 to some of the first mails to a new mailbox, which are not counted."""
    command = [str(TELEPOST), "bench", "load", "--lmtp", f"127.0.0.1:{server.port}", "--json"]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
    answer = subprocess.run(command, capture_output=True, text=True)
    if not answer.stdout.strip():
        raise RuntimeError(f"{' '.join(command)}: {answer.stderr.strip()}")
    report = json.loads(answer.stdout.splitlines()[-1])
    if report["errors"] > (0 if server.name == "telepost" else max(50, report["count"] / 100)):
        raise RuntimeError(f"{report['errors']} errors under load, the first: {report['first_error']}")
    return report


def row(name, value, unit, peer=None, peer_value=None, goal=None, smaller_is_better=False):
    """One row. The ratio says how many times better we are than the peer; goal is the least ratio that is met."""
    ratio = None
    if peer_value and value:
        ratio = peer_value / value if smaller_is_better else value / peer_value
    return {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
            "ratio": ratio, "goal": goal, "met": None if goal is None or ratio is None else ratio >= goal}


def goal_row(name, value, unit, goal):
    """A row without a peer: its value itself has to reach the goal."""
    return {"name": name, "value": value, "unit": unit, "peer": None, "peer_value": None, "ratio": None, "goal": goal,
            "met": value >= goal}


def most_row(name, value, unit, goal):
    """The same for what must stay below the goal."""
    return dict(goal_row(name, value, unit, goal), met=value <= goal)


def show(bench, rows, as_json):
    def figure(value):
        return "" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    print(f"{'':60} {'telepost':>10} {'peer':>10} {'ratio':>7} {'goal':>6}")
    for each in rows:
        met = {None: "", True: "met", False: "MISSED"}[each["met"]]
        print(f"{', '.join(filter(None, (each['name'], each['unit']))):60} {figure(each['value']):>10} {figure(each['peer_value']):>10} "
              f"{figure(each['ratio']):>7} {figure(each['goal']):>6}  {met}")
    if as_json:
        print(json.dumps({"bench": bench, "rows": rows}))


def median(values):
    return statistics.median(values)

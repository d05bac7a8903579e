"""script/bench large: a store of a million accounts beside one account of a million messages. How soon it is ready after
kill -9, and what deleting the large account costs: memory of the server, time, and the deliveries of the others meanwhile."""
import argparse
import pathlib
import subprocess
import sys
import threading
import time

import harness
from telepost_peer import Telepost

LARGE = "large@example.test"
LOAD = {"connections": 64, "accounts": 8, "size": 4096}
SLICE_S = 10


def anonymous_mib(pid):
    """Memory that is not a file's page, which the kernel may drop."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no RssAnon of {pid}")


class MemoryWatch:
    """The most that a process held while the block ran."""
    def __init__(self, pid):
        self.pid, self.most_mib, self.over = pid, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.05):
            self.most_mib = max(self.most_mib, anonymous_mib(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.over.set()
        self.thread.join()


def fill(server, messages, accounts):
    harness.say(f"  {messages} messages for one account")
    harness.load(server, to=LARGE, connections=64, size=2048, messages=messages, seconds=3600)
    harness.say(f"  {accounts} accounts of one message")
    harness.load(server, connections=64, size=2048, messages=accounts, seconds=3600, new_account_per_message=True)


def ready_after_kill(server):
    """Seconds, and what it holds then."""
    harness.say("  kill -9, and start again")
    server.kill()
    begin = time.monotonic()
    server.resume()
    return time.monotonic() - begin, anonymous_mib(server.pid)


def rate_of_others(server):
    return harness.load(server, seconds=SLICE_S, **LOAD)["per_second"]


def is_gone(server, account):
    answer = subprocess.run([str(server.program), "account", "show", account, "--config", str(server.configuration)],
                            capture_output=True)
    return answer.returncode == 67


def delete_under_load(server):
    """Rates of the others before and while the account goes, the seconds that took, and how much more memory the server
    held than under the same load before."""
    account = server.command_json("account", "show", LARGE)[0]["id"]
    harness.say("  the others alone, then while the large account is deleted")
    with MemoryWatch(server.pid) as before:
        alone = harness.median([rate_of_others(server) for _ in range(4)])
    meanwhile, begin = [], time.monotonic()
    with MemoryWatch(server.pid) as memory:
        server.command("account", "delete", LARGE)
        while not is_gone(server, account):
            meanwhile.append(rate_of_others(server))
    took = time.monotonic() - begin
    return alone, harness.median(meanwhile), took, memory.most_mib - before.most_mib


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="100,000 messages and accounts")
    arguments = parser.parse_args()
    size = 100_000 if arguments.quick else 1_000_000
    server = Telepost()
    server.start()
    try:
        fill(server, size, size)
        ready_s, ready_mib = ready_after_kill(server)
        alone, meanwhile, took_s, growth_mib = delete_under_load(server)
    finally:
        server.stop()
    rows = [harness.row(f"ready after kill -9, {size} accounts, {2 * size} messages", ready_s, "s"),
            harness.row("memory when ready", ready_mib, "MiB"),
            harness.row(f"others' deliveries while {size} messages are deleted", meanwhile, "deliveries/s", "alone", alone, goal=0.8),
            harness.row("the deletion took", took_s, "s"),
            harness.most_row("the deletion's memory, beside the load's own", growth_mib, "MiB", 100)]
    harness.show("large", rows, arguments.json)
    return 0 if all(each["met"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""script/bench sweep: how fast messages expire. Ours in one process, with the tombstone, the entry that undelete finds, counters
and audit; beside `doveadm expunge` of as many messages of the same size in the same run. Then what it costs as the store grows,
and what it takes from deliveries."""
import argparse
import json
import subprocess
import sys
import tempfile
import time

import harness
from dovecot_peer import Dovecot

ACCOUNTS = 8
SIZE = 1000


def ours(folder, **options):
    command = [str(harness.TELEPOST), "bench", "sweep", "--folder", folder, "--size", str(SIZE)]
    for name, value in options.items():
        command += ["--" + name, str(value)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(answer.stdout.splitlines()[-1])
    harness.say(f"  {report['expired']} of {report['messages']}: {report['per_second']:.0f}/s, {report['operations']:.2f} operations each")
    return report


def theirs(messages):
    """Messages that doveadm expunges in a second, one account after the other as ours."""
    server = Dovecot()
    server.start()
    try:
        harness.say(f"  {messages} messages into dovecot")
        harness.load(server, accounts=ACCOUNTS, connections=64, size=SIZE, messages=messages, seconds=3600)
        begin = time.monotonic()
        for account in range(1, ACCOUNTS + 1):
            subprocess.run(["doveadm", "-c", str(server.root / "dovecot.conf"), "expunge", "-u", f"user{account}@example.test",
                            "mailbox", "INBOX", "all"], check=True)
        took = time.monotonic() - begin
    finally:
        server.stop()
    harness.say(f"  doveadm expunge: {messages / took:.0f}/s")
    return messages / took


def growth_rows(small, large):
    times = large["seconds"] / small["seconds"]
    operations = large["operations"] / small["operations"]
    name = f"{large['expired']} of {large['messages']} beside {small['expired']} of {small['messages']}"
    return [harness.most_row(f"{name}: engine operations each", operations, "times", 1.05),
            harness.most_row(f"{name}: time", times, "times", 1.5)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    arguments = parser.parse_args()
    scale = 10 if arguments.quick else 1
    expire = 100_000 // scale
    (harness.BUILD / "bench").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=harness.BUILD / "bench") as folder:
        alone = ours(folder, messages=expire, expire=expire, accounts=ACCOUNTS)
        dovecot = theirs(20_000 // scale)
        small = ours(folder, messages=2 * expire, expire=expire)
        large = ours(folder, messages=10 * expire, expire=expire)
        beside = ours(folder, messages=expire, expire=expire, load=10 if not arguments.quick else 3)
    rows = [harness.goal_row("messages expired, everything counted", alone["per_second"], "messages/s", 12_000),
            harness.row("messages expired", alone["per_second"], "messages/s", "doveadm expunge", dovecot),
            *growth_rows(small, large),
            harness.row("deliveries at saturation while messages expire", beside["beside_per_second"], "deliveries/s", "alone",
                        beside["alone_per_second"], goal=0.8),
            harness.goal_row("messages that expire meanwhile", beside["per_second"], "messages/s", 2_000)]
    harness.show("sweep", rows, arguments.json)
    return 0 if all(each["met"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

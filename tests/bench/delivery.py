"""script/bench delivery: mail into Telepost and into Dovecot, in turns on the same machine, the load from the same
hand. Both start with an empty store for each figure and sync to disk before they acknowledge."""
import argparse
import subprocess
import sys
import time

import harness
from dovecot_peer import Dovecot
from telepost_peer import Telepost

ACCOUNTS = 8
CONNECTIONS_PER_ACCOUNT = 8
DOVECOT_AT_LEAST = 600  # per second; a slower Dovecot means that the run measured something else
ATTACHMENT_BYTES = 1 << 20


class Plan:
    def __init__(self, quick):
        self.turns = 1 if quick else 3
        self.seconds = 4 if quick else 20         # of the first row
        self.side_seconds = 4 if quick else 10    # of the rows beside it
        self.sustained_seconds = 20 if quick else 120
        self.window = 2 if quick else 10
        # Enough that the log, up to 150 MB whatever the store's size, is not most of what du counts.
        self.disk_messages = 4000 if quick else 100_000
        self.disk_attachments = 8 if quick else 80


def measure(server, is_settled=False, **options):
    """One run against a fresh server: the load's report, with the server's CPU time while it ran. `is_settled`: and its disk use, once
    all that was left for later is done, the full text among it."""
    server.start()
    try:
        before = server.cpu_seconds()
        options.setdefault("accounts", ACCOUNTS)
        options.setdefault("connections", ACCOUNTS * CONNECTIONS_PER_ACCOUNT)
        report = harness.load(server, **options)
        report["server_cpu_us"] = 1e6 * (server.cpu_seconds() - before) / max(1, report["count"])
        if is_settled:
            server.settle()
            report["disk"] = server.disk_bytes()
    finally:
        server.stop()
    harness.say(f"  {server.name:9} {report['per_second']:9.0f}/s  {report['server_cpu_us']:7.0f} us CPU each  "
                f"p50 {report['p50_ms']:.1f} ms  p99 {report['p99_ms']:.1f} ms")
    return report


def in_turns(what, turns, **options):
    """Both sides `turns` times, one after the other; the two lists of reports."""
    harness.say(what)
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(measure(Telepost(), **options))
        theirs.append(measure(Dovecot(), **options))
    return ours, theirs


def middle(reports, figure="per_second"):
    return harness.median([report[figure] for report in reports])


def rate_row(what, turns, goal=None, **options):
    ours, theirs = in_turns(what, turns, **options)
    return harness.row(what, middle(ours), "deliveries/s", "dovecot", middle(theirs), goal)


def main_rows(plan):
    what = "LMTP 4 KB"
    ours, theirs = in_turns(what, plan.turns, size=4096, seconds=plan.seconds, window=plan.window)
    rate = harness.row(what, middle(ours), "deliveries/s", "dovecot", middle(theirs), goal=10)
    if rate["peer_value"] < DOVECOT_AT_LEAST:
        rate["name"] += f" (void: dovecot under {DOVECOT_AT_LEAST}/s)"
        rate["met"] = False
    cpu = harness.row("CPU per message, LMTP 4 KB", middle(ours, "server_cpu_us"), "us", "dovecot",
                      middle(theirs, "server_cpu_us"), smaller_is_better=True)
    return [rate, cpu]


def sustained_rows(plan):
    what = f"LMTP 4 KB sustained {plan.sustained_seconds} s"
    ours, theirs = in_turns(what, 1, size=4096, seconds=plan.sustained_seconds, window=plan.window)
    mean, least = ours[0]["per_second"], min(ours[0]["window_rates"])
    harness.say("  windows:", " ".join(f"{rate:.0f}" for rate in ours[0]["window_rates"]))
    return [harness.row(what, mean, "deliveries/s", "dovecot", theirs[0]["per_second"], goal=7),
            harness.goal_row(f"least {plan.window} s window of it, share of the mean", least / mean, "", goal=0.5)]


def smtp_source(server, seconds):
    """Postfix's own generator, one process per account; runs as many messages as take about `seconds`."""
    def run(messages):
        commands = [["smtp-source", "-L", "-d", "-s", str(CONNECTIONS_PER_ACCOUNT), "-m", str(messages), "-l", "4096",
                     "-f", "load@sender.test", "-t", f"user{account + 1}@example.test", f"inet:127.0.0.1:{server.port}"]
                    for account in range(ACCOUNTS)]
        begin = time.monotonic()
        processes = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for command in commands]
        codes = [process.wait() for process in processes]
        if any(codes):
            raise RuntimeError(f"smtp-source against {server.name} ended with {codes}")
        return ACCOUNTS * messages / (time.monotonic() - begin)
    server.start()
    try:
        warm = run(200)
        rate = run(max(200, int(warm * seconds / ACCOUNTS)))
    finally:
        server.stop()
    harness.say(f"  {server.name:9} {rate:9.0f}/s")
    return rate


def smtp_source_row(plan):
    what = "smtp-source -L -d 4 KB"
    harness.say(what)
    ours, theirs = [], []
    for _ in range(plan.turns):
        ours.append(smtp_source(Telepost(), plan.side_seconds))
        theirs.append(smtp_source(Dovecot(), plan.side_seconds))
    return harness.row(what, harness.median(ours), "deliveries/s", "dovecot", harness.median(theirs))


def disk_row(what, plan, **options):
    ours, theirs = in_turns(what, 1, is_settled=True, seconds=600, **options)
    recipients = options.get("recipients", 1)
    def per_byte(report):
        return report["disk"] / (report["bytes"] * recipients)
    return harness.row(what, per_byte(ours[0]), "bytes on disk per byte", "dovecot", per_byte(theirs[0]),
                       smaller_is_better=True)


def main():
    parser = argparse.ArgumentParser(prog="script/bench delivery", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--quick", action="store_true", help="short runs, for development; its figures prove nothing")
    options = parser.parse_args()
    plan = Plan(options.quick)
    side = {"seconds": plan.side_seconds, "window": plan.window}
    rows = main_rows(plan)
    rows += sustained_rows(plan)
    rows.append(smtp_source_row(plan))
    rows.append(rate_row("LMTP 24 KB", plan.turns, size=24 << 10, **side))
    rows.append(rate_row("LMTP 200 KB", plan.turns, size=200 << 10, **side))
    rows.append(rate_row("LMTP 4 KB, a new account per message", plan.turns, size=4096,
                         new_account_per_message=True, **side))
    # One connection: two Dovecot processes that each hold the locks of many accounts end in a deadlock and a panic.
    shared = {"size": 4096, "attachment": ATTACHMENT_BYTES, "accounts": 100, "recipients": 100, "connections": 1}
    rows.append(rate_row("LMTP 1 MB attachment to 100 accounts", plan.turns, **shared, **side))
    rows.append(disk_row("disk, 4 KB", plan, size=4096, messages=plan.disk_messages))
    rows.append(disk_row("disk, 1 MB attachment to 100 accounts", plan, messages=plan.disk_attachments, **shared))
    harness.show("delivery", rows, options.json)
    return 0 if all(each["met"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""script/bench jmap: what a mail program's list costs. Open loop: 200 requests a second (Email/query and 50 summaries) over 16 TLS
connections at the first, middle and last position of a small and of a large mailbox. Closed loop: pages anywhere in a mailbox for each
second of the server's CPU, beside Dovecot's UID FETCH and SORT by the same generator. Then push: from a delivery to its event, and the
memory of idle WebSockets."""
import json
import subprocess
import tempfile

import harness
import jmap_push
from dovecot_peer import Dovecot
from telepost_peer import Telepost
from jmap import app_password  # of tests/support, which telepost_peer puts before this folder

WHO = "user1@example.test"
CONNECTIONS = 16
PAGE = 50
RATE = 200
FETCH = "UID FETCH %u (FLAGS ENVELOPE BODYSTRUCTURE)"
FETCH_PREVIEW = "UID FETCH %u (FLAGS ENVELOPE BODYSTRUCTURE PREVIEW)"
SORT = f"SORT RETURN (PARTIAL 1:{PAGE}) (REVERSE ARRIVAL) UTF-8 ALL"


class Plan:
    def __init__(self, quick):
        self.small, self.large = (5_000, 20_000) if quick else (100_000, 1_000_000)
        self.open_seconds = 5 if quick else 30
        self.closed_seconds = 5 if quick else 20
        self.dovecot_messages = self.small


def lists(password, *words, **options):
    """Runs `telepost bench lists`; a single error voids the run."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(password + "\n")
        file.flush()
        command = [str(harness.TELEPOST), "bench", "lists", "--json", "--user", WHO, "--password-file", file.name,
                   "--connections", str(CONNECTIONS), "--limit", str(PAGE), *words]
        for name, value in options.items():
            command += ["--" + name, str(value)]
        answer = subprocess.run(command, capture_output=True, text=True)
    if not answer.stdout.strip():
        raise RuntimeError(f"{' '.join(command)}: {answer.stderr.strip()}")
    report = json.loads(answer.stdout.splitlines()[-1])
    if report["errors"]:
        raise RuntimeError(f"{report['errors']} errors, the first: {report['first_error']}")
    return report


def fill(server, messages):
    harness.say(f"{messages} messages into {server.name}")
    harness.load(server, accounts=1, connections=CONNECTIONS, size=2000, messages=messages, seconds=7200)


class Ours:
    """A Telepost that takes JMAP, with one account that is filled bit by bit."""

    def __init__(self):
        self.server = Telepost(overrides=jmap_push.OVERRIDES)
        self.messages = 0

    def __enter__(self):
        self.server.start()
        self.server.command("account", "create", WHO)
        self.password = app_password(self.server, WHO)
        return self

    def __exit__(self, *unused):
        self.server.stop()

    def fill_to(self, messages):
        fill(self.server, messages - self.messages)
        self.messages = messages
        self.show(seconds=1)  # the index of threads reads all that came, which is no page's own cost

    def show(self, *words, **options):
        return lists(self.password, "--jmap", f"127.0.0.1:{self.server.listeners['jmap']}", *words, **options)

    def show_in_tls(self, **options):
        return lists(self.password, "--tls", "--jmap", f"127.0.0.1:{self.server.listeners['jmap-tls']}", **options)


def per_cpu_second(server, show):
    before = server.cpu_seconds()
    report = show()
    pages = report["count"] / max(0.01, server.cpu_seconds() - before)
    harness.say(f"  {server.name:9} {report['per_second']:8.0f} pages/s, {pages:8.0f} for each CPU second, p99 {report['p99_ms']:.1f} ms")
    return pages


def open_loop(ours, plan):
    """Reports by position."""
    positions = {"first": 0, "middle": ours.messages // 2, "last": ours.messages - PAGE}
    reports = {}
    for name, position in positions.items():
        reports[name] = ours.show_in_tls(rate=RATE, seconds=plan.open_seconds, position=position)
        harness.say(f"  {ours.messages} messages, {name}: p50 {reports[name]['p50_ms']:.2f} ms, p99 {reports[name]['p99_ms']:.2f} ms")
    return reports


def flatness_rows(plan, small, large):
    rows = []
    for name, report in small.items():
        for figure in ("p50_ms", "p99_ms"):
            what = f"{name} page, {figure[:3]}"
            rows.append({**harness.row(f"{what} of {plan.small} messages", report[figure], "ms"), "met": None})
            rows.append({**harness.row(f"{what} of {plan.large} messages", large[name][figure], "ms"), "met": None})
            rows.append(harness.most_row(f"{what}, {plan.large} beside {plan.small} messages", large[name][figure] / report[figure], "times", 1.3))
    for name in ("middle", "last"):
        rows.append(harness.most_row(f"{name} page beside the first, p50 of {plan.large} messages", large[name]["p50_ms"] / large["first"]["p50_ms"], "times", 1.3))
    return rows


def theirs(plan):
    """Pages for each CPU second: FETCH, and SORT. With PREVIEW where this Dovecot has it."""
    server = Dovecot().start()
    try:
        fill(server, plan.dovecot_messages)
        def show(command, **options):
            return lists("any", "--imap", f"127.0.0.1:{server.imap_port}", "--command", command, seconds=plan.closed_seconds, **options)
        anywhere = {"positions": plan.dovecot_messages - PAGE}
        fetch = FETCH_PREVIEW
        try:
            lists("any", "--imap", f"127.0.0.1:{server.imap_port}", "--command", fetch, seconds=1)
        except RuntimeError as failure:
            harness.say(f"  dovecot has no PREVIEW: {failure}")
            fetch = FETCH
        show(fetch, **anywhere)  # its caches are filled by the first reading
        return per_cpu_second(server, lambda: show(fetch, **anywhere)), per_cpu_second(server, lambda: show(SORT)), fetch
    finally:
        server.stop()


def main():
    arguments = harness.parser("mailboxes of thousands, seconds for each row").parse_args()
    plan = Plan(arguments.quick)
    with Ours() as ours:
        ours.fill_to(plan.small)
        small = open_loop(ours, plan)
        anywhere = {"positions": plan.small - PAGE, "seconds": plan.closed_seconds}
        summaries = per_cpu_second(ours.server, lambda: ours.show(**anywhere))
        pushed = jmap_push.push_rows(ours.server, arguments.quick)
        envelopes = per_cpu_second(ours.server, lambda: ours.show("--envelope", **anywhere))
        ours.fill_to(plan.large)
        large = open_loop(ours, plan)
    fetched, sorted_, fetch = theirs(plan)
    rows = flatness_rows(plan, small, large)
    named = f"dovecot, {fetch[fetch.index('('):]}"
    rows.append(harness.row(f"pages of {PAGE} summaries", summaries, "for each CPU second", named, fetched, 1))
    rows.append(harness.row(f"pages of {PAGE} with envelope and structure", envelopes, "for each CPU second", named, fetched))
    rows.append(harness.row(f"pages of {PAGE} summaries, sorted", summaries, "for each CPU second", "dovecot, SORT RETURN (PARTIAL)", sorted_, 20))
    rows += pushed + jmap_push.idle_rows(arguments.quick)
    harness.show("jmap", rows, arguments.json)


if __name__ == "__main__":
    main()

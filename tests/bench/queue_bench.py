"""script/bench queue: mail that goes through: submitted with unique bodies on one side, taken by Postfix's smtp-sink on the other,
by Telepost and by Postfix in turns. Both have each message on the disk (fsync) before they acknowledge it, and forget it only when
the sink has taken it. Measured from the first message's submission until the sink has the last one."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import harness
from telepost_peer import Telepost as TelepostServer

sys.path.insert(0, str(harness.ROOT / "tests/interop"))
from postfix import Postfix as PostfixServer  # noqa: E402

DESTINATIONS = 32  # domains that mail goes to
CONNECTIONS = 32   # of the load
GOAL = 5
SINK_WAITS_S = 600


class Sink:
    """Postfix's own; it ends when it has taken the messages."""

    def __init__(self, messages):
        self.port = harness.free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        self.process = subprocess.Popen(["smtp-sink", *user, "-M", str(messages), f"127.0.0.1:{self.port}", "1000"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def wait(self):
        self.process.wait(SINK_WAITS_S)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Telepost(TelepostServer):
    def __init__(self, sink):
        super().__init__()
        self.overrides = []
        for each in ("submission.listen=127.0.0.1:0", "submission.without_tls=true", f"relay.host=127.0.0.1:{sink.port}",
                     "relay.tls=none", "queue.concurrency=100", "relay.messages_per_connection=1000"):
            self.overrides += ["--set", each]

    def start(self):
        super().start()
        self.port_in = self.listeners["submission"]
        self.command("account", "create", "ann@example.test")
        path = pathlib.Path(self.folder) / "password"
        path.write_bytes(self.command("account", "app-password", "add", "ann@example.test", "bench"))
        self.login = ["--user", "ann@example.test", "--password-file", str(path)]
        return self


class Postfix:
    name = "postfix"
    login = []

    def __init__(self, sink):
        self.folder = harness.BUILD / "bench/postfix"
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)
        self.server = PostfixServer(self.folder, sink.port, settings={
            "relay_domains": "", "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "default_transport": f"smtp:[127.0.0.1]:{sink.port}", "default_destination_concurrency_limit": "100",
            "smtp_tls_security_level": "none", "in_flow_delay": "0", "smtpd_client_connection_count_limit": "0"})

    def start(self):
        self.server.start()
        self.port_in = self.server.port
        return self

    def cpu_seconds(self):
        return harness.cpu_seconds(int((self.folder / "queue/pid/master.pid").read_text()))

    def stop(self):
        self.server.stop()


def measure(side, messages, size):
    sink = Sink(messages)
    server = side(sink)
    try:
        server.start()
        harness.wait_until_listens(sink.port, sink.process)
        before, begin = server.cpu_seconds(), time.monotonic()
        command = [str(harness.TELEPOST), "bench", "load", "--smtp", f"127.0.0.1:{server.port_in}", "--json",
                   "--from", "ann@example.test", "--messages", str(messages), "--seconds", str(SINK_WAITS_S),
                   "--connections", str(CONNECTIONS), "--size", str(size), *server.login]
        for i in range(DESTINATIONS):
            command += ["--to", f"ben@d{i}.test"]
        answer = subprocess.run(command, capture_output=True, text=True)
        report = json.loads(answer.stdout.splitlines()[-1]) if answer.stdout.strip() else {"errors": 1, "first_error": answer.stderr}
        if report["errors"]:
            raise RuntimeError(f"{report['errors']} errors under load, the first: {report['first_error']}")
        sink.wait()
        seconds = time.monotonic() - begin
        cpu = 1e6 * (server.cpu_seconds() - before) / messages
    finally:
        sink.stop()
        server.stop()
    harness.say(f"  {server.name:9} {messages / seconds:9.0f}/s  {cpu:7.0f} us CPU each, accepted at {report['per_second']:.0f}/s")
    return {"rate": messages / seconds, "cpu": cpu}


def rows_for(size, turns, plan):
    what = f"submission to smtp-sink, {size >> 10} KB"
    harness.say(what)
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(measure(Telepost, plan["telepost"], size))
        theirs.append(measure(Postfix, plan["postfix"], size))
    def middle(reports, figure):
        return harness.median([report[figure] for report in reports])
    return [harness.row(what, middle(ours, "rate"), "messages/s", "postfix", middle(theirs, "rate"), GOAL),
            harness.row(f"CPU per message, {what}", middle(ours, "cpu"), "us", "postfix", middle(theirs, "cpu"), smaller_is_better=True)]


def main():
    parser = argparse.ArgumentParser(prog="script/bench queue", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--quick", action="store_true", help="short runs, for development; its figures prove nothing")
    options = parser.parse_args()
    plan = {"telepost": 4000, "postfix": 1500} if options.quick else {"telepost": 30000, "postfix": 6000}
    rows = rows_for(4096, 1 if options.quick else 3, plan)
    harness.show("queue", rows, options.json)
    return 0 if all(each["met"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

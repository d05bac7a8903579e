"""script/bench compress: the disk that mail, voice, SMS and fax take once they are cold, beside Dovecot's mdbox with zstd. Both
get the same bytes by LMTP: every mail of the corpus in tests/unit/corpus/mime and generated messages, each unique."""
import argparse
import concurrent.futures
import contextlib
import smtplib
import sys
import time

import harness
from dovecot_peer import Dovecot
from sample_messages import Samples
from telepost_peer import Telepost

ACCOUNTS = 1000
SENDERS = 2  # processes; making the messages takes longer than storing them
POLICY = """<?xml version="1.0" encoding="UTF-8"?>
<policies xmlns="urn:telepost:policy:1"><class name="standard"><compress after="PT1S"/></class></policies>
"""
SERVICE = """
[[services]]
name = "gateway"
listen = ["127.0.0.1:0"]
trusted = true
[policies]
path = "{folder}"
"""


def corpus():
    return [path.read_bytes() for path in sorted((harness.ROOT / "tests/unit/corpus/mime").glob("*.eml"))]


class Client:
    """One LMTP connection. Dovecot answers 451 to some of the first mails to a new mailbox: tried again."""

    def __init__(self, port):
        self.lmtp = smtplib.LMTP("127.0.0.1", port, timeout=60)
        self.lmtp.ehlo("bench.example.net")

    def deliver(self, account, message):
        for wait in (0.05, 0.2, 1, 5, None):
            self.lmtp.mail("sender@example.net")
            code, answer = self.lmtp.rcpt(f"u{account:04}@example.test")
            if code == 250:
                code, answer = self.lmtp.data(message)
            if code == 250:
                return
            self.lmtp.rset()
            if wait is None or code != 451:
                raise RuntimeError(f"{code} {answer!r}")
            time.sleep(wait)


def send(ports, numbers):
    """The generated messages of these numbers, to every port; how many bytes."""
    samples = Samples()
    clients = [Client(port) for port in ports]
    size = 0
    for number in numbers:
        _, message = samples.message(number)
        size += len(message)
        for client in clients:
            client.deliver(number * 7 % ACCOUNTS, message)
    return size


def fill(ports, count):
    clients = [Client(port) for port in ports]
    size = 0
    for number, message in enumerate(corpus()):
        message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with contextlib.suppress(RuntimeError):  # a line over RFC 5321's limit, which either may refuse
            clients[0].deliver(number % ACCOUNTS, message)
            for client in clients[1:]:
                client.deliver(number % ACCOUNTS, message)
            size += len(message)
    with concurrent.futures.ProcessPoolExecutor(SENDERS) as pool:
        parts = [pool.submit(send, ports, range(first, count, SENDERS)) for first in range(SENDERS)]
        return size + sum(part.result() for part in parts)


def telepost():
    folder = harness.BUILD / "bench/classes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "standard.xml").write_text(POLICY)
    server = Telepost()
    server.more = SERVICE.format(folder=folder)
    return server.start()


def pack(server):
    """Everything due is packed and given back; what the last sweep of compress said."""
    server.stop()
    begun = time.monotonic()
    packed = server.sweep("compress")
    harness.say(f"  packed in {time.monotonic() - begun:.0f} s: {packed}")
    server.sweep("reclaim")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    count = 3000 if arguments.quick else 100_000
    ours, theirs = telepost(), Dovecot(mail="mdbox:~/mdbox", plugins="zlib").start()
    try:
        size = fill([ours.listeners["gateway"], theirs.port], count)
    finally:
        theirs.stop()
        ours.stop()
    before = ours.disk_bytes()
    pack(ours)
    unit = "bytes on disk per byte received"
    what = f"the corpus and {count} voice, SMS and fax messages"
    rows = [harness.row(f"{what}, compressed", ours.disk_bytes() / size, unit, "dovecot", theirs.disk_bytes() / size, 1, smaller_is_better=True),
            harness.row("before", before / size, unit)]
    harness.show("compress", rows, arguments.json)
    sys.exit(0 if all(each["met"] is not False for each in rows) else 1)


if __name__ == "__main__":
    main()

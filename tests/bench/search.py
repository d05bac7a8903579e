"""script/bench search: full text over generated mail (20 words of a thousand in German and English, four of fifty thousand, a name each).
The clock runs from the first delivery until a search finds the last mail; the full text is read meanwhile. Then questions over JMAP, one
connection: a rare, a middling and a frequent word together, a phrase, a begin, and the frequent word alone.

Beside it, where Debian's dovecot-fts-xapian is installed, Dovecot takes the same mail and then indexes it (doveadm index)."""
import concurrent.futures
import os
import pathlib
import random
import shutil
import smtplib
import statistics
import subprocess
import sys
import time

import harness
from dovecot_peer import Dovecot

os.environ.setdefault("TELEPOST", str(harness.TELEPOST))
sys.path.insert(0, str(harness.ROOT / "tests/support"))
import jmap  # noqa: E402

ADDRESS = jmap.ANN
CONNECTIONS = 8
FOUND_WITHIN_S = 600
PLUGIN = pathlib.Path("/usr/lib/dovecot/modules/lib21_fts_xapian_plugin.so")
SYLLABLES = ("ver be ent an auf aus ein ge rech nung mel dung ter min lie fer ung heit con tact in voice or der meet ing pro ject ma na ge ment re port "
             "data ser vice net work ab teil schiff fahrt kon fe renz bank ho tel ti cket").split()


class Words:
    def __init__(self, seed=1):
        chance = random.Random(seed)
        make = lambda count: ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(count)]
        self.often, self.seldom = make(1_000), make(50_000)
        self.weights = [1 / (place + 1) for place in range(len(self.often))]
        self.chance = chance

    def mail(self, number):
        """About a thousand bytes of text. "alltag" stands in every mail, "mitte" in one of a hundred."""
        words = self.chance.choices(self.often, self.weights, k=110) + self.chance.choices(self.seldom, k=20)
        self.chance.shuffle(words)
        words += ["alltag", f"einmal{number}"] + (["mitte"] if number % 100 == 0 else [])
        lines = "\r\n".join(" ".join(words[at:at + 12]) for at in range(0, len(words), 12))
        return (f"From: {self.chance.choice(self.often)} <{self.chance.choice(self.often)}@example.net>\r\nTo: <{ADDRESS}>\r\nSubject: {' '.join(words[:5])}\r\n"
                f"Message-ID: <{number}@bench.example.net>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{lines}\r\n").encode()


def deliver(port, mails):
    """Over a few connections at once."""
    def one(part):
        with smtplib.LMTP("127.0.0.1", port) as client:
            for text in part:
                client.sendmail("bob@example.net", [ADDRESS], text)
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(one, mails[at::CONNECTIONS]) for at in range(CONNECTIONS)]:
            done.result()


class Searches:
    def __init__(self, account):
        self.account = account

    def query(self, text):
        """The method's name and arguments; 50 ids at most."""
        arguments = {"accountId": self.account.account, "filter": {"text": text}, "limit": 50}
        [response] = self.account.run([["Email/query", arguments, "0"]])
        return response[:2]

    def wait_until_found(self, text):
        """How long it takes until a search finds something: whoever is told that the index is being built asks again."""
        begun = time.monotonic()
        while True:
            name, answer = self.query(text)
            if name == "Email/query":
                assert answer["ids"], text
                return time.monotonic() - begun
            assert answer["type"] == "serverUnavailable", answer
            if time.monotonic() - begun > FOUND_WITHIN_S:
                raise RuntimeError(f"'{text}' was not found within {FOUND_WITHIN_S} s")
            time.sleep(0.01)

    def times(self, questions):
        took = []
        for text in questions:
            begun = time.monotonic()
            name, answer = self.query(text)
            took.append((time.monotonic() - begun) * 1e3)
            assert name == "Email/query" and answer["ids"], (text, answer)
        took.sort()
        return statistics.median(took), took[min(len(took) - 1, int(len(took) * 0.99))]


def ours(mails, asked):
    folder = harness.BUILD / "bench/search"
    shutil.rmtree(folder, ignore_errors=True)
    account = jmap.JmapAccount(folder)
    server = account.server
    try:
        begun = time.monotonic()
        deliver(server.port, mails)
        searches = Searches(account)
        figures = {"tail": searches.wait_until_found(f"einmal{len(mails) - 1}")}
        figures["seconds"] = time.monotonic() - begun
        figures["cpu"] = harness.cpu_seconds(server.pid)
        figures["disk"] = harness.disk_bytes(server.store)
        chance = random.Random(7)
        number = lambda: chance.randrange(0, len(mails), 100)
        for name, question in {"three words": lambda: f"einmal{number()} mitte alltag", "middling and frequent": lambda: "mitte alltag",
                               "phrase": lambda: f"\"alltag einmal{number()}\"", "begin": lambda: f"einmal{chance.randrange(10, 100)}",
                               "frequent alone": lambda: "\"alltag\""}.items():
            figures[name] = searches.times([question() for _ in range(asked)])
        return figures
    finally:
        account.stop()


def theirs(mails):
    server = Dovecot(plugins="fts fts_xapian").start()
    try:
        deliver(server.port, mails[:1])  # of several first mails at once Dovecot's own locks make a deadlock
        begun = time.monotonic()
        deliver(server.port, mails[1:])
        subprocess.run(["doveadm", "-c", str(server.root / "dovecot.conf"), "-o", "mail_plugins=fts fts_xapian", "-o", "plugin/fts=xapian",
                        "-o", "plugin/fts_xapian=partial=3 full=20 verbose=0", "index", "-u", ADDRESS, "INBOX"], check=True)
        return {"seconds": time.monotonic() - begun, "disk": server.disk_bytes()}
    finally:
        server.stop()


def main():
    parser = harness.parser("5,000 mails")
    parser.add_argument("--mails", type=int, default=200_000)
    arguments = parser.parse_args()
    count = 5_000 if arguments.quick else arguments.mails
    words = Words()
    mails = [words.mail(number) for number in range(count)]
    size = sum(len(text) for text in mails)
    us = ours(mails, 50 if arguments.quick else 200)
    peer = theirs(mails) if PLUGIN.exists() else None
    if peer is None:
        harness.say("dovecot-fts-xapian is not installed: nothing to compare with")
    plugin = "dovecot-fts-xapian"
    rows = [harness.row("delivered and found", count / us["seconds"], "/s", plugin, peer and count / peer["seconds"], 3),
            harness.row("of that, mail", size / us["seconds"] / 1e6, "MB/s"),
            harness.most_row("the last one found after", us["tail"], "s", 5),
            harness.row("processor time of a mail", us["cpu"] / count * 1e6, "us"),
            harness.row("disk by mail", us["disk"] / size, "", plugin, peer and peer["disk"] / size, smaller_is_better=True)]
    for name in ("three words", "middling and frequent", "phrase", "begin", "frequent alone"):
        rows += [harness.row(f"{name}, p50", us[name][0], "ms"), harness.most_row(f"{name}, p99", us[name][1], "ms", 50)]
    harness.show("search", rows, arguments.json)


if __name__ == "__main__":
    main()

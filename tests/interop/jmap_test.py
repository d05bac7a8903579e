"""JMAP clients that others wrote: two of npm's and curl, over mail that arrived by LMTP."""
import base64
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import unittest

import peers
from jmap import ANN, CORE, MAIL, JmapClient, app_password, basic

NPM = peers.ROOT / "build/peers/npm"
CLIENT = pathlib.Path(__file__).resolve().parent / "jmap_client.mjs"

IMPORTED = "From: Ann <ann@example.test>\r\nTo: ben@sender.test\r\nSubject: kept\r\nMessage-ID: <kept@example.test>\r\n\r\nAn old letter.\r\n"


class NodeClient:
    """A process with one of npm's clients in it, which does what it is told."""

    def __init__(self, name, session_url, password):
        self.process = subprocess.Popen(["node", str(CLIENT), name, str(NPM), session_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "LOGIN": f"{ANN}:{password}"})

    def ask(self, command, *arguments):
        """The answer, or what the client threw."""
        self.process.stdin.write(json.dumps([command, *arguments]).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"node ended with {self.process.wait()}")
        return json.loads(line)

    def do(self, command, *arguments):
        answer = self.ask(command, *arguments)
        if "failed" in answer:
            raise AssertionError(f"{command} {arguments}: {answer['failed']}")
        return answer["ok"]

    def call(self, method, **arguments):
        return self.do("call", method, arguments)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class JmapInterop(peers.InteropTest):
    OVERRIDES = ("jmap.listen=127.0.0.1:0",)

    def setUp(self):
        super().setUp()
        self.telepost.command("account", "create", ANN)
        self.password = app_password(self.telepost, ANN)
        self.jmap = JmapClient(self.telepost, basic(ANN, self.password))
        self.addCleanup(self.jmap.close)
        self.url = f"http://127.0.0.1:{self.telepost.listeners['jmap']}"

    def deliver(self, *messages):
        self.jmap.deliver(*messages, sender="ben@sender.test")

    def client(self, name):
        client = NodeClient(name, self.url + "/.well-known/jmap", self.password)
        self.addCleanup(client.stop)
        return client


class OneClient:
    """What each of npm's clients is put through."""
    NAME = None

    def test_it_reads_changes_files_and_keeps_mail(self):
        self.deliver(peers.HARD_MESSAGE)
        client = self.client(self.NAME)
        session = client.do("session")
        self.assertEqual(session["username"], ANN)
        self.assertIn(MAIL, session["capabilities"])
        [inbox] = [one for one in client.call("Mailbox/get", ids=None)["list"] if one["role"] == "inbox"]
        self.assertEqual((inbox["totalEmails"], inbox["unreadEmails"], inbox["totalThreads"], inbox["unreadThreads"]), (1, 1, 1, 1))

        [email] = client.do("newest", inbox["id"], 10)
        self.assertEqual((email["subject"], email["from"], email["keywords"]), ("gr\u00fc\u00dfe and dots", [{"name": "Ben", "email": "ben@sender.test"}], {}))
        self.assertEqual(email["mailboxIds"], {inbox["id"]: True})
        [whole] = client.call("Email/get", ids=[email["id"]], properties=["textBody", "attachments", "bodyValues"], fetchTextBodyValues=True)["list"]
        text = whole["bodyValues"][whole["textBody"][0]["partId"]]["value"]
        self.assertIn(".a dot and gr\u00fc\u00dfe  ", text)
        [part] = whole["attachments"]
        self.assertEqual((part["name"], part["type"], part["size"]), ("a.bin", "application/octet-stream", 16))
        got = client.do("download", part["blobId"], part["type"], part["name"])
        self.assertEqual((got["status"], base64.b64decode(got["body"])), (200, bytes(range(16))))
        source = client.do("download", email["blobId"], "message/rfc822", "a.eml")
        self.assertTrue(base64.b64decode(source["body"]).endswith(peers.HARD_MESSAGE))

        made = client.call("Mailbox/set", create={"k": {"name": "Gr\u00fc\u00dfe", "parentId": None}})["created"]["k"]["id"]
        changed = client.call("Email/set", update={email["id"]: {"keywords/$seen": True, "keywords/$flagged": True,
                                                                   f"mailboxIds/{inbox['id']}": None, f"mailboxIds/{made}": True}})
        self.assertEqual((list(changed["updated"]), changed["notUpdated"]), ([email["id"]], None))
        [email] = client.do("newest", made, 10)
        self.assertEqual(email["keywords"], {"$seen": True, "$flagged": True})
        self.assertEqual(client.do("newest", inbox["id"], 10), [])

        blob = client.do("upload", IMPORTED, "message/rfc822")
        self.assertEqual(blob["size"], len(IMPORTED))
        kept = client.call("Email/import", emails={"i": {"blobId": blob["blobId"], "mailboxIds": {made: True}, "keywords": {"$seen": True},
                                                         "receivedAt": "2020-02-02T02:02:02Z"}})["created"]["i"]
        [email] = client.call("Email/get", ids=[kept["id"]], properties=["subject", "receivedAt", "blobId", "messageId"])["list"]
        self.assertEqual((email["subject"], email["receivedAt"], email["messageId"]), ("kept", "2020-02-02T02:02:02Z", ["kept@example.test"]))
        source = client.do("download", email["blobId"], "message/rfc822", "a.eml")
        self.assertEqual(base64.b64decode(source["body"]), IMPORTED.encode())
        self.assertEqual(client.call("Email/set", destroy=[kept["id"]])["destroyed"], [kept["id"]])
        self.assertEqual([(one["mailbox"], one["flags"]) for one in self.messages_of(ANN)], [("Gr\u00fc\u00dfe", ["$flagged", "$seen"])])
        self.telepost.command("verify")

    def test_its_errors_are_those_that_it_knows(self):
        client = self.client(self.NAME)
        failed = client.ask("call", "Email/get", {"ids": 5})["failed"]
        self.assertEqual(failed["type"], "invalidArguments")
        self.assertEqual(client.ask("call", "Email/changes", {"sinceState": "nonsense"})["failed"]["type"], "cannotCalculateChanges")


class JamTest(OneClient, JmapInterop):
    NAME = "jmap-jam"


class ClientTsTest(OneClient, JmapInterop):
    NAME = "jmap-client-ts"


class TwoClientsTest(JmapInterop):
    """One changes the account, the other one follows by /changes; then they swap."""

    def change_something(self, client, rng, number):
        emails = [email["id"] for email in client.call("Email/get", ids=None, properties=["id"])["list"]]
        mailboxes = client.call("Mailbox/get", ids=None)["list"]
        places = [one["id"] for one in mailboxes]
        act = rng.randrange(7)
        if act == 0 or not emails:
            self.deliver(f"From: ben@sender.test\r\nSubject: number {number}\r\nMessage-ID: <{number}@sender.test>\r\n\r\ntext\r\n".encode())
        elif act == 1:
            client.call("Mailbox/set", create={"k": {"name": f"box {number}", "parentId": None}})
        elif act == 2:
            movable = [one["id"] for one in mailboxes if one["role"] is None]
            if movable:
                client.call("Mailbox/set", update={rng.choice(movable): {"name": f"renamed {number}"}})
        elif act == 3:
            one = [each["id"] for each in mailboxes if each["role"] is None and not any(other["parentId"] == each["id"] for other in mailboxes)]
            if one and rng.random() < 0.3:
                client.call("Mailbox/set", destroy=[rng.choice(one)], onDestroyRemoveEmails=True)
        elif act == 4:
            client.call("Email/set", update={email: {"keywords/$seen": rng.choice([True, None]), f"keywords/k{number % 3}": True}
                                             for email in rng.sample(emails, min(3, len(emails)))})
        elif act == 5:
            client.call("Email/set", update={rng.choice(emails): {"mailboxIds": {place: True for place in rng.sample(places, rng.randint(1, min(2, len(places))))}}})
        else:
            client.call("Email/set", destroy=[rng.choice(emails)])

    def test_they_stay_in_step(self):
        one, other = self.client("jmap-jam"), self.client("jmap-client-ts")
        rng = random.Random(8620)
        one.do("fill")
        other.do("fill")
        number = 0
        for round_ in range(12):
            active, follower = (one, other) if round_ % 2 == 0 else (other, one)
            for _ in range(rng.randint(1, 20)):
                number += 1
                self.change_something(active, rng, number)
            follower.do("follow", rng.choice([None, 4, 8]))
            active.do("follow", None)
            copies = one.do("copy"), other.do("copy")
            self.assertEqual(copies[0], copies[1])
            everything = {"emails": active.call("Email/get", ids=None, properties=["id", "mailboxIds", "keywords", "subject"])["list"],
                          "mailboxes": active.call("Mailbox/get", ids=None)["list"]}
            for kind, objects in everything.items():
                self.assertEqual(sorted(objects, key=lambda each: each["id"]), copies[0][kind])
        self.telepost.command("verify")


class CurlTest(JmapInterop):
    def curl(self, *words, user=True):
        login = ("--user", f"{ANN}:{self.password}") if user else ()
        return self.run_peer("curl", "--silent", "--show-error", *login, *words)

    def call(self, *calls):
        request = {"using": [CORE, MAIL], "methodCalls": [[name, {"accountId": self.account, **arguments}, str(i)] for i, (name, arguments) in enumerate(calls)]}
        answer = self.curl(self.url + "/jmap/api", "--json", json.dumps(request))
        return [response[1] for response in json.loads(answer)["methodResponses"]]

    def test_the_commands_of_the_readme_show_the_newest_mail(self):
        self.deliver(peers.HARD_MESSAGE)
        readme = (peers.ROOT / "README.md").read_text()
        lines = re.findall(r"^    curl -u ann@example.test:PASSWORD .*\n(?:      .*\n)*", readme, re.MULTILINE)
        self.assertEqual(len(lines), 2)
        answers = []
        for line in lines:
            line = line.replace("http://127.0.0.1:8080", self.url).replace("PASSWORD", self.password).replace('"aID"', json.dumps(self.jmap.account))
            answers.append(json.loads(self.run_peer(*shlex.split(line, comments=True), "--silent", "--show-error", "--location")))
        self.assertEqual(answers[0]["username"], ANN)
        self.assertEqual([(name, id) for name, _, id in answers[1]["methodResponses"]], [("Email/query", "0"), ("Email/get", "1")])
        [email] = answers[1]["methodResponses"][1][1]["list"]
        self.assertEqual(email["subject"], "gr\u00fc\u00dfe and dots")

    def test_it_signs_in_reads_changes_imports_and_downloads(self):
        self.deliver(peers.HARD_MESSAGE)
        self.assertEqual(self.curl("-o", "/dev/null", "-w", "%{http_code}", self.url + "/.well-known/jmap", user=False), b"401")
        session = json.loads(self.curl("--location", self.url + "/.well-known/jmap"))
        self.account = session["primaryAccounts"][MAIL]
        mailboxes, query, got = self.call(
            ("Mailbox/get", {}), ("Email/query", {}),
            ("Email/get", {"#ids": {"resultOf": "1", "name": "Email/query", "path": "/ids"}, "properties": ["blobId", "attachments", "mailboxIds"]}))
        [email] = got["list"]
        self.assertEqual(query["ids"], [email["id"]])
        self.assertEqual([one["name"] for one in mailboxes["list"]], ["INBOX"])
        part = email["attachments"][0]
        address = session["downloadUrl"].format(accountId=self.account, blobId=part["blobId"], name="a.bin", type="application/octet-stream")
        self.assertEqual(self.curl(address), bytes(range(16)))
        self.assertEqual(self.curl("--range", "4-7", address), bytes(range(4, 8)))
        self.assertTrue(self.curl(session["downloadUrl"].format(accountId=self.account, blobId=email["blobId"], name="a.eml", type="message/rfc822"))
                        .endswith(peers.HARD_MESSAGE))
        letter = self.folder / "letter.eml"
        letter.write_bytes(IMPORTED.encode())
        blob = json.loads(self.curl("--data-binary", f"@{letter}", "-H", "Content-Type: message/rfc822", session["uploadUrl"].format(accountId=self.account)))
        imported, changed = self.call(
            ("Email/import", {"emails": {"i": {"blobId": blob["blobId"], "mailboxIds": email["mailboxIds"]}}}),
            ("Email/set", {"update": {email["id"]: {"keywords/$seen": True}}}))
        self.assertIsNone(imported["notCreated"])
        self.assertEqual(list(changed["updated"]), [email["id"]])
        flags = {one["subject"]: one["flags"] for one in self.messages_of(ANN)}
        self.assertEqual(flags, {"gr\u00fc\u00dfe and dots": ["$seen"], "kept": []})


if __name__ == "__main__":
    unittest.main()

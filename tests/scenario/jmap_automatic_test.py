"""What an account does by itself with what arrives, from outside: SMTP in, the setting by JMAP, SMTP out to a server that records it."""
import email
import pathlib
import smtplib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import CORE, RULES, VACATION, JmapAccount  # noqa: E402
from recording_sink import RecordingSink  # noqa: E402


class Automatic(unittest.TestCase):
    def setUp(self):
        self.sink = RecordingSink()
        self.addCleanup(self.sink.server_close)
        self.addCleanup(self.sink.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = JmapAccount(folder.name, overrides=(f"relay.host=127.0.0.1:{self.sink.port}",))
        self.addCleanup(self.jmap.stop)
        self.server = self.jmap.server
        self.capabilities = self.jmap.session["capabilities"]
        self.of_account = self.jmap.session["accounts"][self.jmap.account]["accountCapabilities"]

    def one(self, method, capability, **arguments):
        return self.jmap.call(method, (CORE, capability), **arguments)

    def receive(self, sender, to="ann@example.test", header="", subject="question", text="When?"):
        message = f"From: <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.net>\r\n{header}\r\n{text}\r\n"
        with smtplib.SMTP("127.0.0.1", self.server.listeners["smtp"], local_hostname="client.test") as client:
            client.sendmail(sender, [to], message)

    def subjects(self, who="ann@example.test", mailbox="INBOX"):
        return [each["subject"] for each in self.server.command_json("message", "list", who, "--mailbox", mailbox)]

    def taken(self, number):
        for _ in range(100):
            self.server.command("sweep")
            if self.sink.wait_until(lambda taken: len(taken) >= number, 1):
                break
        self.server.command("sweep")
        self.assertEqual([recipient for recipient, _, _ in self.sink.taken][number:], [])
        return self.sink.taken


class VacationTest(Automatic):
    def test_who_is_away_answers_once(self):
        self.assertEqual(self.capabilities[VACATION], {})
        self.assertEqual(self.of_account[VACATION], {})
        [known] = self.one("VacationResponse/get", VACATION, ids=None)["list"]
        self.assertEqual((known["id"], known["isEnabled"]), ("singleton", False))
        done = self.one("VacationResponse/set", VACATION, update={"singleton": {"isEnabled": True, "subject": "Gone fishing", "textBody": "Back on Monday."}})
        self.assertEqual(done["updated"], {"singleton": None})
        self.receive("carol@example.net")
        self.receive("list@example.net", header="List-Id: <x.example.net>\r\n", subject="news")
        self.taken(1)
        self.server.kill()  # whoever restarts has answered before
        self.jmap.start_again()
        self.receive("carol@example.net", subject="again")
        self.receive("dave@example.net", subject="hello")
        (to, _, first), (other, _, _) = self.taken(2)
        self.assertEqual((to, other), ("carol@example.net", "dave@example.net"))
        self.assertEqual(self.sink.senders, ["", ""])
        answer = email.message_from_bytes(first)
        self.assertEqual((answer["Auto-Submitted"], answer["Subject"], answer["In-Reply-To"]), ("auto-replied", "Gone fishing", "<question@example.net>"))
        self.assertIn("Back on Monday.", answer.get_payload())
        self.assertEqual(sorted(self.subjects()), ["again", "hello", "news", "question"])


class RulesTest(Automatic):
    def set_rules(self, *rules):
        done = self.one("RuleList/set", RULES, update={"singleton": {"rules": list(rules)}})
        self.assertEqual(done.get("updated"), {"singleton": None}, done)

    def test_rules_block_file_forward_and_answer(self):
        self.server.command("account", "create", "bob@example.test")
        self.assertEqual(self.of_account[RULES]["maxForwardAddresses"], 10)
        self.set_rules(
            {"name": "block", "conditions": [{"from": ["@spam.example"]}], "isBlocked": True},
            {"name": "list", "conditions": [{"header": ["List-Id", "dev.example"]}], "fileInto": "Lists/dev", "keywords": {"$flagged": True}, "isLast": True},
            {"name": "away", "conditions": [{"header": ["Subject", "invoice"]}], "forward": {"to": ["ledger@example.org", "bob@example.test"], "keepCopy": False}},
            {"name": "boss", "conditions": [{"from": ["boss@example.net"]}], "answer": {"subject": None, "textBody": "At once.", "days": 1}})
        self.receive("x@spam.example", subject="spam")
        self.receive("l@example.net", subject="dev", header="List-Id: <dev.example>\r\n")
        self.receive("shop@example.net", subject="invoice")
        self.receive("boss@example.net", subject="urgent")
        taken = {recipient: (sender, email.message_from_bytes(content)) for sender, (recipient, _, content) in zip(self.sink.senders, self.taken(2))}
        self.assertEqual(set(taken), {"ledger@example.org", "boss@example.net"})
        sender, forwarded = taken["ledger@example.org"]
        self.assertEqual((sender, forwarded["Delivered-To"], forwarded["Subject"], forwarded["From"]),
                         ("ann@example.test", "ann@example.test", "invoice", "<shop@example.net>"))
        self.assertIsNone(forwarded["Return-Path"])
        sender, answer = taken["boss@example.net"]
        self.assertEqual((sender, answer["Subject"], answer["Auto-Submitted"]), ("", "Auto: urgent", "auto-replied"))
        self.assertIn("At once.", answer.get_payload())
        self.assertEqual(self.subjects(), ["urgent"])
        self.assertEqual(self.subjects(mailbox="Junk"), ["spam"])
        self.assertEqual(self.subjects(mailbox="Lists/dev"), ["dev"])
        self.assertEqual(self.subjects(mailbox="Trash"), ["invoice"])
        self.assertEqual(self.subjects("bob@example.test"), ["invoice"])

    def test_what_comes_back_is_forwarded_no_more(self):
        self.set_rules({"name": "all", "forward": {"to": ["ann@elsewhere.example"]}})
        self.receive("carol@example.net", subject="there")
        [(_, _, content)] = self.taken(1)
        with smtplib.SMTP("127.0.0.1", self.server.listeners["smtp"], local_hostname="elsewhere.example") as client:
            client.sendmail("carol@example.net", ["ann@example.test"], content)
        self.receive("carol@example.net", subject="after")  # what it would forward comes before this
        came = [email.message_from_bytes(content)["Subject"] for _, _, content in self.taken(2)]
        self.assertEqual(sorted(came), ["after", "there"])
        self.assertEqual(sorted(self.subjects()), ["after", "there", "there"])

    def test_a_wrong_rule_is_named(self):
        done = self.one("RuleList/set", RULES, update={"singleton": {"rules": [{"name": "ok"}, {"forward": {"to": ["nobody"]}, "fileInto": "a//b"}]}})
        wrong = done["notUpdated"]["singleton"]
        self.assertEqual((wrong["type"], wrong["properties"]), ("invalidProperties", ["rules/1/fileInto", "rules/1/forward/to"]))
        self.assertEqual(self.one("RuleList/get", RULES, ids=None)["list"], [{"id": "singleton", "rules": []}])


if __name__ == "__main__":
    unittest.main()

"""The log of visits from outside: who failed to log in, who was connected at a time, what came before a crash, and that nothing of what
was typed stands anywhere in the store."""
import base64
import contextlib
import pathlib
import smtplib
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, JmapClient, app_password, basic  # noqa: E402
from telepost import Telepost  # noqa: E402

WRONG = "Tr0ub4dor-wrong-password"
IN_THE_WRONG_FIELD = "correct-horse-battery-staple"
CANONICAL = "mailto:ann@example.test"


class VisitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        overrides = ("jmap.listen=127.0.0.1:0", "submission.listen=127.0.0.1:0", "submission.without_tls=true")
        self.server = Telepost(folder.name, overrides=overrides).start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())
        self.server.command("account", "create", ANN)
        self.password = app_password(self.server, ANN)

    def visits(self, *arguments):
        return self.server.command_json("visit", "list", *arguments)

    def log_ins(self, *arguments):
        return [(each["listener"], each["name"], each["method"], each["result"]) for each in self.visits(*arguments) if each["event"] == "login"]

    def ended(self, listener, least=1):
        """The connections of a listener that are over, once there are so many."""
        for _ in range(1000):
            over = [each for each in self.visits() if each["event"] == "connection" and each["listener"] == listener]
            if len(over) >= least:
                return over
        raise AssertionError(f"no {least} connections of {listener} ended: {self.visits()}")

    def submission(self):
        return smtplib.SMTP("127.0.0.1", self.server.listeners["submission"], "client.test", timeout=60)

    def log_in(self, client, name=ANN, password=None):
        """By PLAIN alone: login() goes on with the next mechanism where one fails."""
        client.ehlo()
        client.user, client.password = name, password or self.password
        client.auth("PLAIN", client.auth_plain)

    def fail_by_submission(self, name, password):
        with self.submission() as client, self.assertRaises(smtplib.SMTPAuthenticationError):
            self.log_in(client, name, password)

    def fail_by_jmap(self, name, password):
        url = f"http://127.0.0.1:{self.server.listeners['jmap']}/.well-known/jmap"
        request = urllib.request.Request(url, headers={"Authorization": basic(name, password)})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()

    def test_each_listener_tells_of_its_connections(self):
        with smtplib.LMTP("127.0.0.1", self.server.listeners["lmtp"]) as lmtp:
            lmtp.sendmail("joe@example.com", [ANN], b"Subject: one\r\n\r\n" + b"x" * 5000 + b"\r\n")
        [over] = self.ended("lmtp")
        self.assertGreater(over["bytes_in"], 5000)
        self.assertGreater(over["bytes_out"], 50)
        self.assertEqual((over["peer"], over["result"], over["name"]), ("127.0.0.1", "accepted", ""))
        self.assertLessEqual(over["begun"], over["time"])
        client = self.submission()
        self.log_in(client)
        client.quit()
        [over] = self.ended("submission")
        self.assertEqual((over["name"], over["method"]), (CANONICAL, "PLAIN"))
        [log_in] = [each for each in self.visits() if each["event"] == "login"]
        self.assertEqual(log_in["visit"], over["visit"])
        [account] = self.server.command_json("account", "show", ANN)
        self.assertEqual(log_in["account"], account["id"])
        jmap = JmapClient(self.server, basic(ANN, self.password))
        jmap.call("Mailbox/get", ids=None)
        jmap.close()
        [over] = self.ended("jmap")
        self.assertEqual((over["name"], over["method"]), (CANONICAL, "basic"))
        # Two requests on one connection are one log-in.
        self.assertEqual(self.log_ins(), [("submission", CANONICAL, "PLAIN", "accepted"), ("jmap", CANONICAL, "basic", "accepted")])
        verbs = [each["method"] for each in self.visits() if each["listener"] == "admin-socket"]
        self.assertEqual(verbs[:2], ["account.create", "account.app-password.add"])
        urllib.request.urlopen(f"http://127.0.0.1:{self.server.listeners['admin']}/healthz").close()
        self.ended("admin")

    def test_who_fails_again_and_again(self):
        for _ in range(3):
            self.fail_by_jmap(ANN.upper(), WRONG)
        self.fail_by_submission(IN_THE_WRONG_FIELD, WRONG)
        failures = self.server.command_json("visit", "failures", "--since", "PT1H", "--at-least", "3")
        self.assertEqual([(each["count"], each["peer"], each["name"]) for each in failures], [(3, "127.0.0.1", CANONICAL)])
        failures = self.server.command_json("visit", "failures", "--at-least", "1")
        self.assertEqual([(each["count"], each["name"]) for each in failures], [(3, CANONICAL), (1, "unknown")])
        self.assertEqual(self.log_ins("--failed"), [("jmap", CANONICAL, "basic", "refused")] * 3 + [("submission", "unknown", "PLAIN", "refused")])
        self.assertEqual(len(self.log_ins("--account", ANN)), 3)
        self.assertEqual(len(self.log_ins("--peer", "127.0.0.0/8")), 4)
        self.assertEqual(self.log_ins("--peer", "192.0.2.0/24"), [])
        self.assertEqual(self.server.exit_code("visit", "list", "--peer", "nowhere"), 65)
        self.assertEqual(self.server.exit_code("visit", "list", "--since", "Pfoo"), 65)
        self.assertIn("192.0.2.0/24", self.server.command("visit", "list", "--help").decode())

    def test_who_was_there_at_a_time(self):
        with contextlib.closing(JmapClient(self.server, basic(ANN, self.password))), self.submission() as client:
            self.log_in(client)
            there = self.server.command_json("visit", "online")
            self.assertEqual({(each["listener"], each["name"], each["ended"]) for each in there},
                             {("jmap", CANONICAL, ""), ("submission", CANONICAL, "")})
            both = max(each["time"] for each in self.visits())
        self.ended("jmap")
        self.ended("submission")
        self.assertEqual(self.server.command_json("visit", "online"), [])
        there = self.server.command_json("visit", "online", "--at", both)
        self.assertEqual(sorted(each["listener"] for each in there), ["jmap", "submission"])
        self.assertTrue(all(each["ended"] > both for each in there))
        self.assertEqual(self.server.command_json("visit", "online", "--at", "2020-01-01"), [])

    def written(self, event):
        """What the writer by itself brought to the disk so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.listeners['admin']}/metrics") as metrics:
            lines = metrics.read().decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f'telepost_visit_records_total{{event="{event}"}}'))

    def test_what_came_before_a_crash_and_nothing_of_what_was_typed(self):
        self.fail_by_submission(ANN, WRONG)
        self.fail_by_jmap(IN_THE_WRONG_FIELD, WRONG)
        stays = self.submission()
        self.addCleanup(stays.close)
        self.log_in(stays)
        self.assertTrue(any(self.written("login") == 3 for _ in range(2000)))  # nobody asks the log itself, which would write what waits
        self.server.kill()
        self.assertEqual(self.log_ins(), [("submission", CANONICAL, "PLAIN", "refused"), ("jmap", "unknown", "basic", "refused"),
                                          ("submission", CANONICAL, "PLAIN", "accepted")])
        last = max(each["time"] for each in self.visits())
        self.assertEqual([each["name"] for each in self.server.command_json("visit", "online", "--at", last)], [CANONICAL])
        self.assert_nothing_typed_is_stored()
        self.server.start()
        self.assertEqual([each["event"] for each in self.visits() if each["event"] in ("started", "stopped")], ["started", "started"])
        self.server.stop()
        self.assertEqual(self.visits()[-1]["event"], "stopped")
        self.server.command("verify")

    def assert_nothing_typed_is_stored(self):
        files = [path.read_bytes() for path in self.server.store.rglob("*") if path.is_file()]
        self.assertTrue(any(CANONICAL.encode() in content for content in files))  # as what is logged stands there
        secrets = (WRONG, IN_THE_WRONG_FIELD, self.password)
        plain = [f"\0{name}\0{password}" for name in (ANN, IN_THE_WRONG_FIELD) for password in (WRONG, self.password)]
        coded = [base64.b64encode(each.encode()) for each in plain] + [basic(IN_THE_WRONG_FIELD, WRONG)[6:].encode()]
        for secret in [each.encode() for each in secrets] + coded:
            self.assertFalse(any(secret in content for content in files), secret)

    def test_an_export_goes_on_from_its_cursor(self):
        self.fail_by_submission(ANN, WRONG)
        self.ended("submission")
        *records, last = self.server.command_json("visit", "export")
        self.assertEqual(records[0]["event"], "started")
        self.assertEqual([each["id"] for each in records], sorted((each["id"] for each in records), key=int))
        *more, last = self.server.command_json("visit", "export", "--since", last["cursor"])
        self.assertNotIn("submission", {each["listener"] for each in more})
        lines = self.server.command("visit", "export", "--csv").decode().splitlines()
        self.assertEqual(lines[0], "id,time,event,result,listener,peer,account,name,method,reason,begun,bytes_in,bytes_out,visit")
        self.assertEqual(self.server.exit_code("visit", "export", "--since", "x"), 65)


if __name__ == "__main__":
    unittest.main()

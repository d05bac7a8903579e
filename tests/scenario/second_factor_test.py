"""Second factors and scopes of app passwords from outside: by an authenticator of our own (RFC 6238), and by submission."""
import base64
import hashlib
import hmac
import pathlib
import smtplib
import ssl
import struct
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from telepost import Telepost  # noqa: E402

ANN = "ann@example.test"
MORE = """\
[submission]
listen = "127.0.0.1:0"
"""


def one_time_code(secret, steps=0):
    """RFC 6238 with SHA-1, 6 digits and 30 s."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    offset = mac[19] & 15
    return "%06d" % ((struct.unpack(">I", mac[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000)


class SecondFactorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Telepost(pathlib.Path(folder.name), more=MORE).start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())
        self.server.command("account", "create", ANN)

    def factor(self, verb, *more):
        [told] = self.server.command_json("account", "second-factor", verb, ANN, *more)
        return told

    def test_is_turned_on_by_an_authenticator_and_off_again(self):
        self.assertEqual(self.factor("show"), {"on": False, "pending": False, "recovery_codes": 0})
        self.assertEqual(self.server.exit_code("account", "second-factor", "confirm", ANN, "123456"), 67)
        enrolment = self.factor("enrol")
        uri = urllib.parse.urlsplit(enrolment["uri"])
        query = urllib.parse.parse_qs(uri.query)
        self.assertEqual((uri.scheme, uri.netloc, urllib.parse.unquote(uri.path)), ("otpauth", "totp", "/Telepost:" + ANN))
        self.assertEqual(query["secret"], [enrolment["secret"]])
        right = one_time_code(enrolment["secret"])
        wrong = "%06d" % ((int(right) + 1) % 1_000_000)
        near = {one_time_code(enrolment["secret"], steps) for steps in (-2, -1, 0, 1, 2)}
        while wrong in near:
            wrong = "%06d" % ((int(wrong) + 1) % 1_000_000)
        self.assertEqual(self.server.exit_code("account", "second-factor", "confirm", ANN, wrong), 1)
        self.assertTrue(self.factor("show")["pending"])
        told = self.factor("confirm", one_time_code(enrolment["secret"]))
        self.assertEqual(len(set(told["recovery"])), 10)
        self.assertEqual(self.factor("show"), {"on": True, "pending": False, "recovery_codes": 10})
        self.assertEqual(self.server.exit_code("account", "second-factor", "enrol", ANN), 1)
        shown = self.server.command("inspect", ANN).decode()
        for secret in [enrolment["secret"], *told["recovery"]]:
            self.assertNotIn(secret, shown)
            self.assertNotIn(secret, (self.server.folder / "telepost.log").read_text())
        self.server.kill()
        self.server.start()
        self.assertTrue(self.factor("show")["on"])
        self.assertFalse(set(self.factor("renew")["recovery"]) & set(told["recovery"]))
        self.factor("remove")
        self.assertFalse(self.factor("show")["on"])
        self.server.command("verify")

    def test_sessions_are_listed_and_ended(self):
        self.assertEqual(self.server.command_json("account", "session", "list", ANN), [])
        self.assertEqual(self.server.exit_code("account", "session", "revoke", ANN, "1g"), 67)
        self.assertEqual(self.server.exit_code("account", "session", "revoke", ANN), 65)
        self.server.command("account", "session", "revoke", ANN, "--all")

    def test_an_app_password_without_the_scope_sends_nothing(self):
        [reads] = self.server.command_json("account", "app-password", "add", ANN, "tablet", "--scope", "mail", "--scope", "contacts")
        [sends] = self.server.command_json("account", "app-password", "add", ANN, "laptop")
        for scope in ("settings", "everything"):
            self.assertEqual(self.server.exit_code("account", "app-password", "add", ANN, "phone", "--scope", scope), 65)
        listed = {each["name"]: each["scopes"] for each in self.server.command_json("account", "app-password", "list", ANN)}
        self.assertEqual(listed, {"tablet": ["mail", "contacts"], "laptop": ["mail", "send", "contacts"]})
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with smtplib.SMTP("127.0.0.1", self.server.listeners["submission"]) as client:
            client.starttls(context=context)
            with self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
                client.login(ANN, reads["password"])
            self.assertEqual(refused.exception.smtp_code, 535)
            client.login(ANN, sends["password"])
            client.sendmail(ANN, [ANN], b"From: ann@example.test\r\nSubject: x\r\n\r\nx\r\n")
        self.assertIn("scope send", (self.server.folder / "telepost.log").read_text())


if __name__ == "__main__":
    unittest.main()

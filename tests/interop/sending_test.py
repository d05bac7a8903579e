"""Mail out: submitted to one Telepost, through Postfix with TLS as its smart host, to another Telepost."""
import smtplib
import subprocess
import unittest

import peers
from postfix import Postfix
from telepost import Telepost

SENDER = "ann@here.test"


class SendingTest(peers.InteropTest):
    """self.telepost receives; self.sender sends."""

    def setUp(self):
        super().setUp()
        peers.make_certificate(self.folder)
        self.postfix = Postfix(self.folder / "postfix", self.telepost.port, settings={
            "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": self.folder / "tls.pem",
            "smtpd_tls_key_file": self.folder / "tls.key", "smtpd_tls_received_header": "yes"}).start()
        self.addCleanup(self.postfix.stop)

    def start_sender(self, *overrides, more=""):
        self.sender = Telepost(self.folder / "sender", domain="here.test", more=more, overrides=[
            "submission.listen=127.0.0.1:0", "submission.without_tls=true", f"relay.host=127.0.0.1:{self.postfix.port}",
            "relay.hostname=out.here.test", *overrides]).start()
        self.addCleanup(self.sender.stop)
        self.sender.command("account", "create", SENDER)
        self.password = self.sender.command("account", "app-password", "add", SENDER, "laptop").decode().strip()

    def submit(self, recipients, message=peers.HARD_MESSAGE, options=()):
        with smtplib.SMTP("127.0.0.1", self.sender.listeners["submission"], local_hostname="client.test") as client:
            client.login(SENDER, self.password)
            self.assertEqual(client.sendmail(SENDER, recipients, message.replace(b"ben@sender.test", SENDER.encode()),
                                             mail_options=["BODY=8BITMIME", *options]), {})

    def assert_arrived(self, address, trace):
        [listed] = self.wait_for_messages(address, 1)
        arrived = self.as_arrived(listed)
        sent = peers.HARD_MESSAGE.replace(b"ben@sender.test", SENDER.encode())
        self.assertTrue(arrived.endswith(sent), arrived)
        self.assertRegex(arrived[:-len(sent)].decode(), trace)
        return arrived

    def test_message_goes_out_by_tls_with_our_received_field_and_otherwise_unchanged(self):
        self.start_sender()
        self.submit(["carl@example.test", "dora@example.test"])
        trace = r"from out\.here\.test [\s\S]*using TLSv1\.3[\s\S]*by relay\.test \(Postfix\)[\s\S]*Received: from client\.test"
        self.assert_arrived("carl@example.test", trace)
        self.assert_arrived("dora@example.test", trace)

    def test_certificate_is_checked_where_tls_is_required(self):
        self.start_sender("relay.tls=required", f"tls.authorities={self.folder / 'tls.pem'}")
        self.submit(["carl@example.test"])
        self.assert_arrived("carl@example.test", "using TLSv1.3")

    def test_refused_recipient_comes_back_as_a_report(self):
        self.start_sender()
        self.submit(["carl@example.test", "x@elsewhere.test"])
        self.wait_for_messages("carl@example.test", 1)
        peer = self.telepost
        self.telepost = self.sender
        reports = [message for message in self.wait_for_messages_in_inbox(SENDER, 1)]
        self.telepost = peer
        report = self.sender.command("message", "export", reports[0]["id"], "--eml").decode()
        self.assertIn("Final-Recipient: rfc822;x@elsewhere.test", report.replace("rfc822; ", "rfc822;"))
        self.assertIn("smtp; 550 5.1.1 <x@elsewhere.test>: Recipient address rejected: nothing leaves", " ".join(report.split()))

    def wait_for_messages_in_inbox(self, address, count):
        """The sender's own copy lies in another mailbox."""
        return [message for message in self.wait_for_messages(address, count + 1) if message["mailbox"] == "INBOX"]

    def test_signature_of_dkim_is_verified_by_an_independent_verifier(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.folder / "dkim.pem"],
                       check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.folder / "dkim.pem", "-pubout"], check=True, capture_output=True,
                                text=True).stdout
        key = "".join(line for line in public.splitlines() if "-" not in line)
        self.start_sender(more=f'\n[[dkim]]\ndomain = "here.test"\nselector = "s1"\nkey_file = "{self.folder / "dkim.pem"}"\n')
        self.submit(["carl@example.test"])
        arrived = self.assert_arrived("carl@example.test", "DKIM-Signature: ")
        program = ("import dkim, sys\n"
                   "def record(name, timeout=5):\n"
                   f"    return b'v=DKIM1; k=rsa; p={key}' if name == b's1._domainkey.here.test.' else None\n"
                   "sys.exit(0 if dkim.verify(sys.stdin.buffer.read(), dnsfunc=record) else 1)\n")
        self.run_peer("/usr/bin/python3", "-c", program, stdin=arrived)


if __name__ == "__main__":
    unittest.main()

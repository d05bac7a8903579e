"""Exim on both sides: it takes mail from Telepost, with TLS, CHUNKING and DSN, and brings it to another one by SMTP and by LMTP."""
import smtplib
import unittest

import peers
from exim import Exim
from telepost import Telepost

SENDER = "ann@here.test"


class EximTest(peers.InteropTest):
    def start_exim(self, **settings):
        self.exim = Exim(self.folder / "exim", **settings).start()
        self.addCleanup(self.exim.stop)

    def send(self, recipients, message=peers.HARD_MESSAGE):
        with smtplib.SMTP("127.0.0.1", self.exim.port, local_hostname="client.test") as client:
            self.assertEqual(client.sendmail("ben@sender.test", recipients, message, mail_options=["BODY=8BITMIME"]), {})

    def wait_for_messages(self, address, count):
        try:
            return super().wait_for_messages(address, count)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.exim.log()}") from None

    def assert_arrived(self, address, sent, trace):
        [listed] = self.wait_for_messages(address, 1)
        arrived = self.as_arrived(listed)
        self.assertTrue(arrived.endswith(sent), arrived)
        self.assertRegex(arrived[:-len(sent)].decode(), trace)
        return arrived

    def test_brings_mail_by_lmtp(self):
        self.start_exim(port=self.telepost.port, protocol="lmtp")
        self.send(["ann@example.test", "ben@example.test"])
        for address in ("ann@example.test", "ben@example.test"):
            self.assert_arrived(address, peers.HARD_MESSAGE, r"\AReceived: from [\s\S]*by exim\.test with [\s\S]*\(Exim 4")

    def test_brings_mail_by_smtp_in_chunks_and_tls(self):
        self.start_exim(port=self.telepost.listeners["smtp"])
        self.send(["ann@example.test"])
        self.assert_arrived("ann@example.test", peers.HARD_MESSAGE, r"\AReceived: from [\s\S]*by exim\.test")
        self.assertRegex(self.exim.log(), r"=> ann@example\.test .* X=TLS1\.[23].* K ")

    def test_takes_what_we_send(self):
        peers.make_certificate(self.folder)
        self.start_exim(port=self.telepost.port, protocol="lmtp", certificate=(self.folder / "tls.pem", self.folder / "tls.key"))
        sender = Telepost(self.folder / "sender", domain="here.test", overrides=[
            "submission.listen=127.0.0.1:0", "submission.without_tls=true", f"relay.host=127.0.0.1:{self.exim.port}",
            "relay.hostname=out.here.test", "relay.tls=required", f"tls.authorities={self.folder / 'tls.pem'}"]).start()
        self.addCleanup(sender.stop)
        sender.command("account", "create", SENDER)
        password = sender.command("account", "app-password", "add", SENDER, "laptop").decode().strip()
        message = peers.HARD_MESSAGE.replace(b"ben@sender.test", SENDER.encode())
        with smtplib.SMTP("127.0.0.1", sender.listeners["submission"], local_hostname="client.test") as client:
            client.login(SENDER, password)
            client.sendmail(SENDER, ["carl@example.test"], message, mail_options=["BODY=8BITMIME", "ENVID=E+2B1", "RET=HDRS"],
                            rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Carl@example.test"])
        self.assert_arrived("carl@example.test", message, r"by exim\.test with esmtps[\s\S]*Received: from client\.test")
        self.assertRegex(self.exim.log(), r"<= ann@here\.test .* X=TLS1\.3")


if __name__ == "__main__":
    unittest.main()

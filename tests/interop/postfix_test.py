"""Postfix relays real mail to Telepost by LMTP, as a carrier's MX would."""
import smtplib
import unittest

import peers
from postfix import Postfix


class PostfixTest(peers.InteropTest):
    def setUp(self):
        super().setUp()
        self.postfix = Postfix(self.folder / "postfix", self.telepost.port).start()
        self.addCleanup(self.postfix.stop)

    def send(self, recipients, message=peers.HARD_MESSAGE, count=1):
        with smtplib.SMTP("127.0.0.1", self.postfix.port, local_hostname="client.test") as client:
            for _ in range(count):
                self.assertEqual(client.sendmail("ben@sender.test", recipients, message), {})

    def wait_for_messages(self, address, count):
        try:
            return super().wait_for_messages(address, count)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.postfix.log()}") from None

    def assert_relayed(self, message, sent):
        """Postfix puts its trace in front (RFC 5321 section 4.4) and changes nothing behind it."""
        arrived = self.as_arrived(message)
        self.assertTrue(arrived.endswith(sent), arrived)
        self.assertRegex(arrived[:-len(sent)].decode(), r"\AReceived: from [\s\S]*by relay\.test \(Postfix\)")

    def test_relayed_message_is_unchanged_behind_postfix_trace(self):
        self.send(["ann@example.test"])
        self.assert_relayed(self.wait_for_messages("ann@example.test", 1)[0], peers.HARD_MESSAGE)

    def test_one_transaction_with_many_recipients_reaches_each(self):
        addresses = [f"user{i}@example.test" for i in range(50)]
        self.send(addresses)
        for address in addresses:
            self.assert_relayed(self.wait_for_messages(address, 1)[0], peers.HARD_MESSAGE)

    def test_many_messages_arrive_once_each(self):
        self.send(["ann@example.test"], count=50)
        listed = self.wait_for_messages("ann@example.test", 50)
        self.assertEqual(len({message["uid"] for message in listed}), 50)


if __name__ == "__main__":
    unittest.main()

"""curl hands a message over by SMTP."""
import unittest

import peers


class CurlTest(peers.InteropTest):
    def send(self, message, *recipients):
        path = self.folder / "message.eml"
        path.write_bytes(message)
        words = [word for recipient in recipients for word in ("--mail-rcpt", recipient)]
        self.run_peer("curl", "--silent", "--show-error", f"smtp://127.0.0.1:{self.telepost.listeners['smtp']}/client.test",
                      "--mail-from", "ben@sender.test", *words, "--upload-file", path)

    def test_message_arrives_byte_for_byte(self):
        self.send(peers.HARD_MESSAGE, "ann@example.test")
        listed = self.assert_delivered_unchanged("ann@example.test", peers.HARD_MESSAGE)
        self.assertEqual((listed["kind"], listed["mailbox"], listed["subject"]), ("email", "INBOX", "grüße and dots"))
        self.assertIn("ben@sender.test", listed["from"])

    def test_message_of_several_megabytes_arrives_byte_for_byte(self):
        head = b"From: ben@sender.test\r\nTo: ann@example.test\r\nSubject: large\r\n\r\n"
        message = head + b"".join(b"%070d\r\n" % line for line in range(100_000))
        self.send(message, "ann@example.test")
        self.assert_delivered_unchanged("ann@example.test", message)

    def test_each_recipient_gets_the_message(self):
        self.send(peers.HARD_MESSAGE, "ann@example.test", "carl@example.test", "+15550100@example.test")
        for address in ("ann@example.test", "carl@example.test", "tel:+15550100"):
            self.assert_delivered_unchanged(address, peers.HARD_MESSAGE)


if __name__ == "__main__":
    unittest.main()

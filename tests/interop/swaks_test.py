"""swaks hands messages over by SMTP and LMTP, and asks what it may not have."""
import re
import subprocess
import unittest

import peers


class SwaksTest(peers.InteropTest):
    def swaks(self, protocol, *options, data=peers.HARD_MESSAGE):
        listener = "lmtp" if protocol == "LMTP" else "smtp"
        stuffed = re.sub(rb"(?m)^\.", b"..", data) + b"."  # swaks itself ends the line
        path = self.folder / "message.eml"
        path.write_bytes(stuffed)
        return ["swaks", "--protocol", protocol, "--server", "127.0.0.1", "--port", self.telepost.listeners[listener],
                "--from", "ben@sender.test", "--helo", "client.test", "--data", f"@{path}", "--no-data-fixup", *options]

    def test_message_by_smtp_arrives_byte_for_byte(self):
        self.run_peer(*self.swaks("ESMTP", "--to", "ann@example.test"))
        self.assert_delivered_unchanged("ann@example.test", peers.HARD_MESSAGE)

    def test_message_by_lmtp_arrives_byte_for_byte(self):
        self.run_peer(*self.swaks("LMTP", "--to", "ann@example.test"))
        self.assert_delivered_unchanged("ann@example.test", peers.HARD_MESSAGE)

    def test_pipelined_message_with_detail_goes_to_the_account_without_it(self):
        self.run_peer(*self.swaks("ESMTP", "--pipeline", "--to", "ann+lists@example.test"))
        self.assert_delivered_unchanged("ann@example.test", peers.HARD_MESSAGE)

    def test_foreign_domain_is_not_relayed(self):
        command = self.swaks("ESMTP", "--to", "ann@elsewhere.test")
        answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, 24, answer.stdout)  # swaks: no recipient was accepted
        self.assertRegex(answer.stdout, r"<\*\* 55\d 5\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()

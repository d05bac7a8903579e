"""xmllint, which shares no code with our XML, judges what leaves by `message export --xml`; the way back is unchanged."""
import smtplib
import unittest

import peers


class XmllintTest(peers.InteropTest):
    def setUp(self):
        super().setUp()
        with smtplib.LMTP("127.0.0.1", self.telepost.port, local_hostname="client.test") as client:
            client.sendmail("ben@sender.test", ["ann@example.test"], peers.HARD_MESSAGE)
        [self.message] = self.wait_for_messages("ann@example.test", 1)
        self.exported = self.folder / "message.xml"
        self.exported.write_bytes(self.telepost.command("message", "export", self.message["id"], "--xml"))

    def test_export_is_valid_by_the_schema(self):
        self.run_peer("xmllint", "--noout", "--nonet", "--schema", peers.ROOT / "schema/message.xsd", self.exported)

    def test_export_comes_back_byte_for_byte_with_flags_and_id(self):
        self.telepost.command("message", "flag", self.message["id"], "--add", "$seen", "--add", "$flagged")
        [flagged] = self.messages_of("ann@example.test")
        self.exported.write_bytes(self.telepost.command("message", "export", self.message["id"], "--xml"))
        source = self.telepost.command("message", "export", self.message["id"], "--eml")
        self.telepost.command("message", "delete", self.message["id"])
        self.assertEqual(self.messages_of("ann@example.test"), [])
        self.telepost.command("message", "import", self.exported)
        [back] = self.messages_of("ann@example.test")
        self.assertEqual(back["id"], flagged["id"])
        self.assertEqual(sorted(back["flags"]), ["$flagged", "$seen"])
        self.assertEqual(self.telepost.command("message", "export", back["id"], "--eml"), source)
        self.assertEqual(self.as_arrived(back), peers.HARD_MESSAGE)

    def test_taken_id_is_refused_unless_a_new_one_is_asked_for(self):
        with self.assertRaisesRegex(RuntimeError, "is there already"):
            self.telepost.command("message", "import", self.exported)
        self.telepost.command("message", "import", self.exported, "--new-id")
        self.assertEqual(len(self.messages_of("ann@example.test")), 2)


if __name__ == "__main__":
    unittest.main()

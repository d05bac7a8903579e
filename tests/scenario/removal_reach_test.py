"""What went from the server only, told to clients that hold copies: by another client, by an operator, by retention."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, CORE, MAIL, MESSAGE, JmapAccount  # noqa: E402

USING = (CORE, MAIL, MESSAGE)


class RemovalReachTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ann = JmapAccount(folder.name)
        self.addCleanup(self.ann.stop)
        self.ann.deliver(*(f"From: a@b\r\nSubject: {i}\r\n\r\nx\r\n".encode() for i in range(4)))
        self.emails = self.ann.call("Email/query", sort=[{"property": "subject"}])["ids"]
        self.since = self.ann.call("Email/get", ids=[])["state"]

    def changes(self, **more):
        return self.ann.call("Email/changes", sinceState=self.since, **more)

    def test_a_client_and_an_operator_free_room_on_the_server(self):
        everywhere, by_client, by_operator, _ = self.emails
        self.ann.call("Email/set", destroy=[everywhere])
        self.ann.call("Email/set", USING, destroy=[by_client], onServerOnly=True)
        listed = {row["subject"]: row["id"] for row in self.ann.server.command_json("message", "list", ANN)}
        self.ann.server.command("message", "delete", listed["2"], "--server-only")
        told = self.changes(using=USING)
        self.assertEqual(told["destroyed"], [everywhere, by_client, by_operator])
        self.assertEqual(told["destroyedOnServerOnly"], [by_client, by_operator])
        self.assertNotIn("destroyedOnServerOnly", self.changes())
        self.assertEqual(self.ann.call("Email/set", destroy=[self.emails[3]], onServerOnly=True)["type"], "invalidArguments")
        self.assertEqual(self.ann.server.exit_code("message", "delete", listed["3"], "--server-only", "--mailbox", "INBOX"), 65)
        self.assertEqual(self.ann.server.exit_code("verify"), 0)
        self.ann.server.kill()
        self.ann.start_again()
        self.assertEqual(self.changes(using=USING), told)


if __name__ == "__main__":
    unittest.main()

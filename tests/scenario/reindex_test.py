"""`telepost account reindex`: the threads and the full text of an account made anew, while it is read and mail comes, and without a server."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, JmapAccount  # noqa: E402


def letter(number, of_thread=None):
    refers = f"References: <{of_thread}@x>\r\n" if of_thread is not None else ""
    return f"From: bob@example.net\r\nMessage-ID: <{number}@x>\r\n{refers}Subject: letter {number}\r\n\r\ncommon word{number}\r\n".encode()


class ReindexTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ann = JmapAccount(folder.name)
        self.addCleanup(self.ann.stop)
        self.ann.deliver(*(letter(i, i - i % 5 if i % 5 else None) for i in range(400)))

    def told(self):
        threads = self.ann.call("Email/query", collapseThreads=True)["ids"]
        emails = self.ann.call("Email/get", ids=threads, properties=["threadId"])
        members = self.ann.call("Thread/get", ids=[email["threadId"] for email in emails["list"]])["list"]
        return (threads, members, self.ann.call("Email/query", filter={"text": "word377"})["ids"],
                self.ann.call("Email/query", filter={"text": "common"}, calculateTotal=True, limit=1)["total"], self.ann.call("Mailbox/get")["list"])

    def test_clients_see_the_same_and_mail_comes_meanwhile(self):
        before = self.told()
        self.assertEqual((len(before[0]), before[3]), (80, 400))
        since = self.ann.call("Thread/get", ids=[])["state"]
        [done] = self.ann.server.command_json("account", "reindex", ANN, "--search")
        self.assertEqual((done["threads"], done["search"]), (False, True))
        self.assertNotIn("type", self.ann.call("Thread/changes", sinceState=since))
        self.assertEqual(self.told(), before)
        [done] = self.ann.server.command_json("account", "reindex", ANN)
        self.assertEqual((done["threads"], done["search"]), (True, True))
        self.assertGreater(done["changes"], 800)
        self.assertEqual(self.told(), before)
        for method in ("Thread/changes", "Mailbox/changes"):
            self.assertEqual(self.ann.call(method, sinceState=since)["type"], "cannotCalculateChanges")
        self.assertEqual(self.ann.call("Email/changes", sinceState=since)["updated"], [])
        self.ann.deliver(letter(1000, 395))
        self.assertEqual(len(self.ann.call("Thread/get", ids=[before[1][0]["id"]])["list"][0]["emailIds"]), 6)
        self.assertEqual(self.ann.server.exit_code("verify"), 0)

    def test_it_needs_no_server(self):
        before = self.told()
        self.ann.server.stop()
        [done] = self.ann.server.command_json("account", "reindex", ANN, "--threads")
        self.assertEqual((done["threads"], done["search"]), (True, False))
        self.assertEqual(self.ann.server.exit_code("verify"), 0)
        self.assertEqual(self.ann.server.exit_code("account", "reindex", "nobody@example.test"), 67)
        self.ann.start_again()
        self.assertEqual(self.told(), before)


if __name__ == "__main__":
    unittest.main()

"""Legal holds from outside: what is held leaves the view and stays on disk, also when its account is deleted, until the hold is released."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from telepost import Telepost  # noqa: E402

MARK = b"marker-5f1c0d"


class HoldTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Telepost(pathlib.Path(folder.name), level="error").start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())

    def deliver(self, sender):
        mail = b"From: <%s>\r\nSubject: x\r\n\r\n%s\r\n" % (sender.encode(), MARK)
        [told] = self.server.command_json("message", "deliver", "-", "--to", "ann@example.test", "--from", sender, input=mail)
        return told["id"]

    def parked(self, account):
        return [line for line in self.server.command_json("inspect", account) if line["layout"] == "parked"]

    def sweep_until_gone(self, account):
        """The server sweeps by itself too: what one sweep found, another one ends."""
        for _ in range(50):
            self.server.command("sweep")
            code = self.server.exit_code("account", "show", account)
            if code != 0:
                return code
        return 0

    def test_what_a_deleted_account_holds_for_nobody_goes_at_once(self):
        server = self.server
        [ann] = server.command_json("account", "create", "ann@example.test")
        held = self.deliver("a@held.test")
        [hold] = server.command_json("hold", "add", "ann@example.test", "--sender", "*@nobody.test", "--reason", "case 18")
        [deleted] = server.command_json("account", "delete", "ann@example.test")
        self.assertIn("case 18", deleted["kept_by"][0])
        self.assertEqual(self.sweep_until_gone(ann["id"]), 67)
        self.assertEqual(server.exit_code("message", "show", held), 67)
        self.assertEqual(server.exit_code("hold", "add", "ann@example.test", "--reason", "too late"), 67)
        server.command("hold", "release", hold["id"])
        server.command("verify")

    def test_what_is_held_stays_until_the_release(self):
        server = self.server
        [ann] = server.command_json("account", "create", "ann@example.test")
        held, free = self.deliver("a@held.test"), self.deliver("a@other.test")
        [hold] = server.command_json("hold", "add", "--sender", "*@held.test", "--reason", "case 17")
        self.assertEqual(hold["state"], "active")
        self.assertNotIn("warning", hold)
        self.assertEqual(server.exit_code("hold", "add", "--reason", "on nothing"), 65)
        server.command("message", "delete", held)
        server.command("message", "delete", free)
        self.assertEqual(server.command_json("message", "list", "ann@example.test"), [])
        self.assertEqual([str(line["record"]["hold"]) for line in self.parked(ann["id"])], [hold["id"]])
        [shown] = server.command_json("hold", "show", hold["id"])
        self.assertEqual(shown["kept_messages"], 1)

        [deleted] = server.command_json("account", "delete", "ann@example.test")
        self.assertIn("case 17", deleted["kept_by"][0])
        server.command("sweep", "--kind", "reclaim")
        [account] = server.command_json("account", "show", ann["id"])
        self.assertEqual(account["state"], "deleting")
        self.assertIn("case 17", account["kept_by"][0])
        server.command("verify")

        server.command("hold", "release", hold["id"])
        self.assertEqual(self.sweep_until_gone(ann["id"]), 67)
        self.assertEqual(server.command_json("hold", "list"), [])
        self.assertEqual(server.exit_code("hold", "show", hold["id"]), 67)
        actions = [line["action"] for line in server.command_json("audit", "list") if "action" in line]
        self.assertIn("hold_added", actions)
        self.assertIn("hold_released", actions)
        server.command("verify")

    def test_who_selects_what_its_owner_can_change_is_warned(self):
        for option, value in (("--mailbox", "Work"), ("--role", "inbox"), ("--flag", "$flagged"), ("--without-flag", "$seen")):
            [hold] = self.server.command_json("hold", "add", option, value, "--reason", "case 17")
            self.assertIn("hold the account", hold["warning"])


if __name__ == "__main__":
    unittest.main()

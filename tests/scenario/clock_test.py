"""The clock rule from outside: a clock that leapt ahead is not believed, sweeps end with 75, and accepting it ends that.
clock.max_stop=PT0.001S makes a leap of the moment between a stop and the next start."""
import pathlib
import sys
import tempfile
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from telepost import Telepost  # noqa: E402


class ClockTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def server(self, *overrides):
        server = Telepost(self.folder, level="error", overrides=overrides).start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def test_a_leap_over_a_stop_halts_what_removes_until_it_is_accepted(self):
        server = self.server()
        [shown] = server.command_json("clock", "show")
        self.assertTrue(shown["believed"])
        self.assertEqual(shown["ahead_seconds"], 0)
        server.stop()

        server = self.server("clock.max_stop=PT0.001S")
        [shown] = server.command_json("clock", "show")
        self.assertFalse(shown["believed"])
        self.assertGreater(shown["ahead_seconds"], 0)
        self.assertLess(shown["store"], shown["wall"])
        self.assertEqual(server.exit_code("sweep", "--kind", "reclaim"), 75)
        # Mail goes on as ever.
        server.command("message", "deliver", "-", "--to", "ann@example.test", input=b"Subject: x\r\n\r\nx\r\n")
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{server.listeners['admin']}/metrics").read().decode()
        self.assertIn("telepost_clock_leap_seconds", metrics)

        [accepted] = server.command_json("clock", "accept")
        self.assertTrue(accepted["believed"])
        self.assertEqual(server.exit_code("sweep", "--kind", "reclaim"), 0)
        server.stop()
        self.assertTrue(self.server().command_json("clock", "show")[0]["believed"])


if __name__ == "__main__":
    unittest.main()

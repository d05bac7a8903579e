"""`telepost bench lists` against our own JMAP: what it counts are pages that were answered right."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402


class BenchListsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = jmap.JmapAccount(folder.name, overrides=("jmap.listen_tls=127.0.0.1:0",))
        self.addCleanup(self.jmap.stop)
        self.jmap.deliver(*(f"From: a@b.example\r\nSubject: {i}\r\nMessage-ID: <{i}@b.example>\r\n\r\ntext\r\n".encode() for i in range(12)))
        self.password = pathlib.Path(folder.name) / "password"
        self.password.write_text(jmap.app_password(self.jmap.server, jmap.ANN, "bench") + "\n")

    def lists(self, listener, *words):
        port = self.jmap.server.listeners[listener]
        command = [str(self.jmap.server.program), "bench", "lists", "--jmap", f"127.0.0.1:{port}", "--user", jmap.ANN, "--password-file", str(self.password),
                   "--connections", "2", "--limit", "5", "--seconds", "1", "--json", *words]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def test_it_shows_pages_anywhere_in_plain_text_and_in_tls(self):
        for listener, words in (("jmap", ("--positions", "8")), ("jmap-tls", ("--tls", "--envelope", "--position", "7"))):
            answer = self.lists(listener, *words)
            self.assertEqual(answer.returncode, 0, answer.stderr + answer.stdout)
            report = json.loads(answer.stdout)
            self.assertEqual(report["errors"], 0)
            self.assertGreater(report["count"], 0)
            self.assertGreaterEqual(report["max_ms"], report["p50_ms"])

    def test_an_open_loop_asks_at_its_rate(self):
        report = json.loads(self.lists("jmap", "--rate", "20").stdout)
        self.assertEqual((report["count"], report["errors"]), (20, 0))

    def test_a_page_that_is_too_short_is_an_error(self):
        answer = self.lists("jmap", "--position", "8")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("no page was shown", answer.stderr)

    def test_a_wrong_password_ends_it(self):
        self.password.write_text("wrong\n")
        answer = self.lists("jmap")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("401", answer.stderr)


if __name__ == "__main__":
    unittest.main()

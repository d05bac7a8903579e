"""What the interop tests share: a running Telepost, messages that are hard to carry unchanged, and how to see what
became of them."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/support"))
import telepost  # noqa: E402

ARRIVES_WITHIN_S = 60

# Leading dots, trailing blanks, 8-bit text, an empty line at the end, lines near the limit of RFC 5321 section
# 4.5.3.1.6 (998 characters), a nested multipart: what careless servers change.
HARD_MESSAGE = "\r\n".join([
    "From: Ben <ben@sender.test>",
    "To: Ann <ann@example.test>",
    "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?= and dots",
    "Date: Fri, 20 Nov 2026 10:00:00 +0100",
    "Message-ID: <hard@sender.test>",
    "X-Folded: one",
    "\ttwo  ",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="a.b"',
    "",
    "preamble",
    "--a.b",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ".",
    "..two dots",
    ".a dot and grüße  ",
    "x" * 990,
    "--a.b",
    "Content-Type: application/octet-stream",
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="a.bin"',
    "",
    "AAECAwQFBgcICQoLDA0ODw==",
    "--a.b--",
    "epilogue",
    "",
    "",
]).encode()


def make_certificate(folder):
    """tls.pem and tls.key in the folder, of 127.0.0.1, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key",
                    "-out", folder / "tls.pem"], check=True, capture_output=True)
    (folder / "tls.key").chmod(0o644)  # peers that drop root read it


class InteropTest(unittest.TestCase):
    """Each test has its own Telepost with an empty store."""
    OVERRIDES = ()  # of its configuration: "key=value"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="telepost-interop-"))
        self.folder.chmod(0o755)  # peers that drop root must get to their own folder below
        self.addCleanup(shutil.rmtree, self.folder)
        self.telepost = telepost.Telepost(self.folder / "telepost", overrides=self.OVERRIDES).start()
        self.addCleanup(self.telepost.stop)

    def run_peer(self, *command, stdin=b""):
        answer = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=60)
        self.assertEqual(answer.returncode, 0, answer.stdout.decode(errors="replace") +
                         answer.stderr.decode(errors="replace"))
        return answer.stdout

    def messages_of(self, address):
        return self.telepost.command_json("message", "list", address)

    def wait_for_messages(self, address, count):
        """Asks again and again: for a mail that goes through a peer's queue nothing else tells when it is there."""
        end = time.monotonic() + ARRIVES_WITHIN_S
        listed = []
        while time.monotonic() < end:
            try:
                listed = self.messages_of(address)
            except RuntimeError as failure:  # exit 67: the account comes into being with its first mail
                if "exit 67" not in str(failure):
                    raise
            if len(listed) >= count:
                break
        self.assertEqual(len(listed), count, listed)
        return listed

    def as_arrived(self, message):
        return self.telepost.command("message", "export", message["id"], "--eml", "--as-arrived")

    def assert_delivered_unchanged(self, address, sent):
        listed = self.wait_for_messages(address, 1)
        self.assertEqual(self.as_arrived(listed[0]), sent)
        return listed[0]

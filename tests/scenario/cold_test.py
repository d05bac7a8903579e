"""What becomes of messages that nobody reads any more, from the command line: archived into a folder, packed, read as they came, and gone
from every file once their account is."""
import base64
import hashlib
import json
import math
import pathlib
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from telepost import Telepost  # noqa: E402

CLASSES = """\
<policies xmlns="urn:telepost:policy:1">
  <class name="standard">
    <allocation bytes="1MB" low-water="50%"/>
    <archive untouched="P30D"/>
    <compress after="P30D"/>
  </class>
</policies>
"""
LONG_AGO = "2020-01-01T00:00:00Z"
MARKER = "marker-of-ann-7f3a9c"


def head(subject, type_="text/plain"):
    return f"From: Ben <ben@sender.test>\r\nTo: Ann <ann@example.test>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: {type_}\r\n"


def large(number):
    """About 130 KB, no two alike."""
    block = hashlib.sha256(str(number).encode()).hexdigest()
    return (head(f"number {number}") + "\r\n" + "".join(f"{block} {MARKER} {line}\r\n" for line in range(1400))).encode()


def small():
    return (head("small") + "\r\n" + "".join(f"{MARKER} says the same again and again\r\n" for _ in range(40))).encode()


def voice():
    """Six seconds of 16 bits in a WAVE file."""
    noise = hashlib.shake_256(b"noise").digest(48_000)
    samples = [int(9000 * math.sin(at / 7) * math.sin(at / 4000)) + noise[at] - 128 for at in range(48_000)]
    data = struct.pack(f"<{len(samples)}h", *samples)
    wave = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    body = base64.encodebytes(wave + b"data" + struct.pack("<I", len(data)) + data).replace(b"\n", b"\r\n")
    return (head("voice", "audio/wav") + "Content-Transfer-Encoding: base64\r\n\r\n").encode() + body


class ColdTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="telepost-cold-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "policies").mkdir()
        (self.folder / "policies/classes.xml").write_text(CLASSES)
        self.archive = self.folder / "archive"
        self.telepost = Telepost(self.folder, level="warning",
                                 more=f'[archive]\npath = "{self.archive}"\n[policies]\npath = "{self.folder / "policies"}"\n')

    def serve(self):
        self.telepost.start()
        self.addCleanup(lambda: self.telepost.process.poll() is None and self.telepost.kill())

    def deliver(self, source):
        answer = self.telepost.command("message", "deliver", "-", "--to", "ann@example.test", "--received", LONG_AGO, "--json", input=source)
        return json.loads(answer)["id"]

    # Without the server, or it begins while some are still to come, and what comes then may stay under the allocation.
    def fill(self):
        self.telepost.start()
        self.telepost.stop()
        return {self.deliver(source): source for source in [*(large(number) for number in range(12)), small(), voice()]}

    def shown(self, identifier):
        return self.telepost.command_json("message", "show", identifier)[0]

    def sweep(self, kind):
        """The last line, once nothing of the kind is due any more."""
        done = 0
        for _ in range(20):
            last = self.telepost.command_json("sweep", "--kind", kind)[-1]
            self.assertEqual(last["kind"], kind)
            self.assertEqual(last["failed"], 0)
            done += last["done"]
            if last["due"] == 0:
                return done
        self.fail(f"{kind}: something is due again and again")

    def expect_cold(self, sent):
        tiers = {identifier: self.shown(identifier)["tier"] for identifier in sent}
        online = [source for identifier, source in sent.items() if tiers[identifier] == "online"]
        self.assertLessEqual(sum(map(len, online)), 500_000)
        self.assertIn(small(), online, "below min-size")
        self.assertIn(MARKER.encode(), self.bytes_under(self.archive))
        for identifier, source in sent.items():
            self.assertEqual(self.telepost.command("message", "export", identifier, "--eml", "--as-arrived"), source)
        self.telepost.command("verify", "--archive")

    @staticmethod
    def bytes_under(folder):
        return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())

    def test_without_a_server(self):
        sent = self.fill()
        self.assertGreater(self.sweep("archive"), 0)
        self.assertGreaterEqual(self.sweep("compress"), len(sent))
        self.expect_cold(sent)
        self.telepost.command("account", "delete", "ann@example.test")
        self.assertIn(self.telepost.exit_code("sweep", "--kind", "reclaim"), (0, 75))
        for folder in (self.telepost.store, self.archive):
            self.assertNotIn(MARKER.encode(), self.bytes_under(folder), folder)

    def test_with_a_server_that_does_it_by_itself(self):
        sent = self.fill()
        self.serve()
        self.sweep("archive")
        self.sweep("compress")
        self.expect_cold(sent)
        actions = {record["action"] for record in self.telepost.command_json("audit", "list") if "action" in record}
        self.assertLessEqual({"archived", "compressed"}, actions)

    def test_a_folder_that_is_not_mounted_is_not_taken_for_an_empty_archive(self):
        sent = self.fill()
        self.serve()
        self.sweep("archive")
        archived = next(identifier for identifier in sent if self.shown(identifier)["tier"] == "archived")
        self.telepost.stop()
        self.archive.rename(self.folder / "elsewhere")
        self.serve()
        self.assertEqual(self.telepost.exit_code("message", "export", archived, "--eml"), 75)
        self.assertEqual(len(self.telepost.command_json("message", "list", "ann@example.test", "--limit", "0")), len(sent))
        self.telepost.stop()
        self.assertFalse(self.archive.exists())  # nothing was begun in its place
        (self.folder / "elsewhere").rename(self.archive)
        self.serve()
        self.expect_cold(sent)


if __name__ == "__main__":
    unittest.main()

"""Downloads of parts of mail (RFC 8620 section 6.2): decoded, in ranges, and nothing that a browser would run."""
import base64
import hashlib
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402

PICTURE = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(6_000))  # 192,000 bytes
SCRIPT = b"<html><script>alert(1)</script></html>\n"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\n'
INNER = b"From: carl@example.org\r\nSubject: inside\r\n\r\ninner text\r\n"


def part(type, content, name):
    return (f'--x\r\nContent-Type: {type}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


MAIL = (b"From: joe@example.com\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n" +
        part("image/png", PICTURE, "a b.png") + part("text/html", SCRIPT, "page.html") + part("image/svg+xml", DRAWING, "drawing.svg") +
        part("application/pdf", b"%PDF-1.4", "paper.pdf") + b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"--x--\r\n")


class PartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = jmap.JmapAccount(folder.name)
        self.addCleanup(self.jmap.stop)
        self.jmap.deliver(MAIL)
        answers = self.jmap.run([["Email/query", {"accountId": self.jmap.account}, "0"],
                                 ["Email/get", {"accountId": self.jmap.account, "#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                                                "properties": ["blobId", "textBody", "attachments", "size"]}, "1"]])
        [self.email] = answers[1][1]["list"]
        self.parts = {each["type"]: each for each in self.email["textBody"] + self.email["attachments"]}

    def get(self, type, accept=None, fields=(), name="a.bin"):
        return self.jmap.download(self.parts[type]["blobId"], name, accept, fields)

    def test_a_part_is_decoded(self):
        for type, content in (("image/png", PICTURE), ("text/html", SCRIPT), ("image/svg+xml", DRAWING), ("message/rfc822", INNER.rstrip(b"\r\n")),
                              ("text/plain", "Gr\u00fc\u00dfe".encode("latin-1"))):
            answer, body = self.get(type, type)
            self.assertEqual((answer.status, body), (200, content))
            self.assertEqual(self.parts[type]["size"], len(content))

    def test_ranges_are_of_what_is_decoded(self):
        for first, last in ((0, 0), (57, 57 * 1000), (100_000, 191_999), (65_535, 65_536)):
            answer, body = self.get("image/png", "image/png", (("Range", f"bytes={first}-{last}"),))
            self.assertEqual((answer.status, body), (206, PICTURE[first:last + 1]))
            self.assertEqual(answer.getheader("Content-Range"), f"bytes {first}-{last}/192000")
        answer, body = self.get("image/png", "image/png", (("Range", "bytes=-10"),))
        self.assertEqual(body, PICTURE[-10:])
        answer, body = self.get("image/png", "image/png", (("Range", "bytes=192000-"),))
        self.assertEqual((answer.status, answer.getheader("Content-Range")), (416, "bytes */192000"))

    def test_what_a_client_has_is_not_sent_again(self):
        answer, _ = self.get("image/png", "image/png")
        tag = answer.getheader("ETag")
        answer, body = self.get("image/png", "image/png", (("If-None-Match", f'"other", {tag}'),))
        self.assertEqual((answer.status, body), (304, b""))
        answer, body = self.get("image/png", "image/png", (("Range", "bytes=0-9"), ("If-Range", '"other"')))
        self.assertEqual((answer.status, body), (200, PICTURE))
        answer, body = self.get("image/png", "image/png", (("Range", "bytes=0-9"), ("If-Range", tag)))
        self.assertEqual((answer.status, body), (206, PICTURE[:10]))

    def test_a_browser_shows_what_is_harmless_and_runs_nothing(self):
        shown = {"image/png": "image/png", "application/pdf": "application/pdf", "text/plain": "text/plain"}
        for type in self.parts:
            for accept in (type, "text/html", "image/svg+xml", "text/javascript", "image/png", None):
                answer, _ = self.get(type, accept, name='"x"; a=b.html')
                wanted = answer.getheader("Content-Type").split(";")[0]
                self.assertNotIn(wanted, ("text/html", "image/svg+xml", "text/javascript", "message/rfc822"))
                inline = answer.getheader("Content-Disposition").startswith("inline")
                self.assertEqual(inline, wanted != "application/octet-stream", (type, accept))
                if accept == type:
                    self.assertEqual(wanted, shown.get(type, "application/octet-stream"))
                self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
                self.assertEqual(answer.getheader("Content-Security-Policy"), "sandbox; default-src 'none'")
                self.assertIsNone(answer.getheader("a"))

    def test_a_part_of_a_message_in_a_message(self):
        [parsed] = self.jmap.call("Email/parse", blobIds=[self.parts["message/rfc822"]["blobId"]], properties=["subject", "textBody", "blobId"])["parsed"].values()
        self.assertEqual(parsed["subject"], "inside")
        answer, body = self.jmap.download(parsed["textBody"][0]["blobId"])
        self.assertEqual((answer.status, body), (200, b"inner text"))

    def test_the_whole_message_as_it_is_stored(self):
        answer, body = self.jmap.download(self.email["blobId"], "a.eml", "message/rfc822")
        self.assertEqual(len(body), self.email["size"])
        self.assertTrue(body.endswith(MAIL))
        self.assertTrue(answer.getheader("Content-Disposition").startswith("attachment"))


if __name__ == "__main__":
    unittest.main()

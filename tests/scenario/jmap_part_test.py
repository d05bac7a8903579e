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

    def test_a_browser_hears_the_charset_of_a_text(self):
        answer, _ = self.get("text/plain")
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=iso-8859-1")
        answer, _ = self.get("text/plain", "text/plain; charset=koi8-r")  # the client says so
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=koi8-r")
        answer, _ = self.get("text/plain", 'text/plain; charset="a, b"')
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=iso-8859-1")
        answer, _ = self.get("image/png")
        self.assertEqual(answer.getheader("Content-Type"), "image/png")
        for content, charset in (("Gr\u00fc\u00dfe".encode(), "utf-8"), (b"plain", "utf-8"), (b"Gr\xfc\xdfe", "windows-1252"),
                                 (b"x" * (2 << 20) + "\u00fc".encode(), "utf-8")):
            answer, body = self.jmap.download(self.jmap.upload(content, "text/plain"), "a.txt")
            self.assertEqual((answer.getheader("Content-Type"), body == content), (f"text/plain; charset={charset}", True))

    def test_a_long_letter_keeps_its_label_however_late_it_is_needed(self):
        self.jmap.deliver(b"From: a@b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + b"word\r\n" * 300_000 + b"\xf2\xf5\r\n")
        found = self.jmap.call("Email/query", filter={"minSize": 1_800_000})["ids"]
        [email] = self.jmap.call("Email/get", ids=found, properties=["textBody"])["list"]
        answer, body = self.jmap.download(email["textBody"][0]["blobId"], fields=(("Range", "bytes=-4"),))
        self.assertEqual((answer.getheader("Content-Type"), body), ("text/plain; charset=koi8-r", b"\xf2\xf5\r\n"))

    def rendition(self, blob, rendition, fields=()):
        return self.jmap.ask("GET", f"/jmap/download/{self.jmap.account}/{blob}/page.html?accept=text%2Fhtml&rendition={rendition}", fields=fields)

    def test_html_and_messages_are_had_as_text(self):
        page = self.jmap.upload("<h1>Gr\u00fc\u00dfe</h1><script>alert(1)</script>".encode(), "text/html")
        for answer, body in (self.rendition(page, "text/plain"), self.rendition(page, "Text%2FPlain"), self.jmap.download(page, fields=(("Accept", "text/plain"),)),
                             self.jmap.download(page, fields=(("Accept", "text/html;q=0.1, application/octet-stream;q=0.1, text/*"),))):
            self.assertEqual((answer.status, body.decode().strip()), (200, "Gr\u00fc\u00dfe"))
            self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=utf-8")
            self.assertTrue(answer.getheader("Content-Disposition").startswith("inline"))
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(answer.getheader("Content-Security-Policy"), "sandbox; default-src 'none'")
            self.assertEqual(answer.getheader("Vary"), "Accept")
        ranged, piece = self.rendition(page, "text/plain", (("Range", "bytes=2-5"),))
        self.assertEqual((ranged.status, piece), (206, body[2:6]))
        original, _ = self.jmap.download(page)
        self.assertEqual(original.getheader("Vary"), "Accept")
        self.assertNotEqual(original.getheader("ETag"), answer.getheader("ETag"))
        again, _ = self.rendition(page, "text/plain", (("If-None-Match", answer.getheader("ETag")),))
        self.assertEqual(again.status, 304)
        for blob, text in ((self.email["blobId"], "Gr\u00fc\u00dfe"), (self.parts["message/rfc822"]["blobId"], "inner text")):
            answer, body = self.rendition(blob, "text/plain")
            self.assertEqual((answer.status, body.decode().strip()), (200, text))

    def test_what_there_is_no_rendition_of_comes_as_it_is_or_is_refused(self):
        page = self.jmap.upload(SCRIPT, "text/html")
        for accept in (None, "*/*", "image/png", "application/json;jmapVersion=rfc-8621", "text/html, text/plain", "application/octet-stream, text/plain", "text/html,*/*;q=0.8", "text/plain;q=0"):
            answer, body = self.jmap.download(page, fields=(("Accept", accept),) if accept else ())
            self.assertEqual((answer.status, body, answer.getheader("Content-Type")), (200, SCRIPT, "application/octet-stream"), accept)
        answer, body = self.rendition(page, "text/html")  # as it is
        self.assertEqual((answer.status, body, answer.getheader("Content-Type")), (200, SCRIPT, "application/octet-stream"))
        huge = self.jmap.upload(b"<p>" + b"x" * (3 << 20), "text/html")
        for blob, wanted in ((page, "audio/mpeg"), (page, ""), (huge, "text/plain"), (self.parts["image/png"]["blobId"], "text/plain")):
            answer, body = self.rendition(blob, wanted)
            self.assertEqual((answer.status, answer.getheader("Content-Type")), (406, "application/problem+json"))
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
        answer, body = self.jmap.download(huge, fields=(("Accept", "text/plain"),))
        self.assertEqual((answer.status, len(body)), (200, (3 << 20) + 3))

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

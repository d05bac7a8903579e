"""Full text from outside: mail comes by LMTP and is found over JMAP, at once, after a crash, and until it is expunged."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import JmapAccount  # noqa: E402

LETTERS = {
    "german": ("Rechnungsnummer 5", "Viele Gr\u00fc\u00dfe aus Wien, die Donaudampfschifffahrtsgesellschaft."),
    "chinese": ("\u4e2d\u6587\u90ae\u4ef6", "\u4f60\u597d\uff0c\u8fd9\u662f\u4e00\u5c01\u6d4b\u8bd5\u90ae\u4ef6\u3002"),
    "thai": ("thai", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22"),
    "english": ("Minutes & <notes>", "The quick brown fox jumps over the lazy dog."),
}
QUESTIONS = {
    "gr\u00fc\u00dfe wien": "german", "GRUSSE": "german", "donaudampf": "german", "\"aus wien\"": "german", "rechnung": "german",
    "\u90ae\u4ef6": "chinese", "\u6d4b\u8bd5": "chinese", "\u0e44\u0e17\u0e22": "thai", "\"brown fox\"": "english", "qui* dog": "english",
    "\"fox brown\"": None, "\"qui\"": None, "nothing": None,
}


class JmapSearchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ann = JmapAccount(folder.name)
        self.addCleanup(self.ann.stop)

    def crash(self):
        self.ann.server.kill()
        self.ann.start_again()

    def deliver(self, letters):
        fields = "From: bob@example.net\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: "
        self.ann.deliver(*(f"{fields}{subject}\r\n\r\n{body}\r\n".encode() for subject, body in letters))

    def subjects(self, text):
        ids = self.ann.call("Email/query", filter={"text": text})["ids"]
        return [email["subject"] for email in self.ann.call("Email/get", ids=ids, properties=["subject"])["list"]]

    def check_all(self):
        for question, answer in QUESTIONS.items():
            self.assertEqual(self.subjects(question), [LETTERS[answer][0]] if answer else [], question)

    def test_mail_is_found_at_once_and_after_a_crash(self):
        self.deliver(LETTERS.values())
        self.check_all()
        self.crash()
        self.check_all()
        self.deliver((f"filler {i}", f"some words of letter {i}") for i in range(600))
        self.check_all()
        self.assertEqual(self.ann.call("Email/query", filter={"text": "filler letter"}, calculateTotal=True, limit=3)["total"], 600)
        self.assertEqual(self.subjects("\"letter 77\""), ["filler 77"])
        self.crash()
        self.check_all()
        self.assertEqual(self.ann.server.exit_code("verify"), 0)

    def test_snippets_show_what_matched_and_what_is_gone_is_found_no_more(self):
        self.deliver([LETTERS["english"]])
        sought = {"text": "notes \"quick brown\""}
        [email] = self.ann.call("Email/query", filter=sought)["ids"]
        [snippet] = self.ann.call("SearchSnippet/get", filter=sought, emailIds=[email])["list"]
        self.assertEqual(snippet, {"emailId": email, "subject": "Minutes &amp; &lt;<mark>notes</mark>&gt;",
                                   "preview": "The <mark>quick brown</mark> fox jumps over the lazy dog. "})
        self.assertEqual(self.ann.call("Email/set", destroy=[email])["destroyed"], [email])
        self.assertEqual(self.subjects("quick"), [])


if __name__ == "__main__":
    unittest.main()

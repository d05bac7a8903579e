"""Mail sent by JMAP, quotas and blobs, from outside: the real program over HTTP."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, BLOB, CORE, MAIL, QUOTA, SUBMISSION, JmapAccount  # noqa: E402

USING = (CORE, MAIL, SUBMISSION, QUOTA, BLOB)

DRAFT = (b"From: Ann <ann@example.test>\r\nTo: bob@example.test\r\nBcc: carol@example.test\r\nSubject: lunch\r\n"
         b"Date: Fri, 20 Nov 2026 16:25:30 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nAt noon?\r\n")


class JmapSubmissionTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = JmapAccount(folder.name)
        self.addCleanup(self.jmap.stop)
        for name in ("bob", "carol"):
            self.jmap.server.command("account", "create", f"{name}@example.test")

    def run_calls(self, *calls):
        return self.jmap.run([[method, {"accountId": self.jmap.account, **arguments}, str(i)] for i, (method, arguments) in enumerate(calls)], USING)

    def one(self, method, **arguments):
        return self.jmap.call(method, USING, **arguments)

    def email_of(self, source):
        """Puts Ann's only message into her account; gives its id."""
        self.jmap.server.command("message", "deliver", "-", "--to", ANN, "--from", ANN, input=source)
        [email] = self.one("Email/query")["ids"]
        return email

    def subjects(self, who):
        return [each["subject"] for each in self.jmap.server.command_json("message", "list", who)]

    def test_what_works_is_offered(self):
        for name in (SUBMISSION, QUOTA, BLOB):
            self.assertEqual(self.jmap.session["capabilities"][name], {})
        of_account = self.jmap.session["accounts"][self.jmap.account]["accountCapabilities"]
        self.assertLessEqual({SUBMISSION, QUOTA, BLOB}, set(of_account))
        self.assertGreater(of_account[SUBMISSION]["maxDelayedSend"], 0)
        self.assertIn("sha-256", of_account[BLOB]["supportedDigestAlgorithms"])

    def test_a_mail_is_sent_and_its_draft_goes(self):
        email = self.email_of(DRAFT)
        [identity] = self.one("Identity/get", ids=None)["list"]
        self.assertEqual((identity["email"], identity["mayDelete"]), ("ann@example.test", False))
        first, second = self.run_calls(("EmailSubmission/set", {
            "create": {"k": {"identityId": identity["id"], "emailId": email}}, "onSuccessDestroyEmail": ["#k"]}))
        made = first[1]["created"]["k"]
        self.assertEqual([to["email"] for to in made["envelope"]["rcptTo"]], ["bob@example.test", "carol@example.test"])
        self.assertEqual((second[0], second[1]["destroyed"], second[2]), ("Email/set", [email], first[2]))
        self.assertEqual(self.one("Email/get", ids=[email])["notFound"], [email])
        for who in ("bob", "carol"):
            for _ in range(100):
                found = self.jmap.server.command_json("message", "list", f"{who}@example.test")
                if found:
                    break
                self.jmap.server.command("sweep")
            self.assertEqual([each["subject"] for each in found], ["lunch"])
            source = self.jmap.server.command("message", "export", found[0]["id"], "--eml")
            self.assertNotIn(b"carol@example.test", source.replace(b"for <carol@example.test>", b""))
            self.assertIn(b"At noon?", source)
        [shown] = self.one("EmailSubmission/get", ids=[made["id"]])["list"]
        self.assertEqual(shown["undoStatus"], "final")
        self.assertEqual({status["delivered"] for status in shown["deliveryStatus"].values()}, {"yes"})

    def test_what_waits_is_called_back(self):
        email = self.email_of(DRAFT)
        [identity] = self.one("Identity/get", ids=None)["list"]
        envelope = {"mailFrom": {"email": "ann@example.test", "parameters": {"HOLDFOR": "3600"}}, "rcptTo": [{"email": "bob@example.test", "parameters": None}]}
        made = self.one("EmailSubmission/set", create={"k": {"identityId": identity["id"], "emailId": email, "envelope": envelope}})["created"]["k"]
        self.assertEqual(made["undoStatus"], "pending")
        self.assertIn(made["id"], self.one("EmailSubmission/set", update={made["id"]: {"undoStatus": "canceled"}})["updated"])
        self.assertEqual(self.one("EmailSubmission/query", filter={"undoStatus": "canceled"})["ids"], [made["id"]])
        self.assertEqual(self.subjects("bob@example.test"), [])

    def test_nobody_sends_in_the_name_of_others(self):
        email = self.email_of(DRAFT.replace(b"Ann <ann@", b"<bob@"))
        [identity] = self.one("Identity/get", ids=None)["list"]
        self.assertEqual(self.one("EmailSubmission/set", create={"k": {"identityId": identity["id"], "emailId": email}})["notCreated"]["k"]["type"], "forbiddenFrom")
        self.assertEqual(self.one("Identity/set", create={"k": {"email": "bob@example.test"}})["notCreated"]["k"]["type"], "forbiddenFrom")

    def test_blobs_and_quotas(self):
        calls = (("Blob/upload", {"create": {"a": {"data": [{"data:asText": "hello "}]}, "b": {"type": "text/plain", "data": [{"blobId": "#a"}, {"data:asBase64": "d29ybGQ="}]}}}),
                 ("Blob/get", {"ids": ["#b"], "properties": ["data", "size", "digest:sha-256"]}),
                 ("Blob/lookup", {"typeNames": ["Email"], "ids": ["#b"]}),
                 ("Quota/get", {"ids": None}))
        upload, got, lookup, quotas = (each[1] for each in self.run_calls(*calls))
        self.assertEqual(upload["created"]["b"]["size"], 11)
        [blob] = got["list"]
        self.assertEqual((blob["data:asText"], blob["size"]), ("hello world", 11))
        self.assertEqual(blob["digest:sha-256"], "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=")
        self.assertEqual(lookup["list"][0]["matchedIds"], {"Email": []})
        for quota in quotas["list"]:
            self.assertLessEqual(quota["used"], quota["hardLimit"])


if __name__ == "__main__":
    unittest.main()

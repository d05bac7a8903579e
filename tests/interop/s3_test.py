"""The archive in a bucket of a real server: OpenStack Swift, whose s3api checks the signature of every request."""
import hashlib
import json
import pathlib
import subprocess
import tempfile
import unittest

import peers  # noqa: F401: where the support of all tests is found
import s3_server
import telepost

CLASSES = """\
<policies xmlns="urn:telepost:policy:1">
  <class name="standard">
    <allocation bytes="1MB" low-water="50%"/>
    <archive untouched="PT1S" bring-back="false"/>
  </class>
</policies>
"""
# All may be archived when the first sweep looks: of those that may, as many go as it takes, and the rest would stay under the allocation.
LONG_AGO = "2020-01-01T00:00:00Z"


def message(number):
    """About 140 KB, no two alike."""
    block = hashlib.sha256(str(number).encode()).hexdigest()
    lines = "\r\n".join(f"{block} {line}" for line in range(1900))
    return (f"From: Ben <ben@sender.test>\r\nTo: Ann <ann@example.test>\r\nSubject: number {number}\r\n\r\n{lines}\r\n").encode()


class S3Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="telepost-s3-")
        cls.server = s3_server.S3Server(pathlib.Path(cls.folder.name) / "swift").start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.bucket = "t-" + self._testMethodName.replace("_", "-")[:50].rstrip("-")
        self.assertEqual(self.server.ask("PUT", f"/{self.bucket}")[0], 200)
        self.home = pathlib.Path(tempfile.mkdtemp(dir=self.folder.name))
        (self.home / "policies").mkdir()
        (self.home / "policies/classes.xml").write_text(CLASSES)
        self.telepost = self.store(self.home / "one")

    def store(self, folder, **changed):
        settings = {"endpoint": self.server.endpoint, "bucket": self.bucket, "prefix": "mail/", "access_key": s3_server.ACCESS_KEY,
                    "secret_file": str(self.server.secret_file), "timeout": "PT30S", **changed}
        lines = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
        server = telepost.Telepost(folder, more=f'[archive]\n{lines}[policies]\npath = "{self.home / "policies"}"\n')
        self.addCleanup(lambda: server.process and server.process.poll() is None and server.stop())
        return server

    def run_telepost(self, server, *words):
        """The answer whatever its exit code."""
        return subprocess.run([str(server.program), *words, "--config", str(server.configuration)], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)

    def deliver(self, server, number):
        answer = server.command("message", "deliver", "-", "--to", "ann@example.test", "--received", LONG_AGO, "--json", input=message(number))
        return json.loads(answer)["id"]

    # Without the server, or it begins while some are still to come, and what comes then may stay under the allocation.
    def fill(self, server, count=12):
        server.start()
        server.stop()
        sent = {self.deliver(server, number): message(number) for number in range(count)}
        server.start()
        return sent

    def archive(self):
        """Everything that is due; what it makes due itself comes next."""
        for _ in range(60):
            self.assertIn(self.run_telepost(self.telepost, "sweep", "--kind", "archive").returncode, (0, 75))
            shown = self.telepost.command_json("message", "list", "ann@example.test", "--limit", "0")
            tiers = [self.telepost.command_json("message", "show", one["id"])[0]["tier"] for one in shown]
            if tiers.count("online") <= 4:
                return [one["id"] for one, tier in zip(shown, tiers) if tier == "archived"]
        self.fail(f"only {tiers.count('archived')} of {len(tiers)} were archived{self.telepost.log_tail()}")

    def keys(self):
        status, body = self.server.ask("GET", f"/{self.bucket}", {"list-type": "2"})
        self.assertEqual(status, 200)
        return [part.split("</Key>")[0] for part in body.decode().split("<Key>")[1:]]

    def source(self, identifier):
        return self.telepost.command("message", "export", identifier, "--eml", "--as-arrived")

    def test_sources_go_there_and_are_read_there(self):
        sent = self.fill(self.telepost)
        archived = self.archive()
        keys = self.keys()
        self.assertEqual(len(keys), len(archived) + 1, keys)  # and whose archive it is
        self.assertTrue(all(key.startswith("mail/") for key in keys))
        for identifier, source in sent.items():
            self.assertEqual(self.source(identifier), source)
        self.telepost.command("verify")
        self.telepost.command("account", "delete", "ann@example.test")
        self.telepost.stop()
        self.assertIn(self.run_telepost(self.telepost, "sweep", "--kind", "reclaim").returncode, (0, 75))
        self.assertEqual(self.keys(), ["mail/telepost-store"])

    def test_a_server_that_stops_answering_costs_the_read_and_no_list(self):
        sent = self.fill(self.telepost)
        archived = self.archive()
        self.telepost.stop()
        self.telepost = self.store(self.home / "one", timeout="PT5S").start()
        self.server.pause()
        try:
            failed = self.run_telepost(self.telepost, "message", "export", archived[0], "--eml")
            self.assertEqual(failed.returncode, 75, failed.stderr)
            self.assertIn(b"archive", failed.stderr)
            self.assertEqual(len(self.telepost.command_json("message", "list", "ann@example.test")), len(sent))
        finally:
            self.server.go_on()
        self.assertEqual(self.source(archived[0]), sent[archived[0]])

    def test_a_wrong_secret_is_told(self):
        self.fill(self.telepost)
        archived = self.archive()
        self.telepost.stop()
        wrong = self.home / "wrong"
        wrong.write_text("something else\n")
        denied = self.store(self.home / "one", secret_file=str(wrong)).start()
        failed = self.run_telepost(denied, "message", "export", archived[0], "--eml")
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn(b"SignatureDoesNotMatch", failed.stderr)

    def test_another_store_keeps_out(self):
        self.fill(self.telepost)
        self.archive()
        other = self.store(self.home / "two")
        self.fill(other)
        before = self.keys()
        log = self.home / "two/telepost.log"
        for _ in range(60):
            self.run_telepost(other, "sweep", "--kind", "archive")
            if "the archive belongs to another store" in log.read_text():
                break
        else:
            self.fail("the other store never met the archive")
        self.assertEqual(self.keys(), before)
        for one in other.command_json("message", "list", "ann@example.test", "--limit", "0"):
            self.assertEqual(other.command_json("message", "show", one["id"])[0]["tier"], "online")


if __name__ == "__main__":
    unittest.main()

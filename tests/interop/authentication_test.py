"""The real program against a name server of the test's own: what dkimpy signed passes, what was forged is refused, and `telepost dkim
record` shows what the DNS must hold."""
import base64
import json
import re
import subprocess
import unittest

import name_server
import peers
import telepost

AUTHOR = b"""From: Ann <ann@example.com>\r
To: <ann@example.test>\r
Subject: signed\r
Date: Fri, 20 Nov 2026 10:00:00 +0000\r
Message-ID: <1@example.com>\r
\r
Hello.\r
"""


class AuthenticationTest(peers.InteropTest):
    def setUp(self):
        super().setUp()
        self.telepost.stop()
        self.key = self.folder / "key.pem"
        self.run_peer("openssl", "genrsa", "-traditional", "-out", self.key, "2048")
        public = self.run_peer("openssl", "rsa", "-in", self.key, "-pubout", "-outform", "DER")
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
        self.names = name_server.NameServer({
            "s1._domainkey.example.com": self.record,
            "_dmarc.example.com": "v=DMARC1; p=reject",
            "sender.test": "v=spf1 ip4:127.0.0.1 -all",
        })
        self.addCleanup(self.names.close)
        overrides = [f"dns.servers=127.0.0.1:{self.names.port}", "authentication.exempt=[]", "smtp.hostname=mx.example.test"]
        self.telepost = telepost.Telepost(self.folder / "asking", overrides=overrides).start()
        self.addCleanup(self.telepost.stop)

    def swaks(self, message):
        path = self.folder / "message.eml"
        path.write_bytes(message + b".")
        return subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.telepost.listeners["smtp"]), "--helo", "client.test",
                               "--from", "ben@sender.test", "--to", "ann@example.test", "--data", f"@{path}", "--no-data-fixup"],
                              capture_output=True, text=True, timeout=60)

    def test_signed_message_passes_and_a_changed_one_is_refused(self):
        signed = self.run_peer("/usr/bin/python3", "-B", peers.ROOT / "tests/interop/dkim_signer.py", "s1", self.key, stdin=AUTHOR)
        answer = self.swaks(signed)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        listed = self.wait_for_messages("ann@example.test", 1)
        self.assertEqual(self.as_arrived(listed[0]), signed)
        source = self.telepost.command("message", "export", listed[0]["id"], "--eml").decode()
        results = re.search(r"(?m)^Authentication-Results: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", source).group(1)
        self.assertTrue(results.startswith("mx.example.test;"), results)
        for expected in ("spf=pass", "smtp.mailfrom=ben@sender.test", "dkim=pass", "header.d=example.com", "dmarc=pass (p=reject)"):
            self.assertIn(expected, results)
        refused = self.swaks(signed.replace(b"Hello", b"Hullo"))
        self.assertIn("550 5.7.1", refused.stdout)
        self.wait_for_messages("ann@example.test", 1)

    def test_record_is_what_openssl_says_of_the_key(self):
        row = f'[[dkim]]\ndomain = "example.com"\nselector = "s1"\nkey_file = "{self.key}"\n'
        with open(self.telepost.configuration, "a") as file:
            file.write(row)
        shown = json.loads(self.telepost.command("dkim", "record", "--json"))
        self.assertEqual(shown, {"name": "s1._domainkey.example.com", "type": "TXT", "record": self.record})
        line = self.telepost.command("dkim", "record", "example.com").decode()
        self.assertTrue(line.startswith('s1._domainkey.example.com. IN TXT ( "v=DKIM1; k=rsa; p='), line)
        self.assertEqual("".join(re.findall(r'"([^"]*)"', line)), self.record)
        self.assertEqual(self.telepost.command("dkim", "record", "other.test"), b"")


if __name__ == "__main__":
    unittest.main()

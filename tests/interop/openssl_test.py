"""openssl s_client on the other side of TLS: STARTTLS and TLS from the first byte, certificates by name, new ones on SIGHUP."""
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import peers
import telepost


class OpensslTest(peers.InteropTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="telepost-interop-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Authority of tests",
                     "-keyout", "ca.key", "-out", "ca.pem")

    def start(self, *overrides):
        self.telepost = telepost.Telepost(self.folder / "telepost", overrides=(
            'smtp.listen_tls=["127.0.0.1:0"]', "smtp.hostname=mx.example.test", *overrides)).start()
        self.addCleanup(self.telepost.stop)

    def start_with(self, *names):
        rows = ",".join(f'{{chain="{self.folder}/{name}.pem",key="{self.folder}/{name}.key"}}' for name in names)
        for name in names:
            self.issue(name)
        self.start(f"tls.certificates=[{rows}]")

    def openssl(self, *arguments, stdin=b"", check=True):
        answer = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, timeout=60, cwd=self.folder)
        said = (answer.stdout + answer.stderr).decode(errors="replace")
        if check:
            self.assertEqual(answer.returncode, 0, said)
        return answer.returncode, said

    def issue(self, name):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-copy_extensions", "copy", "-days", "2", "-out", f"{name}.pem")

    def talk(self, *options, words=b"EHLO client.test\r\nQUIT\r\n", check=True):
        listener = "smtp" if "-starttls" in options else "smtp-tls"
        return self.openssl("s_client", "-connect", f"127.0.0.1:{self.telepost.listeners[listener]}", *options,
                            "-CAfile", "ca.pem", stdin=words, check=check)

    def fingerprint(self, *options):
        said = self.talk("-ign_eof", *options)[1]
        pem = said[said.index("-----BEGIN CERT"):said.index("-----END CERT")] + "-----END CERTIFICATE-----\n"
        return self.openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=pem.encode())[1]

    def test_starttls_proves_the_name_and_begins_anew(self):
        self.start_with("mx.example.test")
        said = self.talk("-starttls", "smtp", "-servername", "mx.example.test", "-verify_hostname", "mx.example.test",
                         "-verify_return_error", "-quiet", "-brief")[1]
        self.assertIn("Protocol version: TLSv1.3", said)
        self.assertIn("Verification: OK", said)
        self.assertIn("250-mx.example.test", said)
        self.assertNotIn("STARTTLS", said)  # RFC 3207 section 4.2: not offered a second time
        self.assertIn("221 ", said)

    def test_tls_from_the_first_byte_greets_within(self):
        self.start_with("mx.example.test")
        for version in ("-tls1_2", "-tls1_3"):
            said = self.talk("-servername", "mx.example.test", "-verify_return_error", "-quiet", version)[1]
            self.assertIn("220 mx.example.test", said)
            self.assertIn("221 ", said)

    def test_older_versions_and_weak_ciphers_are_refused(self):
        self.start_with("mx.example.test")
        for options in (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
                        ("-tls1_2", "-cipher", "AES128-SHA"), ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")):
            code, said = self.talk(*options, check=False)
            self.assertNotEqual(code, 0, said)
            self.assertIn("alert", said)

    def test_certificate_is_chosen_by_name(self):
        self.start_with("mx.example.test", "mx.other.test")
        for asked, shown in (("mx.other.test", "mx.other.test"), ("mx.example.test", "mx.example.test"),
                             ("nobody.test", "mx.example.test")):
            said = self.talk("-starttls", "smtp", "-servername", asked, "-quiet", "-brief")[1]
            self.assertIn(f"Peer certificate: CN = {shown}", said)

    def test_session_is_resumed_by_its_ticket(self):
        self.start_with("mx.example.test")
        self.talk("-ign_eof", "-tls1_2", "-sess_out", "session.pem")
        self.assertIn("Reused, TLSv1.2", self.talk("-ign_eof", "-tls1_2", "-sess_in", "session.pem")[1])

    def test_renegotiation_is_refused(self):
        self.start_with("mx.example.test")
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.telepost.listeners['smtp-tls']}", "-tls1_2", "-CAfile", "ca.pem"]
        with subprocess.Popen(command, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
            said = b""
            while b"\n220 " not in said:  # OpenSSL takes no greeting in the middle of a handshake
                line = client.stdout.readline()
                self.assertTrue(line, said)
                said += line
            said += client.communicate(b"R\n", timeout=60)[0]
        self.assertIn(b"no renegotiation", said)

    def test_self_made_certificate_serves_who_asks_for_no_proof(self):
        self.start()
        said = self.talk("-starttls", "smtp", "-quiet", "-brief")[1]
        self.assertIn("Peer certificate: CN = mx.example.test", said)
        self.assertIn("Verification error: self-signed certificate", said)
        self.assertIn("221 ", said)
        first = self.fingerprint()
        self.telepost.stop()
        self.telepost.start()
        self.assertEqual(self.fingerprint(), first)

    def hang_up_until(self, is_there):
        end = time.monotonic() + peers.ARRIVES_WITHIN_S
        self.telepost.process.send_signal(signal.SIGHUP)
        while time.monotonic() < end and not is_there():
            pass
        self.assertTrue(is_there())

    def test_new_certificates_are_shown_after_sighup_and_broken_ones_never(self):
        self.start_with("mx.example.test")
        before = self.fingerprint()
        self.issue("mx.example.test")
        self.hang_up_until(lambda: self.fingerprint() != before)
        after = self.fingerprint()
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", "mx.example.test.key")
        log = self.folder / "telepost/telepost.log"
        self.hang_up_until(lambda: "event=not_reloaded what=certificates" in log.read_text())
        self.assertEqual(self.fingerprint(), after)


if __name__ == "__main__":
    unittest.main()

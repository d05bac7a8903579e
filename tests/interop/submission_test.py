"""Mail clients log in and hand messages over: swaks, curl, msmtp and gsasl, each with its own TLS and SASL, and Python's smtplib, which here
writes a few bytes at a time."""
import base64
import re
import smtplib
import ssl
import subprocess
import unittest

import peers

MESSAGE = b"From: ann@example.test\r\nTo: bob@example.test\r\nSubject: hello\r\n\r\n.dots\r\n..\r\nend\r\n"


class SlowSmtp(smtplib.SMTP):
    """Every write is cut into pieces, so that no command and no line end comes whole."""

    def send(self, s):
        octets = s.encode("ascii") if isinstance(s, str) else bytes(s)
        for at in range(0, len(octets), 3):
            self.sock.sendall(octets[at:at + 3])


class SubmissionTest(peers.InteropTest):
    OVERRIDES = ("submission.listen=127.0.0.1:0", "submission.listen_tls=127.0.0.1:0", "submission.hostname=mx.example.test")

    def setUp(self):
        super().setUp()
        for address in ("ann@example.test", "bob@example.test"):
            self.telepost.command("account", "create", address)
        self.password = self.add_app_password("phone")

    def add_app_password(self, name):
        return self.telepost.command("account", "app-password", "add", "ann@example.test", name).decode().strip()

    def port(self, name="submission"):
        return str(self.telepost.listeners[name])

    def swaks(self, mechanism, password, *options):
        path = self.folder / "message.eml"
        path.write_bytes(re.sub(rb"(?m)^\.", b"..", MESSAGE) + b".")
        return ["swaks", "--server", "127.0.0.1", "--port", self.port(), "--tls", "--auth", mechanism, "--auth-user", "ann@example.test",
                "--auth-password", password, "--from", "ann@example.test", "--to", "bob@example.test", "--helo", "client.test",
                "--data", f"@{path}", "--no-data-fixup", *options]

    def assert_arrived(self):
        listed = self.wait_for_messages("bob@example.test", 1)
        source = self.telepost.command("message", "export", listed[0]["id"], "--eml").decode()
        trace, _, rest = source.partition("From: ann@example.test")
        self.assertIn("ESMTPSA", trace)
        self.assertEqual("From: ann@example.test" + rest, MESSAGE.decode())

    def test_swaks_by_plain(self):
        self.run_peer(*self.swaks("PLAIN", self.password))
        self.assert_arrived()

    def test_swaks_by_login(self):
        self.run_peer(*self.swaks("LOGIN", self.password))
        self.assert_arrived()

    def test_swaks_with_a_wrong_or_revoked_password(self):
        tablet = self.add_app_password("tablet")
        self.telepost.command("account", "app-password", "revoke", "ann@example.test", "tablet")
        for password in ("wrong", tablet):
            answer = subprocess.run(self.swaks("PLAIN", password), capture_output=True, text=True, timeout=60)
            self.assertEqual(answer.returncode, 28, answer.stdout)  # swaks: authentication failed
            self.assertRegex(answer.stdout, r"<~\* 535 5\.7\.8")

    def curl(self, scheme, listener, *options):
        path = self.folder / "message.eml"
        path.write_bytes(MESSAGE)
        self.run_peer("curl", "--silent", "--show-error", "--insecure", f"{scheme}://127.0.0.1:{self.port(listener)}/client.test",
                      "--user", f"ann@example.test:{self.password}", "--mail-from", "ann@example.test", "--mail-rcpt", "bob@example.test",
                      "--upload-file", path, *options)

    def test_curl_by_implicit_tls(self):
        self.curl("smtps", "submission-tls", "--login-options", "AUTH=PLAIN")
        self.assert_arrived()

    def test_curl_by_starttls(self):
        self.curl("smtp", "submission", "--ssl-reqd", "--login-options", "AUTH=LOGIN")
        self.assert_arrived()

    def msmtp(self, *options):
        self.run_peer("msmtp", "--host=127.0.0.1", "--domain=client.test", "--user=ann@example.test", f"--passwordeval=echo {self.password}",
                      "--from=ann@example.test", "--tls=on", "--tls-certcheck=off", "--auth=scram-sha-256", *options, "bob@example.test",
                      stdin=MESSAGE.replace(b"\r\n", b"\n"))
        self.assert_arrived()

    def test_msmtp_by_scram_over_starttls(self):
        self.msmtp(f"--port={self.port()}", "--tls-starttls=on")

    def test_msmtp_by_scram_over_implicit_tls(self):
        self.msmtp(f"--port={self.port('submission-tls')}", "--tls-starttls=off")

    # GNU SASL binds to the TLS channel: by tls-exporter in TLS 1.3, by tls-unique in 1.2. Only the password's owner gets 235.
    def gsasl(self, versions, password):
        return subprocess.run(["gsasl", "--smtp", f"--connect=127.0.0.1:{self.port()}", "--mechanism=SCRAM-SHA-256-PLUS",
                               "--authentication-id=ann@example.test", "--authorization-id=", f"--password={password}", "--x509-ca-file=",
                               f"--priority=NORMAL:-VERS-ALL:+VERS-{versions}"], input=b"", capture_output=True, timeout=60)

    def test_gsasl_by_scram_plus(self):
        for versions, binding in (("TLS1.3", b"p=tls-exporter,"), ("TLS1.2", b"p=tls-unique")):
            answer = self.gsasl(versions, self.password)
            self.assertEqual(answer.returncode, 0, answer.stdout)
            self.assertIn(b"\n235 2.7.0 ", answer.stdout)
            self.assertIn(base64.b64encode(binding), answer.stdout)  # of a multiple of three bytes: the same in the whole
            self.assertNotIn(b"\n235 ", self.gsasl(versions, "wrong").stdout)

    def test_smtplib_a_few_bytes_at_a_time(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with SlowSmtp("127.0.0.1", int(self.port()), local_hostname="client.test") as client:
            client.starttls(context=context)
            client.login("ann@example.test", self.password)
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail("bob@example.test", ["bob@example.test"], MESSAGE)
            self.assertEqual(refused.exception.smtp_code, 550)
            client.sendmail("ann@example.test", ["bob@example.test"], MESSAGE)
        self.assert_arrived()

    def test_openssl_gets_nothing_below_tls_1_2(self):
        for version, succeeds in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            answer = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port('submission-tls')}", version, "-brief",
                                     "-cipher", "ALL:@SECLEVEL=0"], input=b"QUIT\r\n", capture_output=True, timeout=60)
            self.assertEqual(b"CONNECTION ESTABLISHED" in answer.stderr, succeeds, answer.stderr)


if __name__ == "__main__":
    unittest.main()

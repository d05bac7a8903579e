"""JMAP from outside: the real program over HTTP, with app passwords, in plain text and in TLS."""
import http.client
import json
import pathlib
import ssl
import sys
import tempfile
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import CORE, basic  # noqa: E402
from telepost import Telepost  # noqa: E402


class Jmap(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Telepost(folder.name, level="info", overrides=(
            "jmap.listen=127.0.0.1:0", "jmap.listen_tls=127.0.0.1:0", "jmap.max_size_request=64KiB", "jmap.max_calls_in_request=4",
            "jmap.max_size_upload=4MiB")).start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())
        self.server.command("account", "create", "ann@example.test")
        [added] = self.server.command_json("account", "app-password", "add", "ann@example.test", "laptop")
        self.login = basic("ann@example.test", added["password"])

    def ask(self, method, path, body=None, login=None, tls=False, fields=()):
        port = self.server.listeners["jmap-tls" if tls else "jmap"]
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.addCleanup(connection.close)
        headers = {"Content-Type": "application/json", **dict(fields)}
        if login is not None:
            headers["Authorization"] = login
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def call(self, request, **more):
        answer, body = self.ask("POST", "/jmap/api", json.dumps(request) if not isinstance(request, (str, bytes)) else request,
                                login=self.login, **more)
        return answer.status, json.loads(body)


class JmapTest(Jmap):
    def test_the_session_object_tells_what_there_is(self):
        for tls in (False, True):
            answer, body = self.ask("GET", "/.well-known/jmap", login=self.login, tls=tls)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.getheader("Content-Type"), "application/json")
            self.assertIn("no-store", answer.getheader("Cache-Control"))
            self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
            self.assertIsNone(answer.getheader("Access-Control-Allow-Credentials"))
            session = json.loads(body)
            self.assertEqual(session["capabilities"][CORE]["maxCallsInRequest"], 4)
            self.assertEqual(session["capabilities"][CORE]["maxSizeRequest"], 65536)
            [(account, about)] = session["accounts"].items()
            self.assertRegex(account, "^a[0-9a-f]{16}$")
            self.assertEqual(about["name"], "ann@example.test")
            self.assertTrue(about["isPersonal"])
            self.assertEqual(session["username"], "ann@example.test")
            scheme = "https" if tls else "http"
            self.assertTrue(session["apiUrl"].startswith(scheme + "://127.0.0.1:"))
            self.assertTrue(session["apiUrl"].endswith("/jmap/api"))
            for name, words in {"downloadUrl": ("accountId", "blobId", "type", "name"), "uploadUrl": ("accountId",),
                                "eventSourceUrl": ("types", "closeafter", "ping")}.items():
                for word in words:  # RFC 8620 section 2: each must be there
                    self.assertIn("{" + word + "}", session[name])

    def test_a_request_is_answered_and_its_errors_are_those_of_the_rfc(self):
        status, body = self.call({"using": [CORE], "methodCalls": [["Core/echo", {"hello": True, "high": 5}, "b3ff"]]})
        self.assertEqual(status, 200)
        self.assertEqual(body["methodResponses"], [["Core/echo", {"hello": True, "high": 5}, "b3ff"]])
        session = json.loads(self.ask("GET", "/.well-known/jmap", login=self.login)[1])
        self.assertEqual(body["sessionState"], session["state"])
        problems = {
            "notJSON": ['{"using":', b"\xff", '{"using":[],"using":[],"methodCalls":[]}'],
            "notRequest": ["[]", '{"using":[]}'],
            "unknownCapability": [{"using": ["urn:example:no"], "methodCalls": []}],
            "limit": [{"using": [CORE], "methodCalls": [["Core/echo", {}, "0"]] * 5},
                      {"using": [CORE], "methodCalls": [["Core/echo", {"x": "x" * 70000}, "0"]]}],
        }
        for kind, requests in problems.items():
            for request in requests:
                status, body = self.call(request)
                self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:" + kind), request)
        status, body = self.call("{}", fields={"Content-Type": "text/plain"}.items())
        self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:notJSON"))

    def test_only_an_app_password_logs_in_and_none_once_it_is_revoked(self):
        wrong = (None, "Bearer x", "Basic !", basic("ann@example.test", "wrong"), basic("nobody@example.test", "wrong"))
        for login in wrong:
            answer, _ = self.ask("GET", "/.well-known/jmap", login=login)
            self.assertEqual(answer.status, 401, login)
            self.assertTrue(answer.getheader("WWW-Authenticate").startswith("Basic "))
        self.assertEqual(self.ask("GET", "/.well-known/jmap", login=self.login)[0].status, 200)
        self.assertEqual(self.ask("GET", "/.well-known/jmap", login=self.login)[0].status, 200)
        self.server.command("account", "app-password", "revoke", "ann@example.test", "laptop")
        self.assertEqual(self.ask("GET", "/.well-known/jmap", login=self.login)[0].status, 401)

    def test_routes_and_pages_of_other_origins(self):
        self.assertEqual(self.ask("GET", "/jmap/nothing", login=self.login)[0].status, 404)
        answer, _ = self.ask("GET", "/jmap/api", login=self.login)
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "POST"))
        answer, _ = self.ask("OPTIONS", "/jmap/api", fields={"Origin": "https://app.example.test", "Access-Control-Request-Method": "POST",
                                                               "Access-Control-Request-Headers": "authorization, content-type"}.items())
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("Authorization", answer.getheader("Access-Control-Allow-Headers"))
        self.assertIn("POST", answer.getheader("Access-Control-Allow-Methods"))


class JmapTransferTest(Jmap):
    """RFC 8620 sections 6.1 and 6.2."""

    def setUp(self):
        super().setUp()
        session = json.loads(self.ask("GET", "/.well-known/jmap", login=self.login)[1])
        self.account = session["primaryAccounts"].get(CORE) or next(iter(session["accounts"]))

    def upload(self, content, type="image/png", account=None, login=None):
        return self.ask("POST", f"/jmap/upload/{account or self.account}/", content, login=login or self.login, fields={"Content-Type": type}.items())

    def download(self, blob, name="a.bin", accept=None, fields=()):
        accept = f"?accept={urllib.parse.quote(accept, safe='')}" if accept else ""
        return self.ask("GET", f"/jmap/download/{self.account}/{blob}/{urllib.parse.quote(name)}{accept}", login=self.login, fields=fields)

    def test_what_was_uploaded_comes_back(self):
        content = bytes(range(256)) * 12_000  # three chunks
        answer, body = self.upload(content)
        self.assertEqual(answer.status, 201)
        blob = json.loads(body)
        self.assertEqual({**blob, "blobId": "u"}, {"accountId": self.account, "blobId": "u", "type": "image/png", "size": len(content)})
        answer, body = self.download(blob["blobId"])
        self.assertEqual((answer.status, body == content), (200, True))
        self.assertEqual(answer.getheader("Content-Type"), "image/png")
        answer, body = self.download(blob["blobId"], fields=(("Range", "bytes=1048570-1048580"),))
        self.assertEqual((answer.status, body), (206, content[1048570:1048581]))
        self.assertEqual(answer.getheader("Content-Range"), f"bytes 1048570-1048580/{len(content)}")
        answer, body = self.download(blob["blobId"], fields=(("If-None-Match", answer.getheader("ETag")),))
        self.assertEqual((answer.status, body), (304, b""))

    def test_a_browser_runs_nothing_of_it(self):
        blob = json.loads(self.upload(b"<script>alert(1)</script>", "text/html")[1])["blobId"]
        for accept in (None, "text/html", "image/svg+xml", "application/javascript"):
            answer, _ = self.download(blob, "Z\u00fcge; x.html", accept)
            self.assertEqual(answer.getheader("Content-Type"), "application/octet-stream")
            self.assertTrue(answer.getheader("Content-Disposition").startswith("attachment; filename="))
            self.assertIn("filename*=UTF-8''Z%c3%bcge", answer.getheader("Content-Disposition"))
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(answer.getheader("Content-Security-Policy"), "sandbox; default-src 'none'")
        answer, _ = self.download(blob, accept="text/plain")
        self.assertEqual(answer.getheader("Content-Type"), "text/plain")
        self.assertTrue(answer.getheader("Content-Disposition").startswith("inline"))

    def test_only_its_owner_reaches_it(self):
        blob = json.loads(self.upload(b"secret")[1])["blobId"]
        self.server.command("account", "create", "bob@example.test")
        [added] = self.server.command_json("account", "app-password", "add", "bob@example.test", "laptop")
        bob = basic("bob@example.test", added["password"])
        path = f"/jmap/download/{self.account}/{blob}/a"
        self.assertEqual(self.ask("GET", path, login=bob)[0].status, 404)
        self.assertEqual(self.ask("GET", path)[0].status, 401)
        self.assertEqual(self.upload(b"x", login=bob)[0].status, 404)
        for missing in ("u99", "s99", "nonsense"):
            self.assertEqual(self.download(missing)[0].status, 404)

    def test_more_than_max_size_upload_is_a_limit(self):
        answer, body = self.upload(b"x" * (4 << 20))
        self.assertEqual(answer.status, 201)
        answer, body = self.upload(b"x" * ((4 << 20) + 1))
        self.assertEqual(answer.status, 400)
        self.assertEqual((json.loads(body)["type"], json.loads(body)["limit"]), ("urn:ietf:params:jmap:error:limit", "maxSizeUpload"))


if __name__ == "__main__":
    unittest.main()

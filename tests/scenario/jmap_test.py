"""JMAP from outside: the real program over HTTP, with app passwords, in plain text and in TLS, and behind a load balancer."""
import http.client
import json
import pathlib
import socket
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import CORE, JmapAccount, app_password, basic  # noqa: E402

FRONT = "127.0.0.7"  # another address than the one that the client of these tests connects from


def get_session(host, port, login, says="", source="127.0.0.1"):
    """What comes for one request of the session object, with this before it; all there is until the connection ends."""
    with socket.create_connection((host, port), 30, (source, 0)) as connection:
        connection.sendall(f"{says}GET /.well-known/jmap HTTP/1.1\r\nHost: mail.example.test\r\nAuthorization: {login}\r\nConnection: close\r\n\r\n".encode())
        heard = b""
        try:
            while piece := connection.recv(65536):
                heard += piece
        except ConnectionResetError:  # closed over what it had not read
            pass
    return heard.decode()


def address_of_this_machine():
    """One that is not loopback; None where there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


class JmapTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = JmapAccount(folder.name, overrides=("jmap.listen_tls=127.0.0.1:0", "jmap.max_size_request=64KiB", "jmap.max_calls_in_request=4"))
        self.addCleanup(self.jmap.stop)

    def test_the_session_object_tells_what_there_is(self):
        for tls in (False, True):
            answer, body = self.jmap.ask("GET", "/.well-known/jmap", tls=tls)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.getheader("Content-Type"), "application/json")
            self.assertIn("no-store", answer.getheader("Cache-Control"))
            self.assertEqual(answer.headers.get_all("Access-Control-Allow-Origin"), ["*"])
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
        status, body = self.jmap.post({"using": [CORE], "methodCalls": [["Core/echo", {"hello": True, "high": 5}, "b3ff"]]})
        self.assertEqual(status, 200)
        self.assertEqual(body["methodResponses"], [["Core/echo", {"hello": True, "high": 5}, "b3ff"]])
        self.assertEqual(body["sessionState"], self.jmap.get_json("/.well-known/jmap")["state"])
        problems = {
            "notJSON": ['{"using":', b"\xff", '{"using":[],"using":[],"methodCalls":[]}'],
            "notRequest": ["[]", '{"using":[]}'],
            "unknownCapability": [{"using": ["urn:example:no"], "methodCalls": []}],
            "limit": [{"using": [CORE], "methodCalls": [["Core/echo", {}, "0"]] * 5},
                      {"using": [CORE], "methodCalls": [["Core/echo", {"x": "x" * 70000}, "0"]]}],
        }
        for kind, requests in problems.items():
            for request in requests:
                status, body = self.jmap.post(request)
                self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:" + kind), request)
        status, body = self.jmap.post("{}", type="text/plain")
        self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:notJSON"))

    def test_only_an_app_password_logs_in_and_none_once_it_is_revoked(self):
        wrong = (None, "Bearer x", "Basic !", basic("ann@example.test", "wrong"), basic("nobody@example.test", "wrong"))
        for login in wrong:
            answer, _ = self.jmap.ask("GET", "/.well-known/jmap", login=login)
            self.assertEqual(answer.status, 401, login)
            is_token = login == "Bearer x"  # RFC 6750 section 3; no browser asks its person for one
            self.assertTrue(answer.getheader("WWW-Authenticate").startswith("Bearer " if is_token else "Basic "))
            # A browser that is challenged asks its person, and adds what was typed to what pages of others send here.
            answer, _ = self.jmap.ask("GET", "/.well-known/jmap", login=login, fields=(("Sec-Fetch-Mode", "cors"),))
            self.assertEqual(answer.status, 401)
            self.assertNotIn("Basic", answer.getheader("WWW-Authenticate") or "", login)
        self.assertEqual(self.jmap.ask("GET", "/.well-known/jmap")[0].status, 200)
        self.assertEqual(self.jmap.ask("GET", "/.well-known/jmap")[0].status, 200)
        self.jmap.server.command("account", "app-password", "revoke", "ann@example.test", "laptop")
        self.assertEqual(self.jmap.ask("GET", "/.well-known/jmap")[0].status, 401)

    def test_routes_and_pages_of_other_origins(self):
        self.assertEqual(self.jmap.ask("GET", "/jmap/nothing")[0].status, 404)
        answer, _ = self.jmap.ask("GET", "/jmap/api")
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "POST"))
        answer, _ = self.jmap.ask("OPTIONS", "/jmap/api", login=None, fields=(
            ("Origin", "https://app.example.test"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization, content-type")))
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("Authorization", answer.getheader("Access-Control-Allow-Headers"))
        self.assertIn("POST", answer.getheader("Access-Control-Allow-Methods"))
        # A page hears of refusals, too, also of those to what is no request.
        connection = http.client.HTTPConnection("127.0.0.1", self.jmap.server.listeners["jmap"], timeout=30)
        self.addCleanup(connection.close)
        connection.putrequest("GET", "/jmap/api", skip_host=True)
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers.get_all("Access-Control-Allow-Origin")), (400, ["*"]))
        self.assertEqual(answer.headers.get_all("X-Content-Type-Options"), ["nosniff"])

    def test_a_page_posts_by_scripts_alone(self):
        echo = json.dumps({"using": [CORE], "methodCalls": [["Core/echo", {}, "0"]]})
        for mode, status in (("cors", 200), ("same-origin", 200), ("no-cors", 403), ("navigate", 403)):
            answer, _ = self.jmap.ask("POST", "/jmap/api", echo, (("Content-Type", "application/json"), ("Sec-Fetch-Mode", mode)))
            self.assertEqual(answer.status, status, mode)

    def test_secrets_are_not_packed_beside_what_strangers_wrote(self):
        echo = json.dumps({"using": [CORE], "methodCalls": [["Core/echo", {"x": "x" * 10_000}, "0"]]})
        answer, body = self.jmap.ask("POST", "/jmap/api", echo, (("Content-Type", "application/json"), ("Accept-Encoding", "gzip")))
        self.assertEqual((answer.status, answer.getheader("Content-Encoding")), (200, None))
        self.assertEqual(json.loads(body)["methodResponses"][0][1], {"x": "x" * 10_000})


class LoginTest(unittest.TestCase):
    """Passwords are taken in TLS alone, but for this machine and for fronts that are trusted, where TLS may end."""

    def start(self, *overrides):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        account = JmapAccount(folder.name, overrides=overrides)
        self.addCleanup(account.stop)
        return account.server.listeners["jmap"], account.login

    def test_a_trusted_front_speaks_for_its_client(self):
        port, login = self.start(f'jmap.trusted_fronts=["{FRONT}"]')
        answer = get_session("127.0.0.1", port, login, "PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n", FRONT)
        self.assertTrue(answer.startswith("HTTP/1.1 200 "), answer)
        self.assertIn('"apiUrl":"https://mail.example.test/', answer)
        self.assertEqual(get_session("127.0.0.1", port, login, source=FRONT), "")  # a front says for whom it speaks
        answer = get_session("127.0.0.1", port, login, "PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n")
        self.assertNotIn("apiUrl", answer)                                         # and nobody else does
        answer = get_session("127.0.0.1", port, login)
        self.assertIn('"apiUrl":"http://mail.example.test/', answer)

    def test_a_password_in_plain_text_from_elsewhere_is_refused(self):
        address = address_of_this_machine()
        if address is None:
            self.skipTest("this machine has no address but loopback")
        port, login = self.start("jmap.listen=0.0.0.0:0")
        answer = get_session(address, port, login, source=address)
        self.assertTrue(answer.startswith("HTTP/1.1 403 "), answer)
        self.assertIn("passwords are taken in TLS alone", answer)


class JmapTransferTest(unittest.TestCase):
    """RFC 8620 sections 6.1 and 6.2."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = JmapAccount(folder.name, overrides=("jmap.max_size_upload=4MiB",))
        self.addCleanup(self.jmap.stop)

    def upload(self, content, type="image/png", **login):
        return self.jmap.ask("POST", f"/jmap/upload/{self.jmap.account}/", content, (("Content-Type", type),), **login)

    def test_what_was_uploaded_comes_back(self):
        content = bytes(range(256)) * 12_000  # three chunks
        answer, body = self.upload(content)
        self.assertEqual(answer.status, 201)
        blob = json.loads(body)
        self.assertEqual({**blob, "blobId": "u"}, {"accountId": self.jmap.account, "blobId": "u", "type": "image/png", "size": len(content)})
        answer, body = self.jmap.download(blob["blobId"])
        self.assertEqual((answer.status, body == content), (200, True))
        self.assertEqual(answer.getheader("Content-Type"), "image/png")
        answer, body = self.jmap.download(blob["blobId"], fields=(("Range", "bytes=1048570-1048580"),))
        self.assertEqual((answer.status, body), (206, content[1048570:1048581]))
        self.assertEqual(answer.getheader("Content-Range"), f"bytes 1048570-1048580/{len(content)}")
        answer, body = self.jmap.download(blob["blobId"], fields=(("If-None-Match", answer.getheader("ETag")),))
        self.assertEqual((answer.status, body), (304, b""))
        self.assertEqual(answer.headers.get_all("Access-Control-Allow-Origin"), ["*"])

    def test_a_browser_runs_nothing_of_it(self):
        blob = json.loads(self.upload(b"<script>alert(1)</script>", "text/html")[1])["blobId"]
        for accept in (None, "text/html", "image/svg+xml", "application/javascript"):
            answer, _ = self.jmap.download(blob, "Z\u00fcge; x.html", accept)
            self.assertEqual(answer.getheader("Content-Type"), "application/octet-stream")
            self.assertTrue(answer.getheader("Content-Disposition").startswith("attachment; filename="))
            self.assertIn("filename*=UTF-8''Z%C3%BCge", answer.getheader("Content-Disposition"))
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(answer.getheader("Content-Security-Policy"), "sandbox; default-src 'none'")
        answer, _ = self.jmap.download(blob, accept="text/plain")
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=utf-8")
        self.assertTrue(answer.getheader("Content-Disposition").startswith("inline"))

    def test_only_its_owner_reaches_it(self):
        blob = json.loads(self.upload(b"secret")[1])["blobId"]
        self.jmap.server.command("account", "create", "bob@example.test")
        bob = basic("bob@example.test", app_password(self.jmap.server, "bob@example.test"))
        path = f"/jmap/download/{self.jmap.account}/{blob}/a"
        self.assertEqual(self.jmap.ask("GET", path, login=bob)[0].status, 404)
        self.assertEqual(self.jmap.ask("GET", path, login=None)[0].status, 401)
        self.assertEqual(self.upload(b"x", login=bob)[0].status, 404)
        for missing in ("u99", "s99", "nonsense"):
            self.assertEqual(self.jmap.download(missing)[0].status, 404)

    def test_more_than_max_size_upload_is_a_limit(self):
        answer, body = self.upload(b"x" * (4 << 20))
        self.assertEqual(answer.status, 201)
        answer, body = self.upload(b"x" * ((4 << 20) + 1))
        self.assertEqual(answer.status, 400)
        self.assertEqual((json.loads(body)["type"], json.loads(body)["limit"]), ("urn:ietf:params:jmap:error:limit", "maxSizeUpload"))


if __name__ == "__main__":
    unittest.main()

"""Sign-in at the portal from outside, by the real program: sessions, second factors, and what each attack on them meets."""
import http.client
import json
import pathlib
import socket
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import CORE, MAIL, JmapClient, app_password, basic, until  # noqa: E402
from portal import ANN, HOST, PASSWORD, Portal, fresh_code, serving  # noqa: E402

KIND = "urn:telepost:access:"
EVIL = {"Origin": "https://evil.test"}
HANDSHAKE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Protocol": "jmap"}


class Stream:
    """A connection that stays open: an event stream or a WebSocket, by whatever fields log in."""

    def __init__(self, server, path, fields):
        self.socket = socket.create_connection(("127.0.0.1", server.listeners["jmap"]), 30)
        lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(1)
            if not piece:
                break
            head += piece
        self.status = int(head.split()[1])

    @staticmethod
    def begin(server, path, piece, size, portal):
        """A POST of JSON of which this piece has come."""
        begun = socket.create_connection(("127.0.0.1", server.listeners["jmap"]), 30)
        lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Origin: {portal.origin}", f"Cookie: {portal.cookie}", "Content-Type: application/json",
                 f"Content-Length: {size}", "", ""]
        begun.sendall("\r\n".join(lines).encode() + piece)
        Portal(server).get("/access/sessions")  # a turn of the server, by which it has the beginning, as a rule, and waits for the rest
        return begun

    def seconds_until_ended(self):
        """To the end of an event stream's last chunk, or to a WebSocket's Close frame with status 1008."""
        begun, heard = time.monotonic(), b""
        while not heard.endswith(b"0\r\n\r\n") and not heard.startswith(b"\x88"):
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(heard)
            heard += piece
        if heard.startswith(b"\x88") and heard[2:4] != (1008).to_bytes(2, "big"):
            raise AssertionError(heard)
        return time.monotonic() - begun

    def close(self):
        self.socket.close()


class AccessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = serving(folder.name)
        self.addCleanup(self.server.stop)
        self.portal = Portal(self.server)

    def signed_in(self, tls=False):
        portal = Portal(self.server, tls)
        self.assertEqual(portal.sign_in().status, 200)
        return portal

    def request(self, portal, using=(CORE, MAIL), **more):
        return portal.post("/jmap/api", {"using": using, "methodCalls": [["Core/echo", {}, "0"]]}, **more)

    def test_a_sign_in_gives_a_cookie_that_no_script_and_no_other_site_sees(self):
        for tls, name in ((True, "__Host-telepost"), (False, "telepost-session")):
            answer = Portal(self.server, tls).sign_in()
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(json.loads(answer.text)["username"], ANN)
            cookie, *attributes = answer.getheader("Set-Cookie").split("; ")
            self.assertRegex(cookie, f"^{name}=tps_[0-9a-f]{{16}}_[A-Za-z0-9_-]{{22}}$")
            self.assertLessEqual({"Path=/", "HttpOnly", "SameSite=Strict"}, set(attributes))
            self.assertEqual("Secure" in attributes, tls)
            self.assertNotIn("Domain", answer.getheader("Set-Cookie"))
            self.assertEqual(answer.getheader("Cache-Control"), "no-store")
            self.assertNotIn("tps_", answer.text)

    def test_a_session_speaks_jmap_and_ends(self):
        portal = self.signed_in()
        session = json.loads(portal.get("/.well-known/jmap").text)
        self.assertEqual(session["username"], ANN)
        self.assertIn(MAIL, session["capabilities"])
        self.assertEqual(self.request(portal).status, 200)
        cookie = portal.cookie
        self.assertEqual(portal.post("/access/sign-out").status, 204)
        self.assertIsNone(portal.cookie)
        portal.cookie = cookie
        answer = self.request(portal)
        self.assertEqual(answer.status, 401)
        self.assertIsNone(answer.getheader("WWW-Authenticate"))  # no browser asks its person
        self.assertEqual(portal.get("/access/sessions").status, 401)

    def test_wrong_passwords_and_unknown_names_are_refused_alike(self):
        wrong = self.portal.sign_in(password="wrong password")
        unknown = self.portal.sign_in(name="nobody@example.test")
        self.assertEqual((wrong.status, unknown.status), (401, 401))
        self.assertEqual(wrong.text, unknown.text)
        self.assertEqual(json.loads(wrong.text)["type"], KIND + "refused")
        self.assertIsNone(wrong.getheader("Set-Cookie"))
        self.server.command("account", "create", "ben@example.test")  # without a password
        self.assertEqual(self.portal.sign_in(name="ben@example.test", password="anything").text, wrong.text)
        password = app_password(self.server, ANN)
        self.assertEqual(self.portal.sign_in(password=password).status, 401)  # an app password opens no portal

    def test_what_is_no_sign_in_is_told_so(self):
        for body in ("", "[]", "{}", '{"name":"a"}', '{"name":"a","password":1}', '{"name":"a","password":"b","c":"d"}', "[" * 10_000):
            answer = self.portal.send("POST", "/access/sign-in", body, {"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, body[:40])
        self.assertEqual(self.portal.send("POST", "/access/sign-in", "name=a", {"Content-Type": "application/x-www-form-urlencoded"}).status, 415)
        self.assertEqual(self.portal.send("POST", "/access/sign-in", "x" * 20_000, {"Content-Type": "application/json"}).status, 413)
        self.assertEqual(self.portal.get("/access/sign-in").status, 405)
        self.assertEqual(self.portal.get("/access/none").status, 404)

    def test_guessing_waits(self):
        begun = time.monotonic()
        for _ in range(5):  # three are free, then a second and two
            self.assertEqual(self.portal.sign_in(password="wrong password").status, 401)
        self.assertGreater(time.monotonic() - begun, 2.5)

    def test_guesses_count_by_account_and_an_app_password_forgives_none(self):
        self.server.command("account", "alias", "add", ANN, "sales@example.test")
        login = {"Authorization": basic(ANN, app_password(self.server, ANN))}
        begun = time.monotonic()
        for name in (ANN, "sales@example.test", ANN, "sales@example.test", ANN):  # three are free, then a second and two
            self.assertEqual(self.portal.sign_in(name=name, password="wrong password").status, 401)
            self.assertEqual(self.portal.get("/.well-known/jmap", own=False, fields=login).status, 200)
        self.assertGreater(time.monotonic() - begun, 2.5)

    def test_a_name_of_anybody_that_leads_here_is_not_ours_in_plain_text(self):
        """DNS rebinding: the page's origin is the host that it asks for."""
        for host, status in (("evil.test", 403), ("evil.test:8080", 403), ("localhost.evil.test", 403), ("localhost:8080", 200), ("127.0.0.1:8080", 200),
                             ("[::1]", 200)):
            self.assertEqual(Portal(self.server, host=host).sign_in().status, status, host)
        self.assertEqual(Portal(self.server, tls=True, host="mail.example.test").sign_in().status, 200)

    def test_a_session_that_ends_before_its_request_is_whole_does_nothing(self):
        mine, stolen = self.signed_in(), self.signed_in()
        families = {one["isThis"]: one["family"] for one in mine.sessions()}
        body = json.dumps({"family": families[True]}).encode()
        slow = Stream.begin(self.server, "/access/sessions/revoke", body[:-1], len(body), stolen)
        self.assertEqual(mine.post("/access/sessions/revoke", {"family": families[False]}).status, 204)
        slow.sendall(body[-1:])
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        self.assertEqual((answer.status, json.loads(answer.read())["type"]), (401, KIND + "signedOut"))
        slow.close()
        self.assertEqual(mine.get("/access/sessions").status, 200)

    def test_pages_of_others_change_nothing_and_read_nothing(self):
        portal = self.signed_in()
        before = portal.sessions()
        for path, body in (("/access/sign-in", {"name": ANN, "password": PASSWORD}), ("/access/sign-out", {}), ("/access/sessions/revoke", {"family": "1"}),
                           ("/access/password", {"password": PASSWORD, "new": "another password"}), ("/access/second-factor/enrol", {"password": PASSWORD})):
            for fields in (EVIL, {"Origin": "null"}, {"Origin": "http://evil." + HOST}, {"Origin": "https://" + HOST}):
                self.assertEqual(portal.post(path, body, fields=fields).status, 403, (path, fields))
            self.assertEqual(portal.post(path, body, own=False).status, 403, path)  # no origin at all
        for fields in (EVIL, {"Origin": "null"}):
            answer = self.request(portal, fields=fields)
            self.assertEqual(answer.status, 403)
            self.assertNotIn("Access-Control-Allow-Credentials", dict(answer.getheaders()))
        self.assertEqual(self.request(portal, own=False).status, 403)
        for path in ("/access/sessions", "/.well-known/jmap", "/jmap/eventsource?types=*&closeafter=no&ping=0"):
            self.assertEqual(portal.get(path, own=False, fields={"Sec-Fetch-Site": "cross-site"}).status, 403, path)
            self.assertEqual(portal.get(path, fields=EVIL).status, 403, path)
        cookie = {"Cookie": portal.cookie}
        for origin in (EVIL, {"Sec-Fetch-Site": "same-origin"}, {}):
            self.assertEqual(Stream(self.server, "/jmap/ws", {**HANDSHAKE, **cookie, **origin}).status, 403)
        self.assertEqual(Stream(self.server, "/jmap/ws", {**HANDSHAKE, **cookie, "Origin": portal.origin}).status, 101)
        self.assertEqual([one["family"] for one in portal.sessions()], [one["family"] for one in before])
        self.assertEqual(Portal(self.server).sign_in().status, 200)  # with the old password

    def test_a_session_from_before_a_sign_in_is_none_after_it(self):
        """Fixation: what an attacker planted in the browser is not what the sign-in gives, and ends."""
        attacker = self.signed_in()
        victim = Portal(self.server)
        victim.cookie = attacker.cookie
        self.assertEqual(victim.sign_in().status, 200)
        self.assertNotEqual(victim.cookie, attacker.cookie)
        self.assertEqual(attacker.get("/access/sessions").status, 401)
        self.assertEqual(victim.get("/access/sessions").status, 200)
        victim.cookie += "; " + victim.cookie.split("=")[0] + "=tps_0000000000000000_0000000000000000000000"
        self.assertEqual(victim.get("/access/sessions").status, 401)  # of two nobody knows which is ours
        made_up = Portal(self.server)
        made_up.cookie = "telepost-session=chosen"
        self.assertEqual(made_up.sign_in().status, 200)
        self.assertNotIn("chosen", made_up.cookie)

    def test_sessions_are_listed_and_revoked_and_their_streams_close(self):
        mine, lost = self.signed_in(), self.signed_in()
        listed = mine.sessions()
        self.assertEqual([one["isThis"] for one in listed].count(True), 1)
        self.assertEqual({one["label"] for one in listed}, {"Browser of tests"})
        self.assertEqual({(one["kind"], one["address"]) for one in listed}, {("session", "127.0.0.1")})
        [family] = [one["family"] for one in listed if not one["isThis"]]
        cookie = {"Cookie": lost.cookie}
        streams = [Stream(self.server, "/jmap/eventsource?types=*&closeafter=no&ping=0", {**cookie, "Sec-Fetch-Site": "same-origin"}),
                   Stream(self.server, "/jmap/ws", {**HANDSHAKE, **cookie, "Origin": lost.origin})]
        self.assertEqual([stream.status for stream in streams], [200, 101])
        self.assertEqual(mine.post("/access/sessions/revoke", {"family": "99999999999"}).status, 404)
        self.assertEqual(mine.post("/access/sessions/revoke", {"family": "x"}).status, 400)
        self.assertEqual(mine.post("/access/sessions/revoke", {"family": family}).status, 204)
        for stream in streams:
            self.assertLess(stream.seconds_until_ended(), 5)
            stream.close()
        self.assertEqual(lost.get("/access/sessions").status, 401)
        self.assertEqual(mine.get("/access/sessions").status, 200)

    def test_nobody_sees_or_ends_the_sessions_of_another_account(self):
        self.server.command("account", "create", "ben@example.test")
        self.server.command("account", "password", "ben@example.test", input=b"ben's own password\n")
        ann, ben = self.signed_in(), Portal(self.server)
        self.assertEqual(ben.sign_in(name="ben@example.test", password="ben's own password").status, 200)
        self.assertEqual(len(ben.sessions()), 1)
        for one in ann.sessions():
            ben.post("/access/sessions/revoke", {"family": one["family"]})
        self.assertEqual(ann.get("/access/sessions").status, 200)

    def test_a_new_password_ends_all_other_sessions(self):
        mine, other = self.signed_in(), self.signed_in()
        cookie = mine.cookie
        self.assertEqual(mine.post("/access/password", {"password": "wrong password", "new": "another password"}).status, 401)
        self.assertEqual(mine.post("/access/password", {"password": PASSWORD, "new": "short"}).status, 400)
        self.assertEqual(mine.post("/access/password", {"password": PASSWORD, "new": "another password"}).status, 204)
        self.assertNotEqual(mine.cookie, cookie)
        self.assertEqual(mine.get("/access/sessions").status, 200)
        self.assertEqual(other.get("/access/sessions").status, 401)
        self.assertEqual(len(mine.sessions()), 1)
        self.assertEqual(Portal(self.server).sign_in().status, 401)
        self.assertEqual(Portal(self.server).sign_in(password="another password").status, 200)

    def test_the_second_factor(self):
        portal = self.signed_in()
        self.assertEqual(portal.post("/access/second-factor/enrol", {"password": "wrong password"}).status, 401)
        enrolled = json.loads(portal.post("/access/second-factor/enrol", {"password": PASSWORD}).text)
        self.assertTrue(enrolled["uri"].startswith("otpauth://totp/"))
        self.assertEqual(self.portal.sign_in().status, 200)  # nothing is asked before it is confirmed
        self.assertEqual(portal.post("/access/second-factor/confirm", {"password": PASSWORD, "code": "abcdef"}).status, 403)
        first = fresh_code(enrolled["secret"])
        confirmed = portal.post("/access/second-factor/confirm", {"password": PASSWORD, "code": first})
        self.assertEqual(confirmed.status, 200, confirmed.text)
        recovery = json.loads(confirmed.text)["recoveryCodes"]
        self.assertEqual(len(set(recovery)), 10)
        self.assertEqual(json.loads(portal.get("/access/second-factor").text), {"isOn": True, "isPending": False, "recoveryCodes": 10})
        wants = Portal(self.server).sign_in()
        self.assertEqual((wants.status, json.loads(wants.text)["type"]), (401, KIND + "wantsCode"))
        self.assertEqual(json.loads(Portal(self.server).sign_in(password="wrong password").text)["type"], KIND + "refused")
        self.assertEqual(json.loads(Portal(self.server).sign_in(code=recovery[0]).text)["username"], ANN)
        self.assertEqual(Portal(self.server).sign_in(code=recovery[0]).status, 401)  # once
        second = fresh_code(enrolled["secret"], used=(first,))
        self.assertEqual(Portal(self.server).sign_in(code=second).status, 200)
        self.assertEqual(Portal(self.server).sign_in(code=second).status, 401)  # once
        self.assertEqual(portal.post("/access/second-factor/remove", {"password": PASSWORD}).status, 401)
        self.assertEqual(portal.post("/access/second-factor/remove", {"password": PASSWORD, "code": recovery[1]}).status, 204)
        self.assertEqual(Portal(self.server).sign_in().status, 200)

    def test_with_a_second_factor_the_password_opens_the_portal_alone(self):
        portal = self.signed_in()
        secret = json.loads(portal.post("/access/second-factor/enrol", {"password": PASSWORD}).text)["secret"]
        portal.post("/access/second-factor/confirm", {"password": PASSWORD, "code": fresh_code(secret)})
        self.assertEqual(portal.get("/.well-known/jmap", cookie=False, own=False, fields={"Authorization": basic(ANN, PASSWORD)}).status, 401)
        client = JmapClient(self.server, basic(ANN, app_password(self.server, ANN)))  # those of devices go on
        client.close()

    def test_an_app_password_opens_what_it_was_made_for(self):
        [added] = self.server.command_json("account", "app-password", "add", ANN, "phone", "--scope", "contacts")
        login = {"Authorization": basic(ANN, added["password"])}
        session = json.loads(self.portal.get("/.well-known/jmap", fields=login).text)
        self.assertNotIn(MAIL, session["capabilities"])
        self.assertNotIn("urn:ietf:params:jmap:submission", session["capabilities"])
        self.assertIn("urn:ietf:params:jmap:contacts", session["capabilities"])
        refused = self.request(self.portal, fields=login)
        self.assertEqual((refused.status, json.loads(refused.text)["type"]), (400, "urn:ietf:params:jmap:error:unknownCapability"))
        with_mail = JmapClient(self.server, basic(ANN, app_password(self.server, ANN)))
        self.addCleanup(with_mail.close)
        with_mail.deliver(b"Subject: secret\r\n\r\nsecret\r\n")
        [email] = until(lambda: with_mail.call("Email/query")["ids"])
        blob = with_mail.call("Email/get", ids=[email], properties=["blobId"])["list"][0]["blobId"]
        path = f"/jmap/download/{with_mail.account}/{blob}/a"
        self.assertEqual(self.portal.get(path, fields={"Authorization": with_mail.login}).status, 200)
        self.assertEqual(self.portal.get(path, fields=login).status, 404)

    def test_an_idle_socket_of_a_revoked_app_password_closes(self):
        login = {"Authorization": basic(ANN, app_password(self.server, ANN, "laptop"))}
        streams = [Stream(self.server, "/jmap/ws", {**HANDSHAKE, **login}), Stream(self.server, "/jmap/eventsource?types=*&closeafter=no&ping=0", login)]
        self.assertEqual([stream.status for stream in streams], [101, 200])
        self.server.command("account", "app-password", "revoke", ANN, "laptop")
        for stream in streams:
            self.assertLess(stream.seconds_until_ended(), 5)
            stream.close()

    def test_logs_hold_nothing_that_was_typed(self):
        portal = self.signed_in()
        self.portal.sign_in(name="typed-into-the-wrong-field", password="wrong password")
        portal.sessions()
        log = (self.server.folder / "telepost.log").read_text()
        self.assertIn("sign_in", log)
        for secret in (PASSWORD, "wrong password", "typed-into-the-wrong-field", portal.cookie.split("=")[1]):
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main()

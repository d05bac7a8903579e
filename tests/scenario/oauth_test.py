"""OAuth 2.0 from outside (RFC 6749, 7009, 7636, 8252, 8414, 9207, 9700), by the real program: a person lets a program in, and what each
attack on that meets."""
import base64
import hashlib
import html
import http.client
import json
import pathlib
import re
import secrets
import smtplib
import sys
import tempfile
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import CORE, MAIL, app_password, basic  # noqa: E402
from portal import ANN, HOST, PASSWORD, Portal, fresh_code, serving  # noqa: E402

MAIL_SCOPE, CONTACTS_SCOPE, SETTINGS_SCOPE = "urn:ietf:params:oauth:scope:mail", "urn:ietf:params:oauth:scope:contacts", "urn:telepost:scope:settings"
REDIRECT = "https://client.example.test/back?from=telepost"
CLIENTS = f"""
[[oauth_clients]]
id = "mail.client"
name = "The <b>Mail</b> Client"
redirects = ["{REDIRECT}", "http://127.0.0.1/back", "test.example.mail:/back"]
scopes = ["mail", "send", "contacts"]
[[oauth_clients]]
id = "other.client"
name = "Another"
redirects = ["https://other.example.test/back"]
scopes = ["contacts"]
"""


class OauthTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = serving(folder.name, more=CLIENTS)
        self.addCleanup(self.server.stop)
        self.person = Portal(self.server)
        self.verifier = secrets.token_urlsafe(48)
        self.issuer = f"http://{HOST}"

    def asked(self, **changes):
        """The authorization endpoint with a right request, changed; None takes a parameter away."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        parameters = {"response_type": "code", "client_id": "mail.client", "redirect_uri": REDIRECT, "state": "a state & more", "scope": MAIL_SCOPE,
                      "code_challenge": challenge, "code_challenge_method": "S256", **changes}
        return "/oauth/authorize?" + urllib.parse.urlencode({name: value for name, value in parameters.items() if value is not None})

    def form_of(self, page):
        """Where its form goes, and the hidden value."""
        action = html.unescape(re.search(r'<form method="post" action="([^"]*)"', page.text).group(1))
        proof = re.search(r'name="proof" value="([0-9a-f]+)"', page.text)
        return action, proof.group(1) if proof else None

    def answered(self, answer, redirect=REDIRECT):
        """What a redirect tells the client."""
        self.assertEqual(answer.status, 303, answer.text)
        location = answer.getheader("Location")
        self.assertTrue(location.startswith(redirect), location)
        told = dict(urllib.parse.parse_qsl(location[len(redirect):].lstrip("?&")))
        self.assertEqual(told["iss"], self.issuer)
        return told

    def consent(self, path=None, act="allow"):
        if not self.person.cookie:
            self.assertEqual(self.person.sign_in().status, 200)
        page = self.person.get(path or self.asked())
        self.assertEqual(page.status, 200, page.text)
        action, proof = self.form_of(page)
        return self.person.submit(action, act=act, proof=proof)

    def code(self, **changes):
        return self.answered(self.consent(self.asked(**changes)), changes.get("redirect_uri", REDIRECT))["code"]

    def token(self, fields=(), **form):
        answer = Portal(self.server).submit("/oauth/token", fields, **{name: value for name, value in form.items() if value is not None})
        return answer, json.loads(answer.text)

    def exchange(self, code, **changes):
        return self.token(**{"grant_type": "authorization_code", "client_id": "mail.client", "code": code, "redirect_uri": REDIRECT,
                             "code_verifier": self.verifier, **changes})

    def refresh(self, token, **changes):
        return self.token(**{"grant_type": "refresh_token", "client_id": "mail.client", "refresh_token": token, **changes})

    def granted(self, **changes):
        answer, tokens = self.exchange(self.code(**changes), **({"redirect_uri": changes["redirect_uri"]} if "redirect_uri" in changes else {}))
        self.assertEqual(answer.status, 200, tokens)
        return tokens

    def session_by(self, token):
        return Portal(self.server).get("/.well-known/jmap", own=False, fields={"Authorization": "Bearer " + token})

    def assert_refused(self, answered, error, status=400):
        answer, body = answered
        self.assertEqual((answer.status, body.get("error")), (status, error), body)

    def test_metadata(self):
        answer = Portal(self.server).get("/.well-known/oauth-authorization-server", own=False)
        self.assertEqual(answer.getheader("Content-Type"), "application/json")
        told = json.loads(answer.text)
        self.assertEqual(told["issuer"], self.issuer)
        for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint"):
            self.assertTrue(told[name].startswith(self.issuer + "/oauth/"))
        self.assertEqual(told["code_challenge_methods_supported"], ["S256"])

    def test_the_whole_way_of_a_person_who_is_not_signed_in(self):
        page = self.person.get(self.asked(), own=False)
        self.assertEqual(page.status, 200)
        self.assertIn('name="password"', page.text)
        action, _ = self.form_of(page)
        wrong = self.person.submit(action, act="sign-in", name=ANN, password="wrong password", code="")
        self.assertEqual(wrong.status, 401)
        self.assertNotIn("wrong password", wrong.text)
        back = self.person.submit(action, act="sign-in", name=ANN, password=PASSWORD, code="")
        self.assertEqual((back.status, back.getheader("Location")), (303, action))
        page = self.person.get(back.getheader("Location"))
        self.assertIn(ANN, page.text)
        self.assertIn("&lt;b&gt;Mail&lt;/b&gt;", page.text)
        action, proof = self.form_of(page)
        told = self.answered(self.person.submit(action, act="allow", proof=proof))
        self.assertEqual(told["state"], "a state & more")
        self.assertRegex(told["code"], "^tpc_")
        answer, tokens = self.exchange(told["code"])
        self.assertEqual(answer.status, 200, tokens)
        self.assertEqual((answer.getheader("Cache-Control"), answer.getheader("Pragma")), ("no-store", "no-cache"))
        self.assertEqual((tokens["token_type"], tokens["expires_in"], tokens["scope"]), ("Bearer", 3600, MAIL_SCOPE))
        session = json.loads(self.session_by(tokens["access_token"]).text)
        self.assertEqual(session["username"], ANN)
        self.assertIn(MAIL, session["capabilities"])
        self.assertIn("urn:ietf:params:jmap:submission", session["capabilities"])
        self.assertNotIn("urn:ietf:params:jmap:contacts", session["capabilities"])

    def test_the_second_factor_is_asked_for_on_the_page(self):
        self.person.sign_in()
        secret = json.loads(self.person.post("/access/second-factor/enrol", {"password": PASSWORD}).text)["secret"]
        first = fresh_code(secret)
        self.person.post("/access/second-factor/confirm", {"password": PASSWORD, "code": first})
        browser = Portal(self.server)
        action, _ = self.form_of(browser.get(self.asked(), own=False))
        page = browser.submit(action, act="sign-in", name=ANN, password=PASSWORD, code="")
        self.assertEqual(page.status, 401)
        self.assertIn("authenticator", page.text)
        self.assertIsNone(browser.cookie)
        self.assertEqual(browser.submit(action, act="sign-in", name=ANN, password=PASSWORD, code=fresh_code(secret, (first,))).status, 303)
        self.assertIsNotNone(browser.cookie)

    def test_pages_cannot_be_framed_run_or_kept(self):
        self.person.sign_in()
        for page in (Portal(self.server).get(self.asked(), own=False), self.person.get(self.asked()), self.person.get(self.asked(client_id="none"))):
            policy = page.getheader("Content-Security-Policy")
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("script-src", policy)
            self.assertEqual((page.getheader("X-Frame-Options"), page.getheader("Cache-Control")), ("DENY", "no-store"))
            style = re.search(r"<style>(.*?)</style>", page.text, re.S).group(1)
            self.assertIn(base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(), policy)
            self.assertNotIn("<script", page.text)

    def test_who_comes_from_another_site_begins_anew_so_that_the_cookie_comes_along(self):
        self.person.sign_in()
        page = self.person.get(self.asked(), own=False, cookie=False, fields={"Sec-Fetch-Site": "cross-site"})
        again = html.unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text).group(1))
        self.assertIn("Allow", self.person.get(again).text)
        self.assertIn('name="password"', Portal(self.server).get(again, own=False, fields={"Sec-Fetch-Site": "cross-site"}).text)  # and never again

    def test_denying_and_signing_out(self):
        told = self.answered(self.consent(act="deny"))
        self.assertEqual((told["error"], told["state"]), ("access_denied", "a state & more"))
        self.assertNotIn("code", told)
        self.assertEqual(self.consent(act="sign-out").status, 303)
        self.assertIsNone(self.person.cookie)

    def test_nothing_is_sent_to_an_address_that_is_not_registered(self):
        self.person.sign_in()
        for redirect in ("https://evil.test/", REDIRECT + "x", REDIRECT.replace("https", "http"), REDIRECT.split("?")[0], "https://client.example.test@evil.test/back?from=telepost",
                         "http://localhost:9/back", "http://127.0.0.1:9/other", "javascript:alert(1)", "https://other.example.test/back", "", None):
            page = self.person.get(self.asked(redirect_uri=redirect))
            self.assertEqual((page.status, page.getheader("Location")), (400, None), redirect)
        self.assertEqual(self.person.get(self.asked(client_id="none")).status, 400)
        self.assertEqual(self.person.get(self.asked() + "&redirect_uri=https%3A%2F%2Fevil.test%2F").status, 400)
        action, proof = self.form_of(self.person.get(self.asked()))
        changed = action.replace(urllib.parse.quote(REDIRECT, safe=""), urllib.parse.quote("https://evil.test/", safe=""))
        self.assertNotEqual(changed, action)
        self.assertEqual(self.person.submit(changed, act="allow", proof=proof).status, 400)

    def test_loopback_takes_any_port_and_programs_their_own_scheme(self):
        for redirect in ("http://127.0.0.1:51004/back", "test.example.mail:/back"):
            tokens = self.granted(redirect_uri=redirect)
            self.assertEqual(self.session_by(tokens["access_token"]).status, 200)

    def test_what_is_wrong_with_a_request_is_told_to_the_client(self):
        for changes, error in (({"response_type": "token"}, "unsupported_response_type"), ({"code_challenge": None}, "invalid_request"),
                               ({"code_challenge_method": "plain"}, "invalid_request"), ({"scope": SETTINGS_SCOPE}, "invalid_scope")):
            told = self.answered(self.person.get(self.asked(**changes)))
            self.assertEqual((told["error"], told["state"]), (error, "a state & more"), changes)

    def test_consent_counts_from_our_own_page_and_this_session_alone(self):
        self.person.sign_in()
        action, proof = self.form_of(self.person.get(self.asked()))
        other = Portal(self.server)
        other.sign_in()
        _, foreign = self.form_of(other.get(self.asked()))
        self.assertNotEqual(foreign, proof)
        for fields, value in (({"Origin": "https://evil.test"}, proof), ({"Origin": "null"}, proof), ({}, foreign), ({}, ""), ({}, proof[:-1])):
            answer = self.person.submit(action, fields, act="allow", proof=value)
            self.assertEqual((answer.status, answer.getheader("Location")), (403, None), (fields, value))
        self.assertEqual(self.person.submit(action, act="allow", proof=proof).status, 303)

    def test_a_code_is_spent_once_and_again_ends_what_came_of_it(self):
        code = self.code()
        answer, tokens = self.exchange(code)
        self.assertEqual(self.session_by(tokens["access_token"]).status, 200)
        self.assert_refused(self.exchange(code), "invalid_grant")
        self.assertEqual(self.session_by(tokens["access_token"]).status, 401)
        self.assert_refused(self.refresh(tokens["refresh_token"]), "invalid_grant")

    def test_a_code_is_of_its_client_redirect_and_verifier(self):
        code = self.code()
        for changes in ({"code_verifier": secrets.token_urlsafe(48)}, {"redirect_uri": "http://127.0.0.1/back"}, {"client_id": "other.client"},
                        {"code": code[:-1] + ("A" if code[-1] != "A" else "B")}, {"code": "x"}):
            self.assert_refused(self.exchange(code, **changes) if "code" not in changes else self.exchange(changes["code"]), "invalid_grant")
        self.assert_refused(self.exchange(code, code_verifier=None), "invalid_request")
        self.assert_refused(self.exchange(code, client_id="none"), "invalid_client")
        self.assert_refused(self.token(grant_type="password", client_id="mail.client", username=ANN, password=PASSWORD), "unsupported_grant_type")
        self.assert_refused(self.token({"Authorization": "Basic eDp5"}, grant_type="authorization_code"), "invalid_client", 401)
        self.assertEqual(self.exchange(code)[0].status, 200)  # nobody else could spend it

    def test_refresh_tokens_rotate_and_an_old_one_ends_the_grant(self):
        first = self.granted()
        answer, second = self.refresh(first["refresh_token"])
        self.assertEqual(answer.status, 200, second)
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(self.session_by(second["access_token"]).status, 200)
        self.assert_refused(self.refresh(second["refresh_token"], client_id="other.client"), "invalid_grant")
        self.assert_refused(self.refresh(first["refresh_token"]), "invalid_grant")
        self.assert_refused(self.refresh(second["refresh_token"]), "invalid_grant")
        for tokens in (first, second):
            self.assertEqual(self.session_by(tokens["access_token"]).status, 401)

    def test_scopes_never_grow(self):
        tokens = self.granted(scope=f"{MAIL_SCOPE} {CONTACTS_SCOPE} {SETTINGS_SCOPE} openid")
        self.assertEqual(set(tokens["scope"].split()), {MAIL_SCOPE, CONTACTS_SCOPE})
        answer, fewer = self.refresh(tokens["refresh_token"], scope=CONTACTS_SCOPE)
        self.assertEqual((answer.status, fewer["scope"]), (200, CONTACTS_SCOPE))
        capabilities = json.loads(self.session_by(fewer["access_token"]).text)["capabilities"]
        self.assertNotIn(MAIL, capabilities)
        contacts = self.granted(scope=CONTACTS_SCOPE)
        self.assert_refused(self.refresh(contacts["refresh_token"], scope=f"{MAIL_SCOPE} {CONTACTS_SCOPE}"), "invalid_scope")
        request = {"using": [CORE, MAIL], "methodCalls": [["Email/query", {"accountId": "x"}, "0"]]}
        refused = Portal(self.server).post("/jmap/api", request, own=False, fields={"Authorization": "Bearer " + contacts["access_token"]})
        self.assertEqual(json.loads(refused.text)["type"], "urn:ietf:params:jmap:error:unknownCapability")

    def call(self, login, method, using=(CORE,), **arguments):
        fields = {"Authorization": login}
        answer = Portal(self.server).post("/jmap/api", {"using": using, "methodCalls": [[method, arguments, "0"]]}, own=False, fields=fields)
        self.assertEqual(answer.status, 200, answer.text)
        [[_, response, _]] = json.loads(answer.text)["methodResponses"]
        return response

    def test_a_push_subscription_is_of_its_grant(self):
        tokens = self.granted()
        new = {"deviceClientId": "phone", "url": "https://push.example.test/x", "types": None}
        made = self.call("Bearer " + tokens["access_token"], "PushSubscription/set", create={"a": new})["created"]["a"]["id"]
        _, fresh = self.refresh(tokens["refresh_token"])
        other = self.granted()
        password = basic(ANN, app_password(self.server, ANN))
        seen = [[one["id"] for one in self.call(login, "PushSubscription/get", ids=None)["list"]]
                for login in ("Bearer " + fresh["access_token"], "Bearer " + other["access_token"], password)]
        self.assertEqual(seen, [[made], [], []])

    def test_the_page_tells_of_forwarding(self):
        self.person.sign_in()
        self.assertIn("set rules that forward", self.person.get(self.asked()).text)

    def test_push_tells_of_nothing_that_the_scopes_do_not_open(self):
        for scope, has_mail in ((CONTACTS_SCOPE, False), (f"{MAIL_SCOPE} {CONTACTS_SCOPE}", True)):
            login = {"Authorization": "Bearer " + self.granted(scope=scope)["access_token"], "Host": HOST}
            events = http.client.HTTPConnection("127.0.0.1", self.server.listeners["jmap"], timeout=30)
            events.request("GET", "/jmap/eventsource?types=*&closeafter=state&ping=0", headers=login)
            stream = events.getresponse()
            self.assertEqual(stream.status, 200)
            with smtplib.LMTP("127.0.0.1", self.server.listeners["lmtp"]) as lmtp:
                lmtp.sendmail("joe@example.com", [ANN], b"Subject: hello\r\n\r\nhello\r\n")
            told = stream.read().decode()
            events.close()
            self.assertIn("ContactCard", told)
            self.assertEqual([word in told for word in ("Email", "Mailbox", "Thread", "EmailDelivery")], [has_mail] * 4, told)

    def test_each_kind_of_token_opens_its_own_door_alone(self):
        tokens, code = self.granted(), self.code()
        session = self.person.cookie.split("=", 1)[1]
        for text in (tokens["refresh_token"], code, session, "tpa_" + session[4:], tokens["access_token"][:-1], "x"):
            answer = self.session_by(text)
            self.assertEqual(answer.status, 401, text)
            self.assertIn("invalid_token", answer.getheader("WWW-Authenticate"))
        name = self.person.cookie.split("=", 1)[0]
        for text in (tokens["access_token"], tokens["refresh_token"], code):
            browser = Portal(self.server)
            browser.cookie = f"{name}={text}"
            self.assertEqual(browser.get("/access/sessions").status, 401)
        for text in (tokens["access_token"], session):
            self.assert_refused(self.refresh(text), "invalid_grant")
            self.assert_refused(self.exchange(text), "invalid_grant")
        answer = Portal(self.server).get("/access/sessions", fields={"Authorization": "Bearer " + tokens["access_token"]})
        self.assertEqual(answer.status, 401)  # no settings for programs of others
        self.assertEqual(self.session_by(tokens["access_token"]).status, 200)

    def test_revoking(self):
        tokens = self.granted()
        for form, status in (({"token": tokens["refresh_token"], "client_id": "other.client"}, 400), ({"token": "unknown", "client_id": "mail.client"}, 200),
                             ({"client_id": "mail.client"}, 400)):
            self.assertEqual(Portal(self.server).submit("/oauth/revoke", **form).status, status)
        self.assertEqual(self.session_by(tokens["access_token"]).status, 200)
        for _ in range(2):
            self.assertEqual(Portal(self.server).submit("/oauth/revoke", token=tokens["refresh_token"], client_id="mail.client").status, 200)
        self.assertEqual(self.session_by(tokens["access_token"]).status, 401)

    def test_a_person_sees_grants_and_ends_them_and_a_new_password_does_too(self):
        tokens = self.granted()
        [grant] = [one for one in self.person.sessions() if one["kind"] == "grant"]
        self.assertEqual(grant["client"], {"id": "mail.client", "name": "The <b>Mail</b> Client"})
        self.assertEqual(grant["scopes"], ["mail", "send"])
        self.assertEqual(self.person.post("/access/sessions/revoke", {"family": grant["family"]}).status, 204)
        self.assertEqual(self.session_by(tokens["access_token"]).status, 401)
        tokens = self.granted()
        self.assertEqual(self.person.post("/access/password", {"password": PASSWORD, "new": "another password"}).status, 204)
        self.assertEqual(self.session_by(tokens["access_token"]).status, 401)

    def test_what_stands_on_the_disk_and_in_the_log_opens_nothing(self):
        tokens, code = self.granted(), self.code()
        self.refresh(tokens["refresh_token"])
        self.server.stop()
        shown = [tokens["access_token"], tokens["refresh_token"], code, self.person.cookie.split("=", 1)[1]]
        random_parts = [text[21:].encode() for text in shown]  # behind the kind and the account
        for path in self.server.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                for part in random_parts:
                    self.assertNotIn(part, content, path)
        self.server.start()


if __name__ == "__main__":
    unittest.main()

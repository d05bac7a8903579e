"""A program on npm's oauth4webapi is let in by a person: discovery, PKCE, the code, refresh, revocation (RFC 6749, 7009, 7636, 8414, 9207)."""
import html
import json
import pathlib
import re
import subprocess
import unittest

import peers
from jmap import ANN
from portal import PASSWORD, Portal

NPM = peers.ROOT / "build/peers/npm"
CLIENT = pathlib.Path(__file__).resolve().parent / "oauth_client.mjs"
REDIRECT = "http://127.0.0.1:51004/back"


class OauthInterop(peers.InteropTest):
    OVERRIDES = ("jmap.listen=127.0.0.1:0", 'oauth_clients=[{id="mail.client", name="Mail", redirects=["http://127.0.0.1/back"]}]')

    def setUp(self):
        super().setUp()
        self.telepost.command("account", "create", ANN)
        self.telepost.command("account", "password", ANN, input=PASSWORD.encode() + b"\n")
        host = f"127.0.0.1:{self.telepost.listeners['jmap']}"
        self.person = Portal(self.telepost, host=host)
        self.client = subprocess.Popen(["node", str(CLIENT), str(NPM), f"http://{host}", REDIRECT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.authorize = self.hear()["authorize"].removeprefix(f"http://{host}")

    def end(self):
        self.client.stdin.close()
        self.client.wait(30)
        self.client.stdout.close()

    def hear(self):
        line = self.client.stdout.readline()
        if not line:
            raise RuntimeError(f"node ended with {self.client.wait()}")
        return json.loads(line)

    def answer(self, act):
        """Where the browser is sent once the person has signed in and answered."""
        page = self.person.get(self.authorize, own=False)
        action = html.unescape(re.search(r'action="([^"]*)"', page.text).group(1))
        signed_in = self.person.submit(action, act="sign-in", name=ANN, password=PASSWORD, code="")
        page = self.person.get(signed_in.getheader("Location"))
        proof = re.search(r'name="proof" value="([0-9a-f]+)"', page.text).group(1)
        return self.person.submit(action, act=act, proof=proof).getheader("Location")

    def go_back_to(self, location):
        self.client.stdin.write(location + "\n")
        self.client.stdin.flush()
        return self.hear()

    def test_it_is_let_in_goes_on_and_leaves(self):
        told = self.go_back_to(self.answer("allow"))
        self.assertEqual(told, {"username": ANN, "again": ANN, "scope": "urn:ietf:params:oauth:scope:mail", "expires": 3600, "after": "invalid_token",
                                "reused": "invalid_grant"})

    def test_it_is_told_that_it_was_denied(self):
        self.assertEqual(self.go_back_to(self.answer("deny"))["failed"], "access_denied")

    def test_an_answer_of_another_issuer_is_not_believed(self):
        location = self.answer("allow").replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2F127.0.0.2")
        self.assertIn("failed", self.go_back_to(location))


if __name__ == "__main__":
    unittest.main()

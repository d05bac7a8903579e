"""A browser as far as sign-ins go: it keeps the one cookie, tells its origin, and follows nothing by itself."""
import base64
import hashlib
import hmac
import http.client
import json
import ssl
import struct
import time
import urllib.parse

from telepost import Telepost

ANN, PASSWORD = "ann@example.test", "correct horse battery"
HOST = "localhost"  # in plain text no name but those of this machine is a server's own


def totp(secret, at):
    """RFC 6238 with its defaults, of a secret in base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1_000_000:06}"


def serving(folder, more="", overrides=()):
    """A server that listens for the portal in plain text and in TLS, and Ann with a password."""
    server = Telepost(folder, level="info", overrides=("jmap.listen=127.0.0.1:0", "jmap.listen_tls=127.0.0.1:0", *overrides), more=more).start()
    server.command("account", "create", ANN)
    server.command("account", "password", ANN, input=PASSWORD.encode() + b"\n")
    return server


class Portal:
    """One person's browser at a server that serving() gave; its pages are of that host."""

    def __init__(self, server, tls=False, host=HOST):
        self.server, self.tls, self.host, self.cookie = server, tls, host, None
        self.origin = f"{'https' if tls else 'http'}://{host}"

    def send(self, method, path, body=None, fields=(), own=True, cookie=True):
        """own: with the Origin of our own pages. The answer, with its body as .text."""
        headers = {"Host": self.host, "User-Agent": "Browser of tests", **dict(fields)}
        if own and method == "POST":
            headers.setdefault("Origin", self.origin)
        elif own:
            headers.setdefault("Sec-Fetch-Site", "same-origin")
        if cookie and self.cookie:
            headers.setdefault("Cookie", self.cookie)
        port = self.server.listeners["jmap-tls" if self.tls else "jmap"]
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        if (given := answer.getheader("Set-Cookie")) and cookie:
            name, value = given.split(";")[0].split("=", 1)
            self.cookie = f"{name}={value}" if value else None
        return answer

    def get(self, path, **more):
        return self.send("GET", path, **more)

    def post(self, path, object=None, **more):
        fields = {"Content-Type": "application/json", **dict(more.pop("fields", ()))}
        return self.send("POST", path, json.dumps(object or {}), fields, **more)

    def submit(self, path, fields=(), **form):
        """What a form of ours sends."""
        return self.send("POST", path, urllib.parse.urlencode(form), {"Content-Type": "application/x-www-form-urlencoded", **dict(fields)})

    def sign_in(self, password=PASSWORD, code=None, name=ANN):
        return self.post("/access/sign-in", {"name": name, "password": password, **({"code": code} if code else {})})

    def sessions(self):
        return json.loads(self.get("/access/sessions").text)["sessions"]


def fresh_code(secret, used=()):
    """A code of now or of the step beside it that was not used yet; each is taken once."""
    return next(code for code in (totp(secret, time.time() + 30 * step) for step in (0, 1, -1)) if code not in used)

"""A JMAP client for tests: `telepost serve` with one account, and requests by HTTP as they stand."""
import base64
import http.client
import json
import smtplib
import urllib.parse

from telepost import Telepost

CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
MESSAGE = "urn:telepost:params:jmap:message"
ANN = "ann@example.test"


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class JmapAccount:
    """Ann's, on a server of its own; clean up by stop()."""

    def __init__(self, folder, overrides=(), more=""):
        self.server = Telepost(folder, level="warning", overrides=("jmap.listen=127.0.0.1:0", *overrides), more=more).start()
        self.server.command("account", "create", ANN)
        [added] = self.server.command_json("account", "app-password", "add", ANN, "laptop")
        self.login = basic(ANN, added["password"])
        self.connection = None
        self.session = self.get_json("/.well-known/jmap")
        self.account = self.session["primaryAccounts"][MAIL]

    def stop(self):
        if self.connection:
            self.connection.close()
        if self.server.process.poll() is None:
            self.server.stop()

    def ask(self, method, path, body=None, fields=()):
        """Over one kept-open connection; opens another one where the server closed it."""
        headers = {"Authorization": self.login, **dict(fields)}
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.listeners["jmap"], timeout=60)
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection = None
            raise
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer, content

    def get_json(self, path):
        answer, body = self.ask("GET", path)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {body!r}")
        return json.loads(body)

    def post(self, request):
        """The status and the object of a request, which may be no JSON."""
        text = request if isinstance(request, (str, bytes)) else json.dumps(request)
        answer, body = self.ask("POST", "/jmap/api", text, (("Content-Type", "application/json"),))
        return answer.status, json.loads(body)

    def run(self, calls, using=(CORE, MAIL)):
        """Method calls as they stand; the responses."""
        status, body = self.post({"using": list(using), "methodCalls": calls})
        if status != 200:
            raise AssertionError(f"{status} {body}")
        return body["methodResponses"]

    def call(self, method, using=(CORE, MAIL), **arguments):
        [response] = self.run([[method, {"accountId": self.account, **arguments}, "0"]], using)
        return response[1]

    def upload(self, content, type="application/octet-stream"):
        answer, body = self.ask("POST", f"/jmap/upload/{self.account}/", content, (("Content-Type", type),))
        if answer.status != 201:
            raise AssertionError(f"{answer.status} {body!r}")
        return json.loads(body)["blobId"]

    def download(self, blob, name="a.bin", accept=None, fields=()):
        accept = f"?accept={urllib.parse.quote(accept, safe='')}" if accept else ""
        return self.ask("GET", f"/jmap/download/{self.account}/{blob}/{urllib.parse.quote(name)}{accept}", fields=fields)

    def deliver(self, *messages, sender="joe@example.com"):
        with smtplib.LMTP("127.0.0.1", self.server.listeners["lmtp"]) as lmtp:
            for message in messages:
                lmtp.sendmail(sender, [ANN], message)

"""A JMAP client for tests and benchmarks: requests by HTTP as they stand, to a server that runs or to one of its own."""
import base64
import http.client
import json
import smtplib
import ssl
import time
import urllib.parse

from telepost import Telepost

CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
SUBMISSION, QUOTA, BLOB = "urn:ietf:params:jmap:submission", "urn:ietf:params:jmap:quota", "urn:ietf:params:jmap:blob"
CONTACTS, VACATION = "urn:ietf:params:jmap:contacts", "urn:ietf:params:jmap:vacationresponse"
MESSAGE, RULES, VCARD = "urn:telepost:params:jmap:message", "urn:telepost:params:jmap:rules", "urn:telepost:params:jmap:vcard"
ANN = "ann@example.test"
OWN = object()  # the client's log-in


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def app_password(server, name, label="laptop"):
    """A new one of an account that is there."""
    [added] = server.command_json("account", "app-password", "add", name, label)
    return added["password"]


def until(condition, within_s=30):
    """What the condition gives once it gives something. For what the server tells only if it is asked again."""
    end = time.monotonic() + within_s
    while not (given := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not come true within {within_s} s")
    return given


def accepting_anybody():
    """TLS without a look at the server's certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class JmapClient:
    """Of one account of a telepost.Telepost that listens for JMAP; clean up by close()."""

    def __init__(self, server, login, address=ANN):
        self.server, self.login, self.address = server, login, address
        self.connection = None
        self.session = self.get_json("/.well-known/jmap")
        self.account = self.session["primaryAccounts"][MAIL]

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask(self, method, path, body=None, fields=(), tls=False, login=OWN):
        """In plain text and with its own log-in over one kept-open connection; opens another one where the server closed it.
        login: what Authorization says; None: nothing."""
        headers = dict(fields)
        if login is not None:
            headers["Authorization"] = self.login if login is OWN else login
        is_kept = not tls and login is OWN
        connection = self.connection if is_kept and self.connection else self._connect(tls)
        self.connection = connection if is_kept else self.connection
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            self._drop(connection)
            raise
        if answer.will_close or not is_kept:
            self._drop(connection)
        return answer, content

    def _connect(self, tls):
        if tls:
            return http.client.HTTPSConnection("127.0.0.1", self.server.listeners["jmap-tls"], timeout=60, context=accepting_anybody())
        return http.client.HTTPConnection("127.0.0.1", self.server.listeners["jmap"], timeout=60)

    def _drop(self, connection):
        connection.close()
        if connection is self.connection:
            self.connection = None

    def get_json(self, path, **more):
        answer, body = self.ask("GET", path, **more)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {body!r}")
        return json.loads(body)

    def post(self, request, type="application/json"):
        """The status and the object of a request, which may be no JSON."""
        text = request if isinstance(request, (str, bytes)) else json.dumps(request)
        answer, body = self.ask("POST", "/jmap/api", text, (("Content-Type", type),))
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
                lmtp.sendmail(sender, [self.address], message)


class JmapAccount(JmapClient):
    """Ann's, on a server of its own; clean up by stop()."""

    def __init__(self, folder, overrides=(), more=""):
        server = Telepost(folder, level="warning", overrides=("jmap.listen=127.0.0.1:0", *overrides), more=more).start()
        server.command("account", "create", ANN)
        super().__init__(server, basic(ANN, app_password(server, ANN)))

    def start_again(self):
        """After server.kill() or server.stop()."""
        self.close()
        self.server.start()

    def stop(self):
        self.close()
        if self.server.process.poll() is None:
            self.server.stop()

"""Push from outside: server-sent events (RFC 8620 section 7.3) and WebSockets (RFC 8887), in plain text and in TLS, by the real program."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import select
import socket
import struct
import sys
import tempfile
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, CONTACTS, CORE, MAIL, QUOTA, SUBMISSION, JmapAccount, accepting_anybody, basic, until  # noqa: E402

SOCKET = "urn:ietf:params:jmap:websocket"


class Connection:
    """A client's socket, and what it has read."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        if tls:
            self.socket = accepting_anybody().wrap_socket(self.socket)
        self.read = b""

    def request(self, path, login, fields=()):
        lines = [f"GET {path} HTTP/1.1", "Host: mail.example.test", f"Authorization: {login}"]
        self.socket.sendall("\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields), "", ""]).encode())
        head = self.until(b"\r\n\r\n").decode()
        status, *rest = head.split("\r\n")
        return int(status.split()[1]), dict(line.split(": ", 1) for line in rest if line)

    def until(self, end):
        while end not in self.read:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.read)
            self.read += more
        taken, self.read = self.read.split(end, 1)
        return taken

    def exactly(self, size):
        while len(self.read) < size:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.read)
            self.read += more
        taken, self.read = self.read[:size], self.read[size:]
        return taken

    def is_silent(self):
        """Whether nothing stands to be read; for after something that would have come before it."""
        return not self.read and not select.select([self.socket], [], [], 0)[0]


class Events(Connection):
    def __init__(self, test, types="*", closeafter="no", ping=0, last=None, tls=False):
        super().__init__(test.jmap.server.listeners["jmap-tls" if tls else "jmap"], tls)
        test.addCleanup(self.socket.close)
        path = test.expand(types=types, closeafter=closeafter, ping=ping)
        self.status, self.fields = self.request(path, test.jmap.login, [("Last-Event-ID", last)] if last else ())

    def next(self):
        """The next event, or None where the stream ends whole."""
        size = int(self.until(b"\r\n"), 16)
        text = self.exactly(size).decode()
        self.exactly(2)
        if size == 0:
            return None
        assert text.endswith("\n\n"), text
        event = dict(line.split(": ", 1) for line in text.splitlines() if line and not line.startswith(":"))
        return event or self.next()


class WebSocket(Connection):
    KEY = base64.b64encode(bytes(range(16))).decode()

    def __init__(self, test, tls=False, fields=(), protocol="jmap"):
        super().__init__(test.jmap.server.listeners["jmap-tls" if tls else "jmap"], tls)
        test.addCleanup(self.socket.close)
        self.status, self.fields = self.request("/jmap/ws", test.jmap.login, [
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", self.KEY),
            ("Sec-WebSocket-Protocol", protocol), *fields])

    def frame(self, first, payload):
        mask, size = os.urandom(4), len(payload)
        length = bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0xfe, size) if size < 65536 else struct.pack(">BQ", 0xff, size)
        self.socket.sendall(bytes([first]) + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def send(self, message):
        self.frame(0x81, (message if isinstance(message, str) else json.dumps(message)).encode())

    def receive(self):
        first, size = self.exactly(2)
        if size == 126:
            [size] = struct.unpack(">H", self.exactly(2))
        elif size == 127:
            [size] = struct.unpack(">Q", self.exactly(8))
        return first, self.exactly(size)

    def next(self):
        first, payload = self.receive()
        assert first == 0x81, (first, payload)
        return json.loads(payload)

    def call(self, name, arguments, id="R1"):
        self.send({"@type": "Request", "id": id, "using": [CORE, MAIL], "methodCalls": [[name, arguments, "0"]]})
        return self.next()

    def closed(self):
        first, payload = self.receive()
        assert first == 0x88, (first, payload)
        assert self.socket.recv(1) == b""
        return struct.unpack(">H", payload[:2])[0]


class JmapPushTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = JmapAccount(folder.name, overrides=("jmap.listen_tls=127.0.0.1:0", "jmap.max_size_request=64KiB", "jmap.max_calls_in_request=4"))
        self.addCleanup(self.jmap.stop)
        self.account = self.jmap.account

    def expand(self, **variables):
        """RFC 6570, level 1."""
        url = self.jmap.session["eventSourceUrl"]
        for name, value in variables.items():
            url = url.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
        self.assertNotIn("{", url)
        return url[url.index("/", 8):]

    def deliver(self):
        self.jmap.deliver(b"Subject: hello\r\n\r\nhello\r\n")

    def states(self):
        states = {}
        for types in (("Email", "Mailbox", "Thread"), ("EmailSubmission", "Identity", "Quota"), ("AddressBook", "ContactCard")):
            calls = [[f"{name}/get", {"accountId": self.account, "ids": []}, name] for name in types]
            states |= {id: arguments["state"] for _, arguments, id in self.jmap.run(calls, (CORE, MAIL, SUBMISSION, QUOTA, CONTACTS))}
        return states

    def assert_new_mail_is_told(self, told):
        """Mail changes these at least; every state that is told is the one that the type's /get tells."""
        states = self.states()
        self.assertLessEqual({"Email", "Mailbox", "Thread"}, set(told))
        self.assertEqual(told, {type: states.get(type) for type in told})

    # ---- RFC 8620 section 7.3.

    def test_events_tell_of_what_was_delivered(self):
        for tls in (False, True):
            events = Events(self, tls=tls)
            self.assertEqual((events.status, events.fields["Content-Type"]), (200, "text/event-stream"))
            self.assertEqual(events.fields["Access-Control-Allow-Origin"], "*")
            self.deliver()
            event = events.next()
            self.assertEqual(event["event"], "state")
            change = json.loads(event["data"])
            self.assertEqual((change["@type"], set(change["changed"])), ("StateChange", {self.account}))
            told = change["changed"][self.account]
            self.assertTrue(told.pop("EmailDelivery"))
            self.assert_new_mail_is_told(told)

    def test_who_comes_back_hears_what_was_missed(self):
        events = Events(self)
        self.deliver()
        last = events.next()["id"]
        events.socket.close()
        self.assertTrue(Events(self, last=last).is_silent())
        self.deliver()
        event = Events(self, types="Email", last=last).next()
        self.assertEqual(json.loads(event["data"])["changed"], {self.account: {"Email": self.states()["Email"]}})
        self.assertNotEqual(event["id"], last)

    def test_closeafter_state_ends_the_stream_whole(self):
        events = Events(self, types="Mailbox,EmailDelivery", closeafter="state")
        self.deliver()
        self.assertEqual(set(json.loads(events.next()["data"])["changed"][self.account]), {"Mailbox", "EmailDelivery"})
        self.assertIsNone(events.next())

    def test_a_ping_comes_and_says_how_often(self):
        events = Events(self, ping=5)
        event = events.next()
        self.assertEqual((event["event"], json.loads(event["data"])), ("ping", {"interval": 5}))
        self.assertNotIn("id", event)

    def test_what_is_no_stream_is_refused(self):
        for query in ("", "?types=*&closeafter=no&ping=x", "?types=&closeafter=no&ping=0", "?types=*&closeafter=maybe&ping=0"):
            answer, body = self.jmap.ask("GET", "/jmap/eventsource" + query)
            self.assertEqual((answer.status, answer.getheader("Content-Type")), (400, "application/problem+json"), query)
        self.assertEqual(self.jmap.ask("GET", self.expand(types="*", closeafter="no", ping=0), login=None)[0].status, 401)
        answer, _ = self.jmap.ask("HEAD", self.expand(types="*", closeafter="no", ping=0))
        self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "text/event-stream"))

    def test_a_server_that_stops_ends_streams_in_order(self):
        events, web_socket = Events(self), WebSocket(self)
        self.jmap.server.stop()
        self.assertIsNone(events.next())
        self.assertEqual(web_socket.closed(), 1001)

    def test_a_client_that_closed_leaves_room_at_once(self):
        streams = [Events(self) for _ in range(64)]
        self.assertEqual({events.status for events in streams}, {200})
        connection = http.client.HTTPConnection("127.0.0.1", self.jmap.server.listeners["jmap"], timeout=30)
        self.addCleanup(connection.close)

        def another():
            connection.request("HEAD", self.expand(types="*", closeafter="no", ping=0), headers={"Authorization": self.jmap.login})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        self.assertEqual(another(), 429)
        streams[0].socket.close()
        # A comment, after which it would be seen anyhow, comes after 300 s.
        self.assertEqual(until(lambda: (status := another()) != 429 and status, 60), 200)

    def test_a_request_behind_a_stream_is_answered_after_it(self):
        events = Events(self, closeafter="state")
        request = ["GET /.well-known/jmap HTTP/1.1", "Host: mail.example.test", f"Authorization: {self.jmap.login}", "", ""]
        events.socket.sendall("\r\n".join(request).encode())
        self.deliver()
        self.assertEqual(events.next()["event"], "state")
        self.assertIsNone(events.next())
        self.assertTrue(events.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 "))

    # ---- RFC 8887.

    def test_the_handshake(self):
        offered = self.jmap.session["capabilities"][SOCKET]
        self.assertTrue(offered["supportsPush"])
        self.assertEqual(offered["url"], self.jmap.session["apiUrl"].replace("http", "ws", 1).replace("/jmap/api", "/jmap/ws"))
        web_socket = WebSocket(self)
        self.assertEqual((web_socket.status, web_socket.fields["Sec-WebSocket-Protocol"]), (101, "jmap"))
        digest = hashlib.sha1((WebSocket.KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(web_socket.fields["Sec-WebSocket-Accept"], base64.b64encode(digest).decode())
        self.assertEqual(WebSocket(self, protocol="chat").status, 400)
        self.assertEqual(self.jmap.ask("GET", "/jmap/ws")[0].status, 400)
        # A page of another origin would come with what a person once typed (RFC 6455 section 10.2).
        self.assertEqual(WebSocket(self, fields=[("Origin", "https://evil.example.test")]).status, 403)
        self.assertEqual(WebSocket(self, fields=[("Origin", "http://mail.example.test")]).status, 101)
        self.jmap.login = basic(ANN, "wrong")
        self.assertEqual(WebSocket(self).status, 401)

    def test_requests_and_their_errors(self):
        for tls in (False, True):
            web_socket = WebSocket(self, tls=tls)
            self.assertEqual(web_socket.call("Core/echo", {"hello": True}), {
                "@type": "Response", "requestId": "R1", "methodResponses": [["Core/echo", {"hello": True}, "0"]],
                "sessionState": json.loads(self.jmap.ask("GET", "/.well-known/jmap", tls=tls, fields=[("Host", "mail.example.test")])[1])["state"]})
            problems = {"notJSON": ["The quick brown fox jumps over the lazy dog.", '{"a":'], "notRequest": ["[]", {"@type": "Nonsense"}],
                        "unknownCapability": [{"@type": "Request", "id": "x", "using": ["urn:example:no"], "methodCalls": []}],
                        "limit": [{"@type": "Request", "using": [CORE], "methodCalls": [["Core/echo", {}, "0"]] * 5}]}
            for kind, messages in problems.items():
                for message in messages:
                    web_socket.send(message)
                    answer = web_socket.next()
                    self.assertEqual((answer["@type"], answer["type"]), ("RequestError", "urn:ietf:params:jmap:error:" + kind), message)
                    self.assertEqual(answer["requestId"], message.get("id") if isinstance(message, dict) else None)
            self.assertEqual(web_socket.call("Core/echo", {"x": "\u00fc" * 5_000}, id="R9")["requestId"], "R9")

    def test_what_breaks_a_socket_closes_it(self):
        too_large = json.dumps({"@type": "Request", "using": [CORE], "methodCalls": [["Core/echo", {"x": "x" * 70_000}, "0"]]}).encode()
        for first, payload, status in ((0x82, b"\0", 1003), (0x81, b"\xff", 1007), (0xc1, b"x", 1002), (0x09, b"x", 1002), (0x81, too_large, 1009)):
            web_socket = WebSocket(self)
            web_socket.frame(first, payload)
            self.assertEqual(web_socket.closed(), status)
        web_socket = WebSocket(self)
        web_socket.frame(0x89, b"there?")
        self.assertEqual(web_socket.receive(), (0x8a, b"there?"))
        web_socket.frame(0x88, struct.pack(">H", 1000))
        self.assertEqual(web_socket.closed(), 1000)

    def test_push_over_a_socket(self):
        web_socket = WebSocket(self)
        web_socket.send({"@type": "WebSocketPushEnable", "dataTypes": ["Email", "Mailbox"]})
        web_socket.call("Core/echo", {})  # it is enabled
        self.deliver()
        change = web_socket.next()
        self.assertEqual(change["@type"], "StateChange")
        states = self.states()
        self.assertEqual(change["changed"], {self.account: {"Email": states["Email"], "Mailbox": states["Mailbox"]}})
        token = change["pushState"]
        web_socket.send({"@type": "WebSocketPushDisable"})
        web_socket.call("Core/echo", {})
        self.deliver()
        web_socket.call("Core/echo", {})
        self.assertTrue(web_socket.is_silent())
        web_socket.send({"@type": "WebSocketPushEnable", "dataTypes": None, "pushState": token})
        missed = web_socket.next()["changed"][self.account]
        self.assertTrue(missed.pop("EmailDelivery"))
        self.assert_new_mail_is_told(missed)

    def test_a_revoked_password_ends_push_and_requests(self):
        events, pushed, asking = Events(self), WebSocket(self), WebSocket(self)
        pushed.send({"@type": "WebSocketPushEnable"})
        pushed.call("Core/echo", {})
        self.jmap.server.command("account", "app-password", "revoke", "ann@example.test", "laptop")
        self.deliver()
        self.assertIsNone(events.next())
        self.assertEqual(pushed.closed(), 1008)
        asking.send({"@type": "Request", "using": [CORE], "methodCalls": []})
        self.assertEqual(asking.closed(), 1008)


if __name__ == "__main__":
    unittest.main()

"""What script/bench jmap measures of push: how soon a stream of events tells of a delivery, and what idle WebSockets cost in memory."""
import base64
import json
import os
import resource
import smtplib
import socket
import ssl
import struct
import threading
import time

import harness
from connections import SOURCES, resident_mb
from telepost_peer import Telepost
from jmap import accepting_anybody, app_password, basic  # of tests/support, which telepost_peer puts before this folder

PER_ACCOUNT = 60  # WebSockets of one account; more are refused
PATIENCE_S = 30
IDLE, IDLE_MB, IDLE_TLS_MB = 10_000, 400, 1000  # the goal
PUSHED = "push@example.test"  # an account of its own: what else is measured knows how many mails it has
MAIL = b"From: load@sender.test\r\nTo: push@example.test\r\nSubject: news\r\n\r\nSomething happened.\r\n"
OVERRIDES = ("jmap.listen=127.0.0.1:0", "jmap.listen_tls=127.0.0.1:0", "jmap.max_connections=12000", "jmap.max_connections_per_peer=12000",
             "jmap.max_concurrent_requests=64")


def log_in(server, who):
    """Makes the account; what its Authorization says."""
    server.command("account", "create", who)
    return basic(who, app_password(server, who))


class EventStream:
    """Reads server-sent events in a thread; the moment of each state."""

    def __init__(self, server, login):
        self.arrived = threading.Semaphore(0)
        self.moment = 0.0
        self.socket = socket.create_connection(("127.0.0.1", server.listeners["jmap"]), timeout=PATIENCE_S)
        self.socket.sendall(f"GET /jmap/eventsource?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: bench\r\nAuthorization: {login}\r\n\r\n".encode())
        if b" 200 " not in self.socket.recv(65536).split(b"\r\n")[0]:
            raise RuntimeError("no stream of events")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while piece := self.socket.recv(65536):
            if b"event: state" in piece:
                self.moment = time.monotonic()
                self.arrived.release()

    def wait(self):
        """The moment of the next state; clears what is older."""
        if not self.arrived.acquire(timeout=PATIENCE_S):
            raise RuntimeError("no event came")
        return self.moment


def delays_ms(server, login, count):
    """From the last byte of a message, which is before its commit, to its event."""
    stream = EventStream(server, login)
    delays = []
    with smtplib.LMTP("127.0.0.1", server.port) as sender:
        sender.ehlo()
        for _ in range(count):
            while stream.arrived.acquire(blocking=False):
                pass
            sender.mail("load@sender.test")
            sender.rcpt(PUSHED)
            code, text = sender.docmd("DATA")
            if code != 354:
                raise RuntimeError(f"DATA was refused: {code} {text!r}")
            begin = time.monotonic()
            sender.send(MAIL + b".\r\n")
            delays.append(1e3 * (stream.wait() - begin))
            code, text = sender.getreply()
            if code != 250:
                raise RuntimeError(f"the delivery was refused: {code} {text!r}")
    stream.socket.shutdown(socket.SHUT_RDWR)
    return sorted(delays)


def push_rows(server, quick):
    delays = delays_ms(server, log_in(server, PUSHED), 100 if quick else 1000)
    at = [delays[int(len(delays) * share)] for share in (0.5, 0.99)]
    harness.say(f"  push: p50 {at[0]:.2f} ms, p99 {at[1]:.2f} ms")
    return [{**harness.row("message to event, commit included, p50", at[0], "ms"), "met": None},
            harness.most_row("message to event, commit included, p99", at[1], "ms", 50)]


def open_socket(port, login, index, context):
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S, source_address=(f"127.0.0.{2 + index % SOURCES}", 0))
    if context:
        connection = context.wrap_socket(connection)
    connection.sendall(("GET /jmap/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        f"Sec-WebSocket-Protocol: jmap\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nAuthorization: {login}\r\n\r\n").encode())
    answer = connection.recv(4096)
    if b" 101 " not in answer.split(b"\r\n")[0]:
        raise RuntimeError(f"connection {index}: {answer[:200]!r}")
    payload, mask = json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None}).encode(), os.urandom(4)
    connection.sendall(struct.pack(">BB", 0x81, 0x80 | len(payload)) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))
    connection.setblocking(False)
    return connection


def is_open(connection):
    try:
        return connection.recv(65536) != b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return True


def idle_row(in_tls, count):
    """Resident memory of the whole server with so many idle WebSockets, each of which is told of changes."""
    server = Telepost(overrides=OVERRIDES).start()
    connections = []
    try:
        logins = []
        for account in range(-(-count // PER_ACCOUNT)):
            logins.append(log_in(server, f"idle{account}@example.test"))
        context = accepting_anybody() if in_tls else None
        port = server.listeners["jmap-tls" if in_tls else "jmap"]
        for index in range(count):
            connections.append(open_socket(port, logins[index % len(logins)], index, context))
        time.sleep(5)  # the last ones' first replies are sent, and their buffers given back
        lost = sum(not is_open(each) for each in connections)
        if lost:
            raise RuntimeError(f"{lost} of {count} WebSockets were lost")
        held_mb = resident_mb(server.pid)
    finally:
        for each in connections:
            each.close()
        server.stop()
    kind = "in TLS" if in_tls else "in plain text"
    harness.say(f"  {held_mb:.0f} MB with {count} idle WebSockets {kind}")
    return harness.most_row(f"server with {count} idle WebSockets {kind}", held_mb, "MB resident", IDLE_TLS_MB if in_tls else IDLE_MB)


def idle_rows(quick):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = 300 if quick else IDLE
    return [idle_row(False, count), idle_row(True, count)]

"""script/bench connections: 5,000 connections that send a byte now and then, in plain text and in TLS: the memory that the
server needs for them, and what is left of the rate of those that have mail to deliver."""
import argparse
import errno
import pathlib
import resource
import socket
import ssl
import sys
import threading
import time

import harness
from telepost_peer import Telepost
from jmap import accepting_anybody  # of tests/support, which telepost_peer puts before this folder

COUNT = 5000
SOURCES = 10            # addresses of ours, so that no limit of ports is near
BYTE_EVERY_S = 10       # of each connection
TICK_S = 0.02
PATIENCE_S = 30
COMMAND = b"NOOP slow and steady\r\n"
LOAD = {"connections": 64, "accounts": 8, "size": 4096}
PLAIN_MB, TLS_MB = 200, 500
KEPT_RATE = 0.9
# The limits that hold off such peers; here they are what is measured.
OVERRIDES = ("smtp.max_connections=6000", "smtp.max_connections_per_peer=6000", "smtp.line_timeout=PT6H",
             "smtp.session_timeout=PT6H", "smtp.command_timeout=PT6H", 'smtp.listen_tls=["127.0.0.1:0"]')


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"no VmRSS of {pid}")


class SlowConnections:
    """Open from `with` on, each past its greeting; a thread sends their bytes."""
    def __init__(self, port, count, in_tls):
        self.port, self.count = port, count
        self.context = accepting_anybody() if in_tls else None
        self.sockets, self.sent, self.over = [], [], threading.Event()
        self.replies = 0
        self.lost = None
        self.thread = threading.Thread(target=self._drip)

    def _open(self, index):
        source = (f"127.0.0.{2 + index % SOURCES}", 0)
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S, source_address=source)
        if self.context:
            connection = self.context.wrap_socket(connection)
        greeting = connection.recv(1000)
        if not greeting.startswith(b"220"):
            raise RuntimeError(f"connection {index} was greeted with {greeting!r}")
        connection.setblocking(False)
        return connection

    def _drip(self):
        """Every connection in its turn, so many in each tick that a round takes BYTE_EVERY_S."""
        turn, due, begin = 0, 0.0, time.monotonic()
        while not self.over.wait(TICK_S):
            due = (time.monotonic() - begin) * self.count / BYTE_EVERY_S
            while turn < due:
                self._send_byte(turn % self.count)
                turn += 1

    def _send_byte(self, index):
        connection = self.sockets[index]
        at = self.sent[index] % len(COMMAND)
        try:
            if connection.send(COMMAND[at:at + 1]) == 1:
                self.sent[index] += 1
            if at == 0 and self.sent[index] > 1:
                self.replies += connection.recv(1000).startswith(b"250")
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self.lost = self.lost or error

    def still_open(self):
        """How many the server did not hang up on."""
        alive = 0
        for connection in self.sockets:
            try:
                alive += connection.recv(1000) != b""
            except (BlockingIOError, ssl.SSLWantReadError):
                alive += 1
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK):
                    alive += 1
        return alive

    def __enter__(self):
        self.sockets = [self._open(index) for index in range(self.count)]
        self.sent = [0] * self.count
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.over.set()
        self.thread.join()
        for connection in self.sockets:
            connection.close()


def rate(server, seconds):
    return harness.load(server, seconds=seconds, **LOAD)["per_second"]


def measure(in_tls, count, turns, seconds):
    """Rates alone and beside the slow ones in turns, and the most that the server held for the slow ones without load."""
    kind = "TLS" if in_tls else "plain"
    server = Telepost()
    server.overrides += [argument for each in OVERRIDES for argument in ("--set", each)]
    server.start()
    alone, beside = [], []
    try:
        # Before any load: what the engine caches by then is not the connections'.
        empty_mb = resident_mb(server.pid)
        with SlowConnections(server.listeners["smtp-tls" if in_tls else "smtp"], count, in_tls) as slow:
            time.sleep(2 * BYTE_EVERY_S)
            held_mb = resident_mb(server.pid)
        harness.say(f"  {kind:5} {empty_mb:.0f} MB empty, {held_mb:.0f} MB with {count} slow connections")
        rate(server, seconds)  # the first load fills caches
        for _ in range(turns):
            alone.append(rate(server, seconds))
            with SlowConnections(server.listeners["smtp-tls" if in_tls else "smtp"], count, in_tls) as slow:
                beside.append(rate(server, seconds))
                if slow.lost or slow.still_open() != count:
                    raise RuntimeError(f"{count - slow.still_open()} slow connections were lost: {slow.lost}")
            harness.say(f"  {kind:5} {alone[-1]:.0f}/s alone, {beside[-1]:.0f}/s beside them")
    finally:
        server.stop()
    return held_mb, (held_mb - empty_mb) * 1e3 / count, harness.median(alone), harness.median(beside)


def rows_of(in_tls, count, turns, seconds):
    kind = "in TLS" if in_tls else "in plain text"
    held_mb, each_kb, alone, beside = measure(in_tls, count, turns, seconds)
    return [harness.most_row(f"server with {count} slow connections {kind}", held_mb, "MB resident", TLS_MB if in_tls else PLAIN_MB),
            harness.row(f"each of them {kind}", each_kb, "kB"),
            harness.row(f"LMTP 4 KB beside {count} slow connections {kind}", beside, "deliveries/s", "alone", alone, goal=KEPT_RATE)]


def main():
    parser = argparse.ArgumentParser(prog="script/bench connections", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--quick", action="store_true", help="short runs, for development; its figures prove nothing")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count, turns, seconds = (500, 1, 4) if options.quick else (COUNT, 3, 15)
    rows = rows_of(False, count, turns, seconds) + rows_of(True, count, turns, seconds)
    harness.show("connections", rows, options.json)
    return 0 if all(each["met"] is not False for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

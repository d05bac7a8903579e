"""A name server for one test: TXT records over UDP on a free port of the loopback (RFC 1035 section 4). Anything else is NXDOMAIN."""
import socket
import struct
import threading

TXT, IN = 16, 1


class NameServer:
    def __init__(self, texts):
        self.texts = texts
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wake:
            wake.sendto(b"", ("127.0.0.1", self.port))  # an empty datagram ends it
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            if not query:
                return
            self.socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        question = query[12:at + 5]
        text = self.texts.get(".".join(labels)) if kind == TXT else None
        if text is None:
            return query[:2] + struct.pack(">HHHHH", 0x8583, 1, 0, 0, 0) + question
        raw = text.encode()
        strings = b"".join(bytes([len(raw[i:i + 255])]) + raw[i:i + 255] for i in range(0, len(raw), 255))
        record = b"\xc0\x0c" + struct.pack(">HHIH", TXT, IN, 60, len(strings)) + strings
        return query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + question + record

"""A server of mail in Python that keeps what it took: each message is recorded before it is acknowledged."""
import socketserver
import threading


class Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.converse()
        except OSError:
            pass  # the peer was killed

    def converse(self):
        self.say("220 sink.test ESMTP")
        sender, recipients = None, []
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"EHLO":
                self.say("250-sink.test\r\n250-8BITMIME\r\n250 PIPELINING")
            elif word == b"DATA" and not recipients:
                self.say("554 5.5.1 No valid recipients")
            elif word == b"DATA":
                self.say("354 Go ahead")
                content = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    if not line:
                        return
                    content += line[1:] if line.startswith(b".") else line
                self.server.take(sender, recipients, content)
                recipients = []
                self.say("250 2.0.0 Taken")
            elif word == b"QUIT":
                self.say("221 2.0.0 Bye")
                return
            else:
                reply = "250 2.0.0 Ok"
                if word == b"MAIL":
                    sender = line.decode().split("<")[1].split(">")[0]
                if word == b"RCPT":
                    address = line.decode().split("<")[1].split(">")[0]
                    reply = self.server.reply_to(address)
                    if reply.startswith("2"):
                        recipients.append(address)
                self.say(reply)


class RecordingSink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128  # a connection that finds the queue full hangs at the other end

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.changed = threading.Condition()
        self.generation = 0  # of what sends: raised by the test
        self.taken = []      # (recipient, generation, content)
        self.senders = []    # the reverse path of each
        self.refuse = {}     # recipient -> reply
        self.refused = []    # recipients
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, sender, recipients, content):
        with self.changed:
            self.senders += [sender] * len(recipients)
            self.taken += [(recipient, self.generation, content) for recipient in recipients]
            self.changed.notify_all()

    def reply_to(self, recipient):
        with self.changed:
            if recipient in self.refuse:
                self.refused.append(recipient)
                self.changed.notify_all()
        return self.refuse.get(recipient, "250 2.1.5 Ok")

    def wait_until(self, condition, deadline_s):
        with self.changed:
            return self.changed.wait_for(lambda: condition(self.taken), deadline_s)

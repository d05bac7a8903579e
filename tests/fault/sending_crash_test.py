"""kill -9 on the real program while it sends: whatever was acknowledged at submission reaches the next server, and twice only
where the end came between that server's answer and our record of it."""
import collections
import pathlib
import random
import smtplib
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from recording_sink import RecordingSink  # noqa: E402
from telepost import Telepost  # noqa: E402

ROUNDS = 6
SUBMITTERS = 4
CONCURRENCY = 20      # of one destination: what may be under way when the end comes
LEASE_ENDS_S = 150    # what a killed process had in hand is offered again after a minute


class SendingCrashTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sink = RecordingSink()
        self.addCleanup(self.sink.server_close)
        self.addCleanup(self.sink.shutdown)
        self.folder = pathlib.Path(folder.name)
        self.random = random.Random(7)

    def server(self):
        return Telepost(self.folder, level="warning", overrides=[
            "submission.listen=127.0.0.1:0", "submission.without_tls=true", f"relay.host=127.0.0.1:{self.sink.port}"])

    def submit(self, port, password, name, acknowledged, enough, kill_after):
        """Until the connection breaks; a recipient counts as acknowledged once the positive reply was read."""
        number = 0
        try:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test") as client:
                client.login("ann@example.test", password)
                while True:
                    number += 1
                    address = f"{name}-{number}@remote.test"
                    client.sendmail("ann@example.test", [address], f"Subject: {address}\r\n\r\nHello\r\n")
                    acknowledged.append(address)
                    if len(acknowledged) >= kill_after:
                        enough.set()
        except (OSError, smtplib.SMTPException):
            enough.set()

    def test_what_was_acknowledged_is_sent_and_twice_only_across_a_kill(self):
        password, acknowledged = None, []
        for round_number in range(ROUNDS):
            self.sink.generation = round_number
            server = self.server().start()
            if password is None:
                server.command("account", "create", "ann@example.test")
                password = server.command("account", "app-password", "add", "ann@example.test", "x").decode().strip()
            enough, kill_after = threading.Event(), len(acknowledged) + self.random.randrange(50, 400)
            threads = [threading.Thread(target=self.submit, args=(server.listeners["submission"], password, f"r{round_number}-t{i}",
                                                                  acknowledged, enough, kill_after)) for i in range(SUBMITTERS)]
            for thread in threads:
                thread.start()
            were_enough = enough.wait(60)
            server.kill()
            for thread in threads:
                thread.join()
            self.assertTrue(were_enough, f"{len(acknowledged)} of {kill_after} were acknowledged")
        self.sink.generation = ROUNDS
        with self.server() as server:
            there = self.sink.wait_until(lambda taken: set(acknowledged) <= {each[0] for each in taken}, LEASE_ENDS_S)
            lost = set(acknowledged) - {each[0] for each in self.sink.taken}
            waiting = server.command_json("queue", "list")
            self.assertTrue(there, f"{len(lost)} of {len(acknowledged)} did not come, for example {sorted(lost)[:3]}; the queue: {waiting[:3]}")
            server.command("verify")  # its exit code tells of damage
        copies = collections.defaultdict(list)
        for recipient, generation, content in self.sink.taken:
            copies[recipient].append(generation)
            self.assertTrue(content.endswith(f"Subject: {recipient}\r\n\r\nHello\r\n".encode()), content)
        doubled = {recipient: came for recipient, came in copies.items() if len(came) > 1}
        for recipient, came in doubled.items():
            self.assertEqual(len(set(came)), len(came), f"{recipient} was sent twice by one process")
        self.assertLessEqual(sum(len(came) - 1 for came in doubled.values()), ROUNDS * CONCURRENCY)


if __name__ == "__main__":
    unittest.main()

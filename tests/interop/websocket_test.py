"""A WebSocket client of others' making speaks JMAP (RFC 8887), and curl takes server-sent events (RFC 8620 section 7.3)."""
import asyncio
import json
import subprocess
import unittest

import peers
import websockets
from jmap import ANN, CORE, JmapClient, app_password, basic


class WebSocketTest(peers.InteropTest):
    OVERRIDES = ("jmap.listen=127.0.0.1:0",)

    def setUp(self):
        super().setUp()
        self.telepost.command("account", "create", ANN)
        self.jmap = JmapClient(self.telepost, basic(ANN, app_password(self.telepost, ANN)))
        self.addCleanup(self.jmap.close)
        self.origin = f"127.0.0.1:{self.telepost.listeners['jmap']}"

    def deliver(self):
        self.jmap.deliver(b"Subject: hello\r\n\r\nhello\r\n")

    def connect(self):
        return websockets.connect(f"ws://{self.origin}/jmap/ws", subprotocols=["jmap"], extra_headers={"Authorization": self.jmap.login}, max_size=None)

    def test_python_websockets_calls_methods_and_is_pushed_to(self):
        async def run():
            async with self.connect() as client:
                self.assertEqual(client.subprotocol, "jmap")
                self.assertEqual(client.extensions, [])
                await client.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": ["Email"]}))
                large = "\u00fc" * 1_000_000
                text = json.dumps({"@type": "Request", "id": "a", "using": [CORE], "methodCalls": [["Core/echo", {"text": large}, "0"]]},
                                  ensure_ascii=False)
                await client.send([text[i:i + 100_001] for i in range(0, len(text), 100_001)])  # in fragments
                answer = json.loads(await client.recv())
                self.assertEqual(answer["requestId"], "a")
                self.assertEqual(answer["methodResponses"][0][1]["text"], large)
                await client.ping()
                self.deliver()
                change = json.loads(await client.recv())
                self.assertEqual(change["@type"], "StateChange")
                self.assertTrue(change["pushState"])
            self.assertEqual(client.close_code, 1000)
        asyncio.run(run())

    def test_many_hear_of_one_delivery(self):
        async def run():
            clients = [await self.connect() for _ in range(50)]
            for client in clients:
                await client.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None}))
                await client.send(json.dumps({"@type": "Request", "id": "a", "using": [CORE], "methodCalls": []}))
                self.assertEqual(json.loads(await client.recv())["requestId"], "a")
            self.deliver()
            states = {json.loads(await client.recv())["pushState"] for client in clients}
            self.assertEqual(len(states), 1)
            for client in clients:
                await client.close()
        asyncio.run(run())

    def test_curl_takes_events(self):
        url = f"http://{self.origin}/jmap/eventsource?types=Email&closeafter=state&ping=0"
        curl = subprocess.Popen(["curl", "--silent", "--verbose", "--no-buffer", "--header", f"Authorization: {self.jmap.login}", url],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for end in (curl.stdout.close, curl.stderr.close, curl.wait, curl.kill):
            self.addCleanup(end)
        head = []
        while (line := curl.stderr.readline().strip()) not in ("<", ""):
            head.append(line)
        self.assertIn("< Content-Type: text/event-stream", head)
        self.deliver()
        lines = curl.stdout.read().splitlines()
        self.assertEqual(curl.wait(), 0)
        self.assertEqual([line.split(":")[0] for line in lines], ["event", "id", "data", ""])
        self.assertIn("Email", json.dumps(json.loads(lines[2].removeprefix("data: "))))


if __name__ == "__main__":
    unittest.main()

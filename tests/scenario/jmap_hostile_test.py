"""JMAP requests that no client should send: each gets an error of RFC 8620, none a 500, and the server's memory stays bounded."""
import concurrent.futures
import http.client
import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402

MIB = 1 << 20
MEMORY_MIB = 500  # over what the server has when it is ready: eight requests of 10 MiB at once, and what they make

# RFC 8620 section 3.6.2, 5 and RFC 8621 where it adds some: all that a method may answer to arguments that are wrong.
METHOD_ERRORS = {"invalidArguments", "accountNotFound", "fromAccountNotFound", "requestTooLarge", "cannotCalculateChanges", "anchorNotFound", "unsupportedSort",
                 "unsupportedFilter", "stateMismatch", "invalidResultReference", "unknownMethod"}

# Every method of mail with arguments that are right.
METHODS = {
    "Mailbox/get": {"ids": None, "properties": ["name"]},
    "Mailbox/changes": {"sinceState": "1", "maxChanges": 10},
    "Mailbox/query": {"filter": {"role": "inbox"}, "sort": [{"property": "name"}], "position": 0, "anchor": "m1", "anchorOffset": 0, "limit": 5,
                      "calculateTotal": True, "sortAsTree": True, "filterAsTree": True},
    "Mailbox/queryChanges": {"filter": None, "sort": None, "sinceQueryState": "1", "maxChanges": 5, "upToId": "m1", "calculateTotal": True},
    "Mailbox/set": {"ifInState": None, "create": {"k": {"name": "x", "parentId": None, "role": None, "sortOrder": 1, "isSubscribed": True}},
                    "update": {"m1": {"sortOrder": 1}}, "destroy": ["m9"], "onDestroyRemoveEmails": False},
    "Thread/get": {"ids": ["t1"], "properties": ["emailIds"]},
    "Thread/changes": {"sinceState": "1", "maxChanges": 10},
    "Email/get": {"ids": ["e1"], "properties": ["subject"], "bodyProperties": ["partId"], "fetchTextBodyValues": True, "fetchHTMLBodyValues": True,
                  "fetchAllBodyValues": True, "maxBodyValueBytes": 10},
    "Email/changes": {"sinceState": "1", "maxChanges": 10},
    "Email/query": {"filter": {"inMailbox": "m1", "inMailboxOtherThan": ["m2"], "before": "2030-01-01T00:00:00Z", "after": "2000-01-01T00:00:00Z", "minSize": 1,
                               "maxSize": 99999, "allInThreadHaveKeyword": "$seen", "someInThreadHaveKeyword": "$seen", "noneInThreadHaveKeyword": "$x",
                               "hasKeyword": "$seen", "notKeyword": "$x", "hasAttachment": False, "from": "a", "to": "a", "cc": "a", "bcc": "a", "subject": "a", "text": "a", "body": "a",
                               "header": ["Subject", "a"]},
                    "sort": [{"property": "receivedAt", "isAscending": False, "collation": "i;octet"}], "position": 0, "anchor": "e1", "anchorOffset": 0, "limit": 5,
                    "calculateTotal": True, "collapseThreads": True},
    "Email/queryChanges": {"filter": {"inMailbox": "m1"}, "sort": [{"property": "receivedAt"}], "sinceQueryState": "1", "maxChanges": 5, "upToId": "e1",
                           "calculateTotal": True, "collapseThreads": True},
    "Email/set": {"ifInState": None, "create": {"k": {"mailboxIds": {"m1": True}, "keywords": {"$seen": True}, "subject": "x", "from": [{"email": "a@b.example"}],
                                                      "receivedAt": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:00Z", "messageId": ["a@b.example"],
                                                      "header:X-One:asText": "x", "textBody": [{"partId": "1", "type": "text/plain"}],
                                                      "attachments": [{"blobId": "u1", "type": "image/png", "name": "x", "cid": "x", "language": ["en"]}],
                                                      "bodyValues": {"1": {"value": "x", "isTruncated": False}}}},
                  "update": {"e1": {"keywords/$seen": True, "mailboxIds/m1": True}}, "destroy": ["e99"]},
    "Email/copy": {"fromAccountId": "a0", "ifFromInState": None, "ifInState": None, "create": {"k": {"id": "e1", "mailboxIds": {"m1": True}}},
                   "onSuccessDestroyOriginal": False, "destroyFromIfInState": None},
    "Email/import": {"ifInState": None, "emails": {"k": {"blobId": "u1", "mailboxIds": {"m1": True}, "keywords": {"$seen": True}, "receivedAt": "2020-01-01T00:00:00Z"}}},
    "Email/parse": {"blobIds": ["u1"], "properties": ["subject"], "bodyProperties": ["partId"], "fetchTextBodyValues": True, "maxBodyValueBytes": 10},
    "SearchSnippet/get": {"filter": None, "emailIds": ["e1"]},
    "Blob/copy": {"fromAccountId": "a0", "blobIds": ["u1"]},
}

DEEP = []
for _ in range(50):
    DEEP = [DEEP]
WRONG = [None, True, 0, -1, 1.5, 2**53, -(2**63), 1e300, "", "x", "#k", "\u0000", "m1", "e1", "x" * 100_000, [], [None], [[]], ["x"] * 2000,
         {}, {"": None}, {"x": {"y": {}}}, {"operator": "NOT", "conditions": [{}]}, {"k": None}, {"k": []}, {"m1": 5}, DEEP]


def places(value, path=()):
    """Every place in the arguments: the path to each member and element."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from places(inner, (*path, index))


def replaced(value, path, by):
    if not path:
        return by
    if isinstance(value, dict):
        return {key: replaced(inner, path[1:], by) if key == path[0] else inner for key, inner in value.items()}
    return [replaced(inner, path[1:], by) if index == path[0] else inner for index, inner in enumerate(value)]


class HostileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = jmap.JmapAccount(folder.name, overrides=("jmap.max_calls_in_request=64",))
        self.addCleanup(self.jmap.stop)
        self.before = self.memory("VmRSS")
        self.jmap.deliver(b"From: a@b.example\r\nSubject: one\r\nMessage-ID: <1@b.example>\r\n\r\ntext\r\n")

    def memory(self, what):
        """In MiB."""
        for line in pathlib.Path(f"/proc/{self.jmap.server.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        raise AssertionError(what)

    def assert_alive_and_small(self):
        self.assertLess(self.memory("VmHWM") - self.before, MEMORY_MIB)
        self.assertIn("inbox", [one["role"] for one in self.jmap.call("Mailbox/get")["list"]])
        self.assertNotIn("jmap_method_failed", (self.jmap.server.folder / "telepost.log").read_text())
        self.jmap.server.command("verify")

    def test_arguments_of_any_wrong_type_are_errors_of_the_method(self):
        calls = []
        for method, arguments in METHODS.items():
            arguments = {"accountId": self.jmap.account, **arguments}
            calls.append([method, arguments])
            calls.append([method, {**arguments, "nothing": 1}])
            for path in places(arguments):
                calls += [[method, replaced(arguments, path, wrong)] for wrong in WRONG]
        for at in range(0, len(calls), 60):
            batch = [[name, arguments, str(index)] for index, (name, arguments) in enumerate(calls[at:at + 60])]
            status, body = self.jmap.post({"using": [jmap.CORE, jmap.MAIL], "methodCalls": batch})
            if status == 400:  # a request may be too large with so much nonsense: then each by itself
                self.assertEqual(body["type"], "urn:ietf:params:jmap:error:limit")
                answers = [self.jmap.post({"using": [jmap.CORE, jmap.MAIL], "methodCalls": [call]})[1]["methodResponses"][0] for call in batch]
            else:
                self.assertEqual(status, 200, body)
                answers = body["methodResponses"]
            self.assertEqual([answer[2] for answer in answers], [call[2] for call in batch])
            for (name, arguments, _), answer in zip(batch, answers):
                if answer[0] == "error":
                    self.assertIn(answer[1]["type"], METHOD_ERRORS, f"{name} {json.dumps(arguments)[:2000]} {answer[1]}")
        self.assert_alive_and_small()

    def test_bytes_that_are_no_request_are_refused_as_such(self):
        def using(rest):
            return b'{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",' + rest + b',"0"]]}'
        not_json = [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"nul", b'{"a":1,"a":2}', using(b'{"x":"\xc3\x28"}'), using(b'{"x":"\xed\xa0\x80"}'), using(b'{"x":"\\ud800"}'),
                    using(b'{"x":"\\uffff"}'), using(b'{"x":1,"x":1}'), using(b'{"x":01}'), using(b'{"x":NaN}'), using(b'{"x":1e999}'), using(b"[" * 100 + b"]" * 100),
                    b"[" * 5_000_000, b'{"a":' * 1_000_000, using(b'{"x":"' + b"\x01" + b'"}')]
        not_request = [b"[]", b"null", b"5", b'"x"', b"{}", b'{"using":[]}', b'{"using":[],"methodCalls":{}}', b'{"using":["x",5],"methodCalls":[]}',
                       b'{"using":[],"methodCalls":[[]]}', b'{"using":[],"methodCalls":[["Core/echo",{},0]]}', b'{"using":[],"methodCalls":[["Core/echo",[],"0"]]}',
                       b'{"using":[],"methodCalls":[],"createdIds":[]}']
        for kind, requests in (("notJSON", not_json), ("notRequest", not_request)):
            for request in requests:
                status, body = self.jmap.post(request)
                self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:" + kind), request[:200])
        status, body = self.jmap.post(using(b"[" + b"0," * 300_000 + b"0]"))
        self.assertEqual((status, body["limit"]), (400, "maxSizeRequest"))
        status, body = self.jmap.post({"using": [jmap.CORE, "urn:example:none"], "methodCalls": []})
        self.assertEqual((status, body["type"]), (400, "urn:ietf:params:jmap:error:unknownCapability"))
        self.assert_alive_and_small()

    def test_references_that_double_end_and_cost_no_memory(self):
        calls = [["Core/echo", {"x": ["y" * 1000] * 100}, "0"]]
        for i in range(1, 60):
            whole = {"resultOf": str(i - 1), "name": "Core/echo", "path": ""}
            calls.append(["Core/echo", {"#a": whole, "#b": whole}, str(i)])
        answers = self.jmap.run(calls)
        self.assertEqual(len(answers), 60)
        self.assertEqual({answer[1]["type"] for answer in answers if answer[0] == "error"}, {"invalidResultReference"})
        self.assert_alive_and_small()

    def test_eight_largest_requests_at_once(self):
        shapes = [json.dumps({"x": "y" * (9 * MIB)}), "[" + "[]," * 190_000 + "[]]", "{" + ",".join(f'"{i:050}":{i}' for i in range(100_000)) + "}",
                  "[" + ",".join(['"' + "z" * 90 + '"'] * 99_000) + "]"]
        text = '{"using":["%s"],"methodCalls":[["Core/echo",{"a":%s},"0"]]}'
        requests = [text % (jmap.CORE, shapes[i % len(shapes)]) for i in range(8)]

        def post(request):
            connection = http.client.HTTPConnection("127.0.0.1", self.jmap.server.listeners["jmap"], timeout=120)
            connection.request("POST", "/jmap/api", request, {"Authorization": self.jmap.login, "Content-Type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, len(body)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for (status, size), request in zip(pool.map(post, requests), requests):
                self.assertEqual(status, 200)
                self.assertGreater(size, len(request) // 2)
        self.assert_alive_and_small()


if __name__ == "__main__":
    unittest.main()

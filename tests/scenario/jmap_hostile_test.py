"""JMAP requests that no client should send: each gets an error of RFC 8620, none a 500, and the server's memory stays bounded."""
import concurrent.futures
import http.client
import json
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402

MIB = 1 << 20
MEMORY_MIB = 500  # over what the server has when it is ready: eight requests of 10 MiB at once, and what they make

# RFC 8620 section 3.6.2, 5, RFC 8621 and 9404 where they add some: all that a method may answer to arguments that are wrong.
METHOD_ERRORS = {"invalidArguments", "accountNotFound", "fromAccountNotFound", "requestTooLarge", "cannotCalculateChanges", "tooManyChanges", "anchorNotFound",
                 "unsupportedSort", "unsupportedFilter", "stateMismatch", "invalidResultReference", "unknownMethod", "unknownDataType"}
USING = (jmap.CORE, jmap.MAIL, jmap.SUBMISSION, jmap.QUOTA, jmap.BLOB, jmap.CONTACTS, jmap.VACATION, jmap.RULES, jmap.VCARD)
# Nobody reads another's account.
REFUSED = {"Email/copy": "fromAccountNotFound", "Blob/copy": "fromAccountNotFound", "ContactCard/copy": "fromAccountNotFound"}
OF_NO_ACCOUNT = ("PushSubscription/get", "PushSubscription/set")
ADAPTER = pathlib.Path(__file__).resolve().parent.parent.parent / "adapters/jmap"

# What the filter below finds: the word stands in every field that it names.
MAIL = (b"From: a <a@b.example>\r\nTo: a <ann@example.test>\r\nCc: a <a@b.example>\r\nBcc: a <a@b.example>\r\nSubject: a\r\n"
        b"Message-ID: <2@b.example>\r\n\r\na text\r\n")
DRAFT = b"From: Ann <ann@example.test>\r\nTo: bob@example.test\r\nSubject: draft\r\nMessage-ID: <3@example.test>\r\n\r\ntext\r\n"
# What the filter of cards finds.
CARD = {"addressBookIds": {"b1": True}, "uid": "a", "kind": "group", "members": {"a": True}, "nicknames": {"n": {"name": "a"}},
        "name": {"full": "a", "components": [{"kind": "given", "value": "a"}, {"kind": "surname", "value": "a"}, {"kind": "surname2", "value": "a"}]},
        "organizations": {"o": {"name": "a", "units": [{"name": "a"}]}}, "emails": {"e": {"address": "a@b.example"}}, "phones": {"p": {"number": "a"}},
        "onlineServices": {"s": {"service": "a", "user": "a"}}, "addresses": {"x": {"full": "a"}}, "notes": {"n": {"note": "a"}}}
VCARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:v\r\nFN:a\r\nEND:VCARD\r\n"


def envelope():
    """Of mail that waits for an hour."""
    return {"mailFrom": {"email": jmap.ANN, "parameters": {"HOLDFOR": "3600", "RET": "HDRS"}},
            "rcptTo": [{"email": "bob@example.test", "parameters": {"NOTIFY": "NEVER"}}]}


class Things:
    """What the arguments below name, all of it there; and the states before."""

    def __init__(self, account):
        self.account = account
        account.server.command("account", "create", "bob@example.test")
        self.states = {name: self.call(f"{name}/get", ids=[])["state"] for name in (
            "Mailbox", "Thread", "Email", "Identity", "EmailSubmission", "Quota", "AddressBook", "ContactCard")}
        account.deliver(b"From: a@b.example\r\nSubject: one\r\nMessage-ID: <1@b.example>\r\n\r\ntext\r\n", MAIL)  # e1 may go
        self.email = self.find("2@b.example")
        self.call("Email/set", update={self.email: {"keywords/$seen": True}})
        self.blob = account.upload(MAIL.replace(b"2@", b"4@"), "message/rfc822")
        self.call("Email/import", emails={"k": {"blobId": account.upload(DRAFT, "message/rfc822"), "mailboxIds": {"m1": True}}})
        self.draft = self.find("3@example.test")
        self.threads = {each["id"]: each["threadId"] for each in self.call("Email/get", ids=[self.email, self.draft], properties=["threadId"])["list"]}
        [identity] = self.call("Identity/get", ids=None)["list"]
        self.identity = identity["id"]
        create = {"k": {"identityId": self.identity, "emailId": self.draft, "envelope": envelope()}}
        self.submission = self.call("EmailSubmission/set", create=create)["created"]["k"]["id"]
        self.vcard = account.upload(VCARD, "text/vcard")
        self.photo = account.upload(b"\x89PNG\r\n\x1a\n", "image/png")
        self.card = self.call("ContactCard/set", create={"k": CARD})["created"]["k"]["id"]
        create = {"k": {"deviceClientId": "a", "url": "https://127.0.0.1/push"}}
        [[_, made, _]] = account.run([["PushSubscription/set", {"create": create}, "0"]])
        self.push = made["created"]["k"]["id"]

    def call(self, method, **arguments):
        return self.account.call(method, USING, **arguments)

    def find(self, message_id):
        [email] = self.call("Email/query", filter={"header": ["Message-ID", message_id]})["ids"]
        return email


def methods(there):
    """Every method with arguments that are right. What destroys an email comes last."""
    query = {"position": 0, "anchor": None, "anchorOffset": 0, "limit": 5, "calculateTotal": True}
    changed = {"maxChanges": 50, "upToId": "e1", "calculateTotal": True}
    submission = {"identityIds": [there.identity], "emailIds": [there.draft], "threadIds": [there.threads[there.draft]], "undoStatus": "pending",
                  "before": "2100-01-01T00:00:00Z", "after": "2000-01-01T00:00:00Z"}
    quota = {"name": "S", "scope": "account", "resourceType": "octets", "type": "Email"}
    return {
        **read_methods(there, query, changed),
        **contact_methods(there, query, changed),
        **automatic_methods(there),
        "Identity/get": {"ids": None, "properties": ["email"]},
        "Identity/changes": {"sinceState": there.states["Identity"], "maxChanges": 10},
        "Identity/set": {"ifInState": None, "create": {"k": {"name": "x", "email": jmap.ANN, "replyTo": [{"name": "x", "email": "a@b.example"}], "bcc": None,
                                                             "textSignature": "x", "htmlSignature": "<p>x</p>"}},
                         "update": {there.identity: {"name": "y"}}, "destroy": ["i99"]},
        "EmailSubmission/get": {"ids": [there.submission], "properties": ["undoStatus", "deliveryStatus"]},
        "EmailSubmission/changes": {"sinceState": there.states["EmailSubmission"], "maxChanges": 10},
        "EmailSubmission/query": {"filter": submission, "sort": [{"property": "sentAt", "isAscending": False}], **query, "anchor": there.submission},
        "EmailSubmission/queryChanges": {"filter": submission, "sort": [{"property": "emailId"}], "sinceQueryState": there.states["EmailSubmission"], **changed},
        "Quota/get": {"ids": None, "properties": ["used"]},
        "Quota/changes": {"sinceState": there.states["Quota"], "maxChanges": 10},
        "Quota/query": {"filter": quota, "sort": [{"property": "name", "isAscending": True, "collation": "i;octet"}], **query},
        "Quota/queryChanges": {"filter": quota, "sort": [{"property": "used"}], "sinceQueryState": there.states["Quota"], **changed},
        "Blob/upload": {"create": {"k": {"type": "text/plain", "data": [{"data:asText": "x"}, {"data:asBase64": "eA=="}, {"blobId": there.blob, "offset": 0, "length": 1}]}}},
        "Blob/get": {"ids": [there.blob], "properties": ["data", "size", "digest:sha-256"], "offset": 0, "length": 5},
        "Blob/lookup": {"typeNames": ["Email"], "ids": [there.blob]},
        "Blob/copy": {"fromAccountId": "a0", "blobIds": [there.blob]},
        **write_methods(there),
    }


def read_methods(there, query, changed):
    return {
        "Mailbox/get": {"ids": None, "properties": ["name"]},
        "Mailbox/changes": {"sinceState": there.states["Mailbox"], "maxChanges": 10},
        "Mailbox/query": {"filter": {"role": "inbox"}, "sort": [{"property": "name"}], **query, "anchor": "m1", "sortAsTree": True, "filterAsTree": True},
        "Mailbox/queryChanges": {"filter": None, "sort": None, "sinceQueryState": there.states["Mailbox"], **changed},
        "Thread/get": {"ids": [there.threads[there.email]], "properties": ["emailIds"]},
        "Thread/changes": {"sinceState": there.states["Thread"], "maxChanges": 10},
        "Email/get": {"ids": [there.email], "properties": ["subject", "bodyValues"], "bodyProperties": ["partId"], "fetchTextBodyValues": True,
                      "fetchHTMLBodyValues": True, "fetchAllBodyValues": True, "maxBodyValueBytes": 10},
        "Email/changes": {"sinceState": there.states["Email"], "maxChanges": 10},
        "Email/query": {"filter": {"inMailbox": "m1", "inMailboxOtherThan": ["m2"], "before": "2100-01-01T00:00:00Z", "after": "2000-01-01T00:00:00Z", "minSize": 1,
                                   "maxSize": 99999, "allInThreadHaveKeyword": "$seen", "someInThreadHaveKeyword": "$seen", "noneInThreadHaveKeyword": "$x",
                                   "hasKeyword": "$seen", "notKeyword": "$x", "hasAttachment": False, "from": "a", "to": "a", "cc": "a", "bcc": "a", "subject": "a",
                                   "text": "a", "body": "a", "header": ["Subject", "a"]},
                        "sort": [{"property": "receivedAt", "isAscending": False, "collation": "i;octet"}], **query, "anchor": there.email, "collapseThreads": True},
        "Email/queryChanges": {"filter": {"inMailbox": "m1"}, "sort": [{"property": "receivedAt", "isAscending": False}], "sinceQueryState": there.states["Email"],
                               **changed, "collapseThreads": True},
        "Email/parse": {"blobIds": [there.blob], "properties": ["subject"], "bodyProperties": ["partId"], "fetchTextBodyValues": True, "maxBodyValueBytes": 10},
        "SearchSnippet/get": {"filter": {"text": "a"}, "emailIds": [there.email]},
    }


def contact_methods(there, query, changed):
    seeking = {"inAddressBook": "b1", "uid": "a", "hasMember": "a", "kind": "group", "createdBefore": "2100-01-01T00:00:00Z", "createdAfter": "2000-01-01T00:00:00Z",
               "updatedBefore": "2100-01-01T00:00:00Z", "updatedAfter": "2000-01-01T00:00:00Z", "text": "a", "name": "a", "name/given": "a", "name/surname": "a",
               "name/surname2": "a", "nickname": "a", "organization": "a", "email": "a", "phone": "a", "onlineService": "a", "address": "a", "note": "a"}
    card = {"addressBookIds": {"b1": True}, "language": "de", "relatedTo": {"a": {"relation": {"friend": True}}}, "created": "2020-01-01T00:00:00Z",
            "name": {"components": [{"kind": "given", "value": "x"}], "isOrdered": True, "sortAs": {"given": "x"}, "full": "x"},
            "speakToAs": {"grammaticalGender": "neuter", "pronouns": {"k": {"pronouns": "they"}}}, "titles": {"t": {"kind": "title", "name": "x"}},
            "emails": {"e": {"address": "x@b.example", "contexts": {"work": True}, "pref": 1}}, "phones": {"p": {"number": "x", "features": {"voice": True}}},
            "addresses": {"a": {"components": [{"kind": "name", "value": "x"}], "countryCode": "US"}}, "links": {"l": {"kind": "contact", "uri": "a:b"}},
            "media": {"m": {"kind": "photo", "blobId": there.photo}}, "localizations": {"jp": {"name/full": "X"}}, "keywords": {"x": True},
            "anniversaries": {"b": {"kind": "birth", "date": {"year": 1953, "month": 4, "day": 15}, "place": {"full": "x"}}},
            "notes": {"n": {"note": "x", "author": {"name": "x"}}}, "personalInfo": {"i": {"kind": "hobby", "value": "x", "level": "high"}}, "example.com:x": {"y": [1]}}
    return {
        "AddressBook/get": {"ids": ["b1"], "properties": ["name"]},
        "AddressBook/changes": {"sinceState": there.states["AddressBook"], "maxChanges": 10},
        "AddressBook/set": {"ifInState": None, "onDestroyRemoveContents": False, "onSuccessSetIsDefault": "b1",
                            "create": {"k": {"name": "x", "description": None, "sortOrder": 1, "isSubscribed": True, "shareWith": None}},
                            "update": {"b1": {"sortOrder": 1}}, "destroy": []},
        "ContactCard/get": {"ids": [there.card], "properties": ["name"]},
        "ContactCard/changes": {"sinceState": there.states["ContactCard"], "maxChanges": 10},
        "ContactCard/query": {"filter": seeking, "sort": [{"property": "name/given", "isAscending": False, "collation": "i;octet"}], **query, "anchor": there.card},
        "ContactCard/queryChanges": {"filter": seeking, "sort": [{"property": "created"}], "sinceQueryState": there.states["ContactCard"], **changed},
        "ContactCard/set": {"ifInState": None, "create": {"k": card}, "update": {there.card: {"notes/n/note": "b", "keywords": {"x": True}}}, "destroy": ["c99"]},
        "ContactCard/copy": {"fromAccountId": "a0", "ifFromInState": None, "ifInState": None, "create": {"k": {"id": there.card, "addressBookIds": {"b1": True}}},
                             "onSuccessDestroyOriginal": False, "destroyFromIfInState": None},
        "ContactCard/import": {"ifInState": None, "blobId": there.vcard, "addressBookIds": {"b1": True}},
        "ContactCard/export": {"ids": [there.card]},
    }


def automatic_methods(there):
    rule = {"name": "x", "isEnabled": True, "matches": "any", "isBlocked": False, "fileInto": "A/b", "keywords": {"$flagged": True}, "isLast": True,
            "conditions": [{"kinds": ["voice"], "from": ["@example.org", "tel:+4930*"], "isWithheld": False, "to": [jmap.ANN], "header": ["List-Id", "x"], "minSize": 1,
                            "maxSize": 9}],
            "forward": {"to": ["x@example.org"], "keepCopy": False}, "answer": {"subject": "x", "textBody": "x", "days": 3}}
    keys = {"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}  # of RFC 8291
    return {
        "VacationResponse/get": {"ids": ["singleton"], "properties": ["subject"]},
        "VacationResponse/set": {"ifInState": None, "create": {}, "destroy": [],
                                 "update": {"singleton": {"isEnabled": True, "fromDate": "2020-01-01T00:00:00Z", "toDate": "2100-01-01T00:00:00Z", "subject": "x",
                                                          "textBody": "x", "htmlBody": "<p>x</p>"}}},
        "RuleList/get": {"ids": ["singleton"], "properties": ["rules"]},
        "RuleList/set": {"ifInState": None, "create": {}, "update": {"singleton": {"rules": [rule]}}, "destroy": []},
        "PushSubscription/get": {"ids": [there.push], "properties": ["types"]},
        "PushSubscription/set": {"create": {"k": {"deviceClientId": "b", "url": "https://127.0.0.1/push", "keys": keys, "expires": "2100-01-01T00:00:00Z",
                                                  "types": ["Email"], "verificationCode": None}},
                                 "update": {there.push: {"types": ["Email"], "expires": None}}, "destroy": ["n99"]},
    }


def write_methods(there):
    return {
        "Mailbox/set": {"ifInState": None, "create": {"k": {"name": "x", "parentId": None, "role": None, "sortOrder": 1, "isSubscribed": True}},
                        "update": {"m1": {"sortOrder": 1}}, "destroy": ["m9"], "onDestroyRemoveEmails": False},
        "Email/set": {"ifInState": None, "create": {"k": {"mailboxIds": {"m1": True}, "keywords": {"$seen": True}, "subject": "x", "from": [{"email": "a@b.example"}],
                                                          "receivedAt": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:00Z", "messageId": ["a@b.example"],
                                                          "header:X-One:asText": "x", "textBody": [{"partId": "1", "type": "text/plain"}],
                                                          "attachments": [{"blobId": there.blob, "type": "image/png", "name": "x", "cid": "x", "language": ["en"]}],
                                                          "bodyValues": {"1": {"value": "x", "isTruncated": False}}}},
                      "update": {there.email: {"keywords/$seen": True, "mailboxIds/m1": True}}, "destroy": ["e99"]},
        "Email/copy": {"fromAccountId": "a0", "ifFromInState": None, "ifInState": None, "create": {"k": {"id": there.email, "mailboxIds": {"m1": True}}},
                       "onSuccessDestroyOriginal": False, "destroyFromIfInState": None},
        "Email/import": {"ifInState": None, "emails": {"k": {"blobId": there.blob, "mailboxIds": {"m1": True}, "keywords": {"$seen": True},
                                                             "receivedAt": "2020-01-01T00:00:00Z"}}},
        "EmailSubmission/set": {"ifInState": None, "create": {"k": {"identityId": there.identity, "emailId": there.draft, "envelope": envelope()}},
                                "update": {"n99": {"undoStatus": "canceled"}}, "destroy": ["n99"],
                                "onSuccessUpdateEmail": {"#k": {"keywords/$draft": None}}, "onSuccessDestroyEmail": ["n99"]},
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

    def answers(self, batch):
        """The answer to each call; what follows from one by itself (RFC 8621 section 7.5) only has to be no failure."""
        batch = [[name, arguments, str(index)] for index, (name, arguments) in enumerate(batch)]
        status, body = self.jmap.post({"using": USING, "methodCalls": batch})
        if status == 400:  # a request may be too large with so much nonsense: then each by itself
            self.assertEqual(body["type"], "urn:ietf:params:jmap:error:limit")
            responses = [each for call in batch for each in self.jmap.run([call], USING)]
        else:
            self.assertEqual(status, 200, body)
            responses = body["methodResponses"]
        first = {}
        for response in responses:
            self.assertNotIn("serverFail", json.dumps(response), batch[int(response[2])][0])
            first.setdefault(response[2], response)
        self.assertEqual(list(first), [call[2] for call in batch])
        return list(first.values())

    def test_arguments_of_any_wrong_type_are_errors_of_the_method(self):
        of_account = {"accountId": self.jmap.account}
        right = {method: {**({} if method in OF_NO_ACCOUNT else of_account), **arguments} for method, arguments in methods(Things(self.jmap)).items()}
        offered = {name for path in ADAPTER.glob("*.cc") for name in re.findall(r'"([A-Z]\w+/\w+)"', path.read_text())}
        self.assertEqual(offered - {"Core/echo"}, set(right))
        for method, arguments in right.items():
            [answer] = self.answers([(method, arguments)])
            if method in REFUSED:
                self.assertEqual((answer[0], answer[1].get("type")), ("error", REFUSED[method]), answer)
                continue
            self.assertEqual(answer[0], method, answer)
            self.assertFalse(answer[1].get("notCreated"), answer)  # so that what is wrong below is looked at
            self.assertLessEqual(set(answer[1].get("notUpdated") or ()), {"n99"}, answer)
        for method, arguments in right.items():
            [answer] = self.answers([(method, {**arguments, "nothing": 1})])
            self.assertEqual((answer[0], answer[1].get("type")), ("error", "invalidArguments"), f"{method} {answer}")
        calls = [(method, replaced(arguments, path, wrong)) for method, arguments in right.items() for path in places(arguments) for wrong in WRONG]
        for at in range(0, len(calls), 60):
            for (name, arguments), answer in zip(calls[at:at + 60], self.answers(calls[at:at + 60])):
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

    def test_downloads_that_nobody_takes_are_few(self):
        blob = self.jmap.upload(b"x" * (30 * MIB))  # more than sockets hold
        path = f"/jmap/download/{self.jmap.account}/{blob}/a.bin"
        connections = []

        def begin():
            """Reads the head alone."""
            connection = http.client.HTTPConnection("127.0.0.1", self.jmap.server.listeners["jmap"], timeout=60)
            self.addCleanup(connection.close)
            connection.request("GET", path, headers={"Authorization": self.jmap.login})
            answer = connection.getresponse()
            self.addCleanup(answer.close)
            connections.append((connection, answer))
            return answer.status

        def taken_again():
            answer, body = self.jmap.ask("GET", path)
            return answer.status != 429 and (answer.status, len(body))
        self.assertEqual([begin() for _ in range(16)], [200] * 16)
        answer, body = self.jmap.ask("GET", path)
        self.assertEqual((answer.status, answer.getheader("Content-Type")), (429, "application/problem+json"))
        self.assertEqual(json.loads(body)["detail"], "as many downloads are under way already")
        for each in reversed(connections[0]):
            each.close()
        status, size = jmap.until(taken_again, 60)
        self.assertEqual((status, size), (200, 30 * MIB))
        self.assert_alive_and_small()


if __name__ == "__main__":
    unittest.main()

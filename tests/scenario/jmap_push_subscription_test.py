"""Push to a push service (RFC 8620 section 7.2): the real program against one of our own making, which reads what devices would read."""
import http.client
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from jmap import ANN, JmapAccount, basic, until  # noqa: E402
from push_endpoint import Device, PushEndpoint, check_vapid  # noqa: E402

VAPID = "urn:ietf:params:jmap:webpush-vapid"
LETTER = "From: joe@example.com\r\nTo: ann@example.test\r\nSubject: hello\r\n\r\nhello\r\n"


class PushCase(unittest.TestCase):
    free = ("relay.refuse_networks=[]",)  # the push service is on this machine

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.endpoint = PushEndpoint(folder.name)
        self.addCleanup(self.endpoint.close)
        self.jmap = JmapAccount(folder.name + "/telepost", (f"tls.authorities={self.endpoint.authority}", *self.free))
        self.addCleanup(self.jmap.stop)

    def set(self, login=None, **arguments):
        kept, self.jmap.login = self.jmap.login, login or self.jmap.login
        try:
            [[name, answer, _]] = self.jmap.run([["PushSubscription/set", arguments, "0"]])
        finally:
            self.jmap.login = kept
        self.assertEqual(name, "PushSubscription/set", answer)
        return answer

    def create(self, path, keys=None, login=None, **more):
        wanted = {"deviceClientId": "a889-ffea-910", "url": self.endpoint.url(path), "keys": keys, **more}
        answer = self.set(login, create={"4f29": wanted})
        self.assertIn("4f29", answer["created"] or {}, answer)
        return answer["created"]["4f29"]["id"]

    def verified(self, path, device=None, login=None, **more):
        id = self.create(path, device.keys() if device else None, login, **more)
        [asked] = self.endpoint.wait(path, 1)
        code = asked.json(device)["verificationCode"]
        self.assertEqual(self.set(login, update={id: {"verificationCode": code}})["updated"], {id: None})
        return id

    def list(self):
        [[name, answer, _]] = self.jmap.run([["PushSubscription/get", {"ids": None}, "0"]])
        self.assertEqual(name, "PushSubscription/get", answer)
        self.assertEqual(set(answer), {"list", "notFound"})
        return answer["list"]

    def state(self):
        return self.jmap.call("Email/get", ids=[])["state"]

    def states(self, pushed, device=None):
        told = pushed.json(device)
        self.assertEqual(told["@type"], "StateChange")
        self.assertEqual(list(told["changed"]), [self.jmap.account])
        return told["changed"][self.jmap.account]


class PushSubscriptionTest(PushCase):
    def test_what_is_delivered_is_told_to_the_device_alone(self):
        device = Device()
        id = self.create("/ann", device.keys())
        [asked] = self.endpoint.wait("/ann", 1)
        told = asked.json(device)
        self.assertEqual((told["@type"], told["pushSubscriptionId"]), ("PushVerification", id))
        self.assertGreaterEqual(len(told["verificationCode"]), 22)
        self.assertEqual(asked.fields["content-type"], "application/json")
        self.assertGreater(int(asked.fields["ttl"]), 0)
        claims, key = check_vapid(asked.fields["authorization"], self.endpoint.origin)
        self.assertEqual(key, self.jmap.session["capabilities"][VAPID]["applicationServerKey"])
        self.assertEqual(claims["sub"], "mailto:postmaster@example.test")
        # Nothing but that goes there before the code came back; what another one is asked comes behind it.
        self.jmap.deliver(LETTER)
        self.create("/other")
        self.endpoint.wait("/other", 1)
        self.assertEqual(len(self.endpoint.at("/ann")), 1)
        [shown, _] = self.list()
        self.assertEqual((shown["id"], shown["verificationCode"], shown["types"]), (id, None, None))
        self.assertNotIn("url", shown)
        refused = self.set(update={id: {"verificationCode": "x" + told["verificationCode"][1:]}})
        self.assertEqual(refused["notUpdated"][id], {"type": "invalidProperties", "properties": ["verificationCode"]})
        self.assertEqual(self.set(update={id: {"verificationCode": told["verificationCode"]}})["updated"], {id: None})
        self.jmap.deliver(LETTER)
        pushed = self.endpoint.wait("/ann", 2)[1]
        states = self.states(pushed, device)
        self.assertEqual(states["Email"], self.state())
        self.assertIn("EmailDelivery", states)
        self.assertEqual(pushed.fields["urgency"], "normal")
        self.assertRegex(pushed.fields["topic"], "^[A-Za-z0-9_-]{1,32}$")
        check_vapid(pushed.fields["authorization"], self.endpoint.origin)
        self.assertEqual(self.list()[0]["verificationCode"], told["verificationCode"])

    def test_without_keys_in_plain_json_and_of_the_wanted_types_alone(self):
        self.verified("/mailboxes", types=["Mailbox", "Weather"])
        self.jmap.deliver(LETTER)
        pushed = self.endpoint.wait("/mailboxes", 2)[1]
        self.assertEqual(self.states(pushed), {"Mailbox": self.jmap.call("Mailbox/get", ids=[])["state"]})

    def test_a_service_that_cannot_is_asked_again_when_it_says_and_hears_the_newest(self):
        self.verified("/busy", types=["Email"])
        self.endpoint.answers["/busy"] = [(503, {"Retry-After": "2"}), (302, {"Location": self.endpoint.url("/elsewhere")})]
        self.jmap.deliver(LETTER)
        self.endpoint.wait("/busy", 2)
        self.jmap.deliver(LETTER)
        newest = self.state()
        tries = self.endpoint.wait("/busy", 4)
        self.assertGreaterEqual(tries[2].at - tries[1].at, 2)  # by itself it would have waited for one
        self.assertEqual(self.states(tries[3]), {"Email": newest})
        self.assertEqual(self.endpoint.at("/elsewhere"), [], "no redirect is followed")

    def test_a_subscription_that_the_service_does_not_know_ends(self):
        for status in (404, 410):
            path = f"/gone{status}"
            id = self.verified(path, types=["Email"])
            self.endpoint.answers[path] = [(status, {})]
            self.jmap.deliver(LETTER)
            self.endpoint.wait(path, 2)
            until(lambda: all(one["id"] != id for one in self.list()))
            self.assertEqual(self.list(), [])

    def test_a_restart_keeps_them_and_pushes_what_was_not_taken(self):
        device = Device()
        self.verified("/kept", device, types=["Email"])
        self.jmap.deliver(LETTER)
        self.endpoint.wait("/kept", 2)
        self.endpoint.answers["/kept"] = [(500, {})] * 20
        self.jmap.deliver(LETTER)
        newest = self.state()
        self.endpoint.wait("/kept", 3)
        self.jmap.server.kill()
        before = len(self.endpoint.at("/kept"))
        self.endpoint.answers["/kept"] = []
        self.jmap.start_again()
        pushed = self.endpoint.wait("/kept", before + 1)[before]
        self.assertEqual(self.states(pushed, device), {"Email": newest})
        self.assertEqual(len(self.list()), 1)
        self.jmap.server.stop()
        self.jmap.start_again()
        self.jmap.deliver(LETTER)
        latest = self.state()
        pushed = self.endpoint.wait_for("/kept", lambda each: "topic" in each.fields and self.states(each, device)["Email"] == latest)
        check_vapid(pushed.fields["authorization"], self.endpoint.origin)

    def test_it_ends_with_its_app_password_and_is_of_no_other(self):
        [added] = self.jmap.server.command_json("account", "app-password", "add", ANN, "phone")
        phone = basic(ANN, added["password"])
        id = self.verified("/phone", login=phone, types=["Email"])
        self.assertEqual(self.list(), [], "only those of the same credentials are told")
        self.assertEqual(self.set(destroy=[id])["notDestroyed"], {id: {"type": "notFound"}})
        self.jmap.server.command("account", "app-password", "revoke", ANN, "phone")
        self.verified("/laptop", types=["Email"])
        self.jmap.deliver(LETTER)
        self.endpoint.wait("/laptop", 2)
        self.jmap.deliver(LETTER)
        self.endpoint.wait("/laptop", 3)  # what would go to the other went before
        self.assertEqual(len(self.endpoint.at("/phone")), 1)

    def test_errors_are_those_of_the_rfc(self):
        for wanted, wrong in (({"deviceClientId": "d", "url": "http://127.0.0.1/"}, ["url"]),
                              ({"deviceClientId": "d", "url": "https://ann@example.com/"}, ["url"]),
                              ({"deviceClientId": "d", "url": "https://0x7f.1/"}, ["url"]),
                              ({"deviceClientId": "d", "url": "https://a.test/" + "x" * 3000}, ["url"]),
                              ({"deviceClientId": "d"}, ["url"]),
                              ({"deviceClientId": "d", "url": "https://a.test/", "verificationCode": "x"}, ["verificationCode"]),
                              ({"deviceClientId": "d", "url": "https://a.test/", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}, ["keys"]),
                              ({"deviceClientId": "d", "url": "https://a.test/", "types": "Email"}, ["types"]),
                              ({"deviceClientId": "d", "url": "https://a.test/", "expires": "tomorrow"}, ["expires"])):
            self.assertEqual(self.set(create={"a": wanted})["notCreated"]["a"], {"type": "invalidProperties", "properties": wrong}, wanted)
        for method, arguments, error in (("PushSubscription/get", {"ids": None, "properties": ["url"]}, "forbidden"),
                                         ("PushSubscription/get", {"ids": None, "accountId": self.jmap.account}, "invalidArguments"),
                                         ("PushSubscription/set", {"ifInState": "1"}, "invalidArguments")):
            [[name, answer, _]] = self.jmap.run([[method, arguments, "0"]])
            self.assertEqual((name, answer["type"]), ("error", error), answer)
        many = self.set(create={f"c{i}": {"deviceClientId": "d", "url": self.endpoint.url(f"/many{i}")} for i in range(21)})
        self.assertEqual((len(many["created"]), [each["type"] for each in many["notCreated"].values()]), (20, ["overQuota"]))
        self.assertEqual(len(self.set(destroy=[each["id"] for each in self.list()])["destroyed"]), 20)
        self.assertEqual(self.list(), [])


class RefusedNetworkTest(PushCase):
    """With networks as they are refused by default, nothing is connected to on this machine."""
    free = ()

    def failed(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.jmap.server.listeners["admin"], timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return [line for line in text.splitlines() if line.startswith('telepost_jmap_pushes_total{result="failed"}')]

    def test_nothing_inside_is_connected_to(self):
        self.create("/inside")
        until(self.failed)  # it was tried
        self.assertEqual(self.endpoint.requests, [])


if __name__ == "__main__":
    unittest.main()

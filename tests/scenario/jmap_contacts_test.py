"""Contacts from outside: cards that python3-vobject wrote, and what it reads of ours; push, and what a restart leaves."""
import pathlib
import sys
import tempfile
import unittest

import vobject

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402
from jmap import CONTACTS  # noqa: E402

USING = (jmap.CORE, jmap.MAIL, CONTACTS, jmap.VCARD)


def card_of(number):
    card = vobject.vCard()
    card.add("uid").value = f"person-{number}"
    card.add("fn").value = f"Ann Example {number}; Esq., \\ of\nVienna"
    card.add("n").value = vobject.vcard.Name(family="Example", given="Ann", additional="Maria", prefix="Dr.", suffix="PhD")
    email = card.add("email")
    email.value, email.type_param = f"ann{number}@example.com", "INTERNET"
    tel = card.add("tel")
    tel.value, tel.type_param = f"+1 555 {number:04}", ["WORK", "FAX"]
    address = card.add("adr")
    address.value, address.type_param = vobject.vcard.Address("Laurier 1", "Quebec", "QC", "G1V 2M2", "Canada"), "HOME"
    card.add("org").value = ["Viagenie, Inc.", "Research"]
    card.add("note").value = "Grüße aus Wien " * 20
    card.add("bday").value = "19960415"
    return card


class Contacts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = jmap.JmapAccount(folder.name)
        self.addCleanup(self.jmap.stop)

    def call(self, method, **arguments):
        return self.jmap.call(method, USING, **arguments)

    def import_text(self, text):
        blob = self.jmap.upload(text.encode(), "text/vcard")
        return self.call("ContactCard/import", blobId=blob, addressBookIds={"b1": True})

    def export(self, ids=None):
        done = self.call("ContactCard/export", ids=ids)
        answer, body = self.jmap.download(done["blobId"], "contacts.vcf", "text/vcard")
        self.assertEqual((answer.status, len(body)), (200, done["size"]))
        return list(vobject.readComponents(body.decode()))

    def test_another_implementation_reads_what_it_wrote(self):
        cards = [card_of(number) for number in range(30)]
        done = self.import_text("".join(card.serialize() for card in cards))
        self.assertEqual((len(done["created"]), done["notCreated"]), (30, {}))
        got = self.export()
        self.assertEqual(len(got), 30)
        for wanted, card in zip(cards, got):
            self.assertEqual(card.version.value, "4.0")
            for name in ("uid", "fn", "note", "bday"):
                self.assertEqual(getattr(card, name).value, getattr(wanted, name).value, name)
            self.assertEqual(vars(card.n.value), vars(wanted.n.value))
            self.assertEqual(vars(card.adr.value), vars(wanted.adr.value))
            self.assertEqual(card.org.value, wanted.org.value)
            self.assertEqual(card.email.value, wanted.email.value)
            self.assertEqual(card.tel.value, wanted.tel.value)
            self.assertEqual(sorted(t.lower() for t in card.tel.params["TYPE"]), ["fax", "work"])
        again = self.import_text("".join(card.serialize() for card in got))
        self.assertEqual((again["created"], len(again["updated"])), ({}, 30))

    def test_cards_are_there_after_a_restart_and_go_with_their_account(self):
        self.import_text(card_of(1).serialize())
        [card] = self.call("ContactCard/get")["list"]
        state = self.call("ContactCard/get", ids=[])["state"]
        self.jmap.server.stop()
        self.jmap.start_again()
        self.assertEqual(self.call("ContactCard/get")["list"], [card])
        self.assertEqual(self.call("ContactCard/changes", sinceState=state)["updated"], [])
        self.call("ContactCard/set", destroy=[card["id"]])
        self.assertEqual(self.call("ContactCard/changes", sinceState=state)["destroyed"], [card["id"]])
        self.jmap.server.command("verify")

    def test_what_is_no_vcard_is_told_and_nothing_breaks(self):
        self.assertEqual(self.import_text("no card at all")["notCreated"]["0"]["type"], "invalidProperties")
        self.assertEqual(self.import_text("")["created"], {})
        deep = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nJSPROP;JSPTR=\"a.example:x\":" + "[" * 5000 + "\r\nEND:VCARD\r\n"
        self.assertEqual(len(self.import_text(deep)["created"]), 1)
        status, _ = self.jmap.post({"using": list(USING), "methodCalls": [["ContactCard/set", {"accountId": self.jmap.account, "create": {
            "k": {"addressBookIds": {"b1": True}, "notes": {"n": {"note": "\ud800"}}}}}, "0"]]})
        self.assertEqual(status, 400, "a surrogate by itself is no text")

    def test_both_types_are_pushed(self):
        session = self.jmap.get_json("/.well-known/jmap")
        self.assertEqual(session["accounts"][self.jmap.account]["accountCapabilities"][CONTACTS], {"maxAddressBooksPerCard": 100, "mayCreateAddressBook": True})
        self.assertEqual(session["primaryAccounts"][CONTACTS], self.jmap.account)
        before = self.call("ContactCard/get", ids=[])["state"]
        answer, body = self.jmap.ask("GET", "/jmap/eventsource?types=ContactCard,AddressBook&closeafter=state&ping=0", fields=(("Last-Event-ID", "0"),))
        self.assertEqual(answer.status, 200)
        self.assertIn(b'"ContactCard":"' + before.encode(), body)
        self.assertIn(b'"AddressBook":"' + before.encode(), body)


if __name__ == "__main__":
    unittest.main()

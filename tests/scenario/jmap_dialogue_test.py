"""The examples of RFC 8620 and RFC 8621 as dialogues, tests/scenario/jmap/*.txt, with the real program.

A line begins with what happens; lines that begin with a blank belong to the one above. "#" begins a comment.
  CASE title    a new account
  MAIL name     one of the messages below arrives by LMTP
  USE urn       one more capability in `using`
  C: calls      a request's methodCalls; {word} stands for what was bound to it. {account} is bound.
  S: responses  what has to come. "{word}" binds what stands there, or has to be the same as before; "{*}" is anything,
                "{*string}", "{*number}" anything of that type. Objects have exactly these members unless one is "...".
  Q: ids -> ids what the last answer's queryChanges make of the first list, as RFC 8620 section 5.6 has a client do it, is the second one
"""
import json
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import jmap  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "jmap"
WORD = re.compile(r"\{(\*?[a-z][a-z0-9]*|\*)\}")


def mail(*fields, body="text\r\n"):
    return ("\r\n".join((*fields, "", "")) + body).encode()


MESSAGES = {
    # RFC 8621 section 4.2.1
    "dinner": mail("From: Joe Bloggs <joe@example.com>", "To: partytime@lists.example.com", "Subject: Dinner on Thursday?",
                   "Message-ID: <dinner@example.com>", "List-Post: <mailto:partytime@lists.example.com>", "MIME-Version: 1.0",
                   "Content-Type: multipart/mixed; boundary=x",
                   body="--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Hello " + "and more " * 60 + "</p></body></html>\r\n"
                        "--x\r\nContent-Type: text/plain\r\n\r\n-- Sent by your friendly mailing list\r\n--x--\r\n"),
    # RFC 8621 section 4.10: two threads, of which one has two emails
    "reveal": mail("From: Jane Doe <jdoe@example.com>", "Subject: The Big Reveal", "Message-ID: <reveal@example.com>",
                   body="As you may be aware, we are required to prepare a presentation\r\n"),
    "plan": mail("From: Joe <joe@example.com>", "Subject: Plan", "Message-ID: <plan@example.com>"),
    "answer": mail("From: Ann <ann@example.org>", "Subject: Re: Plan", "Message-ID: <answer@example.org>", "References: <plan@example.com>",
                   "In-Reply-To: <plan@example.com>"),
    # RFC 8621 section 5.1
    "foosball": mail("From: Joe <joe@example.com>", "Subject: The Foosball competition", "Message-ID: <foosball@example.com>",
                     body="Each year the foosball competition will be held in the Stadium de la Ville.\r\n"),
    "later": mail("From: Joe <joe@example.com>", "Subject: Later", "Message-ID: <later@example.com>"),
}


def applied(ids, changes):
    """RFC 8620 section 5.6: what was removed goes, then what was added goes in at its index."""
    ids = [id for id in ids if id not in changes["removed"]]
    for one in sorted(changes["added"], key=lambda one: one["index"]):
        ids.insert(one["index"], one["id"])
    return ids


def steps_of(text):
    """(what happens, the rest, line number) of each step."""
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " ":
            steps[-1][1] += "\n" + line
            continue
        what, _, rest = line.partition(" ")
        steps.append([what, rest, number])
    return steps


class Dialogue(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.jmap = jmap.JmapAccount(folder.name)
        self.addCleanup(self.jmap.stop)
        self.bound = {"account": self.jmap.account}

    def expect(self, wanted, got, where):
        if isinstance(wanted, str) and WORD.fullmatch(wanted):
            return self.expect_word(WORD.fullmatch(wanted)[1], got, where)
        if isinstance(wanted, dict) and isinstance(got, dict):
            named = {self.fill(key): value for key, value in wanted.items() if key != "..."}
            missing = sorted(set(named) - set(got))
            more = [] if "..." in wanted else sorted(set(got) - set(named))
            self.assertFalse(missing or more, f"{where}: missing {missing}, more {more} in {json.dumps(got)}")
            for key, value in named.items():
                self.expect(value, got[key], f"{where}/{key}")
        elif isinstance(wanted, list) and isinstance(got, list):
            self.assertEqual(len(wanted), len(got), f"{where}: {json.dumps(got)}")
            for i, value in enumerate(wanted):
                self.expect(value, got[i], f"{where}/{i}")
        else:
            self.assertEqual((type(wanted), self.fill(wanted)), (type(got), got), where)

    def expect_word(self, word, got, where):
        types = {"*string": str, "*number": (int, float), "*": object}
        if word in types:
            self.assertIsInstance(got, types[word], where)
        elif word in self.bound:
            self.assertEqual(self.bound[word], got, f"{where}: {{{word}}}")
        else:
            self.assertIsInstance(got, (str, int), where)
            self.bound[word] = got

    def fill(self, text):
        return WORD.sub(lambda found: str(self.bound[found[1]]), text) if isinstance(text, str) else text

    def run_case(self, steps, name):
        using, answer, last = [jmap.CORE, jmap.MAIL], None, []
        for what, rest, number in steps:
            where = f"{name}:{number}"
            if what == "MAIL":
                self.jmap.deliver(MESSAGES[rest.strip()])
            elif what == "USE":
                using.append(rest.strip())
            elif what == "C:":
                self.assertIsNone(answer, f"{where}: the last answer was not looked at")
                answer = self.jmap.run(json.loads(self.fill(rest)), using)
            elif what == "S:":
                self.expect(json.loads(rest), answer, where)
                answer, last = None, answer
            elif what == "Q:":
                before, after = (json.loads(self.fill(ids)) for ids in rest.split("->"))
                [changes] = [arguments for name, arguments, _ in last if name.endswith("/queryChanges")]
                self.assertEqual(applied(before, changes), after, f"{where}: {json.dumps(changes)}")
            else:
                self.fail(f"{where}: what is {what}?")
        self.assertIsNone(answer, f"{name}: the last answer was not looked at")
        self.jmap.server.command("verify")


def add_cases():
    for file in sorted(FOLDER.glob("*.txt")):
        cases = []
        for what, rest, number in steps_of(file.read_text()):
            if what == "CASE":
                cases.append((rest.strip(), []))
            else:
                cases[-1][1].append((what, rest, number))
        for title, steps in cases:
            def test(self, steps=steps, name=file.name):
                self.run_case(steps, name)
            test.__doc__ = f"{file.stem}: {title}"
            setattr(Dialogue, "test_" + re.sub(r"[^a-z0-9]+", "_", f"{file.stem} {title}".lower()).strip("_"), test)


add_cases()

if __name__ == "__main__":
    unittest.main()

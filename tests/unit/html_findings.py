"""What each line of an HTML file would run, load or name, as Python's html.parser sees it: the judge of
mime_html_sanitizer_test.cc. One finding a line, nothing if there are none."""
import html.parser
import re
import sys

RUNS = {"script", "style", "iframe", "object", "embed", "applet", "base", "meta", "link", "svg", "math", "form", "input",
        "template", "noscript", "textarea", "title", "xmp", "plaintext", "select", "video", "audio", "source", "frame"}
LINKS = re.compile(r"(https?|mailto|tel|sms|sips?):", re.I)
OWN = re.compile(r"(cid:|data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=]*$)", re.I)
LOADS = {"srcset", "background", "poster", "lowsrc", "dynsrc", "data", "srcdoc", "action", "formaction", "cite", "xlink:href",
         "ping", "manifest", "codebase", "archive", "longdesc", "usemap", "profile"}


class Judge(html.parser.HTMLParser):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def find(self, *words):
        print(f"{self.number}:", *words)

    def handle_starttag(self, tag, attributes):
        if tag in RUNS:
            self.find("element", tag)
        for name, value in attributes:
            value = value or ""
            if name.startswith("on") or name in LOADS or name in ("id", "name", "class"):
                self.find("attribute", tag, name)
            if name == "href" and not LINKS.match(value):
                self.find("link", value)
            if name == "src" and not OWN.match(value):
                self.find("load", value)
            if name == "style" and re.search(r"url|expression|import|\\|/\*|position|behavior|binding", value, re.I):
                self.find("style", value)

    def handle_comment(self, data):
        self.find("comment", data)

    def handle_decl(self, decl):
        self.find("declaration", decl)

    def unknown_decl(self, data):
        self.find("declaration", data)

    def handle_pi(self, data):
        self.find("instruction", data)


with open(sys.argv[1], "rb") as file:
    for number, line in enumerate(file.read().decode().split("\n"), 1):
        judge = Judge(number)
        judge.feed(line)
        judge.close()

"""What other implementations say: the oracle of authentication_oracle_test.cc. Run by Debian's python3, which has its packages.

authentication_oracle.py sign FOLDER      writes signed messages *.eml with dkimpy, and FOLDER/zone (name TAB record)
authentication_oracle.py verify FOLDER    verifies every *.eml with dkimpy; prints "name TAB result of each signature"
authentication_oracle.py results FILE     reads an Authentication-Results with authres; prints "method TAB result TAB name=value …"
authentication_oracle.py spf SEED COUNT   prints zones and questions, and what pyspf answers (tab-separated: record TYPE NAME TEXT, ask …)
"""
import base64
import os
import random
import sys

import dkim

BODIES = {
    "plain": b"Hello.\r\n\r\nTwo  blanks \t\r\nand three lines.\r\n",
    "empty": b"",
    "blank_lines": b"\r\n\r\n",
    "trailing": b"text\r\n \t\r\n\r\n\r\n",
    "unfinished": b"no line end",
    "long": b"".join(b"%d %s\r\n" % (i, b"x " * (i % 40)) for i in range(3000)),
    "eight_bit": "Grüße\r\n".encode(),
}
HEADER = (b"Received: from a by b; Fri, 20 Nov 2026 10:00:00 +0000\r\n"
          b"From: Ann  <ann@example.com>\r\n"
          b"To: Ben <ben@example.test>,\r\n\tCy <cy@example.test>\r\n"
          b"Subject:  a   folded\r\n  subject \t\r\n"
          b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
          b"Message-ID: <1@example.com>\r\n"
          b"MIME-Version: 1.0\r\n\r\n")
ED25519_SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="  # RFC 8463 appendix A.2
ED25519_PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def rsa_record(folder, name):
    lines = read(os.path.join(folder, name + ".pub")).decode().splitlines()
    return "v=DKIM1; k=rsa; p=" + "".join(line for line in lines if "-----" not in line)


def dns_of(folder):
    zone = dict(line.split("\t", 1) for line in read(os.path.join(folder, "zone")).decode().splitlines())

    def look_up(name, timeout=5):
        return zone.get((name.decode() if isinstance(name, bytes) else name).rstrip(".").lower(), "").encode()
    return look_up


def sign(folder):
    """The keys rsa1024, rsa2048, rsa4096 (.pem and .pub) are there already."""
    zone = [f"{name}._domainkey.example.com\t{rsa_record(folder, name)}" for name in ("rsa1024", "rsa2048", "rsa4096")]
    zone.append(f"ed._domainkey.example.com\tv=DKIM1; k=ed25519; p={ED25519_PUBLIC}")
    write(os.path.join(folder, "zone"), "\n".join(zone).encode())
    pem = {name: read(os.path.join(folder, name + ".pem")) for name in ("rsa1024", "rsa2048", "rsa4096")}
    for body_name, body in BODIES.items():
        message = HEADER + body
        for header_form in (b"simple", b"relaxed"):
            for body_form in (b"simple", b"relaxed"):
                forms = (header_form, body_form)
                for selector in pem if body_name == "plain" else ["rsa2048"]:
                    field = dkim.sign(message, selector.encode(), b"example.com", pem[selector], canonicalize=forms)
                    write_case(folder, [body_name, header_form, body_form, selector], field + message)
                field = dkim.sign(message, b"ed", b"example.com", ED25519_SEED.encode(), canonicalize=forms,
                                  signature_algorithm=b"ed25519-sha256")
                write_case(folder, [body_name, header_form, body_form, "ed"], field + message)
                field = dkim.sign(message, b"rsa2048", b"example.com", pem["rsa2048"], canonicalize=forms, length=True)
                write_case(folder, [body_name, header_form, body_form, "length"], field + message + b"added\r\n")
    arc_chain(folder, pem["rsa2048"])


def write_case(folder, words, message):
    name = "-".join(word.decode() if isinstance(word, bytes) else word for word in words)
    write(os.path.join(folder, name + ".eml"), message)


def arc_chain(folder, pem):
    """Three hops; the last two are also broken in ways that must not pass."""
    message = HEADER + BODIES["plain"]
    message = dkim.sign(message, b"rsa2048", b"example.com", pem) + message
    for hop in range(1, 4):
        results = b"Authentication-Results: hop%d.example.com; spf=pass; arc=%s; dmarc=pass header.from=example.com\r\n" % (
            hop, b"pass" if hop > 1 else b"none")
        signer = dkim.ARC(results + message)
        fields = signer.sign(b"rsa2048", b"example.com", pem, b"hop%d.example.com" % hop,
                             timestamp="1763632800", standardize=False)
        message = b"".join(fields) + message
        write(os.path.join(folder, f"arc{hop}.eml"), message)
    write(os.path.join(folder, "arc_body.eml"), message.replace(b"three lines", b"four lines"))
    write(os.path.join(folder, "arc_gap.eml"), message.replace(b"ARC-Seal: i=2", b"X-Seal: i=2"))
    write(os.path.join(folder, "arc_results.eml"), message.replace(b"i=1; hop1", b"i=1; bad1"))


def verify(folder):
    look_up = dns_of(folder)
    for entry in sorted(os.listdir(folder)):
        if not entry.endswith(".eml"):
            continue
        message = read(os.path.join(folder, entry))
        results = []
        count = sum(1 for name, _ in dkim.DKIM(message).headers if name.lower() == b"dkim-signature")
        for place in range(count):
            try:
                results.append("pass" if dkim.DKIM(message).verify(place, look_up) else "fail")
            except dkim.DKIMException:
                results.append("fail")
        chain = dkim.ARC(message).verify(look_up)[0].decode()
        print("\t".join([entry, " ".join(results), chain]))


def spf_names():
    return ["example.com", "a.example.com", "b.example.com", "mail.example.com", "_spf.example.com", "example.org"]


def spf_term(pick):
    name = pick(spf_names())
    return pick("", "", "+", "-", "~", "?") + pick(
        "a", "mx", f"a:{name}", f"mx:{name}", f"include:{name}", f"ip4:192.0.2.{pick(1, 2, 3)}",
        f"ip4:192.0.2.0/{pick(24, 30, 31)}", f"a:{name}/{pick(30, 24)}", f"mx/{pick(29, 32)}//{pick(64, 128)}",
        f"exists:%{{ir}}.{name}", "exists:%{l}.example.com", f"ip6:2001:db8::/{pick(32, 64, 127)}", "ptr",
        f"ptr:{name}", f"a:%{{d{pick(1, 2, 3)}}}.example.com", "exists:%{l1r-}.%{o2}", "unknown=%{d}", "bad", f"a:{name}/33")


def spf_record(pick, owner):
    """pyspf refuses an include of the record's own domain unread, where RFC 7208 lets it end by its limits; and an unknown modifier
    that stands twice."""
    terms = [spf_term(pick) for _ in range(pick(0, 1, 2, 3, 4))]
    terms = [term for place, term in enumerate(terms)
             if not term.endswith(f"include:{owner}") and not ("=" in term and any("=" in other for other in terms[:place]))]
    terms.append(pick("-all", "~all", "?all", "+all", f"redirect={pick(spf_names())}", ""))
    return " ".join(["v=spf1", *terms])


def spf(seed, count):
    import spf as pyspf
    for number in range(count):
        generator = random.Random(seed + number)

        def pick(*options):
            return generator.choice(options[0] if len(options) == 1 else options)
        zone = {}
        # Every host has its addresses: which lookups that find nothing are counted behind MX and PTR is everybody's choice.
        for name in spf_names():
            if pick(0, 0, 0, 1) == 0:
                zone.setdefault((name, "TXT"), []).append(spf_record(pick, name))
            for _ in range(pick(1, 1, 2)):
                zone.setdefault((name, "A"), []).append(f"192.0.2.{pick(1, 2, 3, 200)}")
            for _ in range(pick(1, 2)):
                zone.setdefault((name, "AAAA"), []).append(f"2001:db8::{pick(1, 2)}")
            for _ in range(pick(0, 1, 2)):
                zone.setdefault((name, "MX"), []).append(pick(spf_names()))
        for extra in ("1.2.0.192.example.com", "2.2.0.192.example.org", "ann.example.com", "strong.example.com"):
            if pick(0, 1):
                zone[(extra, "A")] = ["127.0.0.2"]
        for host in (1, 2):
            if pick(0, 1):
                zone[(f"{host}.2.0.192.in-addr.arpa", "PTR")] = [pick(spf_names()) for _ in range(pick(1, 2))]
        for key in zone:
            zone[key] = list(dict.fromkeys(zone[key]))

        def look_up(name, kind, strict=True, timeout=20):
            records = zone.get((name.lower().rstrip("."), kind), [])
            if kind == "TXT":
                return [((name, kind), (record.encode(),)) for record in records]
            if kind == "MX":
                return [((name, kind), (10 + place, record)) for place, record in enumerate(records)]
            if kind == "AAAA":
                import ipaddress
                return [((name, kind), str(ipaddress.ip_address(record))) for record in records]
            return [((name, kind), record) for record in records]
        pyspf.DNSLookup = look_up
        client = pick("192.0.2.1", "192.0.2.2", "2001:db8::1")
        sender = pick("ann@example.com", "strong-bad@a.example.com", "x@b.example.com", "")
        hello = pick("mail.example.com", "example.org")
        result = pyspf.check2(i=client, s=sender, h=hello, querytime=0)
        for (name, kind), records in zone.items():
            for record in records:
                print("\t".join(["record", kind, name, record]))
        print("\t".join(["ask", client, sender, hello, result[0]]))


def results(path):
    import authres
    import authres.arc
    context = authres.FeatureContext(authres.arc)
    parsed = context.parse(read(path).decode().replace("\r\n", ""))
    print(parsed.authserv_id)
    for one in parsed.results:
        values = [f"{item.type}.{item.name}={item.value}" for item in one.properties]
        print("\t".join([one.method, one.result, *values]))


if sys.argv[1] == "sign":
    sign(sys.argv[2])
elif sys.argv[1] == "verify":
    verify(sys.argv[2])
elif sys.argv[1] == "results":
    results(sys.argv[2])
else:
    spf(int(sys.argv[2]), int(sys.argv[3]))

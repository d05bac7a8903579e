"""The part tree of each *.eml in a folder as Python's email package sees it: an oracle of the corpus and the builder.

One line a part, in order: file name, depth, type, then for a leaf the SHA-256 of its encoded body ("-" where the package has
not kept it), file name and charset.
"""
import email
import email.policy
import hashlib
import os
import sys


# What the package takes for a message and is none: parts of a message, or of a report (RFC 2046 sections 5.2.2 and 5.2.3).
def is_leaf(part):
    return not part.is_multipart() or (part.get_content_maintype() == "message" and
                                       part.get_content_type() not in ("message/rfc822", "message/global"))


def outline(name, part, depth):
    children = None if is_leaf(part) else part.get_payload()
    columns = [name, str(depth), part.get_content_type()]
    if children is None:
        digest = "-"
        if isinstance(part._payload, str):
            body = part._payload.encode("ascii", "surrogateescape")  # get_payload() would decode 8-bit text
            digest = hashlib.sha256(body).hexdigest()
        file_name = (part.get_filename() or "").replace("\n", "")
        columns += [digest, file_name, (part.get_content_charset() or "")]
    print("\t".join(columns))
    for child in children or []:
        outline(name, child, depth + 1)


sys.stdout.reconfigure(encoding="utf-8")
for entry in sorted(entry for entry in os.listdir(sys.argv[1]) if entry.endswith(".eml")):
    with open(os.path.join(sys.argv[1], entry), "rb") as file:
        outline(entry, email.message_from_bytes(file.read(), policy=email.policy.compat32), 0)

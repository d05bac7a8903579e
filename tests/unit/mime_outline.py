"""The part tree of each mail in a folder as Python's email package sees it: the oracle of mime_oracle_test.cc.

One line a part, in order: file name, depth, type, then for a leaf the SHA-256 of its encoded body, file name and charset.
"""
import email
import email.policy
import hashlib
import os
import sys


def outline(name, part, depth):
    children = part.get_payload() if part.is_multipart() else None
    columns = [name, str(depth), part.get_content_type()]
    if children is None:
        body = part._payload.encode("ascii", "surrogateescape")  # get_payload() would decode 8-bit text
        file_name = part.get_filename() or ""
        columns += [hashlib.sha256(body).hexdigest(), file_name, (part.get_content_charset() or "")]
    print("\t".join(columns))
    for child in children or []:
        outline(name, child, depth + 1)


sys.stdout.reconfigure(encoding="utf-8")
for entry in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], entry), "rb") as file:
        outline(entry, email.message_from_bytes(file.read(), policy=email.policy.compat32), 0)

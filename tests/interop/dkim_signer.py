"""Signs what comes on stdin with dkimpy for example.com; run by Debian's python3, which has its package. dkim_signer.py SELECTOR KEY"""
import sys

import dkim

message = sys.stdin.buffer.read()
with open(sys.argv[2], "rb") as file:
    key = file.read()
sys.stdout.buffer.write(dkim.sign(message, sys.argv[1].encode(), b"example.com", key) + message)

"""script/bench mime: what it costs to read mail, from its bytes to the document that is stored (scan with SHA-256, decoded
fields, preview, XML), beside GMime's bare parse of the same files, which decodes and writes nothing. Rounds alternate; the
figures are medians. Goal: no slower."""
import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import harness

CORPUS = harness.ROOT / "tests/unit/corpus/mime"
PEER = pathlib.Path(__file__).with_name("gmime_peer.c")


def build_peer(folder):
    program = pathlib.Path(folder) / "gmime_peer"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], capture_output=True, text=True, check=True)
    subprocess.run(["cc", "-O2", str(PEER), "-o", str(program), *flags.stdout.split()], check=True)
    return program


def lines(words, count):
    return "".join(" ".join(words.choices(["message", "Tuesday", "invoice", "meeting", "the", "of", "regards"], k=11)) + "\r\n"
                   for _ in range(count))


def header(kind):
    received = "".join(f"Received: from mx{i}.example.test (mx{i}.example.test [192.0.2.{i}])\r\n\tby mx{i + 1}.example.test with "
                       f"ESMTPS id 4Xy{i}\r\n\tfor <ann@example.test>; Tue, 17 Nov 2026 10:00:0{i} +0000\r\n" for i in range(4))
    return (received + "From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.test>\r\nTo: Ann <ann@example.test>\r\n"
            "Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\nDate: Tue, 17 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <a.b.c@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n")


def base64_lines(words, size):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    line = "".join(words.choices(letters, k=76)) + "\r\n"
    return line * (size // 78)


def realistic(folder):
    """A plain mail of 4 KB, an alternative of 40 KB, and one with an attachment of 2 MB."""
    words = random.Random(1)
    mails = {
        "plain 4 KB": header("text/plain; charset=utf-8") + "\r\n" + lines(words, 50),
        "alternative 40 KB": header("multipart/alternative; boundary=b") + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
        lines(words, 200) + "\r\n--b\r\nContent-Type: text/html\r\n\r\n" +
        "".join(f"<p style='color:red'>{line}</p>\r\n" for line in lines(words, 200).split("\r\n")) + "\r\n--b--\r\n",
        "attachment 2 MB": header("multipart/mixed; boundary=b") + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
        lines(words, 20) + "\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=a.pdf\r\n\r\n" + base64_lines(words, 2 << 20) + "\r\n--b--\r\n"}
    files = {}
    for name, text in mails.items():
        path = pathlib.Path(folder) / (name.replace(" ", "_") + ".eml")
        path.write_text(text, newline="")
        files[name] = [str(path)]
    return files


def ours(files, seconds):
    command = [str(harness.TELEPOST), "bench", "mime", "--seconds", str(seconds), *files]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return answer["bytes"] / answer["seconds"] / 1e6


def theirs(program, files, seconds):
    answer = subprocess.run([str(program), "parse", str(seconds), *files], capture_output=True, text=True, check=True)
    _, count, passed = answer.stdout.split()
    return int(count) / float(passed) / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one short round")
    arguments = parser.parse_args()
    rounds, seconds = (1, 0.5) if arguments.quick else (5, 2)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        program = build_peer(folder)
        sets = {"corpus": sorted(map(str, CORPUS.glob("*.eml"))), **realistic(folder)}
        for name, files in sets.items():
            pairs = [(ours(files, seconds), theirs(program, files, seconds)) for _ in range(rounds)]
            rows.append(harness.row(f"scan and document, {name}", harness.median([pair[0] for pair in pairs]), "MB/s", "GMime, bare parse",
                                    harness.median([pair[1] for pair in pairs]), goal=1.0))
    harness.show("mime", rows, arguments.json)


if __name__ == "__main__":
    main()

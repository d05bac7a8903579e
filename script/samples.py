"""Writes a sample of each message kind into a folder, as a trusted service would deliver it: `samples.py FOLDER`.

Prints one line per sample: KIND RECIPIENT FILE. The media is made here, from nothing but its format's definition, and
is the same in every run.
"""
import email.message
import email.policy
import math
import pathlib
import struct
import sys
import zlib

ANN, BEN, NUMBER = "ann@example.test", "ben@example.test", "+15550100"


def wav(seconds=2, rate=8000):
    """A tone of 440 Hz, 16 bit PCM."""
    samples = b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * 440 * i / rate)))
                       for i in range(seconds * rate))
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return (b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt " + struct.pack("<I", 16) + form +
            b"data" + struct.pack("<I", len(samples)) + samples)


def tiff(width=1728, height=200):
    """One uncompressed black and white page, 204 x 98 dots per inch as a fax has it (RFC 3949)."""
    row = width // 8
    page = b"".join((b"\x00" if y % 20 else b"\xff") * row for y in range(height))
    tags = [(256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 1), (262, 3, 0), (273, 4, 8), (277, 3, 1),
            (278, 4, height), (279, 4, len(page))]
    rational = 8 + len(page)
    tags += [(282, 5, rational), (283, 5, rational + 8), (296, 3, 2)]
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, kind, value in tags) + struct.pack("<I", 0)
    return (b"II*\0" + struct.pack("<I", rational + 16) + page + struct.pack("<IIII", 204, 1, 98, 1) + directory)


def png(width=64, height=64):
    """A red square."""
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    pixels = (b"\0" + b"\xc0\x20\x20" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b""))


def avi(width=32, height=32, frames=10):
    """Ten uncompressed frames that change colour, one second."""
    def chunk(name, body):
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    def form(kind, body):
        return chunk(b"LIST", kind + body)
    size = width * height * 3
    header = struct.pack("<14I", 1_000_000 // frames, size * frames, 0, 0, frames, 0, 1, size, width, height, 0, 0, 0, 0)
    stream = b"vidsDIB " + struct.pack("<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, frames, 0, frames, size, 0xFFFFFFFF, 0, 0, 0,
                                       width, height)
    bitmap = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, size, 0, 0, 0, 0)
    movie = b"".join(chunk(b"00db", bytes([25 * i, 64, 128]) * (width * height)) for i in range(frames))
    headers = form(b"hdrl", chunk(b"avih", header) + form(b"strl", chunk(b"strh", stream) + chunk(b"strf", bitmap)))
    return chunk(b"RIFF", b"AVI " + headers + form(b"movi", movie))


def message(kind, sender, to, subject, **facts):
    """A message's header; facts are Telepost-* fields, with _ for -."""
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
    made["Message-ID"] = f"<sample-{kind}@example.test>"
    if kind != "email":
        made["Telepost-Kind"] = kind
    for name, value in facts.items():
        made["Telepost-" + name.replace("_", "-").title()] = value
    return made


def samples():
    mail = message("email", "Ben <ben@example.test>", ANN, "Lunch on Friday – grüße")
    mail.set_content("Shall we meet at noon? The plan is attached.\n\nBen\n")
    mail.add_alternative("<p>Shall we meet at <b>noon</b>? The plan is attached.</p><p>Ben</p>\n", subtype="html")
    mail.add_attachment(png(), "image", "png", filename="plan.png")
    yield "email", ANN, mail

    voice = message("voice", "+15550111@example.test", ANN, "Voice message from +15550111", caller="tel:+15550111",
                    called="tel:" + NUMBER, reason="no-answer", presentation="allowed", call_id="call-1@example.test",
                    start="2026-11-20T09:59:30Z", duration="2", codec="audio/wav")
    voice.add_attachment(wav(), "audio", "wav", filename="message.wav", disposition="inline")
    yield "voice", ANN, voice

    fax = message("fax", "+15550112@example.test", ANN, "Fax from +15550112, 1 page", caller="tel:+15550112",
                  called="tel:" + NUMBER, pages="1", resolution="204x98", remote_id="+1 555 0112", result="complete")
    fax.add_attachment(tiff(), "image", "tiff", filename="fax.tif", disposition="inline")
    yield "fax", ANN, fax

    sms = message("sms", "+15550113@example.test", NUMBER + "@example.test", "SMS from +15550113", caller="tel:+15550113",
                  called="tel:" + NUMBER, coding="gsm7", reference="7", segments="1")
    sms.set_content("Running ten minutes late.\n")
    yield "sms", "tel:" + NUMBER, sms

    mms = message("mms", "+15550114@example.test", NUMBER + "@example.test", "A red square", caller="tel:+15550114",
                  called="tel:" + NUMBER)
    mms.set_content("Look at this.\n")
    mms.add_attachment(png(), "image", "png", filename="square.png", disposition="inline")
    yield "mms", "tel:" + NUMBER, mms

    video = message("video", "+15550115@example.test", ANN, "Video message from +15550115", caller="tel:+15550115",
                    called="tel:" + NUMBER, duration="1", codec="video/x-msvideo", resolution="32x32")
    video.add_attachment(avi(), "video", "x-msvideo", filename="message.avi", disposition="inline")
    yield "video", ANN, video

    image = message("image", "Ben <ben@example.test>", ANN, "Whiteboard", caller="sip:ben@example.test")
    image.add_attachment(png(), "image", "png", filename="whiteboard.png", disposition="inline")
    yield "image", ANN, image

    text = message("text", "Ben <ben@example.test>", ANN, "Chat", caller="sip:ben@example.test")
    text.set_content("Are you there?\n")
    yield "text", ANN, text


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind, recipient, made in samples():
        path = folder / f"{kind}.eml"
        path.write_bytes(made.as_bytes())
        print(kind, recipient, path)


if __name__ == "__main__":
    main()

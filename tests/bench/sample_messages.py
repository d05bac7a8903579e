"""Voice, SMS and fax messages as gateways deliver them, each unique and the same for the same number: speech of
espeak-ng with the level and the noise of a line, pages of text as T.6 in TIFF, texts of banks, shops and friends. The
dialects are those of the program's own gateways (Telepost-* fields), which any other store keeps as fields."""
import base64
import io
import random
import subprocess
import wave

import numpy
from PIL import Image, ImageDraw, ImageFont

WORDS = ("the of and to in is it you that he was for on are with as his they be at one have this from or had by hot but "
         "some what there we can out other were all your when up use word how said an each she which do their time if will "
         "way about many then them would write like so these her long make thing see him two has look more day could go "
         "come did my sound no most number who over know water than call first people may down side been now find contract "
         "invoice meeting tomorrow office delivery order account payment please regards monday friday urgent house").split()
TEXTS = ("Your code is {n}. Do not share it with anybody.", "{w} bank: {n} EUR were paid with your card on {d}. Not you? Call us.",
         "Your parcel {n} arrives on {d} between 9 and 13. {w} {w} delivery", "Hi {w}, are you coming on {d}? {w} {w} {w} {w}",
         "Reminder: your appointment with Dr. {w} is on {d} at {h}:30. Reply STOP to unsubscribe.", "{w} {w} {w} {w} {w}, {w} {w} {w}. See you {d}!")
SENTENCES = 120
LINES = 400
PAGE = (1728, 1143)  # T.4 standard resolution, A4
FONTS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")


def words(chance, count):
    return " ".join(chance.choice(WORDS) for _ in range(count))


def mulaw(samples):
    """ITU-T G.711, from 16 bits."""
    sign = numpy.where(samples < 0, 0, 0x80)
    size = numpy.minimum(numpy.abs(samples), 32635) + 132
    exponent = numpy.floor(numpy.log2(size)).astype(numpy.int32) - 7
    mantissa = (size >> (exponent + 3)) & 15
    return (sign | (~((exponent << 4) | mantissa) & 0x7F)).astype(numpy.uint8).tobytes()


class Samples:
    def __init__(self, seed=1):
        self.seed = seed
        chance = random.Random(seed)
        self.speech = [self._speak(words(chance, 8), chance) for _ in range(SENTENCES)]
        self.noise = numpy.random.default_rng(seed).normal(0, 1, 1 << 20)
        fonts = [ImageFont.truetype(name, size) for name in FONTS for size in (22, 26, 32)]
        self.lines = [self._line(words(chance, chance.randint(4, 14)), chance.choice(fonts)) for _ in range(LINES)]

    @staticmethod
    def _speak(text, chance):
        said = subprocess.run(["espeak-ng", "--stdout", "-v", chance.choice(("en", "en-us", "de", "fr")), "-p", str(chance.randint(20, 80)),
                               "-s", str(chance.randint(130, 190)), text], capture_output=True, check=True).stdout
        with wave.open(io.BytesIO(said)) as file:
            samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(numpy.float64)
            rate = file.getframerate()
        at = numpy.arange(0, len(samples) - 1, rate / 8000)  # a telephone's band
        return numpy.interp(at, numpy.arange(len(samples)), samples)

    @staticmethod
    def _line(text, font):
        image = Image.new("1", (PAGE[0], 40), 1)
        ImageDraw.Draw(image).text((120, 2), text, font=font, fill=0)
        return image

    def voice(self, chance):
        """About six seconds in a WAVE file: mostly G.711, some 16 bits."""
        parts = [chance.choice(self.speech) for _ in range(chance.randint(1, 3))]
        samples = numpy.concatenate(parts) * chance.uniform(0.15, 0.7)
        begin = chance.randrange(len(self.noise) - len(samples))
        samples = numpy.clip(samples + self.noise[begin:begin + len(samples)] * chance.uniform(3, 20), -32767, 32767).astype(numpy.int32)
        if chance.random() < 0.8:
            body, tag, bits = mulaw(samples), 7, 8
        else:
            body, tag, bits = samples.astype("<i2").tobytes(), 1, 16
        number = lambda value, size: value.to_bytes(size, "little")
        header = (b"RIFF" + number(36 + len(body), 4) + b"WAVEfmt " + number(16, 4) + number(tag, 2) + number(1, 2) + number(8000, 4) +
                  number(1000 * bits, 4) + number(bits // 8, 2) + number(bits, 2) + b"data" + number(len(body), 4))
        return header + body, len(samples) / 8000, "pcmu" if tag == 7 else "l16"

    def fax(self, chance):
        """One or two pages of lines as T.6 in TIFF."""
        pages = []
        for _ in range(chance.choice((1, 1, 2))):
            page = Image.new("1", PAGE, 1)
            for place in range(chance.randint(8, 26)):
                page.paste(chance.choice(self.lines), (chance.randint(0, 60), 40 + place * 42))
            pages.append(page)
        file = io.BytesIO()
        pages[0].save(file, "TIFF", compression="group4", save_all=True, append_images=pages[1:])
        return file.getvalue(), len(pages)

    def message(self, number):
        """(kind, its bytes), the same for the same number."""
        chance = random.Random(self.seed << 32 | number)
        kind = ("sms", "voice", "fax")[number % 3]
        day = f"{chance.randint(1, 28)} {chance.choice(('Jan', 'Feb', 'Mar', 'Apr'))} 2026"
        caller, called = (f"+1555{chance.randint(0, 9_999_999):07}" for _ in range(2))
        fields = [f"Date: {chance.choice(('Mon', 'Tue', 'Wed'))}, {day} {chance.randint(10, 23)}:{chance.randint(10, 59)}:{chance.randint(10, 59)} +0000",
                  f"From: <{caller}@gw.example.net>", f"To: <{called}@example.test>", f"Message-ID: <{chance.getrandbits(96):x}@gw.example.net>",
                  "MIME-Version: 1.0", f"Telepost-Kind: {kind}", f"Telepost-Caller: tel:{caller}", f"Telepost-Called: tel:{called}"]
        if kind == "sms":
            text = chance.choice(TEXTS).format(n=chance.randint(10_000, 99_999_999), d=day, h=chance.randint(8, 18), w=chance.choice(WORDS))
            fields += ["Telepost-Coding: gsm7", "Telepost-Segments: 1", "Content-Type: text/plain; charset=utf-8"]
            return kind, ("\r\n".join(fields) + "\r\n\r\n" + text + "\r\n").encode()
        if kind == "voice":
            body, seconds, codec = self.voice(chance)
            fields += [f"Subject: Voice message from {caller}", f"Telepost-Duration: {seconds:.3f}", f"Telepost-Codec: audio/{codec}",
                       f"Telepost-Call-Id: {chance.getrandbits(64):x}@pbx.example.net"]
            part = 'Content-Type: audio/wav\r\nContent-Disposition: attachment; filename="message.wav"'
        else:
            body, pages = self.fax(chance)
            fields += [f"Subject: Fax from {caller}", f"Telepost-Pages: {pages}", "Telepost-Resolution: 204x98"]
            part = 'Content-Type: image/tiff\r\nContent-Disposition: attachment; filename="fax.tiff"'
        fields.append(f'Content-Type: multipart/mixed; boundary="b{number}"')
        text = f"\r\n\r\n--b{number}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the attached file.\r\n--b{number}\r\n{part}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        lines = base64.encodebytes(body).replace(b"\n", b"\r\n")
        return kind, ("\r\n".join(fields) + text).encode() + lines + f"--b{number}--\r\n".encode()

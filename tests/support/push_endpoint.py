"""A push service for tests: HTTPS on a free loopback port, with a certificate of its own making. It opens what devices would open, with
another library than the server's (python3-cryptography): RFC 8188, RFC 8291, RFC 8292."""
import base64
import datetime
import http.server
import ipaddress
import json
import pathlib
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

WAIT_S = 30


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


class Device:
    """Whose keys a subscription has."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))

    def keys(self):
        return {"p256dh": unpadded(point(self.key.public_key())), "auth": unpadded(self.auth)}

    def open(self, body):
        salt, record_size, id_size = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, coded = body[21:21 + id_size], body[21 + id_size:]
        assert len(coded) <= record_size and len(body) <= 4096, len(body)
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        both = b"WebPush: info\0" + point(self.key.public_key()) + sender
        material = HKDF(hashes.SHA256(), 32, self.auth, both).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        text = AESGCM(key).decrypt(nonce, coded, None).rstrip(b"\0")
        assert text[-1:] == b"\x02", text  # the last record
        return json.loads(text[:-1])


def check_vapid(value, origin):
    """The claims, and the key as the session object would tell it."""
    scheme, rest = value.split(" ", 1)
    assert scheme == "vapid", value
    parameters = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parameters["t"].split(".")
    raw = from_unpadded(signature)
    assert len(raw) == 64, len(raw)
    pair = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_unpadded(parameters["k"]))
    key.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert json.loads(from_unpadded(head)) == {"typ": "JWT", "alg": "ES256"}
    told = json.loads(from_unpadded(claims))
    assert told["aud"] == origin, told
    assert time.time() < told["exp"] <= time.time() + 24 * 3600, told
    return told, parameters["k"]


class Pushed:
    def __init__(self, handler, body):
        self.path, self.body, self.at = handler.path, body, time.monotonic()
        self.fields = {name.lower(): value for name, value in handler.headers.items()}

    def json(self, device=None):
        if device is None:
            assert "content-encoding" not in self.fields
            return json.loads(self.body)
        assert self.fields["content-encoding"] == "aes128gcm"
        return device.open(self.body)


class PushEndpoint:
    """answers: by path, what the next requests get, each (status, fields); then 201."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.changed = threading.Condition()
        self.requests, self.answers = [], {}
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with endpoint.changed:
                    endpoint.requests.append(Pushed(self, body))
                    answers = endpoint.answers.get(self.path)
                    status, fields = answers.pop(0) if answers else (201, {})
                    endpoint.changed.notify_all()
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *unused):
                pass

        self.authority = self.folder / "push.pem"
        self._make_certificate()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, self.folder / "push.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.origin = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def url(self, path):
        return self.origin + path

    def at(self, path):
        with self.changed:
            return [each for each in self.requests if each.path == path]

    def wait(self, path, count):
        """Its first `count` requests, once they are there."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.at(path)) >= count, WAIT_S):
                raise AssertionError(f"{path}: {len(self.at(path))} of {count} requests")
        return self.at(path)[:count]

    def wait_for(self, path, is_it):
        """The first request that `is_it`."""
        with self.changed:
            if not self.changed.wait_for(lambda: any(is_it(each) for each in self.at(path)), WAIT_S):
                raise AssertionError(f"{path}: none of {len(self.at(path))} requests")
            return next(each for each in self.at(path) if is_it(each))

    def _make_certificate(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.example.test")])
        now = datetime.datetime.utcnow()
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                       .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                       .not_valid_after(now + datetime.timedelta(days=1))
                       .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
                       .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                       .sign(key, hashes.SHA256()))
        self.authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "push.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

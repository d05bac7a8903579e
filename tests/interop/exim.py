"""An Exim of our own: its spool and configuration in a folder, SMTP on a free loopback port, everything sent on to one server. Debian's
package of it conflicts with Postfix's, so script/bootstrap unpacks it under build/peers; its user is of libnss-wrapper's making."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "build/peers/usr/sbin/exim4"
STARTS_WITHIN_S = 15

CONFIGURATION = """\
exim_path = {program}
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = exim.test
daemon_smtp_ports = {smtp}
local_interfaces = 127.0.0.1
acl_smtp_rcpt = accept
acl_smtp_data = accept
host_lookup =
rfc1413_query_timeout = 0s
dsn_advertise_hosts = *
log_selector = +smtp_confirmation +tls_cipher
{tls}
begin routers
all:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1
  self = send
begin transports
out:
  driver = smtp
  protocol = {protocol}
  port = {port}
  allow_localhost = true
  hosts_require_auth =
begin retry
* * F,1h,1s
"""
ACCOUNT = "root:x:0:0::/:/bin/sh\nDebian-exim:x:{user}:{user}::/:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"
GROUPS = "root:x:0:\nDebian-exim:x:{user}:\nnogroup:x:65534:\nmail:x:8:\n"
USER = 65533


class Exim:
    """protocol: smtp or lmtp, of what it sends on to `port`; certificate: (certificate, key) files of what it offers TLS with."""

    def __init__(self, folder, port, protocol="smtp", certificate=None):
        self.folder = pathlib.Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name in ("spool", "log"):
            (self.folder / name).mkdir(parents=True)
            shutil.chown(self.folder / name, USER, USER)
        tls = "tls_advertise_hosts =\n"
        if certificate:
            tls = f"tls_advertise_hosts = *\ntls_certificate = {certificate[0]}\ntls_privatekey = {certificate[1]}\n"
        self.configuration = self.folder / "exim.conf"
        self.configuration.write_text(CONFIGURATION.format(program=PROGRAM, folder=self.folder, smtp=self.port, port=port, protocol=protocol, tls=tls))
        (self.folder / "passwd").write_text(ACCOUNT.format(user=USER))
        (self.folder / "group").write_text(GROUPS.format(user=USER))

    def start(self):
        if os.getuid() != 0:
            raise RuntimeError("Exim takes a configuration of somebody else's for root alone: run this test as root")
        environment = dict(os.environ, LD_PRELOAD="libnss_wrapper.so", NSS_WRAPPER_PASSWD=str(self.folder / "passwd"),
                           NSS_WRAPPER_GROUP=str(self.folder / "group"))
        self.output = open(self.folder / "output", "wb")
        self.process = subprocess.Popen([str(PROGRAM), "-C", str(self.configuration), "-bdf", "-q1s"], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output)
        end = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)  # for its end, or a little
        raise RuntimeError(f"exim does not answer: {(self.folder / 'output').read_text()}{self.log()}")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.output.close()

    def log(self):
        return "".join(path.read_text() for path in sorted((self.folder / "log").glob("*log")))

"""A Postfix of our own: its queue and configuration in a folder, smtpd on a free loopback port, everything relayed to
one LMTP server, or as `settings` say otherwise. Postfix's commands are reserved for root."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
relay_domains = example.test
relay_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:nothing leaves this machine
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtputf8_enable = no
lmtp_host_lookup = native
minimal_backoff_time = 1s
queue_run_delay = 1s
"""
MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    def __init__(self, folder, lmtp_port, settings=None):
        self.folder = pathlib.Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        values = {"folder": self.folder, "lmtp": lmtp_port, "smtp": self.port}
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        text = MAIN.format(**values)
        for name, value in (settings or {}).items():
            text = re.sub(rf"(?m)^{name} = .*\n", "", text) + f"{name} = {value}\n"
        (self.folder / "etc/main.cf").write_text(text)
        (self.folder / "etc/master.cf").write_text(MASTER.format(**values))

    def _postfix(self, verb):
        answer = subprocess.run(["postfix", "-c", str(self.folder / "etc"), verb], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return answer.returncode, answer.stdout

    def start(self):
        if os.getuid() != 0:
            raise RuntimeError("Postfix starts for root alone: run this test as root")
        code, text = self._postfix("start")  # returns once the master has its sockets
        if code != 0:
            raise RuntimeError(f"postfix start: {text}")
        return self

    def stop(self):
        code, text = self._postfix("abort")  # stop would wait for the queue
        if code != 0:
            raise RuntimeError(f"postfix abort: {text}")

    def log(self):
        path = self.folder / "maillog"
        return path.read_text() if path.exists() else ""

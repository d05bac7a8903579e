"""Debian's Dovecot as a peer: listeners of LMTP and IMAP on free loopback ports, its files under build/bench/dovecot.

With arguments it is a program: `dovecot_peer.py run` starts it in the foreground, prints its port and waits for
Ctrl-C.
"""
import grp
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

import harness

TEMPLATE = pathlib.Path(__file__).resolve().parent / "dovecot/dovecot.conf.in"


class Dovecot:
    name = "dovecot"

    def __init__(self, root=harness.BUILD / "bench/dovecot", mail="sdbox:~/sdbox", plugins=""):
        """plugins: "zlib" compresses what is saved by zstd, at Dovecot's own level."""
        self.root = pathlib.Path(root)
        self.mail, self.plugins = mail, plugins
        self.port = self.imap_port = None
        self.process = None

    def start(self):
        """Starts with an empty store."""
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in ("run", "state", "mail"):
            (self.root / folder).mkdir(parents=True)
        self.port, self.imap_port = harness.free_port(), harness.free_port()
        # Started by root, Dovecot insists on its own user for what needs no rights and on another than root for
        # mail; else everything runs as us.
        ours = pwd.getpwuid(os.getuid())
        user = pwd.getpwnam("mail") if os.getuid() == 0 else ours
        internal = "dovecot" if os.getuid() == 0 else ours.pw_name
        os.chown(self.root / "mail", user.pw_uid, user.pw_gid)
        values = {"ROOT": self.root, "PORT": self.port, "IMAP_PORT": self.imap_port, "UID": user.pw_uid, "GID": user.pw_gid, "USER": internal, "MAIL": self.mail, "PLUGINS": self.plugins,
                  "GROUP": grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name}
        text = TEMPLATE.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.root / "dovecot.conf").write_text(text)
        self.process = subprocess.Popen(["dovecot", "-F", "-c", str(self.root / "dovecot.conf")],
                                        stdin=subprocess.DEVNULL)
        harness.wait_until_listens(self.port, self.process)
        return self

    def cpu_seconds(self):
        return harness.cpu_seconds(self.process.pid)

    def disk_bytes(self):
        return harness.disk_bytes(self.root / "mail")

    def settle(self):
        """Dovecot has no background work that would change what du says."""

    def stop(self):
        harness.stop(self.process)


if __name__ == "__main__":
    server = Dovecot().start()
    print(f"dovecot takes LMTP on 127.0.0.1:{server.port}; Ctrl-C stops it", flush=True)
    try:
        server.process.wait()
    except KeyboardInterrupt:
        server.stop()
        sys.exit(0)

"""A server that speaks S3: OpenStack Swift with its s3api, which checks every request's SigV4 signature. One device, one replica, each
daemon in one process on a free loopback port."""
import datetime
import hashlib
import hmac
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ACCESS_KEY, SECRET = "test:tester", "testing"
READY_WITHIN_S = 60

SWIFT = """\
[swift-hash]
swift_hash_path_suffix = telepost
swift_hash_path_prefix = telepost
[storage-policy:0]
name = only
default = yes
"""

STORAGE = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 0
log_level = ERROR
log_address = {folder}/none
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}
workers = 0
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
# Its own defaults give up a server that takes half a second to answer, for a minute, on a busy machine.
conn_timeout = 20
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{nobody}
[filter:s3api]
use = egg:swift#s3api
s3_acl = no
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class S3Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.devices = self.folder / "devices"
        (self.devices / "d1").mkdir(parents=True)
        self.secret_file = self.folder / "secret"
        self.secret_file.write_text(SECRET + "\n")
        *self.storage_ports, self.port, nobody = free_ports(5)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        user = pwd.getpwuid(os.getuid()).pw_name
        (self.folder / "swift.conf").write_text(SWIFT)
        for kind, port in zip(("account", "container", "object"), self.storage_ports):
            (self.folder / f"{kind}-server.conf").write_text(
                STORAGE.format(kind=kind, port=port, user=user, folder=self.folder))
            ring = ["swift-ring-builder", str(self.folder / f"{kind}.builder")]
            subprocess.run([*ring, "create", "4", "1", "1"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([*ring, "add", f"r1z1-127.0.0.1:{port}/d1", "1"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([*ring, "rebalance"], check=False, stdout=subprocess.DEVNULL)  # 1: a warning
        (self.folder / "proxy-server.conf").write_text(PROXY.format(port=self.port, user=user, folder=self.folder, nobody=nobody))
        self.processes = []

    def start(self):
        with open(self.folder / "swift.log", "ab") as log:
            for kind in ("account", "container", "object", "proxy"):
                self.processes.append(subprocess.Popen(
                    [f"swift-{kind}-server", str(self.folder / f"{kind}-server.conf")], stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True))
        end = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                for port in self.storage_ports:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                urllib.request.urlopen(self.endpoint + "/healthcheck", timeout=5).read()
                return self
            except (urllib.error.URLError, OSError):
                if time.monotonic() > end or any(one.poll() is not None for one in self.processes):
                    self.stop()
                    raise RuntimeError("swift does not start:\n" + (self.folder / "swift.log").read_text()[-3000:])

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes = []

    # Stopped in its tracks: connections are taken and nothing is answered.
    def pause(self):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGSTOP)

    def go_on(self):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGCONT)

    def ask(self, method, path, query=None):
        """A signed request of the test's own; gives status and body."""
        query = "&".join(f"{urllib.parse.quote(key, safe='')}={urllib.parse.quote(value, safe='')}"
                         for key, value in sorted((query or {}).items()))
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        nothing = hashlib.sha256(b"").hexdigest()
        headers = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": nothing, "x-amz-date": moment}
        names = ";".join(headers)
        canonical = "\n".join([method, path, query, *(f"{name}:{value}" for name, value in headers.items()), "", names, nothing])
        scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + SECRET.encode()
        for part in (*scope.split("/"), to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        request = urllib.request.Request(f"{self.endpoint}{path}{'?' + query if query else ''}", method=method, headers={
            **headers, "authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope},SignedHeaders={names},Signature={key.hex()}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

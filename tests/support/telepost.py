"""Starts the real program for interop tests and benchmarks: `telepost serve` with its store in a folder and every
listener on a free loopback port, and the other commands against the same store."""
import json
import os
import pathlib
import selectors
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("TELEPOST", ROOT / "build/dev/telepost"))
START_S = 30
STOP_S = 15

CONFIGURATION = """\
[store]
path = "{store}"
reserve = "1MiB"
[smtp]
listen = "127.0.0.1:0"
[lmtp]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[create]
per_peer_hour = 100000000
[log]
level = "{level}"
[[domains]]
name = "{domain}"
create = true
[[numbers]]
prefix = "+1555"
create = true
"""


class Telepost:
    name = "telepost"

    def __init__(self, folder, program=PROGRAM, level="info", overrides=(), domain="example.test", more=""):
        """overrides: "key=value"; more: text of the configuration, for tables."""
        self.folder = pathlib.Path(folder)
        self.store = self.folder / "store"
        self.program = program
        self.level = level
        self.domain = domain
        self.more = more
        self.overrides = [argument for each in overrides for argument in ("--set", each)]
        self.configuration = self.folder / "telepost.toml"
        self.process = None
        self.listeners = {}  # name -> port

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(CONFIGURATION.format(store=self.store, level=self.level, domain=self.domain) + self.more)
        self.listeners = {}
        self.log = open(self.folder / "telepost.log", "ab")
        self.process = subprocess.Popen(
            [str(self.program), "serve", "--config", str(self.configuration), *self.overrides],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self._read_until_ready()
        return self

    def _read_until_ready(self):
        """Reads `listening NAME ADDRESS:PORT` lines until `ready`."""
        pending, end = b"", time.monotonic() + START_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                if not selector.select(max(0, end - time.monotonic())):
                    self.stop()
                    raise RuntimeError(f"telepost is not ready after {START_S} s{self.log_tail()}")
                chunk = os.read(self.process.stdout.fileno(), 4096)
                if not chunk:
                    raise RuntimeError(f"telepost ended with {self.process.wait()}{self.log_tail()}")
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    words = line.decode().split()
                    if words[:1] == ["listening"]:
                        self.listeners.setdefault(words[1], int(words[2].rsplit(":", 1)[1]))
                    if words == ["ready"]:
                        return

    @property
    def port(self):
        return self.listeners["lmtp"]

    @property
    def pid(self):
        return self.process.pid

    def command(self, *arguments, check=True, input=None):
        """Runs another telepost command against this store; returns its stdout as bytes."""
        words = [str(self.program), *map(str, arguments), "--config", str(self.configuration)]
        answer = subprocess.run(words, input=input, stdin=subprocess.DEVNULL if input is None else None,
                                capture_output=True, timeout=60)
        if check and answer.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: exit {answer.returncode}: {answer.stderr.decode(errors='replace')}")
        return answer.stdout

    def exit_code(self, *arguments):
        words = [str(self.program), *map(str, arguments), "--config", str(self.configuration)]
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode

    def command_json(self, *arguments, input=None):
        return [json.loads(line) for line in self.command(*arguments, "--json", input=input).splitlines()]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._close()

    def stop(self):
        """SIGTERM drains; raises if the process needs longer than it may or ends with an error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"telepost did not stop within {STOP_S} s{self.log_tail()}") from None
        self._close()
        if code != 0:
            raise RuntimeError(f"telepost ended with {code}{self.log_tail()}")

    def log_tail(self):
        lines = pathlib.Path(self.log.name).read_text(errors="replace").splitlines()[-5:]
        return "; its log ends:\n  " + "\n  ".join(lines)

    def _close(self):
        self.process.stdout.close()
        self.log.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()

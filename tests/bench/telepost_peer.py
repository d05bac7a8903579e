"""Telepost as one of the two sides of a benchmark; its files lie under build/bench/telepost."""
import json
import pathlib
import shutil
import subprocess
import sys

import harness

sys.path.insert(0, str(harness.ROOT / "tests/support"))
import telepost  # noqa: E402


class Telepost(telepost.Telepost):
    def __init__(self, root=harness.BUILD / "bench/telepost", overrides=()):
        # Dovecot's configuration logs nothing per message either.
        super().__init__(pathlib.Path(root), program=harness.TELEPOST, level="warning", overrides=overrides)

    def start(self):
        """Starts with an empty store."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return super().start()

    def resume(self):
        """Starts with the store that is there."""
        return super().start()

    def cpu_seconds(self):
        return harness.cpu_seconds(self.pid)

    def disk_bytes(self):
        return harness.disk_bytes(self.store)

    def sweep(self, kind):
        """However long it takes; its last line. 75: what is due later than it began is left."""
        words = [str(self.program), "sweep", "--kind", kind, "--json", "--config", str(self.configuration)]
        answer = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if answer.returncode not in (0, 75):
            raise RuntimeError(f"{' '.join(words)}: exit {answer.returncode}: {answer.stderr.decode(errors='replace')}")
        return json.loads(answer.stdout.splitlines()[-1])

    def settle(self):
        self.sweep("reclaim")

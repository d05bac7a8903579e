"""Telepost as one of the two sides of a benchmark; its files lie under build/bench/telepost."""
import pathlib
import shutil
import sys

import harness

sys.path.insert(0, str(harness.ROOT / "tests/support"))
import telepost  # noqa: E402


class Telepost(telepost.Telepost):
    def __init__(self, root=harness.BUILD / "bench/telepost"):
        # Dovecot's configuration logs nothing per message either.
        super().__init__(pathlib.Path(root), program=harness.TELEPOST, level="warning")

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

    def settle(self):
        self.command("sweep", "--kind", "reclaim")

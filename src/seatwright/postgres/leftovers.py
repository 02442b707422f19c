"""What a server that was killed leaves behind, and when it is safe to start again.

PostgreSQL trusts the process id in ``postmaster.pid``.  In containers, process ids come round
again after a restart, and another program then holds the id: PostgreSQL would refuse to start for
ever.  Removing the file by guess would be worse, since a backend may still be writing.  So we look
at who really works in the directory: every PostgreSQL process has the data directory as its
working directory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from seatwright.postgres.cluster import EmbeddedServerError

SUPERVISOR_LOCK: Final = "supervisor.lock"
"""Held by the supervisor of a data directory; holds its process id."""

_PID_FILE: Final = "postmaster.pid"
_SOCKET_DIRECTORY_LINE: Final = 4
_STATUS_LINE: Final = 7
# Seconds until processes that are left get each signal: they are usually ending already, because
# the supervisor's death asked the postmaster to shut down and its death tells the backends.
_SIGNALS: Final = (
    (10.0, signal.SIGINT),
    (20.0, signal.SIGQUIT),
    (25.0, signal.SIGKILL),
)
_WAIT_SECONDS_MAX: Final = 30.0


def clear_leftovers(cluster: Path) -> None:
    """Wait until no process of a former server is left, then remove its stale lock file.

    The caller holds the data directory's lock, so nobody else starts a server meanwhile.  Raises
    EmbeddedServerError when processes remain that cannot be ended.
    """
    started = time.monotonic()
    pending = list(_SIGNALS)
    while pids := _processes_in(cluster):
        waited = time.monotonic() - started
        if waited > _WAIT_SECONDS_MAX:
            raise EmbeddedServerError(
                f"A former PostgreSQL still works in {cluster} (process {pids[0]}) and does not "
                "end. End it by hand, then start seatwright again."
            )
        if pending and waited > pending[0][0]:
            _signal_all(pids, pending.pop(0)[1])
        time.sleep(0.05)
    (cluster / _PID_FILE).unlink(missing_ok=True)


def socket_directory_of_running(data_dir: Path) -> Path | None:
    """Return where the server of ``data_dir`` listens, or None when none takes connections.

    A server whose supervisor is dead is about to shut down, and does not count.
    """
    cluster = data_dir / "postgres"
    try:
        lines = (cluster / _PID_FILE).read_text().splitlines()
        supervisor = int((data_dir / SUPERVISOR_LOCK).read_text())
    except (OSError, ValueError):
        return None
    if len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready":
        return None
    postmaster = int(lines[0])
    if postmaster not in _processes_in(cluster) or _parent_of(postmaster) != supervisor:
        return None
    return Path(lines[_SOCKET_DIRECTORY_LINE])


def _parent_of(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        # The name in parentheses may hold anything, spaces and parentheses included.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def _processes_in(directory: Path) -> list[int]:
    """Return the ids of processes whose working directory is ``directory``, smallest first."""
    if not directory.exists():
        return []
    wanted = directory.resolve()
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        # Processes of other users and those that end while we look cannot be read.
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == wanted:
                found.append(int(entry.name))
    return sorted(found)


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

"""The private directory that holds an embedded server's socket."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from seatwright.postgres.account import Account
from seatwright.postgres.cluster import EmbeddedServerError

# A socket's path has room for 107 bytes on Linux (sockaddr_un), so it cannot live in the data
# directory, whose path a person chooses.
_SOCKET_PATH_BYTES_MAX: Final = 107
_SOCKET_NAME: Final = ".s.PGSQL.5432"
_FALLBACK: Final = Path("/tmp")  # noqa: S108  The directory made there is checked for its owner.


def socket_directory(data_dir: Path, *, account: Account) -> Path:
    """Make the socket's directory, mode 0700 and owned by ``account``, and return it.

    Its name follows from the data directory, so that a killed server's directory is used again
    instead of being left behind.
    """
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    path = _parent(account) / f"seatwright-{digest}"
    path.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(path, account=account)
    account.own(path)
    path.chmod(0o700)
    return path


def _parent(account: Account) -> Path:
    candidates = [Path("/run")] if account.is_other_user else []
    if not account.is_other_user and os.environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(os.environ["XDG_RUNTIME_DIR"]))
    for candidate in candidates:
        longest = candidate / "seatwright-0123456789ab" / _SOCKET_NAME
        fits = len(os.fsencode(longest)) <= _SOCKET_PATH_BYTES_MAX
        if fits and os.access(candidate, os.W_OK | os.X_OK) and account.can("-x", candidate):
            return candidate
    return _FALLBACK


def _refuse_foreign(path: Path, *, account: Account) -> None:
    """Refuse a directory that somebody else put in our place, as anyone can in /tmp."""
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid in (os.geteuid(), account.user_id):
        return
    raise EmbeddedServerError(
        f"{path} should hold the embedded PostgreSQL's socket but belongs to another user (user id "
        f"{found.st_uid}). Remove it, or give another --data-dir."
    )

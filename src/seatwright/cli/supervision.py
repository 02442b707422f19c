"""The serving parent: small, without threads, it starts everything else and keeps it running.

    serve ─┬─ postgres          (unless an external database is set)
           ├─ web x workers     (one shared listening socket)
           └─ worker            (unless --no-worker)

They are one process group, but for PostgreSQL, which a Ctrl-C must not reach before the others have
finished.  SIGTERM or Ctrl-C stops them in order within 20 seconds; when the parent is killed, alone
or with its group, the kernel ends them all, PostgreSQL too, and the next start recovers.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from seatwright.cli.processes import Child, Children, Pause
from seatwright.cli.stopping import StopRequest, StopRequested
from seatwright.postgres.embedded import EmbeddedServer, EmbeddedServerError
from seatwright.postgres.lifeline import end_with_parent
from seatwright.postgres.server import prepare_database
from seatwright.settings import PREFIX, Settings

log = structlog.get_logger(__name__)

# Together below the 20 seconds that the interface promises.
_CHILDREN_STOP_SECONDS_MAX: Final = 11.0
_POSTGRES_STOP_SECONDS_MAX: Final = 5.0
_FIRST_ANSWER_SECONDS_MAX: Final = 90.0
_FAILURES_BEFORE_FIRST_ANSWER_MAX: Final = 4
_POSTGRES_FAILURES_MAX: Final = 8
_TICK_SECONDS: Final = 1.0
_TICK_SECONDS_BEFORE_FIRST_ANSWER: Final = 0.1


class ServeError(Exception):
    """``serve`` cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeChoices:
    """What the command line of ``serve`` chooses beside the settings."""

    is_demo: bool = False
    has_worker: bool = True


class Supervision:
    """One run of ``serve``."""

    def __init__(
        self,
        settings: Settings,
        *,
        choices: ServeChoices,
        listener: socket.socket,
        on_ready: Callable[[Settings], None],
    ) -> None:
        self._settings = settings
        self._choices = choices
        self._listener = listener
        self._on_ready = on_ready
        self._stop = StopRequest()
        self._metrics_dir = ""
        self._postgres: EmbeddedServer | None = None
        self._postgres_pause = Pause()
        self._postgres_started_at = 0.0
        self._children = Children(())

    def run(self) -> None:
        """Serve until asked to stop; raises an error with a sentence when that cannot be."""
        with (
            self._stop.caught(),
            # Where the processes put their numbers for /metrics, so that any one can add them up.
            tempfile.TemporaryDirectory(prefix="seatwright-metrics-") as self._metrics_dir,
        ):
            try:
                with self._stop.interrupting():
                    self._prepare()
                self._tend_until_stopped()
            except StopRequested:
                pass
            finally:
                log.info("stopping")
                self._children.stop(seconds_max=_CHILDREN_STOP_SECONDS_MAX)
                if self._postgres is not None:
                    self._postgres.stop(seconds_max=_POSTGRES_STOP_SECONDS_MAX)

    def _prepare(self) -> None:
        owner_url = self._settings.migrate_url
        if self._settings.database_url is None:
            self._postgres = EmbeddedServer(self._settings.data_dir)
            urls = self._postgres.start()
            self._postgres_started_at = time.monotonic()
            owner_url = urls.owner
            self._settings = replace(self._settings, database_url=urls.app)
        assert self._settings.database_url is not None
        applied = prepare_database(self._settings.database_url, owner_url=owner_url)
        log.info("database ready", migrations_applied=len(applied))
        if self._choices.is_demo:
            self._load_demo()
        self._children = Children(self._members())

    def _environment(self) -> dict[str, str]:
        """What children are told: everything but the owner's way into the database."""
        handed = replace(self._settings, migrate_url=None).to_environment()
        inherited = {n: text for n, text in os.environ.items() if not n.startswith(PREFIX)}
        return {**inherited, **handed, "PROMETHEUS_MULTIPROC_DIR": self._metrics_dir}

    def _load_demo(self) -> None:
        """Make the demo tenant and its token unless they are there, in a process of its own.

        Its libraries have threads, and this process must stay without.
        """
        finished = subprocess.run(
            [sys.executable, "-m", "seatwright", "prepare"],
            check=False,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            preexec_fn=end_with_parent(signal.SIGKILL),
        )
        if finished.returncode != 0:
            raise ServeError("The demo tenant could not be made; the lines above say why.")

    def _members(self) -> list[Child]:
        environment = self._environment()
        descriptor = self._listener.fileno()
        program = [sys.executable, "-m", "seatwright"]
        members = [
            Child(
                name=f"web {number}",
                arguments=[*program, "web", "--descriptor", str(descriptor)],
                environment=environment,
                handed_files=[descriptor],
            )
            for number in range(1, self._settings.workers + 1)
        ]
        if self._choices.has_worker:
            members.append(
                Child(name="worker", arguments=[*program, "worker"], environment=environment)
            )
        return members

    def _tend_until_stopped(self) -> None:
        has_answered = False
        deadline = time.monotonic() + _FIRST_ANSWER_SECONDS_MAX
        while not self._stop.is_made:
            self._tend_postgres()
            self._children.tend()
            if has_answered:
                self._stop.sleep(_TICK_SECONDS)
                continue
            if has_answered := self._answers():
                log.info("serving", url=self._settings.served_url)
                self._on_ready(self._settings)
                continue
            self._refuse_hopeless(deadline)
            self._stop.sleep(_TICK_SECONDS_BEFORE_FIRST_ANSWER)

    def _tend_postgres(self) -> None:
        if self._postgres is None or self._postgres.is_running():
            return
        if self._postgres_started_at:
            log.error("postgres ended")
            lived = time.monotonic() - self._postgres_started_at
            self._postgres_pause.lengthen(lived_seconds=lived)
            self._postgres_started_at = 0.0
        if not self._postgres_pause.is_over():
            return
        try:
            with self._stop.interrupting():
                self._postgres.start()
        except EmbeddedServerError as failed:
            log.error("postgres did not start", reason=str(failed))
            self._postgres_pause.lengthen(lived_seconds=0)
            if self._postgres_pause.failures >= _POSTGRES_FAILURES_MAX:
                raise
        else:
            self._postgres_started_at = time.monotonic()
            log.info("postgres started again", pid=self._postgres.pid)

    def _answers(self) -> bool:
        """Return whether a web worker answers on the port served."""
        address = self._settings.served_url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _refuse_hopeless(self, deadline: float) -> None:
        """Give up when nothing ever answered: then it is no accident that a restart mends."""
        if self._children.failures >= _FAILURES_BEFORE_FIRST_ANSWER_MAX:
            raise ServeError("The processes end as soon as they start; the lines above say why.")
        if time.monotonic() > deadline:
            raise ServeError(
                f"Nothing answered on {self._settings.served_url} within "
                f"{_FIRST_ANSWER_SECONDS_MAX:.0f} seconds; the lines above may say why."
            )

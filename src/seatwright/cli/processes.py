"""The child processes of ``serve``: started, started again when they die, stopped together."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from seatwright.postgres.lifeline import end_with_parent

log = structlog.get_logger(__name__)

_PAUSE_SECONDS_FIRST: Final = 0.2
_PAUSE_SECONDS_MAX: Final = 10.0
# A process that lived this long was healthy: the next pause begins small again.
_HEALTHY_SECONDS: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Pause:
    """How long to wait before starting a thing again: doubled with each quick death."""

    failures: int = 0
    not_before: float = 0.0

    def lengthen(self, *, lived_seconds: float) -> None:
        """Note a death after ``lived_seconds`` of life."""
        self.failures = 1 if lived_seconds >= _HEALTHY_SECONDS else self.failures + 1
        pause = min(_PAUSE_SECONDS_FIRST * 2 ** (self.failures - 1), _PAUSE_SECONDS_MAX)
        self.not_before = time.monotonic() + pause

    def is_over(self) -> bool:
        """Return whether it is time to try again."""
        return time.monotonic() >= self.not_before


@dataclass(slots=True, kw_only=True)
class Child:
    """One program that should always run."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    handed_files: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: Pause = field(default_factory=Pause)

    def start(self) -> None:
        """Start the program; it is killed when this process ends, however that happens."""
        self.process = subprocess.Popen(
            list(self.arguments),
            env=dict(self.environment),
            pass_fds=tuple(self.handed_files),
            stdin=subprocess.DEVNULL,
            # Killed and not asked: a web worker that lingers would hold the port against the next
            # start, and what it had not committed was not acknowledged.  PLW1509: the parent has
            # one thread.
            preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509
        )
        self.started_at = time.monotonic()

    def tend(self) -> None:
        """Start the program again if it has ended and its pause is over."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            log.error("process ended", name=self.name, pid=self.process.pid, exit_code=code)
            self.process = None
            self.pause.lengthen(lived_seconds=time.monotonic() - self.started_at)
        if self.pause.is_over():
            self.start()


class Children:
    """All of them together."""

    def __init__(self, members: Sequence[Child]) -> None:
        self.members = tuple(members)

    def tend(self) -> None:
        """Start what is not running, each after its pause."""
        for child in self.members:
            child.tend()

    @property
    def failures(self) -> int:
        """The most quick deaths in a row that any of them has had."""
        return max((child.pause.failures for child in self.members), default=0)

    def stop(self, *, seconds_max: float) -> None:
        """Ask all to end at once, then kill those that have not after ``seconds_max``."""
        running = [child.process for child in self.members if child.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + seconds_max
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process killed because it did not end", pid=process.pid)
                process.kill()
                process.wait()
        for child in self.members:
            child.process = None

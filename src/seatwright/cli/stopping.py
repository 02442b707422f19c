"""Signals that ask the serving parent to stop, without threads and without races."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Final

_STOPPING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequested(BaseException):
    """A signal asked to stop while something slow was under way."""


class StopRequest:
    """Whether somebody has asked this process to stop; also its way to sleep."""

    def __init__(self) -> None:
        self.is_made = False
        self._interrupts = False
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals within this block.

        SIGCHLD is caught as well, only so that a child's death ends a sleep early.
        """
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (*_STOPPING, signal.SIGCHLD)
        }
        wakeup = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._wake.close()
            self._woken.close()

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let a signal break off this block with StopRequested, as it may take minutes."""
        if self.is_made:
            raise StopRequested
        self._interrupts = True
        try:
            yield
        finally:
            self._interrupts = False

    def sleep(self, seconds: float) -> None:
        """Sleep until a signal comes, ``seconds`` at most."""
        select.select([self._woken], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(64):
                pass

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number not in _STOPPING:
            return
        self.is_made = True
        if self._interrupts:
            self._interrupts = False
            raise StopRequested

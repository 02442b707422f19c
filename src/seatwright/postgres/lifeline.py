"""Ties a child process to the life of its parent.

A process that is killed cannot tidy up.  Linux can: it sends a signal of the child's choice when
the thread that started the child ends, which is why serving parents here have one thread only.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def end_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program, to be sent ``number`` when this parent ends.

    For ``preexec_fn`` of ``subprocess.Popen``, which calls it after the change of user: a change
    of user clears the wish.
    """
    # Loaded here and not in the child, where as little as possible should happen.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def run_in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            # The parent was killed before the line above; its death signal will never come.
            os._exit(1)

    return run_in_child

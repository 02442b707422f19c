"""The one socket that all web workers share."""

from __future__ import annotations

import errno
import socket
import time
from typing import Final

from seatwright.cli.supervision import ServeError
from seatwright.settings import Settings

_BACKLOG: Final = 2048
# After a kill, the last server's workers are gone within moments, but not at once.
_BUSY_SECONDS_MAX: Final = 5.0


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens on the host and port of the settings.

    Raises ServeError with what to do when the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    deadline = time.monotonic() + _BUSY_SECONDS_MAX
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(_BACKLOG)
        except OSError as refused:
            listener.close()
            if refused.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise ServeError(
                f"seatwright cannot listen on {settings.host} port {settings.port}: "
                f"{refused.strerror}. Stop what uses it, or choose another with --host and --port "
                "(SEATWRIGHT_HOST, SEATWRIGHT_PORT)."
            ) from refused
        return listener

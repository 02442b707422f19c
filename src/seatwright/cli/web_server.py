"""One web process: uvicorn on a socket that the parent listens on."""

from __future__ import annotations

import os
import socket
from types import FrameType
from typing import Final

import typer
import uvicorn

# Shorter than the parent's patience, so that a slow answer is cut off here and not by a kill.
_GRACE_SECONDS: Final = 7


class WebServer(uvicorn.Server):
    """uvicorn, except that a stop during its start is obeyed at once.

    uvicorn waits for the application to have started, which here may be waiting for a database
    that has just been stopped; a process that serves nobody yet has nothing to finish.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal that asks to stop."""
        if not self.started:
            os._exit(0)
        super().handle_exit(sig, frame)


def serve_socket(listener: socket.socket) -> None:
    """Serve web requests on a socket, until stopped."""
    config = uvicorn.Config(
        "seatwright.bootstrap:create_web_app",
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Only a proxy on this machine may say who the client is.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = WebServer(config)
    server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(1)

"""A receiver of webhooks in the process of the tests: it keeps what arrives, and answers."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

from seatwright.webhooks.caller import TIMEOUT_SECONDS, HttpCaller

DRIPS = 20
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass
class Arrived:
    """One call that arrived."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """What arrived, in order; `statuses` are answered one after the other, then 204."""

    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    always: int = 204
    location: str | None = None
    retry_after: str | None = None
    drips: float = 0.0
    """Seconds before each of many headers that come before the answer is whole."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/licenses"


def caller(*, seconds: float = TIMEOUT_SECONDS) -> HttpCaller:
    """A caller that may reach this machine."""
    return HttpCaller(allowed=LOOPBACK, seconds=seconds)


@contextmanager
def receiver(secured: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Serve a receiver until the block ends, over TLS where a context is given."""
    served = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            served.arrived.append(Arrived(self.path, headers, body))
            self.send_response(served.statuses.pop(0) if served.statuses else served.always)
            for number in range(DRIPS if served.drips else 0):
                self.wfile.write(f"x-{number}: y\r\n".encode())
                time.sleep(served.drips)
            if served.location is not None:
                self.send_header("location", served.location)
            if served.retry_after is not None:
                self.send_header("retry-after", served.retry_after)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # Its name there.
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if secured is not None:
        server.socket = secured.wrap_socket(server.socket, server_side=True)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

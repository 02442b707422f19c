"""Reading the body of a call whole, so that the call can be run again from its start."""

from __future__ import annotations

from litestar.types import HTTPReceiveMessage, Receive

from seatwright.web.answers import BODY_BYTES_MAX


class BodyTooLargeError(Exception):
    """The body is larger than a body may be."""


class CallerGoneError(Exception):
    """The caller hung up before the body was complete: half a file must never be worked on."""


class Body:
    """The body of one call while it arrives."""

    __slots__ = ("_bytes_max", "_chunks", "_receive", "_size", "is_complete")

    def __init__(self, receive: Receive, *, bytes_max: int = BODY_BYTES_MAX) -> None:
        self._receive = receive
        self._bytes_max = bytes_max
        self._chunks: list[bytes] = []
        self._size = 0
        self.is_complete = False

    async def read_some(self) -> None:
        """Take what has arrived; small bodies are complete after the first time.

        Raises BodyTooLargeError and CallerGoneError.
        """
        message = await self._receive()
        if message["type"] != "http.request":
            raise CallerGoneError
        chunk = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._bytes_max:
            raise BodyTooLargeError
        self._chunks.append(chunk)
        self.is_complete = not message.get("more_body", False)

    async def read_rest(self) -> bytes:
        """The whole body.

        Raises BodyTooLargeError and CallerGoneError.
        """
        while not self.is_complete:
            await self.read_some()
        return b"".join(self._chunks)


def receive_of(body: bytes) -> Receive:
    """A `receive` that hands a body over that was read already."""
    messages: list[HTTPReceiveMessage] = [
        {"type": "http.request", "body": body, "more_body": False}
    ]

    async def receive() -> HTTPReceiveMessage:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive

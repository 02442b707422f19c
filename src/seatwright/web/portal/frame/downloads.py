"""Long files on their way to a browser: piece by piece, as it takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

import psycopg
import psycopg_pool
import structlog
from litestar.types import Receive, Send

from seatwright.app.exports.files import FileGoneError
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer

log = structlog.get_logger(__name__)

_LENGTH: Final = b"content-length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a page that is a long file leaves for the edge; `size` None: only its end tells.

    The pieces come after the page's own transaction is over, so that who takes them slowly keeps
    no connection from others.
    """

    pieces: Callable[[Database], AsyncIterator[bytes]]
    size: int | None = None


async def send_download(
    answer: Answer, download: Download, *, database: Database, receive: Receive, send: Send
) -> None:
    """Send the head of an answer and the pieces of a file.

    A file that breaks off is sent without its end, which every browser calls a failed download.
    """
    headers = [(name, value) for name, value in answer.headers if name.lower() != _LENGTH]
    if download.size is not None:
        headers.append((_LENGTH, str(download.size).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    gone = asyncio.ensure_future(hung_up(receive))
    try:
        async for piece in download.pieces(database):
            if gone.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
        log.warning("the database was away during a download", exc_info=True)
        return
    except FileGoneError:
        log.info("a file was deleted during its download")
        return
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def hung_up(receive: Receive) -> None:
    """End when the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass

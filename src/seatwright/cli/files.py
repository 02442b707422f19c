"""Files: CSV that the server writes, and CSV that is handed to it."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from seatwright.cli.client import Api, Query, refuse_unreachable
from seatwright.cli.endings import Ending, stop
from seatwright.cli.screen import warn


def save(api: Api, path: str, *, query: Query | None = None, output: Path | None) -> None:
    """Write what the server streams to a file, or to stdout, without holding it in memory."""
    with api.streaming(path, query=query) as answer:
        try:
            if output is None:
                # A reader that leaves early, as `head` does, ends the command without a word.
                for chunk in answer.iter_text():
                    sys.stdout.write(chunk)
                return
            _write(answer, output)
        except httpx.HTTPError as error:
            refuse_unreachable(str(answer.url), error)
    warn(f"Wrote {output}.")


def _write(answer: httpx.Response, output: Path) -> None:
    try:
        with output.open("wb") as file:
            for piece in answer.iter_bytes():
                file.write(piece)
    except OSError as error:
        stop(Ending.USAGE, f"{output} cannot be written: {error.strerror}.")


def read_file(file: Path) -> bytes:
    """The bytes of a file that a person names; the server finds out its encoding."""
    try:
        return file.read_bytes()
    except OSError as error:
        stop(Ending.USAGE, f"{file} cannot be read: {error.strerror}.")

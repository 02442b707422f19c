"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import IO, Any, Final

from rich.console import Console

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

WIDTH_PIPED = 100
"""What a table may take when nobody knows how wide the reader's screen is."""


def result_screen() -> Console:
    """Where results go; made anew for each use, because tests and shells exchange the stream."""
    return _screen(sys.stdout)


def error_screen() -> Console:
    """Where errors, warnings and progress go."""
    return _screen(sys.stderr)


def is_for_people(stream: IO[str]) -> bool:
    """Whether a person watches the stream: progress is drawn for nobody else."""
    return stream.isatty()


def say(sentence: str) -> None:
    """Print one sentence of result."""
    result_screen().print(visible(sentence))


def warn(sentence: str) -> None:
    """Print one sentence that is not the result on stderr."""
    # Not wrapped by us: a command in it can then be copied whole.
    error_screen().print(visible(sentence), style="yellow", soft_wrap=True)


def visible(text: str) -> str:
    """A text without control characters.

    Names come from whoever is in the directory; one with an escape code in it could repaint the
    screen of the administrator who lists it.
    """
    return _CONTROL.sub("\ufffd", text.replace("\n", " "))


def print_json(value: Any) -> None:
    """Print what the API answered, whole, as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _screen(stream: IO[str]) -> Console:
    # rich takes only colour away under NO_COLOR and leaves bold and dim; whoever sets it wants
    # no escape code at all (no-color.org), and neither does a file.
    is_plain = bool(os.environ.get("NO_COLOR")) or not is_for_people(stream)
    return Console(
        file=stream,
        color_system=None if is_plain else "auto",
        width=None if is_for_people(stream) else WIDTH_PIPED,
        soft_wrap=not is_for_people(stream),
        markup=False,
        highlight=False,
        emoji=False,
    )

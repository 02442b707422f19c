"""Pages and tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; upright bars inside its cells are escaped."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def page(title: str, words: str, *parts: str) -> str:
    """A page: its title, what it is about, and its parts."""
    return "\n\n".join((f"# {title}", words, *parts)) + "\n"


def code(*texts: str) -> str:
    """Texts as code, between commas."""
    return ", ".join(f"`{text}`" for text in texts)

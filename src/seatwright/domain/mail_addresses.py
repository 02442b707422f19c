"""Mail addresses, as far as they can be told from other text."""

from __future__ import annotations

import re
from typing import Final

ADDRESSES_MAX: Final = 50

_ADDRESS: Final = re.compile(
    r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\\\]]{1,64}@[^\W_](?:[\w.-]{0,251}[^\W_])?"
)


def is_mail_address(text: str) -> bool:
    """Whether a mail could be sent to this, as far as its form goes: one address, and no name."""
    if not _ADDRESS.fullmatch(text) or not text.isprintable():
        return False
    local = text.partition("@")[0]
    return not (local.startswith(".") or local.endswith(".") or ".." in text)


def addresses_in(text: str) -> tuple[str, ...] | None:
    """The addresses of a list with commas, each once; None when one is none, or they are many."""
    found = tuple(dict.fromkeys(one.strip() for one in text.split(",")))
    fits = len(found) <= ADDRESSES_MAX and all(map(is_mail_address, found))
    return found if fits else None

"""What a writing call asks beside what it does: only to look (`preview`), or to be sure.

`?preview=true` runs the call and rolls it back; `If-Match: "DIGEST"` commits it only if it still
comes to the change set of that digest. Both are the edge's and never reach a route.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from litestar.types import HTTPScope

from seatwright.domain.errors import Reason, Refusal

_DIGEST: Final = re.compile(r'"([0-9a-f]{64})"')
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a writing call is to be run; `digest` is that of the change set it may do."""

    is_preview: bool = False
    digest: str | None = None

    @property
    def is_foreseen(self) -> bool:
        """Whether somebody looks at what it comes to before it is committed."""
        return self.is_preview or self.digest is not None


AS_IT_IS: Final = Asked()
"""A call that is run without anybody looking."""


def asked_of(scope: HTTPScope, headers: dict[bytes, bytes]) -> Asked:
    """Read how a call is to be run, and take `preview` off its query.

    Raises Refusal invalidValue for a preview that is neither true nor false, for an If-Match that
    names no change set, and for both at once.
    """
    is_preview = _take_preview(scope)
    digest = _digest_of(headers.get(b"if-match"))
    if is_preview and digest is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The call has preview=true and an If-Match: leave If-Match out to look, or preview out"
            " to apply what was looked at.",
        )
    return Asked(is_preview=is_preview, digest=digest)


def _take_preview(scope: HTTPScope) -> bool:
    parts = scope["query_string"].split(b"&")
    mine = [part for part in parts if _name_of(part) == "preview"]
    if not mine:
        return False
    scope["query_string"] = b"&".join(part for part in parts if part not in mine)
    if len(mine) > 1:
        raise Refusal(Reason.INVALID_VALUE, "The query has “preview” twice: give it once.")
    word = unquote_plus(mine[0].decode("latin-1").partition("=")[2]).strip().lower()
    if word not in _TRUE | _FALSE:
        raise Refusal(Reason.INVALID_VALUE, f"preview is “{word[:60]}”: give true or false.")
    return word in _TRUE


def _name_of(part: bytes) -> str:
    return unquote_plus(part.decode("latin-1").partition("=")[0])


def _digest_of(header: bytes | None) -> str | None:
    """The digest in an If-Match (RFC 9110, 13.1.1), of which only one strong tag means anything."""
    if header is None:
        return None
    text = header.decode("latin-1").strip()
    if text == "*":
        raise Refusal(
            Reason.INVALID_VALUE,
            "If-Match is “*”, which every change set would match: give the digest that the preview"
            " answered, in double quotes, or leave If-Match out.",
        )
    if text.lower().startswith("w/"):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"If-Match is the weak tag “{text[:80]}”: give the digest that the preview answered,"
            " in double quotes and without W/.",
        )
    found = _DIGEST.fullmatch(text.lower())
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"If-Match is “{text[:80]}”: give one digest that a preview answered, 64 hexadecimal"
            " digits in double quotes.",
        )
    return found[1]

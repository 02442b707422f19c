"""The tokens of delta queries: where a round stands, and what was asked (DLT-003, DLT-004).

A token holds everything that the next page needs, so that nothing is kept for a caller. It is
opaque and checked, not signed: whoever makes one up sees only what they may see anyway.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.changes import Place
from seatwright.web.graph.envelope import GraphError, bad_request, error_of
from seatwright.web.graph.request import GraphRequest

LIFETIME: Final = timedelta(days=7)
"""As long as Graph's tokens of directory objects live (DLT-012)."""

NOTHING_YET, MEMBERS, CHANGES = 0, 1, 2
"""The phases of a round: what there is, who is in each group, and what changed since."""

_NUMBER_MAX: Final = 2**31 - 1


class DeltaToken(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Where a round stands: `xid` and `change_no` in the feed, `number` and `second` in lists."""

    noun: str
    phase: int
    xid: int
    change_no: int = 0
    number: int = 0
    second: int = 0
    issued: int = 0
    select: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Its place in the feed."""
        return Place(xid=self.xid, change_no=self.change_no)

    def moved(self, now: datetime, **changes: int) -> DeltaToken:
        """The token of the next page, given out now."""
        return msgspec.structs.replace(self, issued=int(now.timestamp()), **changes)

    def text(self) -> str:
        """The token as links carry it."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def token_in(request: GraphRequest, noun: str) -> DeltaToken | None:
    """The token of a call; None where a round begins.

    Raises GraphError: 400 for what is no token, 410 with a link to begin anew for one that is
    older than seven days (DLT-012, DLT-013).
    """
    text = request.option("$skiptoken") or request.option("$deltatoken")
    if text is None:
        return None
    try:
        content = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
        token = msgspec.json.decode(content, type=DeltaToken)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise _malformed() from None
    numbers = (token.number, token.second)
    if (
        token.noun != noun
        or token.phase not in {NOTHING_YET, MEMBERS, CHANGES}
        or not all(0 <= one <= _NUMBER_MAX for one in numbers)
        or not all(0 <= one < 2**63 for one in (token.xid, token.change_no, token.issued))
    ):
        raise _malformed()
    _refuse_old(request, token)
    return token


def _refuse_old(request: GraphRequest, token: DeltaToken) -> None:
    if token.issued > 2**40:
        raise _malformed()
    if request.call.now - datetime.fromtimestamp(token.issued, UTC) > LIFETIME:
        refusal = Refusal(
            Reason.SYNC_STATE_NOT_FOUND,
            "The sync state of this token is gone after seven days. Begin again without a token.",
        )
        error = error_of(refusal)
        begin = request.url(*(part for part in request.sent.path.split("/") if part))
        raise GraphError(
            error.status,
            error.code,
            error.message,
            reason=error.reason,
            detail=error.detail,
            headers=((b"location", f"{begin}?$deltatoken=".encode()),),
        )


def _malformed() -> GraphError:
    return bad_request("Badly formed token: follow the link of the last answer as it was given.")

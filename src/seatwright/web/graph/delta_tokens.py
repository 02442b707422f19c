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
from seatwright.postgres.changes import Place, Settled
from seatwright.web.graph.envelope import GraphError, bad_request, error_of
from seatwright.web.graph.request import GraphRequest

LIFETIME: Final = timedelta(days=7)
"""As long as Graph's tokens of directory objects live (DLT-012)."""

NOTHING_YET, MEMBERS, CHANGES, NESTINGS = 0, 1, 2, 3
"""The phases of a round: what there is, who is in each group and which groups are, what changed."""

_NUMBER_MAX: Final = 2**31 - 1


class DeltaToken(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Where a round stands: `xid` and `change_no` in the feed, `number` and `second` in lists.

    `issued` is when everything before `xid` was told, or will be once the round is over: from then
    on the feed must reach back to it. `is_narrow` says that `select` was asked for.
    """

    noun: str
    phase: int
    xid: int
    change_no: int = 0
    number: int = 0
    second: int = 0
    issued: int = 0
    select: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    epoch: str = ""
    is_narrow: bool = False

    @property
    def place(self) -> Place:
        """Its place in the feed."""
        return Place(xid=self.xid, change_no=self.change_no)

    def moved(self, **changes: int | str) -> DeltaToken:
        """The token of the next page."""
        return msgspec.structs.replace(self, **changes)

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
    token = read_token(text)
    if token is None or token.noun != noun:
        raise bad_request("Badly formed token: follow the link of the last answer as it was given.")
    if request.call.now - datetime.fromtimestamp(token.issued, UTC) > LIFETIME:
        raise _gone(request, "is gone after seven days")
    return token


def read_token(text: str) -> DeltaToken | None:
    """The token that a link carries; None for what was never given out."""
    try:
        content = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
        token = msgspec.json.decode(content, type=DeltaToken)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    is_known = token.phase in {NOTHING_YET, MEMBERS, CHANGES, NESTINGS}
    numbers = (token.number, token.second)
    # No answer leaves the id out, so that no token does.
    if (
        not is_known
        or "id" not in token.select
        or not all(0 <= one <= _NUMBER_MAX for one in numbers)
    ):
        return None
    if not all(0 <= one < 2**63 for one in (token.xid, token.change_no)):
        return None
    return token if 0 <= token.issued <= 2**37 else None


def refuse_other_feed(request: GraphRequest, token: DeltaToken, now: Settled) -> None:
    """Refuse a token of the feed that a restore from a backup put an end to.

    What the restore took back is in no feed, and its transactions may have smaller numbers: the
    token would be answered with nothing, for ever. Raises GraphError 410.
    """
    if token.epoch != str(now.epoch) or token.xid > now.end:
        raise _gone(request, "is gone since the directory was restored from a backup")


def _gone(request: GraphRequest, why: str) -> GraphError:
    error = error_of(
        Refusal(
            Reason.SYNC_STATE_NOT_FOUND,
            f"The sync state of this token {why}. Begin again without a token.",
        )
    )
    begin = request.url(*(part for part in request.sent.path.split("/") if part))
    return GraphError(
        error.status,
        error.code,
        error.message,
        reason=error.reason,
        detail=error.detail,
        headers=((b"location", f"{begin}?$deltatoken=".encode()),),
    )

"""What is said of invitations: in the history, in refusals, and to whoever invited."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.invitations import Invitation
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.principals import principal_by_number


def no_seat_for(mail: str, product: str) -> Refusal:
    """The refusal of an invitation for which there is no seat."""
    return Refusal(
        Reason.NO_SEAT_LEFT,
        f"No seat of {product} is free to be held for {mail}: buy one, or take one back, and"
        " invite them then.",
    )


def invitation_line(action: HistoryAction, one: Invitation) -> HistoryLine:
    """The history row of an invitation; the address stays out of it, so that it can be erased."""
    return HistoryLine(
        action=action,
        user=one.user,
        sku=one.licenses[0].sku if len(one.licenses) == 1 else None,
        detail={
            "invitationId": str(one.id),
            "products": len(one.licenses),
            "expiresAt": one.expires_at.isoformat(),
        },
    )


async def expired_told(call: Call, lapsed: Sequence[Invitation]) -> list[Telling]:
    """What inviters are told of invitations that have lapsed."""
    return await _told(call, lapsed, EventKind.INVITATION_EXPIRED, "expiredAt")


async def expiring_told(call: Call, due: Sequence[Invitation]) -> list[Telling]:
    """What inviters are told of invitations that nobody has accepted yet."""
    return await _told(call, due, EventKind.INVITATION_EXPIRING, "expiresAt")


async def _told(
    call: Call, invitations: Sequence[Invitation], kind: EventKind, moment: str
) -> list[Telling]:
    catalog = await catalog_of(call)
    inviters = await _people_behind(call, {one.created_by for one in invitations})
    return [
        Telling(
            kind=kind,
            key=f"{one.id}:{one.expires_at.isoformat()}",
            # Who invited through a client or a token is no person: the administrators are told.
            user=inviters[one.created_by],
            data={
                "product": ", ".join(catalog.sku_name(license_.sku) for license_ in one.licenses),
                "person": one.display_name,
                moment: one.expires_at.isoformat(),
            },
        )
        for one in invitations
    ]


async def _people_behind(
    call: Call, principals: set[PrincipalNo]
) -> dict[PrincipalNo, UserNo | None]:
    found: dict[PrincipalNo, UserNo | None] = {}
    for number in principals:
        principal = await principal_by_number(call.tx, number)
        found[number] = None if principal is None else principal.user_no
    return found

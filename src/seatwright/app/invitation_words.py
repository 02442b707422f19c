"""What is said of invitations: in the history, in refusals, and to whoever invited."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.telling.scene import read_scene
from seatwright.app.telling.tell import tell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.invitations import Invitation
from seatwright.domain.outgoing import Channel, NewDelivery
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.deliveries import insert_deliveries
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


async def send_word(call: Call, one: Invitation) -> None:
    """Have the invitation mailed to its address, and tell whoever invited that it was sent.

    The invited person is nobody of the directory yet, so their mail goes into the outbox by its
    address; it is written in this transaction and sent after it, as everything there is.
    """
    catalog = await catalog_of(call)
    inviter = (await _people_behind(call, {one.created_by}))[one.created_by]
    told = Telling(
        kind=EventKind.INVITATION_SENT,
        key=f"{one.id}:{one.times_sent}",
        user=inviter,
        data={
            "invitationId": str(one.id),
            "product": ", ".join(catalog.sku_name(license_.sku) for license_ in one.licenses),
            "person": one.display_name,
            "message": one.message,
            "expiresAt": one.expires_at.isoformat(),
        },
    )
    await tell(call, [told])
    scene = await read_scene(call)
    if not scene.is_mailed(told.kind):
        return
    rendered = scene.rendered(told.kind, told.data, recipient=one.display_name)
    mail = NewDelivery(
        id=uuid4(),
        channel=Channel.MAIL,
        kind=told.kind.value,
        key=told.key,
        address=one.mail,
        subject=rendered.subject,
        body=rendered.body,
        html=rendered.html,
    )
    await insert_deliveries(call.tx, [mail], at=call.now)


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

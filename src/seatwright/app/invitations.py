"""Inviting somebody from outside: a seat is held for them until they accept, or for two weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.assign.refusals import refusals_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import create_user
from seatwright.app.invitation_words import (
    expired_told,
    expiring_told,
    invitation_line,
    no_seat_for,
    send_word,
)
from seatwright.app.record import record, record_all
from seatwright.app.reservations import give_back, give_back_seats, reserve, use
from seatwright.app.telling.tell import tell
from seatwright.app.templates import require_template
from seatwright.domain.assignments import Strategy
from seatwright.domain.directory import User, UserField, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.invitations import (
    KEPT_AFTER_END,
    LASTS,
    PRODUCTS_MAX,
    WARN_BEFORE,
    Invitation,
    InvitationAction,
    InvitationState,
    InvitedLicense,
    require_allowed,
)
from seatwright.domain.person_fields import user_field
from seatwright.domain.reservations import Reservation, ReservationKind
from seatwright.domain.roles import Permission
from seatwright.domain.settings import usage_location_in
from seatwright.domain.wants import Want
from seatwright.postgres.invitations import (
    end_invitations,
    find_invitation,
    forget_ended,
    ids_of_guests,
    insert_invitation,
    invitations_to_warn_of,
    lapsed_invitations,
    list_invitations,
    note_warned,
    open_invitation,
    send_again,
)
from seatwright.postgres.pools import lock_pools
from seatwright.postgres.reservations import prolong_reservations, reservations_of
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.users import find_users

MESSAGE_LENGTH_MAX = 1_000
AT_ONCE_MAX = 200
FORGOTTEN_AT_ONCE_MAX = 1_000
_KIND = ReservationKind.INVITATION


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedProduct:
    """A product for the invited person, as the caller named it."""

    sku: str
    disabled: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationOrder:
    """Whom to invite and what they get: products, or everything of a template."""

    mail: str
    display_name: str
    products: Sequence[InvitedProduct] = ()
    template: str | None = None
    usage_location: str | None = None
    message: str | None = None


async def invite(call: Call, order: InvitationOrder) -> Invitation:
    """Invite somebody; a seat of each product is held for them from now on (T-136).

    Raises Refusal addressNotUnique for somebody who is in the directory, alreadyInvited,
    noSeatLeft where a product has no free seat, usageLocationMissing, roleMissing, and invalidValue
    or unknownSku for what does not fit.
    """
    _may_assign(call)
    mail = str(user_field(UserField.MAIL, order.mail))
    name = str(user_field(UserField.DISPLAY_NAME, order.display_name))
    location = _location(call, order)
    wanted = await _products(call, order)
    over = await _refuse_known(call, mail)
    await _lock_seats(call, wanted, over)
    for late in over:
        # Its time is over and upkeep has not come by yet: its seats come back now.
        await _expire(call, [late])
    first = await take_numbers(call.tx, "invited seat", len(wanted))
    one = Invitation(
        invitation_no=await take_numbers(call.tx, "invitation", 1),
        id=uuid4(),
        mail=mail,
        display_name=name,
        usage_location=location,
        message=_message(order.message),
        state=InvitationState.PENDING,
        invited_at=call.now,
        sent_at=call.now,
        times_sent=1,
        expires_at=call.now + LASTS,
        created_by=call.principal.principal_no,
        licenses=tuple(
            InvitedLicense(sku=sku, disabled=disabled, seat_no=first + place)
            for place, (sku, disabled) in enumerate(sorted(wanted.items()))
        ),
    )
    if not await insert_invitation(call.tx, one, mail_key=text_key(mail)):
        raise _already(mail, await open_invitation(call.tx, text_key(mail)))
    await _hold_seats(call, one)
    await record(call, invitation_line(HistoryAction.INVITATION_SENT, one))
    await send_word(call, one)
    return one


async def _hold_seats(call: Call, one: Invitation) -> None:
    """Hold a seat for each of its products that has none yet; all of them, or refuse."""
    held = await reserve(call, _held_seats(one), share_max=None)
    missing = [license_.sku for license_ in one.licenses if license_.seat_no not in held]
    if missing:
        raise no_seat_for(one.mail, (await catalog_of(call)).sku_name(missing[0]))


def _held_seats(one: Invitation) -> list[Reservation]:
    return [
        Reservation(
            kind=_KIND, ref=license_.seat_no, sku=license_.sku, user=None, until=one.expires_at
        )
        for license_ in one.licenses
    ]


def _may_assign(call: Call) -> None:
    if not call.principal.may(Permission.ASSIGN_TO_USERS):
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{call.principal.name}” may not assign products, which an invitation does: use a"
            " principal that may do both.",
        )


def _location(call: Call, order: InvitationOrder) -> str | None:
    if order.usage_location is not None:
        return str(user_field(UserField.USAGE_LOCATION, order.usage_location))
    if usage_location_in(call.tenant.settings) is None:
        raise Refusal(
            Reason.USAGE_LOCATION_MISSING,
            "The invited person has no usage location, and neither has the organisation: give"
            " usageLocation, a two-letter ISO 3166-1 code such as NO.",
        )
    return usage_location_in(call.tenant.settings)


async def _products(call: Call, order: InvitationOrder) -> dict[SkuNo, ServicePlanBits]:
    catalog = await catalog_of(call)
    wanted: dict[SkuNo, ServicePlanBits] = {}
    if order.template is not None:
        template = await require_template(call, order.template)
        wanted |= {product.sku_no: product.disabled for product in template.products}
    for product in order.products:
        sku = catalog.require_sku(product.sku, is_in_body=True)
        if not sku.is_assignable_to_users:
            raise Refusal(
                Reason.NOT_ASSIGNABLE_TO_USERS,
                f"{sku.display_name} is for the whole organisation and cannot be assigned to"
                " people.",
            )
        disabled = product.disabled
        wanted[sku.sku_no] = (
            NO_SERVICE_PLANS if disabled is None else catalog.disabled_bits(sku, disabled)
        )
    if not 1 <= len(wanted) <= PRODUCTS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The invitation names {len(wanted)} products: give 1 to {PRODUCTS_MAX} in licenses, or"
            " a template.",
        )
    return wanted


def _message(text: str | None) -> str | None:
    if text is not None and len(text) > MESSAGE_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"message has {len(text)} characters: give at most {MESSAGE_LENGTH_MAX}.",
        )
    return text or None


async def _lock_seats(call: Call, wanted: Iterable[SkuNo], over: Sequence[Invitation]) -> None:
    """Lock the pools of what comes back and of what is promised at once, in their order."""
    licenses = [license_ for one in over for license_ in one.licenses]
    await reservations_of(call.tx, _KIND, (license_.seat_no for license_ in licenses))
    await lock_pools(call.tx, sorted({*wanted, *(license_.sku for license_ in licenses)}))


async def _refuse_known(call: Call, mail: str) -> tuple[Invitation, ...]:
    """Refuse an address that a person of the directory has, or that was invited.

    Answers the invitation of that address whose time is over and that is not ended yet, if any.
    """
    if await find_users(call.tx, (mail,)):
        raise Refusal(
            Reason.ADDRESS_NOT_UNIQUE,
            f"{mail} belongs to somebody in the directory: assign to them with POST"
            f" /api/identity/users/{mail}/licenses.",
            context={"field": "mail", "value": mail},
        )
    there = await open_invitation(call.tx, text_key(mail))
    if there is not None and there.state_at(call.now) is InvitationState.PENDING:
        raise _already(mail, there)
    return () if there is None else (there,)


def _already(mail: str, there: Invitation | None) -> Refusal:
    until = "" if there is None else f" until {there.expires_at:%Y-%m-%d %H:%M} UTC"
    return Refusal(
        Reason.ALREADY_INVITED,
        f"{mail} is invited already{until}: send that invitation again (POST"
        " /api/identity/invitations/{id}/resend), or withdraw it first.",
        context={} if there is None else {"invitationId": str(there.id)},
    )


async def get_invitation(
    call: Call, invitation_id: UUID, *, for_update: bool = False
) -> Invitation:
    """One invitation.

    Raises Refusal unknownInvitation.
    """
    found = await find_invitation(call.tx, invitation_id, for_update=for_update)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_INVITATION,
            f"There is no invitation {invitation_id}: GET /api/identity/invitations lists them.",
        )
    return found


async def page_of_invitations(
    call: Call,
    *,
    state: InvitationState | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> tuple[Invitation, ...]:
    """Invitations, the newest first; one more than `limit` if there are more."""
    return await list_invitations(call.tx, state=state, after=after, limit=limit + 1)


async def guests_of(call: Call, found: Sequence[Invitation]) -> dict[UserNo, UUID]:
    """The ids of those who accepted these invitations."""
    users = [one.user for one in found if one.user is not None]
    return await ids_of_guests(call.tx, users) if users else {}


async def accept(call: Call, invitation_id: UUID) -> tuple[Invitation, User]:
    """Make the invited person a guest who has what was promised, without a gap.

    The seats that are held turn into their licenses in this transaction, so nobody slips between.

    Raises Refusal unknownInvitation, alreadyDecided, addressNotUnique, and what the rules say of
    the products.
    """
    _may_assign(call)
    one = await get_invitation(call, invitation_id, for_update=True)
    require_allowed(one, InvitationAction.ACCEPT, now=call.now)
    user = await create_user(
        call,
        {
            UserField.USER_PRINCIPAL_NAME: one.mail,
            UserField.MAIL: one.mail,
            UserField.DISPLAY_NAME: one.display_name,
            UserField.USER_TYPE: "Guest",
            UserField.USAGE_LOCATION: one.usage_location,
        },
    )
    seats = await use(call, _KIND, [license_.seat_no for license_ in one.licenses])
    wants = [
        Want(
            key=place,
            user=user.user_no,
            sku=license_.sku,
            disabled=license_.disabled,
            strategy=Strategy.MANUAL,
            note="invitation accepted",
        )
        for place, license_ in enumerate(one.licenses)
    ]
    done = await fulfil(call, wants, reservation=seats)
    denied = [(result, one.mail) for result in done.results if result.reason is not None]
    if denied:
        raise (await refusals_of(call, denied, snapshot=done.snapshot))[0]
    left = {sku: count - done.used.get(sku, 0) for sku, count in seats.items()}
    await give_back_seats(call, left)
    await end_invitations(
        call.tx, (one.invitation_no,), InvitationState.ACCEPTED, at=call.now, user=user.user_no
    )
    ended = replace(one, state=InvitationState.ACCEPTED, ended_at=call.now, user=user.user_no)
    await record(call, invitation_line(HistoryAction.INVITATION_ACCEPTED, ended))
    return ended, user


async def resend(call: Call, invitation_id: UUID) -> Invitation:
    """Issue an invitation anew: its two weeks begin again, and its seats stay held.

    Raises Refusal unknownInvitation and alreadyDecided; noSeatLeft where its seats are lost.
    """
    one = await get_invitation(call, invitation_id, for_update=True)
    require_allowed(one, InvitationAction.RESEND, now=call.now)
    again = replace(
        one, sent_at=call.now, times_sent=one.times_sent + 1, expires_at=call.now + LASTS
    )
    await send_again(call.tx, one.invitation_no, at=again.sent_at, expires_at=again.expires_at)
    await prolong_reservations(
        call.tx,
        _KIND,
        [license_.seat_no for license_ in one.licenses],
        until=again.expires_at,
    )
    await _hold_seats(call, again)
    await record(call, invitation_line(HistoryAction.INVITATION_SENT_AGAIN, again))
    await send_word(call, again)
    return again


async def withdraw(call: Call, invitation_id: UUID) -> Invitation:
    """End an invitation; its seats return, and whoever waits for one gets it.

    Raises Refusal unknownInvitation and alreadyDecided.
    """
    one = await get_invitation(call, invitation_id, for_update=True)
    require_allowed(one, InvitationAction.WITHDRAW, now=call.now)
    await end_invitations(call.tx, (one.invitation_no,), InvitationState.WITHDRAWN, at=call.now)
    ended = replace(one, state=InvitationState.WITHDRAWN, ended_at=call.now)
    await record(call, invitation_line(HistoryAction.INVITATION_WITHDRAWN, ended))
    await give_back(call, _KIND, [license_.seat_no for license_ in one.licenses])
    return ended


async def end_lapsed(call: Call) -> bool:
    """A step of upkeep: end invitations whose two weeks are over; whether there may be more."""
    lapsed = await lapsed_invitations(call.tx, now=call.now, limit=AT_ONCE_MAX)
    if not lapsed:
        before = call.now - KEPT_AFTER_END
        forgotten = await forget_ended(call.tx, before=before, limit=FORGOTTEN_AT_ONCE_MAX)
        return forgotten == FORGOTTEN_AT_ONCE_MAX
    await _expire(call, lapsed)
    return len(lapsed) == AT_ONCE_MAX


async def _expire(call: Call, lapsed: Sequence[Invitation]) -> None:
    await end_invitations(
        call.tx,
        [one.invitation_no for one in lapsed],
        InvitationState.EXPIRED,
        at=call.now,
    )
    await record_all(
        call, [invitation_line(HistoryAction.INVITATION_EXPIRED, one) for one in lapsed]
    )
    await tell(call, await expired_told(call, lapsed))
    seats = [license_.seat_no for one in lapsed for license_ in one.licenses]
    await give_back(call, _KIND, seats)


async def warn_inviters(call: Call) -> bool:
    """A step of upkeep: tell who invited somebody that they have not accepted yet."""
    due = await invitations_to_warn_of(
        call.tx, now=call.now, until=call.now + WARN_BEFORE, limit=AT_ONCE_MAX
    )
    if not due:
        return False
    await note_warned(call.tx, [one.invitation_no for one in due])
    await tell(call, await expiring_told(call, due))
    return len(due) == AT_ONCE_MAX

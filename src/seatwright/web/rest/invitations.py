"""`/api/identity/invitations`: people from outside, for whom seats are held until they accept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.app import invitations
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.invitations import InvitationOrder, InvitedProduct
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.invitations import Invitation, InvitationState
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import parse_moment
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keys_of, keyset_page, page_limit


class PromisedProduct(Body, kw_only=True, frozen=True):
    """A product by `skuId` or `skuPartNumber`, and the service plans of it that stay off."""

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None


class NewInvitation(Body, kw_only=True, frozen=True):
    """Whom to invite, and what they get: `licenses`, or everything of the template `templateId`."""

    mail: str
    display_name: str
    licenses: list[PromisedProduct] | None = None
    template_id: str | None = None
    usage_location: str | None = None
    message: str | None = None


class PromisedShape(Shape, kw_only=True, frozen=True):
    """A product that the invited person gets; a seat of it is held while it is pending."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    disabled_service_plans: list[str]


class InvitationShape(Shape, kw_only=True, frozen=True):
    """An invitation; `state` is pending, accepted, expired or withdrawn.

    `userId` is who accepted; `daysLeft` counts the last day in full.
    """

    id: UUID
    mail: str
    display_name: str
    usage_location: str | None
    message: str | None
    state: str
    licenses: list[PromisedShape]
    invited_at: datetime
    sent_at: datetime
    times_sent: int
    expires_at: datetime
    days_left: int
    ended_at: datetime | None
    user_id: UUID | None = None


def _shape(
    call: Call, one: Invitation, catalog: TenantCatalog, *, user: UUID | None = None
) -> InvitationShape:
    return InvitationShape(
        id=one.id,
        mail=one.mail,
        display_name=one.display_name,
        usage_location=one.usage_location,
        message=one.message,
        state=one.state_at(call.now).value,
        licenses=[
            PromisedShape(
                sku_id=catalog.skus[license_.sku].sku_id,
                sku_part_number=catalog.skus[license_.sku].part_number,
                display_name=catalog.skus[license_.sku].display_name,
                disabled_service_plans=[plan.name for plan in catalog.plans_of(license_.disabled)],
            )
            for license_ in one.licenses
        ],
        invited_at=one.invited_at,
        sent_at=one.sent_at,
        times_sent=one.times_sent,
        expires_at=one.expires_at,
        days_left=one.days_left(call.now),
        ended_at=one.ended_at,
        user_id=user,
    )


async def _answer(call: Call, one: Invitation, *, user: UUID | None = None) -> InvitationShape:
    if user is None and one.user is not None:
        user = (await invitations.guests_of(call, [one])).get(one.user)
    return _shape(call, one, await catalog_of(call), user=user)


def _product(data: PromisedProduct) -> InvitedProduct:
    if (data.sku_id is None) == (data.sku_part_number is None):
        raise Refusal(
            Reason.INVALID_VALUE, "Name each product once: give either skuId or skuPartNumber."
        )
    return InvitedProduct(
        sku=data.sku_id or data.sku_part_number or "", disabled=data.disabled_service_plans
    )


@post(
    "/api/identity/invitations",
    opt=needs(Permission.WRITE_USERS),
    summary="Invite somebody from outside",
)
async def create_invitation(call: TheCall, data: JSONBody[NewInvitation]) -> InvitationShape:
    """A seat of each product is held until they accept, or for fourteen days."""
    order = InvitationOrder(
        mail=data.mail,
        display_name=data.display_name,
        products=[_product(one) for one in data.licenses or ()],
        template=data.template_id,
        usage_location=data.usage_location,
        message=data.message,
    )
    return await _answer(call, await invitations.invite(call, order))


@get(
    "/api/identity/invitations",
    opt=needs(Permission.READ_DIRECTORY),
    summary="List invitations",
)
async def list_invitations(
    call: TheCall,
    state_text: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[InvitationShape]:
    """The newest first, with the days that are left of each."""
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    after = (parse_moment(str(keys[0]), name="cursor"), int(keys[1])) if keys else None
    wanted = None if state_text is None else _state(state_text)
    rows = await invitations.page_of_invitations(call, state=wanted, after=after, limit=size)
    catalog = await catalog_of(call)
    guests = await invitations.guests_of(call, rows)
    return keyset_page(
        rows,
        size=size,
        shape=lambda one: _shape(
            call, one, catalog, user=None if one.user is None else guests.get(one.user)
        ),
        place=lambda one: (one.invited_at.isoformat(), one.invitation_no),
    )


def _state(text: str) -> InvitationState:
    try:
        return InvitationState(text.casefold())
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"state is “{text[:40]}”: give one of {', '.join(InvitationState)}.",
        ) from None


@get(
    "/api/identity/invitations/{invitation_id:uuid}",
    opt=needs(Permission.READ_DIRECTORY),
    summary="Read an invitation",
)
async def get_invitation(call: TheCall, invitation_id: FromPath[UUID]) -> InvitationShape:
    """What was promised to whom, and what became of it."""
    return await _answer(call, await invitations.get_invitation(call, invitation_id))


@post(
    "/api/identity/invitations/{invitation_id:uuid}/accept",
    opt=needs(Permission.WRITE_USERS),
    summary="Accept an invitation",
    status_code=200,
)
async def accept_invitation(call: TheCall, invitation_id: FromPath[UUID]) -> InvitationShape:
    """The invited person becomes a guest of the directory with what was promised to them."""
    done, user = await invitations.accept(call, invitation_id)
    return await _answer(call, done, user=user.id)


@post(
    "/api/identity/invitations/{invitation_id:uuid}/resend",
    opt=needs(Permission.WRITE_USERS),
    summary="Send an invitation again",
    status_code=200,
)
async def resend_invitation(call: TheCall, invitation_id: FromPath[UUID]) -> InvitationShape:
    """Its fourteen days begin again, and its seats stay held."""
    return await _answer(call, await invitations.resend(call, invitation_id))


@post(
    "/api/identity/invitations/{invitation_id:uuid}/withdraw",
    opt=needs(Permission.WRITE_USERS),
    summary="Withdraw an invitation",
    status_code=200,
)
async def withdraw_invitation(call: TheCall, invitation_id: FromPath[UUID]) -> InvitationShape:
    """Its seats return, and go first to whoever waits for one."""
    return await _answer(call, await invitations.withdraw(call, invitation_id))


INVITATION_ROUTES = (
    create_invitation,
    list_invitations,
    get_invitation,
    accept_invitation,
    resend_invitation,
    withdraw_invitation,
)

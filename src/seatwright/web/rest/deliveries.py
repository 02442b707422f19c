"""`/api/deliveries`: mails and calls of webhooks, what became of them, and sending one again."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, TypeVar
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.app.telling import look
from seatwright.app.telling.test_mail import send_test_mail
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.outgoing import Attempt, Channel, Delivery, DeliveryState
from seatwright.domain.roles import Permission
from seatwright.postgres.delivery_lists import Wanted
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keyset_page, page_limit
from seatwright.web.rest.newest_first import number_before

Choice = TypeVar("Choice", bound=Enum)


class DeliveryShape(Shape, kw_only=True, frozen=True):
    """A mail or a call: `state` is queued, sent, shown (no mail server is set) or dead.

    `error` is what the other side said last; `nextAt` when it is tried next.
    """

    id: UUID
    channel: str
    kind: str
    address: str
    subject: str | None
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    error: str | None


class AttemptShape(Shape, kw_only=True, frozen=True):
    """One try: `status` is what the other side answered, `error` null when it was taken."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None


class DeliveryDetail(DeliveryShape, kw_only=True, frozen=True):
    """A mail or call with its text or body, as it is sent, and its last 100 tries."""

    text: str
    html: str | None
    tries: list[AttemptShape]


def _facts(one: Delivery) -> dict[str, object]:
    return {
        "id": one.id,
        "channel": one.channel.value,
        "kind": one.kind,
        "address": one.address,
        "subject": one.subject,
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": one.created_at,
        "next_at": one.next_at if one.state is DeliveryState.QUEUED else None,
        "ended_at": one.ended_at,
        "error": one.error,
    }


def delivery_shape(one: Delivery) -> DeliveryShape:
    """A delivery as lists show it."""
    return DeliveryShape(**_facts(one))  # type: ignore[arg-type]  # The facts are those of the shape.


def _attempt(one: Attempt) -> AttemptShape:
    return AttemptShape(
        at=one.at, milliseconds=one.milliseconds, status=one.status, error=one.error
    )


def _chosen(name: str, text: str | None, choices: type[Choice]) -> Choice | None:
    if text is None:
        return None
    for one in choices:
        if one.value == text:
            return one
    known = ", ".join(str(one.value) for one in choices)
    raise Refusal(Reason.INVALID_VALUE, f"{name} is “{text[:60]}”: give one of {known}.")


@get("/api/deliveries", opt=needs(Permission.READ_TELLING), summary="List mails and webhook calls")
async def list_deliveries(
    call: TheCall,
    *,
    channel: FromQuery[str | None] = None,
    state_text: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[DeliveryShape]:
    """Newest first; `channel` is mail or webhook, `state` queued, sent, shown or dead."""
    size = page_limit(limit)
    wanted = Wanted(
        channel=_chosen("channel", channel, Channel),
        state=_chosen("state", state_text, DeliveryState),
    )
    rows = await look.deliveries_page(call, wanted, before=number_before(cursor), limit=size)
    return keyset_page(rows, size=size, shape=delivery_shape, place=lambda one: (one.delivery_no,))


@get(
    "/api/deliveries/{delivery_id:uuid}",
    opt=needs(Permission.READ_TELLING),
    summary="Show a mail or webhook call",
)
async def show_delivery(call: TheCall, delivery_id: FromPath[UUID]) -> DeliveryDetail:
    """As it was sent, or will be, with each try."""
    found, tries = await look.get_delivery(call, delivery_id)
    return DeliveryDetail(
        **_facts(found),  # type: ignore[arg-type]  # The facts are those of the shape.
        text=found.body,
        html=found.html,
        tries=[_attempt(one) for one in tries],
    )


@post(
    "/api/deliveries/{delivery_id:uuid}/send",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Send a dead or shown one again",
    status_code=200,
)
async def send_again(call: TheCall, delivery_id: FromPath[UUID]) -> DeliveryShape:
    """What was sent is not sent twice, and what waits is tried by itself."""
    return delivery_shape(await look.send_again(call, delivery_id))


class TestMailOrder(Body, kw_only=True, frozen=True):
    """`to`: the address; without one it goes to the caller, else to the administrators."""

    to: str | None = None


@post(
    "/api/deliveries/test-mail",
    opt=needs(Permission.MANAGE_TELLING),
    summary="Send a test mail",
    status_code=201,
)
async def send_test(call: TheCall, data: JSONBody[TestMailOrder]) -> DeliveryShape:
    """Sent as every mail is: its `state` and `error` say what the server answered."""
    return delivery_shape(await send_test_mail(call, to=data.to))


DELIVERY_ROUTES = (list_deliveries, show_delivery, send_again, send_test)

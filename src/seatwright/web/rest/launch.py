"""`/api/launch`: what its calls take and give, in words and types.

The calls are described here with all others and answered by `web/launch.py`, before this
application: a launch must take milliseconds, and share its transaction with others.
"""

from __future__ import annotations

from typing import Final, NoReturn
from uuid import UUID

from litestar import get, post
from litestar.params import FromQuery, JSONBody
from msgspec import field

from seatwright.app.launch.orders import Asked, LaunchAnswer
from seatwright.domain.errors import Reason
from seatwright.domain.launch import Outcome
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Shape

EVENTS_MAX: Final = 10_000
"""In one call; a source that has more sends them in several."""


class LaunchBody(Body, kw_only=True, frozen=True):
    """What happened: `event` to `app` or `flow`, by `user` (UPN, id or mail; yourself if left out).

    `event` is appLaunch, flowTrigger, flowSave, flowTurnOn, licenseRequested, goPremium or
    trialRpaUse; the last two are of Power Automate for desktop, which needs no name, and say its
    `clientVersion`. `isInUse` false says of a trial that attended RPA is not used in it. An event
    with an `eventId` that came before is not taken again.
    """

    event: str
    user: str | None = None
    app: str | None = None
    flow: str | None = None
    environment: str | None = None
    client_version: str | None = None
    event_id: str | None = None
    is_in_use: bool | None = None

    def asked(self) -> Asked:
        """The same as a use case takes it."""
        return Asked(
            event=self.event,
            user=self.user,
            app=self.app,
            flow=self.flow,
            environment=self.environment,
            client_version=self.client_version,
            event_id=self.event_id,
            is_in_use=self.is_in_use,
        )


class LaunchShape(Shape, kw_only=True, frozen=True):
    """What a launch came to; `backup` 0 is the policy's primary product, 1 to 4 which backup."""

    outcome: Outcome
    reason: Reason | None
    sku_id: UUID | None
    sku_part_number: str | None
    policy_id: UUID | None
    backup: int | None
    request_url: str | None
    message: str


class EventsBody(Body, kw_only=True, frozen=True):
    """Up to 10,000 events, taken in the order in which they are given."""

    events: list[LaunchBody]


class EventShape(LaunchShape, kw_only=True, frozen=True):
    """What one event came to; `isRepeated`: it was taken before, and was not taken again."""

    event_id: str | None
    is_repeated: bool


class EventsShape(Shape, kw_only=True, frozen=True):
    """What all events of a call came to, counted, and each in the order in which they came."""

    total: int
    granted: int
    already_entitled: int
    denied: int
    repeated: int
    value: list[EventShape] = field(default_factory=list)


def launch_shape(answer: LaunchAnswer) -> LaunchShape:
    """An answer as it is sent: the same fields in every case."""
    sku = answer.sku
    return LaunchShape(
        outcome=answer.outcome,
        reason=answer.reason,
        sku_id=None if sku is None else sku.sku_id,
        sku_part_number=None if sku is None else sku.part_number,
        policy_id=answer.policy_id,
        backup=answer.backup,
        request_url=answer.request_url,
        message=answer.message,
    )


def event_shape(answer: LaunchAnswer, event_id: str | None) -> EventShape:
    """The answer to one event of many."""
    shape = launch_shape(answer)
    return EventShape(
        outcome=shape.outcome,
        reason=shape.reason,
        sku_id=shape.sku_id,
        sku_part_number=shape.sku_part_number,
        policy_id=shape.policy_id,
        backup=shape.backup,
        request_url=shape.request_url,
        message=shape.message,
        event_id=event_id,
        is_repeated=answer.is_repeated,
    )


@post(
    "/api/launch",
    opt={**needs(Permission.LAUNCH), "is_bare": True},
    summary="Launch an app or a flow",
    status_code=200,
)
async def launch_app(call: TheCall, data: JSONBody[LaunchBody]) -> LaunchShape:
    """Somebody opens an app or runs a flow: who needs a license for it is given one, if a policy
    says so and a seat is left.

    Whoever has what it takes is answered `alreadyEntitled`; a refusal is 409 `noSeatLeft` or 403
    with any other reason, and has the same fields beside those of a problem. Everybody in the
    directory may launch for themselves, the role app-gateway for anyone.
    """
    _answered_elsewhere(call, data)


@get(
    "/api/launch/authorize",
    opt={**needs(Permission.LAUNCH), "is_bare": True},
    summary="Say whether somebody may open an app",
)
async def authorize(
    call: TheCall, app: FromQuery[str], environment: FromQuery[str | None] = None
) -> LaunchShape:
    """The sub-request of a reverse proxy (nginx `auth_request`, forward authentication): 200 with
    `X-Seatwright-User`, `X-Seatwright-Sku` and `X-Seatwright-Outcome`, or 403 with
    `X-Seatwright-Reason` and `X-Seatwright-Request-Url`.

    A proxy with a token of the role app-gateway names the person in the header
    `X-Seatwright-User`. It is a launch: who needs a license may be given one.
    """
    _answered_elsewhere(call, app, environment)


@post(
    "/api/launch/events",
    opt={**needs(Permission.LAUNCH_FOR_ANYONE), "is_bare": True},
    summary="Send launches that happened elsewhere",
    status_code=200,
)
async def send_events(call: TheCall, data: JSONBody[EventsBody]) -> EventsShape:
    """Up to 10,000 events, each with its own outcome; one that is malformed does not stop the rest.

    An event whose `eventId` was taken before, by this call or any other of the last 30 days, is
    not taken again.
    """
    _answered_elsewhere(call, data)


def _answered_elsewhere(*asked: object) -> NoReturn:
    raise AssertionError(f"web/launch.py answers this before it comes here: {len(asked)}")


LAUNCH_ROUTES = (launch_app, authorize, send_events)

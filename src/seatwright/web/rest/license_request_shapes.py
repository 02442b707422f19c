"""What answers about license requests show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.why import NamedPerson


class RequestProduct(Shape, kw_only=True, frozen=True):
    """A product by all its names."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class RequestPerson(Shape, kw_only=True, frozen=True):
    """A person by all their names; null once they are gone."""

    id: UUID
    user_principal_name: str
    display_name: str


class GivenShape(Shape, kw_only=True, frozen=True):
    """What an approval gave; `expiresAt` null: for good."""

    product: RequestProduct | None
    group: str | None
    expires_at: datetime | None


class DecidedShape(Shape, kw_only=True, frozen=True):
    """Who or what decided and when; `how` is person, policy, autoClaim or time."""

    by: str
    at: datetime
    how: str
    message: str | None
    given: GivenShape | None
    after_seconds: int


class BlockedShape(Shape, kw_only=True, frozen=True):
    """Why it could not be given when somebody approved it."""

    reason: str
    detail: str


class HoldShape(Shape, kw_only=True, frozen=True):
    """Whether a seat is held: `none` is needed, `line` (with the place), `held` (until), `over`."""

    state: str
    until: datetime | None
    place: int | None


class LineShape(Shape, kw_only=True, frozen=True):
    """One person of a request, with what whoever decides wants to know.

    `price` is what a seat costs a month, `seatsFree` what is left for anybody, `holds` what the
    person has now (while it is pending).
    """

    request_id: UUID
    product: RequestProduct
    person: RequestPerson | None
    requested_by: str
    justification: str | None
    state: str
    asked_at: datetime
    age_seconds: int
    due_at: datetime
    approvers: list[str]
    escalates_at: datetime | None
    is_escalated: bool
    is_extension: bool
    starts_at: datetime | None
    expires_at: datetime | None
    price: Decimal | None
    currency: str | None
    seats_free: int
    hold: HoldShape
    holds: list[str]
    decided: DecidedShape | None
    blocked: BlockedShape | None


class RequestShape(Shape, kw_only=True, frozen=True):
    """A request; `state` is pending while any of its lines is, else completed."""

    id: UUID
    product: RequestProduct
    requested_by: str
    justification: str | None
    asked_at: datetime
    state: str
    people: list[LineShape]


class LeftOutShape(Shape, kw_only=True, frozen=True):
    """Somebody for whom nothing was asked, and why."""

    person: RequestPerson | None
    reason: str


class AskedShape(RequestShape, kw_only=True, frozen=True):
    """A request that was made, and for whom it was not."""

    left_out: list[LeftOutShape]


class VerdictShape(Shape, kw_only=True, frozen=True):
    """What became of one person: the state now, and `reason` where nothing could be done.

    `detail` says why, or of an approval that begins later that no seat is kept until then.
    """

    request_id: UUID
    person: RequestPerson | None
    state: str
    reason: str | None
    detail: str | None


class DecisionsShape(Shape, kw_only=True, frozen=True):
    """What became of everybody; `done` of them as was wanted."""

    done: int
    not_done: int
    results: list[VerdictShape]


class ProcessShape(Shape, kw_only=True, frozen=True):
    """What will happen: autoClaim, ownProcess, approval, byItself, closed, heldAlready, …"""

    way: str
    message: str
    url: str | None
    product: RequestProduct
    needs_justification: bool
    approvers: list[str]
    decided_by_at_latest: datetime | None
    alternate_after_hours: int | None
    license_days: int | None
    price: Decimal | None
    currency: str | None
    seats_free: int
    held_until: datetime | None
    place_in_line: int | None


class SharedShape(Shape, kw_only=True, frozen=True):
    """To whom a request was mailed."""

    people: list[NamedPerson]

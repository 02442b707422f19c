"""A license request and its lines: what was asked for whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.requests.policy import ADMINISTRATORS, Decider
from seatwright.domain.requests.states import LineState


@unique
class Hold(StrEnum):
    """Whether a seat is held for a line."""

    NONE = "none"
    LINE = "line"
    HELD = "held"
    OVER = "over"


@unique
class How(StrEnum):
    """Who or what decided about a line."""

    PERSON = "person"
    POLICY = "policy"
    AUTO_CLAIM = "autoClaim"
    TIME = "time"


@unique
class LineOrder(StrEnum):
    """In which order lines are listed."""

    OLDEST = "oldest"
    NEWEST = "newest"
    PERSON = "person"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseRequest:
    """What was asked. `requestor` is who asked as a person of the directory, if as one.

    `group` is the group whose members it was asked for. `disabled` are the service plans that
    nobody needs, `starts_at` and `expires_at` the wished dates.
    """

    request_no: int
    id: UUID
    principal: PrincipalNo
    requestor: UserNo | None
    sku: SkuNo
    disabled: ServicePlanBits
    group: GroupNo | None
    justification: str | None
    starts_at: datetime | None
    expires_at: datetime | None
    is_extension: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an approval gave; `until` None: for good."""

    sku: SkuNo
    disabled: ServicePlanBits
    group: GroupNo | None = None
    until: datetime | None = None
    extended_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person of a request.

    `due_at` is when it expires without a decision. `alternate` may decide too from `escalates_at`
    on; None once they may. `blocked` says why it could not be given when it was approved.
    `principal` is who asked, where that is nobody of the directory.
    """

    line_no: int
    request_no: int
    user: UserNo
    requestor: UserNo | None
    sku: SkuNo
    state: LineState
    created_at: datetime
    due_at: datetime
    hold: Hold = Hold.NONE
    decider: Decider = ADMINISTRATORS
    alternate: Decider = ADMINISTRATORS
    escalates_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: PrincipalNo | None = None
    how: How | None = None
    message: str | None = None
    given: Given | None = None
    blocked: Reason | None = None
    blocked_detail: str | None = None
    principal: PrincipalNo | None = None

    def state_at(self, now: datetime) -> LineState:
        """What it is at a moment: one whose time is over has expired, noticed or not."""
        is_over = self.state is LineState.PENDING and self.due_at <= now
        return LineState.EXPIRED if is_over else self.state


def people_words(names: Sequence[str]) -> str:
    """Whom something is about: “Ada Nilsen”, “Ada Nilsen and 2 others”."""
    first, others = names[0], len(names) - 1
    if not others:
        return first
    return f"{first} and {others} other{'s' if others > 1 else ''}"

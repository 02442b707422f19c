"""Undoing: what a wish was before a batch, what the batch left, and what it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from seatwright.domain.ids import GroupNo, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.roles import Permission

UNDOABLE_FOR: Final = timedelta(days=30)
"""How long the journal is kept."""

OWN_BATCH_FREE_FOR: Final = timedelta(hours=1)
"""Whoever undoes their own change within this time is not braked: a mistake is mended at once."""


class Noun(IntEnum):
    """What kind of wish a line of the journal is about; the number is how it is stored."""

    ASSIGNMENT = 1
    MEMBERSHIP = 2
    NESTING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A wish at one moment; `strategy` and what goes with it are None but for assignments.

    `since` is when an assignment was made, a person joined, or a group was put into another.
    """

    since: datetime
    disabled_set: ServicePlanSetId | None = None
    strategy: int | None = None
    priority: int | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    by: int | None = None

    def is_like(self, other: Side, *, now: datetime) -> bool:
        """Whether both say the same; a start that has passed says nothing any more."""
        return self._said(now) == other._said(now)

    def _said(self, now: datetime) -> tuple[object, ...]:
        starts = None if self.starts_at is None or self.starts_at <= now else self.starts_at
        dates = (starts, self.expires_at)
        own = (self.disabled_set, self.strategy, self.priority, dates)
        return own if self.strategy is not None else (self.since,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetChange:
    """What a batch did to one wish in the end, and what the wish is now.

    Of a nesting, `inner` is the group inside `group`.
    """

    row_no: int
    noun: Noun
    user: UserNo | None
    group: GroupNo | None
    inner: GroupNo | None
    sku: SkuNo | None
    source_kind: int
    source_no: int
    before: Side | None
    after: Side | None
    current: Side | None
    has_user: bool = True
    has_groups: bool = True

    def is_as_before(self, now: datetime) -> bool:
        """Nothing needs to be put back."""
        return _same(self.current, self.before, now)

    def is_as_left(self, now: datetime) -> bool:
        """Nobody has changed it since."""
        return _same(self.current, self.after, now)

    @property
    def permission(self) -> Permission:
        """What whoever undoes it must be allowed to do."""
        if self.noun is not Noun.ASSIGNMENT:
            return Permission.WRITE_GROUPS
        return Permission.ASSIGN_TO_GROUPS if self.user is None else Permission.ASSIGN_TO_USERS


def _same(one: Side | None, other: Side | None, now: datetime) -> bool:
    if one is None or other is None:
        return one is other
    return one.is_like(other, now=now)

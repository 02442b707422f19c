"""The brake on removals: how many are let through, and what is said of those that are held.

More than a tenant's limit of one product, taken by one principal within an hour, waits for a
second administrator (`docs/how-to/brake.md`). Pure: counts come in, a limit and sentences go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import SkuNo
from seatwright.domain.settings import semantics_in, setting_value

ALWAYS_LET_THROUGH: Final = 10
"""In a small tenant a few per cent are nobody; so many within an hour never wait."""

WINDOW: Final = timedelta(hours=1)
"""How long a removal counts; whole minutes, so that it may be up to a minute longer."""

ALONE_AFTER: Final = timedelta(minutes=15)
"""How long an administrator who is alone thinks before they decide about their own change."""

_NAMED_MAX: Final = 3

EXEMPT: Final = frozenset(
    {
        ChangeReason.EXPIRED,
        ChangeReason.USER_DELETED,
        ChangeReason.SWAPPED,
        ChangeReason.REMOVAL_APPROVED,
        ChangeReason.REMOVAL_REJECTED,
    }
)
"""Removals that never wait: a date said it long before, the person is gone or gets another product
in the same change, or somebody has decided already."""


class HeldState(StrEnum):
    """Where a held change is; only the first can still be decided."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    ENDED = "ended"
    """Nobody is left in it: all have the product by another way, or are gone."""


class HeldOutcome(StrEnum):
    """What became of one person of a held change."""

    REVOKED = "revoked"
    """Approved: the license is gone."""

    KEPT = "kept"
    """Something else gives the product by now."""

    PUT_BACK = "putBack"
    """Rejected: what gave the product is there again."""

    OWN_NOW = "ownNow"
    """Rejected, and what gave it could not be put back: they have it by their own name now."""

    GONE = "gone"
    """The person was deleted or purged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChange:
    """Removals of one product by one call or job that wait, or waited, for a decision."""

    held_no: int
    id: UUID
    correlation: UUID
    sku: SkuNo
    principal_no: int
    made_at: datetime
    reason: str
    sentence: str
    people: int
    state: HeldState
    decided_at: datetime | None
    decided_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeLimits:
    """The numbers of a tenant's brake."""

    people_max: int
    percent_max: int

    def allowed(self, holders: int) -> int:
        """How many removals of a product with so many holders are let through in an hour."""
        return max(ALWAYS_LET_THROUGH, min(self.people_max, holders * self.percent_max // 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Removals of one product by one principal within the hour."""

    revoked: int = 0
    held: int = 0


def limits_in(settings: Mapping[str, object]) -> BrakeLimits | None:
    """The brake of a tenant; None where it is off."""
    if not semantics_in(settings).brake_on_removals:
        return None
    people, percent = (
        setting_value(settings, name) for name in ("brakePeopleMax", "brakePercentMax")
    )
    assert isinstance(people, int), "the setting is a number"
    assert isinstance(percent, int), "the setting is a number"
    return BrakeLimits(people_max=people, percent_max=percent)


def minute_of(now: datetime) -> datetime:
    """The minute under which removals of this moment are counted."""
    return now.replace(second=0, microsecond=0)


def exceeding(
    limits: BrakeLimits,
    revoked: Mapping[SkuNo, int],
    *,
    holders: Mapping[SkuNo, int],
    counted: Mapping[SkuNo, Counted],
) -> frozenset[SkuNo]:
    """The products of which these removals are too many within the hour."""
    nothing = Counted()
    over = set()
    for sku, count in revoked.items():
        before = counted.get(sku, nothing)
        if before.revoked + before.held + count > limits.allowed(holders.get(sku, 0)):
            over.add(sku)
    return frozenset(over)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLoss:
    """What a change did to one group: `removed` members went, `left` are in it still."""

    name: str
    removed: int = 0
    left: int = 0
    is_deleted: bool = False
    stopped_giving: bool = False
    taken_out_of: str | None = None


def held_sentence(product: str, people: int, *, losses: Sequence[GroupLoss], by_name: int) -> str:
    """Say what was done and what it would take, an emptied group by its name.

    `by_name` people had the product by their own assignment.
    """
    causes = [_loss(one, product) for one in losses[:_NAMED_MAX]]
    if len(losses) > _NAMED_MAX:
        causes.append(f"{len(losses) - _NAMED_MAX} more groups lost members or products")
    if by_name:
        causes.append(f"{product} was unassigned from {_people(by_name)}")
    cause = "; ".join(causes) or "Nothing gives the product any more"
    return f"{cause}: {product} would be taken from {_people(people)}."


def _loss(loss: GroupLoss, product: str) -> str:
    if loss.stopped_giving:
        return f"{loss.name} stopped giving {product}"
    if loss.taken_out_of is not None:
        return f"{loss.name} was taken out of {loss.taken_out_of}"
    if loss.is_deleted:
        return f"{loss.name} was deleted with {_members(loss.removed)}"
    if loss.left == 0:
        all_ = f"All {loss.removed:,} members" if loss.removed > 1 else "The only member"
        return f"{all_} of {loss.name} {_were(loss.removed)} removed"
    before = loss.removed + loss.left
    return f"{loss.removed:,} of {before:,} members of {loss.name} {_were(loss.removed)} removed"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count:,} members"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"

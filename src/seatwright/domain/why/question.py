"""What is asked: does this person have this product, and what would turn the answer.

The person is looked at alone. Everybody else is numbers: how many wait before them, how many
would come along if a change touched more than this person. So a tenant of any size is answered
from one person's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from seatwright.domain.assignments import PRIORITY_DEFAULT, Source
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.reconcile import Pool, Snapshot, UserState, Wish


class Rank(NamedTuple):
    """The people of one priority who wait for a SKU, the person asked about not among them.

    `before` of them are served before that person, if the person waits with this same priority.
    """

    priority: int
    people: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who else wants a seat of one SKU.

    `rivals` are people who lack it for another reason than a seat: a change that touches them too
    could make them ask for one first.
    """

    ranks: tuple[Rank, ...] = ()
    rivals: int = 0

    def before(self, priority: int) -> int:
        """How many are served before the person, if they wait with this priority."""
        return sum(
            rank.before if rank.priority == priority else rank.people
            for rank in self.ranks
            if rank.priority <= priority
        )

    @property
    def waiting(self) -> int:
        """How many others wait."""
        return sum(rank.people for rank in self.ranks)


NOBODY = Line()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joinable:
    """A group that the person is not in, and what it and the groups above it would wish them."""

    group: GroupNo
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One person, one product, and everything the answer depends on.

    `snapshot` holds this person alone and the pools of the tenant. `memberships` says which
    licensed groups each direct membership of the person reaches. `touched` is how many other
    people a change at a source touches: the members of a group, those for whom a removal is held.
    `locations` are usage locations that may be set, the likeliest first. `ruled` are groups of the
    person that are dynamic: nobody leaves them by hand.
    """

    snapshot: Snapshot
    sku: SkuNo
    joinable: tuple[Joinable, ...] = ()
    memberships: Mapping[GroupNo, frozenset[GroupNo]] = field(default_factory=dict)
    lines: Mapping[SkuNo, Line] = field(default_factory=dict)
    touched: Mapping[Source, int] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    ruled: frozenset[GroupNo] = frozenset()

    @property
    def user(self) -> UserState:
        """The person."""
        return self.snapshot.users[0]

    @property
    def is_held(self) -> bool:
        """Whether the person has the product now."""
        return any(held.sku == self.sku for held in self.user.held)

    def pool(self, sku: SkuNo) -> Pool:
        """The seats of a SKU."""
        found = (pool for pool in self.snapshot.pools if pool.sku == sku)
        return next(found, Pool(sku=sku, assignable=0, consumed=0))

    def free(self, sku: SkuNo) -> int:
        """The seats of a SKU that nobody has; below zero when it is over-assigned."""
        pool = self.pool(sku)
        return pool.assignable - pool.consumed - pool.reserved

    def line(self, sku: SkuNo) -> Line:
        """Who else wants a seat of a SKU."""
        return self.lines.get(sku, NOBODY)

    def wishes_of(self, sku: SkuNo) -> tuple[Wish, ...]:
        """The wishes for a SKU that count now."""
        now = self.snapshot.now
        return tuple(w for w in self.user.wishes if w.sku == sku and w.counts_at(now))


def turn_of(wishes: tuple[Wish, ...]) -> int:
    """The priority with which these wishes wait."""
    return min((wish.priority for wish in wishes), default=PRIORITY_DEFAULT)

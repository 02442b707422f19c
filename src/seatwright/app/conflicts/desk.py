"""The people of one page of conflicts, read together, and a question about any of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.rows import Named
from seatwright.app.why.fixes import Fix, FixNames, fixes_of
from seatwright.app.why.reading import LOCATIONS_MAX, Ladder, Reading, world_around
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.brake import HeldChange
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile import Snapshot, UserState
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Move, Question
from seatwright.domain.why.candidates import switchable_groups
from seatwright.postgres.conflicts import memberships_of
from seatwright.postgres.group_read import group_totals
from seatwright.postgres.held_read import helds_by_number
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels, user_labels
from seatwright.postgres.why import common_locations, nestings_above
from seatwright.postgres.world_read import read_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is known about the people of one page."""

    world: Snapshot
    catalog: TenantCatalog
    states: Mapping[UserNo, UserState]
    people: Mapping[UserNo, UserLabel]
    groups: Mapping[GroupNo, GroupLabel]
    memberships: Mapping[UserNo, Mapping[GroupNo, frozenset[GroupNo]]]
    helds: Mapping[int, HeldChange]
    touched: Mapping[Source, int]
    locations: tuple[str, ...]

    def question(self, user: UserNo, sku: SkuNo) -> Question:
        """The question why one of these people has or lacks a product."""
        return Question(
            snapshot=replace(self.world, users=(self.states[user],)),
            sku=sku,
            memberships=self.memberships.get(user, {}),
            touched=self.touched,
            locations=self.locations,
        )

    def named(self, user: UserNo) -> Named:
        """What one of them is called."""
        label = self.people[user]
        return Named(id=label.id, upn=label.upn, display_name=label.display_name)

    def names(self, user: UserNo) -> FixNames:
        """What fixes for one of them call everything."""
        return FixNames(
            user=self.people[user],
            catalog=self.catalog,
            groups=self.groups,
            subscriptions={},
            helds={number: str(held.id) for number, held in self.helds.items()},
        )

    def fixes(self, question: Question, moves: Sequence[Move]) -> tuple[Fix, ...]:
        """The calls that make these moves."""
        reading = Reading(question=question, catalog=self.catalog, helds=self.helds)
        return fixes_of(reading, moves, self.names(question.user.user_no))


async def desk_for(
    call: Call, pairs: Collection[tuple[UserNo, SkuNo]], *, counts_members: bool = False
) -> Desk:
    """Read the people of a page, all at once.

    `counts_members`: also how many others a change of their groups' licenses touches.
    """
    world = await world_around(call)
    is_nested = world.semantics.nested_groups_count
    users = sorted({user for user, _ in pairs})
    states = {one.user_no: one for one in await read_people(call.tx, users, nested=is_nested)}
    direct = await memberships_of(call.tx, users)
    every = {group for groups in direct.values() for group in groups}
    steps = await nestings_above(call.tx, every) if is_nested and every else []
    ladder = Ladder(nestings=tuple(steps))
    above = {group: ladder.above(group) for group in every}
    desk = Desk(
        world=world,
        catalog=await catalog_of(call),
        states=states,
        people=await user_labels(call.tx, users),
        groups=await group_labels(call.tx, sorted(set().union(every, *above.values()))),
        memberships={
            user: {group: above[group] for group in groups} for user, groups in direct.items()
        },
        helds=await helds_by_number(call.tx, sorted(_holds(states.values()))),
        touched={},
        locations=await _locations(call, world),
    )
    if not counts_members:
        return desk
    return replace(desk, touched=await _touched(call, desk, pairs, is_nested=is_nested))


def _holds(states: Collection[UserState]) -> set[int]:
    return {w.source.no for s in states for w in s.wishes if w.source.kind is SourceKind.HOLD}


async def _locations(call: Call, world: Snapshot) -> tuple[str, ...]:
    common = await common_locations(call.tx, limit=LOCATIONS_MAX)
    return tuple(dict.fromkeys(filter(None, (world.default_usage_location, *common))))


async def _touched(
    call: Call, desk: Desk, pairs: Collection[tuple[UserNo, SkuNo]], *, is_nested: bool
) -> dict[Source, int]:
    groups = {
        group
        for user, sku in pairs
        if user in desk.states
        for group in switchable_groups(desk.question(user, sku))
    }
    totals = await group_totals(call.tx, sorted(groups), nested=is_nested)
    touched = {
        Source(kind=SourceKind.GROUP, no=group): max(0, total.member_count - 1)
        for group, total in totals.items()
    }
    for number, held in desk.helds.items():
        touched[Source(kind=SourceKind.HOLD, no=number)] = max(0, held.people - 1)
    return touched


def likeness(question: Question) -> object:
    """What two people must share for the same moves to help both: all but names and times."""
    user, now = question.user, question.snapshot.now
    giving = {wish.source.no for wish in user.wishes if wish.source.kind is SourceKind.GROUP}
    return (
        question.sku,
        user.usage_location,
        frozenset((h.sku, h.enabled) for h in user.held),
        frozenset((e.sku, e.source, e.reason) for e in user.errors),
        frozenset(group for group, above in question.memberships.items() if above & giving),
        tuple(
            (w.sku, w.source, w.disabled, w.priority, w.counts_at(now))
            for w in sorted(user.wishes, key=lambda w: (w.assigned_at, w.sku, w.source))
        ),
    )


REMEMBERED_MAX: Final = 10_000
"""Answers that are kept for who is alike: a large tenant has a few thousand kinds of people."""

_Like = TypeVar("_Like")
_Answer = TypeVar("_Answer")


def remember(known: dict[_Like, _Answer], like: _Like, answer: _Answer) -> _Answer:
    """Keep an answer for who is alike; where there are too many, the oldest goes for it."""
    if len(known) >= REMEMBERED_MAX:
        del known[next(iter(known))]
    known[like] = answer
    return answer

"""Reading a question: the person with their groups, and of everybody else only counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.brake import HeldChange
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile import Snapshot, UserState, Wish
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Joinable, Question
from seatwright.domain.why.candidates import bound_skus, switchable_groups, wanted_skus
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.dynamic_read import dynamic_among
from seatwright.postgres.group_read import group_totals
from seatwright.postgres.held_read import helds_by_number
from seatwright.postgres.pools import read_pools
from seatwright.postgres.why import (
    Nesting,
    groups_giving,
    likely_locations,
    nestings_above,
    read_lines,
    read_memberships,
)
from seatwright.postgres.world_read import read_people

LOCATIONS_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How a person's memberships lead up to groups: since when, and through which groups."""

    since: Mapping[GroupNo, datetime] = field(default_factory=dict)
    nestings: tuple[Nesting, ...] = ()

    def above(self, group: GroupNo) -> frozenset[GroupNo]:
        """A group and all that it is inside of."""
        found, todo = {group}, [group]
        while todo:
            child = todo.pop()
            more = {step.parent for step in self.nestings if step.child == child} - found
            found |= more
            todo += sorted(more)
        return frozenset(found)

    def path_to(self, group: GroupNo) -> tuple[GroupNo, ...]:
        """The shortest way up from one of the person's own groups; empty if there is none."""
        ways: dict[GroupNo, tuple[GroupNo, ...]] = {one: (one,) for one in sorted(self.since)}
        todo = list(ways)
        for one in todo:
            if one == group:
                break
            for step in self.nestings:
                if step.child == one and step.parent not in ways:
                    ways[step.parent] = (*ways[one], step.parent)
                    todo.append(step.parent)
        return ways.get(group, ())

    def joined_at(self, child: GroupNo, parent: GroupNo) -> datetime | None:
        """Since when one group is inside another."""
        found = (s.since for s in self.nestings if (s.child, s.parent) == (child, parent))
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question with what its answer will have to name."""

    question: Question
    catalog: TenantCatalog
    ladder: Ladder = field(default_factory=Ladder)
    helds: Mapping[int, HeldChange] = field(default_factory=dict)


async def world_around(call: Call) -> Snapshot:
    """What is the same for every person of a tenant, with nobody in it."""
    return Snapshot(
        now=call.now,
        semantics=semantics_in(call.tenant.settings),
        default_usage_location=usage_location_in(call.tenant.settings),
        catalog=(await catalog_of(call)).engine,
        pools=await read_pools(call.tx),
        users=(),
    )


async def read_question(call: Call, user: UserNo, sku: SkuNo) -> Reading:
    """Everything that the answer about one person and one product depends on."""
    world = await world_around(call)
    is_nested = world.semantics.nested_groups_count
    (state,) = await read_people(call.tx, (user,), nested=is_nested)
    since = await read_memberships(call.tx, user)
    steps = await nestings_above(call.tx, since) if is_nested else []
    ladder = Ladder(since=since, nestings=tuple(steps))
    helds = await helds_by_number(call.tx, sorted(_holds(state)))
    catalog = await catalog_of(call)
    plain = Question(
        snapshot=replace(world, users=(state,)),
        sku=sku,
        memberships={group: ladder.above(group) for group in since},
        ruled=frozenset(await dynamic_among(call.tx, since)),
    )
    if plain.is_held:
        lines = await read_lines(call.tx, user, {sku: call.now})
        question = replace(plain, lines=lines, touched=_held_back(helds))
    else:
        question = await _with_others(call, plain, helds)
    return Reading(question=question, catalog=catalog, ladder=ladder, helds=helds)


def _holds(state: UserState) -> set[int]:
    return {w.source.no for w in state.wishes if w.source.kind is SourceKind.HOLD}


async def _with_others(call: Call, question: Question, helds: Mapping[int, HeldChange]) -> Question:
    """The question with what may be joined, who stands before the person, whom a change touches."""
    wanted = wanted_skus(question)
    question = replace(question, joinable=await _joinable(call, question, wanted))
    bound = bound_skus(question)
    waited = {sku: _wanted_since(question.user, sku, call.now) for sku in bound}
    place = question.snapshot.default_usage_location
    likely = await likely_locations(call.tx, question.user.user_no, limit=LOCATIONS_MAX)
    return replace(
        question,
        lines=await read_lines(call.tx, question.user.user_no, waited),
        touched=await _touched(call, question, helds),
        locations=tuple(dict.fromkeys(filter(None, (place, *likely)))),
    )


def _wanted_since(user: UserState, sku: SkuNo, now: datetime) -> datetime:
    waited = (
        error.waiting_since
        for error in user.errors
        if error.sku == sku and error.reason is Reason.NO_SEAT_LEFT
    )
    return min(waited, default=now)


async def _joinable(
    call: Call, question: Question, wanted: Collection[SkuNo]
) -> tuple[Joinable, ...]:
    reached = {group for above in question.memberships.values() for group in above}
    giving = await groups_giving(call.tx, wanted)
    ruled = await dynamic_among(call.tx, giving)
    # Nobody joins a dynamic group by hand.
    groups = [one for one in giving if one not in reached and one not in ruled]
    is_nested = question.snapshot.semantics.nested_groups_count
    steps = await nestings_above(call.tx, groups) if is_nested and groups else []
    ladder = Ladder(nestings=tuple(steps))
    above = {group: ladder.above(group) for group in groups}
    licenses = await group_assignments(call.tx, sorted({one for a in above.values() for one in a}))
    return tuple(
        Joinable(
            group=group,
            wishes=tuple(
                _wish(row, call.now) for one in sorted(above[group]) for row in licenses[one]
            ),
        )
        for group in groups
    )


def _wish(row: GroupAssignment, now: datetime) -> Wish:
    return Wish(
        sku=row.sku,
        source=Source(kind=SourceKind.GROUP, no=row.group),
        strategy=row.strategy,
        disabled=row.disabled,
        priority=row.priority,
        assigned_at=now,
    )


async def _touched(
    call: Call, question: Question, helds: Mapping[int, HeldChange]
) -> dict[Source, int]:
    """How many other people a change of each group's license, or the end of a hold, touches."""
    mine = {w.source.no for w in question.user.wishes if w.source.kind is SourceKind.GROUP}
    totals = await group_totals(
        call.tx,
        sorted(switchable_groups(question)),
        nested=question.snapshot.semantics.nested_groups_count,
    )
    touched = {
        Source(kind=SourceKind.GROUP, no=group): total.member_count - (group in mine)
        for group, total in totals.items()
    }
    return touched | _held_back(helds)


def _held_back(helds: Mapping[int, HeldChange]) -> dict[Source, int]:
    """How many other people the end of each hold touches."""
    return {
        Source(kind=SourceKind.HOLD, no=number): max(0, held.people - 1)
        for number, held in helds.items()
    }

"""The report of assignments: who is meant to have what, and by which way it reaches them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from seatwright.app.call import Call
from seatwright.app.reports.people import number_of
from seatwright.app.reports.scene import PersonRows, Scene, rows_of_people, source_cells
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.settings import semantics_in
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.postgres.principals import principal_names
from seatwright.postgres.reports.people import ReportPerson, people_by_number, seats_held
from seatwright.postgres.reports.sources import (
    Given,
    GroupPath,
    Member,
    failing_sources,
    given_by_groups,
    given_directly,
    memberships_of,
    paths_to_givers,
)

ARROW = " → "

ErrorKey: TypeAlias = tuple[UserNo, SkuNo, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An assignment as it reaches one person; `path` is empty for what stands on them."""

    given: Given
    path: tuple[GroupNo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What the groups of the tenant give, and how to get from a group to those above it."""

    by_group: Mapping[int, Sequence[Given]]
    paths: Mapping[GroupNo, Sequence[GroupPath]]
    labels: Mapping[GroupNo, GroupLabel]

    def arrivals(self, memberships: Iterable[Member]) -> list[Arrival]:
        """What a person inherits: of several ways from one group, the shortest."""
        best: dict[GroupNo, tuple[tuple[GroupNo, ...], Member]] = {}
        for member in memberships:
            for path in self.paths.get(member.group_no, ()):
                giver = path.groups[-1]
                known = best.get(giver)
                if known is None or _shorter(path.groups, known[0]):
                    best[giver] = (path.groups, member)
        return [
            Arrival(
                given=replace(given, created_at=max(given.created_at, member.since)), path=groups
            )
            for giver, (groups, member) in best.items()
            for given in self.by_group.get(giver, ())
        ]

    def words(self, path: Sequence[GroupNo]) -> str | None:
        """A path as people read it: `Sales Nordics → Sales`."""
        names = [self.labels[no].display_name for no in path if no in self.labels]
        return ARROW.join(names) or None


def _shorter(one: tuple[GroupNo, ...], other: tuple[GroupNo, ...]) -> bool:
    return (len(one), one) < (len(other), other)


async def read_giving(call: Call) -> Giving:
    """What groups give; under a preset in which nesting does not count, only to their own."""
    is_nested = semantics_in(call.tenant.settings).nested_groups_count
    by_group: dict[int, list[Given]] = defaultdict(list)
    for given in await given_by_groups(call.tx):
        # A group's assignment is stored as its own; to a member it comes from the group.
        by_group[given.subject_no].append(
            replace(given, source_kind=SourceKind.GROUP, source_no=given.subject_no)
        )
    paths: dict[GroupNo, list[GroupPath]] = defaultdict(list)
    for path in await paths_to_givers(call.tx):
        if is_nested or len(path.groups) == 1:
            paths[path.groups[0]].append(path)
    named = {no for ways in paths.values() for path in ways for no in path.groups}
    labels = await group_labels(call.tx, sorted(named))
    return Giving(by_group=by_group, paths=paths, labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """What is known of the people of one block."""

    direct: Mapping[int, Sequence[Given]]
    memberships: Mapping[int, Sequence[Member]]
    failing: Mapping[ErrorKey, str]
    held: frozenset[tuple[UserNo, SkuNo]]
    principals: Mapping[PrincipalNo, str]


async def assignments(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Direct or inherited, and inherited by which path (T-156)."""
    giving = await read_giving(scene.call)
    only, wanted = scene.sku, scene.asked["source"]

    async def read(first: Place | None, size: int) -> Sequence[PersonRows]:
        people = await people_by_number(scene.call.tx, first=number_of(first), limit=size)
        block = await _read_block(scene.call, [one.user_no for one in people], giving)
        return [
            PersonRows(
                key=(person.user_no,),
                rows=[
                    row
                    for arrival, row in _rows(scene, person, block, giving)
                    if only in {None, arrival.given.sku}
                    and wanted in {"all", "inherited" if arrival.path else "direct"}
                ],
            )
            for person in people
        ]

    return await rows_of_people(read, after=after, limit=limit)


async def _read_block(call: Call, users: Sequence[UserNo], giving: Giving) -> _Block:
    tx = call.tx
    direct = await given_directly(tx, users)
    memberships: dict[int, list[Member]] = defaultdict(list)
    for member in await memberships_of(tx, users):
        memberships[member.user_no].append(member)
    by_user: dict[int, list[Given]] = defaultdict(list)
    for given in direct:
        by_user[given.subject_no].append(given)
    authors = {one.created_by for one in direct}
    authors |= {one.created_by for given in giving.by_group.values() for one in given}
    named = await principal_names(tx, sorted(authors))
    return _Block(
        direct=by_user,
        memberships=memberships,
        failing={
            (one.user_no, one.sku, one.source_kind, one.source_no): one.reason
            for one in await failing_sources(tx, users)
        },
        held=frozenset((one.user_no, one.sku) for one in await seats_held(tx, users)),
        principals={number: name for number, (_, name) in named.items()},
    )


def _rows(
    scene: Scene, person: ReportPerson, block: _Block, giving: Giving
) -> Iterator[tuple[Arrival, Cells]]:
    arrivals = [Arrival(given=given) for given in block.direct.get(person.user_no, ())]
    arrivals += giving.arrivals(block.memberships.get(person.user_no, ()))
    times = Counter(arrival.given.sku for arrival in arrivals)
    for arrival in sorted(arrivals, key=_order):
        given = arrival.given
        reason = block.failing.get((person.user_no, given.sku, given.source_kind, given.source_no))
        is_held = (person.user_no, given.sku) in block.held
        yield (
            arrival,
            (
                *person.cells[:3],
                *scene.product(given.sku),
                *source_cells(given.source_kind, given.source_no, giving.labels),
                giving.words(arrival.path),
                STRATEGY_OF_CODE[given.strategy].value,
                _state(scene.call, given, reason=reason, is_held=is_held),
                reason,
                times[given.sku] - 1,
                given.created_at,
                block.principals.get(given.created_by),
                given.expires_at,
            ),
        )


def _order(arrival: Arrival) -> tuple[int, int, int]:
    return (arrival.given.sku, arrival.given.source_kind, arrival.given.source_no)


def _state(call: Call, given: Given, *, reason: str | None, is_held: bool) -> str:
    if reason is not None:
        return "waiting" if reason == Reason.NO_SEAT_LEFT else "error"
    if given.starts_at is not None and given.starts_at > call.now:
        return "scheduled"
    return "active" if is_held else "pending"

"""Idle holders: whom licenses could be taken back from, in a fair order (T-004, T-207)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from seatwright.app.reports.people import by_person, price_cells
from seatwright.app.reports.scene import (
    PersonRows,
    Scene,
    labels_of,
    prices_of,
    rows_of_people,
    seat_price,
    source_cells,
)
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.reports.prices import ProductPrice
from seatwright.postgres.labels import GroupLabel
from seatwright.postgres.reports.people import (
    HeldSeat,
    ReportPerson,
    people_longest_ago_first,
    people_never_signed_in,
    seats_held,
)

SIGNED_IN, NEVER = 0, 1
"""The two parts of the list, in its order: who signed in once, and who never did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idleness:
    """From when on a sign-in counts as use, and an account or license as too new to tell."""

    active_since: datetime
    newcomer_since: datetime

    @classmethod
    def of(cls, scene: Scene) -> Idleness:
        """What the parameters of a report say."""
        now = scene.call.now
        return cls(
            active_since=now - timedelta(days=scene.number("inactiveDays")),
            newcomer_since=now - timedelta(days=scene.number("newcomerDays")),
        )

    def is_settled(self, person: ReportPerson, seat: HeldSeat) -> bool:
        """Whether both have been there long enough for the silence to mean something."""
        return person.created_at <= self.newcomer_since and seat.since <= self.newcomer_since


async def idle_holders(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Longest unused first; whoever never signed in comes after them, newcomers not at all."""
    idleness = Idleness.of(scene)
    prices, only = await prices_of(scene.call), scene.sku

    async def read(first: Place | None, size: int) -> Sequence[PersonRows]:
        people = await _people(scene, first, before=idleness.active_since, size=size)
        seats = await seats_held(scene.call.tx, [one.user_no for one in people])
        labels = await labels_of(scene.call, ((seat.source_kind, seat.source_no) for seat in seats))
        held = by_person(seats)
        return [
            PersonRows(
                key=_key(person),
                rows=[
                    _row(scene, person, seat, labels=labels, prices=prices)
                    for seat in held[person.user_no]
                    if only in {None, seat.sku} and idleness.is_settled(person, seat)
                ],
            )
            for person in people
        ]

    return await rows_of_people(read, after=after, limit=limit)


async def _people(
    scene: Scene, first: Place | None, *, before: datetime, size: int
) -> list[ReportPerson]:
    """A block of the first part of the list, and of the second where the first ends."""
    part, moment, number = first or (SIGNED_IN, "-infinity", 0)
    found: list[ReportPerson] = []
    if part == SIGNED_IN:
        found = await people_longest_ago_first(
            scene.call.tx, first=(str(moment), int(number)), before=before, limit=size
        )
        number = 0
    if len(found) < size:
        found += await people_never_signed_in(
            scene.call.tx, first=int(number), limit=size - len(found)
        )
    return found


def _key(person: ReportPerson) -> Place:
    if person.last_sign_in_at is None:
        return (NEVER, "", person.user_no)
    return (SIGNED_IN, person.last_sign_in_at.isoformat(), person.user_no)


def _row(
    scene: Scene,
    person: ReportPerson,
    seat: HeldSeat,
    *,
    labels: Mapping[GroupNo, GroupLabel],
    prices: Mapping[SkuNo, ProductPrice],
) -> Cells:
    last = person.last_sign_in_at
    kind, group, _ = source_cells(seat.source_kind, seat.source_no, labels)
    return (
        "neverSignedIn" if last is None else "idle",
        *person.cells,
        (scene.call.now - (last or seat.since)).days,
        *scene.product(seat.sku),
        seat.since,
        kind,
        group,
        *price_cells(seat_price(prices, seat.sku)),
    )

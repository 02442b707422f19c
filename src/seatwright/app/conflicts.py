"""Who has the same service twice, and which product could go (T-179, T-180)."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.conflicts import (
    Coverage,
    ServiceOverlap,
    coverage_of,
    overlaps_of,
    removable_skus,
)
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.postgres.conflicts import SeveralHeld, holders_of_several
from seatwright.postgres.seats import PersonSeen

SCAN_PEOPLE = 2_000
SCANS_MAX = 10
"""People looked at for one page: a tenant without duplicates is not read whole in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """What one person has twice, and the products that could go without a loss."""

    person: PersonSeen
    overlaps: tuple[ServiceOverlap, ...]
    removable: tuple[SkuNo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesPage:
    """People with duplicates; `after` is where the next page begins, None at the end."""

    found: tuple[Duplicates, ...]
    after: int | None


class _Finder:
    """Looks for duplicates; people with the same products are worked out once."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._known: dict[
            tuple[tuple[SkuNo, ServicePlanBits], ...],
            tuple[tuple[ServiceOverlap, ...], tuple[SkuNo, ...]],
        ] = {}

    def look_at(self, one: SeveralHeld) -> Duplicates | None:
        """Give what this person has twice, if anything."""
        if one.held not in self._known:
            held = dict(one.held)
            self._known[one.held] = (
                overlaps_of(held, self._coverage),
                removable_skus(held, self._coverage),
            )
        overlaps, removable = self._known[one.held]
        if not overlaps:
            return None
        return Duplicates(person=one.person, overlaps=overlaps, removable=removable)


async def list_duplicates(call: Call, *, after: int, limit: int) -> DuplicatesPage:
    """People who have a service twice, in the order of their numbers.

    A page may hold fewer than `limit` and still not be the last, when many people had to be looked
    at for it.
    """
    finder = _Finder(coverage_of(await catalog_of(call)))
    found: list[Duplicates] = []
    for _ in range(SCANS_MAX):
        people = await holders_of_several(call.tx, after=after, limit=SCAN_PEOPLE)
        for one in people:
            after = one.person.user_no
            duplicates = finder.look_at(one)
            if duplicates is not None:
                found.append(duplicates)
            if len(found) == limit:
                return DuplicatesPage(found=tuple(found), after=after)
        if len(people) < SCAN_PEOPLE:
            return DuplicatesPage(found=tuple(found), after=None)
    return DuplicatesPage(found=tuple(found), after=after)


async def duplicates_of(call: Call, text: str) -> DuplicatesPage:
    """What one person has twice: a page with that person, or an empty one.

    Raises Refusal unknownUser.
    """
    user = await require_user(call, text)
    finder = _Finder(coverage_of(await catalog_of(call)))
    number = user.user_no
    people = await holders_of_several(call.tx, after=number - 1, until=number, limit=1)
    found = tuple(one for one in map(finder.look_at, people) if one is not None)
    return DuplicatesPage(found=found, after=None)

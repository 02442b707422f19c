"""Who has the same service twice, and which product could go (T-179, T-180)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.desk import Desk, desk_for, remember
from seatwright.app.conflicts.rows import Conflict, Key, Named, Page, Wanted
from seatwright.app.why.fixes import Fix
from seatwright.domain.conflicts import (
    ConflictKind,
    Coverage,
    ServiceOverlap,
    coverage_of,
    overlaps_of,
    removable_skus,
)
from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    SkuNo,
    service_plan_bits,
    service_plan_numbers,
)
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Move, MoveKind, Question, changed_by
from seatwright.postgres.conflicts import Holdings, SeveralHeld, count_holdings, holders_of_several
from seatwright.postgres.seats import PersonSeen

SCAN_PEOPLE = 2_000
SCANS_MAX = 10
"""People looked at for one page: a tenant without duplicates is not read whole in one call."""

FIRST_SCAN_PEOPLE = 250
"""Looked at first: where many have a service twice, these are enough for a page."""

OVERLAPS_TOLD_MAX = 3


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


class Finder:
    """Looks for duplicates; people with the same products are worked out once."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._known: dict[Holdings, tuple[tuple[ServiceOverlap, ...], tuple[SkuNo, ...]]] = {}

    def look_at(self, one: SeveralHeld) -> Duplicates | None:
        """Give what this person has twice, if anything."""
        known = self._known.get(one.held)
        overlaps, removable = known or remember(self._known, one.held, self._work_out(one.held))
        if not overlaps:
            return None
        return Duplicates(person=one.person, overlaps=overlaps, removable=removable)

    def _work_out(self, held: Holdings) -> tuple[tuple[ServiceOverlap, ...], tuple[SkuNo, ...]]:
        overlaps = overlaps_of(dict(held), self._coverage)
        return overlaps, removable_skus(dict(held), self._coverage) if overlaps else ()


async def list_duplicates(call: Call, *, after: int, limit: int) -> DuplicatesPage:
    """People who have a service twice, in the order of their numbers.

    A page may hold fewer than `limit` and still not be the last, when many people had to be looked
    at for it.
    """
    finder = Finder(coverage_of(await catalog_of(call)))
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
    finder = Finder(coverage_of(await catalog_of(call)))
    number = user.user_no
    people = await holders_of_several(call.tx, after=number - 1, until=number, limit=1)
    found = tuple(one for one in map(finder.look_at, people) if one is not None)
    return DuplicatesPage(found=found, after=None)


async def duplicates_page(call: Call, wanted: Wanted) -> Page:
    """Products of people that another of their products covers, by person and product.

    One row for each product that is covered, in whole or in part.
    """
    catalog = await catalog_of(call)
    finder = Finder(coverage_of(catalog))
    until = {} if wanted.user is None else {"until": int(wanted.user)}
    after = wanted.after if wanted.user is None else max(wanted.after, (wanted.user - 1, 2**15))
    found: list[tuple[Key, Duplicates]] = []
    is_end = False
    for count in (FIRST_SCAN_PEOPLE, *[SCAN_PEOPLE] * SCANS_MAX):
        # The person of the last row may have more of them.
        people = await holders_of_several(
            call.tx, after=after[0] - 1, limit=count, sku=wanted.sku, **until
        )
        for one in people:
            found += [
                (key, duplicates)
                for key, duplicates in _covered(finder.look_at(one), after)
                if wanted.sku in {None, key[1]}
            ]
            if len(found) > wanted.limit:
                break
        is_end = len(people) < count
        if is_end or len(found) > wanted.limit:
            break
        after = (people[-1].person.user_no + 1, -1)
    shown = [(duplicates, SkuNo(key[1])) for key, duplicates in found[: wanted.limit]]
    rows = tuple(_told(catalog, duplicates, sku) for duplicates, sku in shown)
    if not wanted.only_tells:
        pairs = [(duplicates.person.user_no, sku) for duplicates, sku in shown]
        desk = await desk_for(call, pairs)
        rows = tuple(
            replace(row, fixes=_fixes(desk, *one)) for row, one in zip(rows, shown, strict=True)
        )
    if len(found) > len(shown):
        return Page(found=rows, after=rows[-1].key)
    return Page(found=rows, after=None if is_end else after)


async def count_duplicates(call: Call) -> int:
    """How many products of people another of their products covers, in the whole tenant."""
    coverage = coverage_of(await catalog_of(call))
    holdings = await count_holdings(call.tx)
    return sum(
        people * len({overlap.sku for overlap in overlaps_of(dict(held), coverage)})
        for held, people in holdings.items()
    )


def _covered(duplicates: Duplicates | None, after: Key) -> list[tuple[Key, Duplicates]]:
    if duplicates is None:
        return []
    skus = sorted({overlap.sku for overlap in duplicates.overlaps})
    keys = ((int(duplicates.person.user_no), int(sku)) for sku in skus)
    return [(key, duplicates) for key in keys if key > after]


def _told(catalog: TenantCatalog, duplicates: Duplicates, sku: SkuNo) -> Conflict:
    person = duplicates.person
    overlaps = tuple(one for one in duplicates.overlaps if one.sku == sku)
    return Conflict(
        kind=ConflictKind.DUPLICATE,
        key=(person.user_no, sku),
        sku=sku,
        person=Named(id=person.user_id, upn=person.upn, display_name=person.display_name),
        sentence=_sentence(catalog, duplicates, overlaps),
        overlaps=overlaps,
    )


def _fixes(desk: Desk, duplicates: Duplicates, sku: SkuNo) -> tuple[Fix, ...]:
    question = desk.question(duplicates.person.user_no, sku)
    if sku in duplicates.removable:
        return _ending(desk, question)
    return _switching(desk, question, [one for one in duplicates.overlaps if one.sku == sku])


def _sentence(
    catalog: TenantCatalog, duplicates: Duplicates, overlaps: Sequence[ServiceOverlap]
) -> str:
    sku, person = overlaps[0].sku, duplicates.person
    product = catalog.sku_name(sku)
    told = [_in_words(one, catalog) for one in overlaps[:OVERLAPS_TOLD_MAX]]
    more = len(overlaps) - len(told)
    also = f", and {more} more" if more > 0 else ""
    advice = (
        f"{product} can be taken away: nothing is lost by it."
        if sku in duplicates.removable
        else f"{product} gives more than that: only the service plans that are covered can go."
    )
    return f"{person.display_name} has a service twice: {'; '.join(told)}{also}. {advice}"


def _in_words(one: ServiceOverlap, catalog: TenantCatalog) -> str:
    product, covering = catalog.sku_name(one.sku), catalog.sku_name(one.covering_sku)
    plan = catalog.service_plans[one.service_plan].display_name
    if one.service_plan == one.covered_by:
        return f"{plan} is in both {product} and {covering}"
    by = catalog.service_plans[one.covered_by].display_name
    return f"{by} of {covering} covers {plan} of {product}"


def _ending(desk: Desk, question: Question) -> tuple[Fix, ...]:
    """Take the covered product away: the person's own, or what their group gives only for it.

    Only what takes this product and nothing else, and only if nothing breaks by it.
    """
    moves = [Move(kind=MoveKind.REMOVE, sku=question.sku)]
    moves += [Move(kind=MoveKind.LEAVE_GROUP, group=group) for group in question.memberships]
    return tuple(
        fix for move in moves if goes_alone(question, move) for fix in desk.fixes(question, (move,))
    )


def goes_alone(question: Question, move: Move) -> bool:
    """Whether a move takes the product of the question and nothing else, and nothing breaks."""
    before = {held.sku: held.enabled for held in question.user.held}
    after, is_clean = changed_by(question, (move,))
    before.pop(question.sku, None)
    return is_clean and after == before


def _switching(
    desk: Desk, question: Question, overlaps: Sequence[ServiceOverlap]
) -> tuple[Fix, ...]:
    """Switch off what is covered, where the product is the person's own alone."""
    wishes = question.wishes_of(question.sku)
    if [wish.source.kind.is_own for wish in wishes] != [True]:
        return ()
    plans = service_plan_bits(*(overlap.service_plan for overlap in overlaps))
    moves = [
        Move(
            kind=MoveKind.SWITCH_OFF,
            sku=question.sku,
            source=wishes[0].source,
            service_plan=service_plan_bits(number),
        )
        for number in service_plan_numbers(plans)
    ]
    after, is_clean = changed_by(question, moves)
    is_off = not after.get(question.sku, NO_SERVICE_PLANS) & plans
    return desk.fixes(question, moves) if is_clean and is_off else ()

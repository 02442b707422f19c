"""Finding all conflicts of a kind that one job can mend: assignments that go without a loss.

What is looked at are those at odds and never everybody, so that none is out of reach behind many
others. Nothing is locked: the job looks at each again before it takes anything away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.desk import Desk, desk_for, likeness
from seatwright.app.conflicts.doubles import Double, double_of
from seatwright.app.conflicts.duplicates import Finder, goes_alone
from seatwright.app.conflicts.mending import Mendable, Pair
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.conflicts import ConflictKind, coverage_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Move, MoveKind
from seatwright.postgres.conflicts import all_doubles, holders_of_several

MENDED_TOGETHER: Final = frozenset({ConflictKind.DIRECT_BESIDE_INHERITED, ConflictKind.DUPLICATE})
"""The kinds that one job mends; of the others somebody has to choose what is to happen."""

MEND_MAX: Final = ROWS_MAX
"""Conflicts that one call mends: the rows of one job."""

AT_ONCE: Final = 2_000
"""People read together."""


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What was found so far."""

    catalog: TenantCatalog
    pairs: list[Pair] = field(default_factory=list)
    people: dict[UserNo, str] = field(default_factory=dict)
    keeping: dict[SkuNo, set[str]] = field(default_factory=dict)
    losing: int = 0

    @property
    def is_full(self) -> bool:
        """Whether there are more than one call mends."""
        return len(self.pairs) > MEND_MAX

    def add(self, desk: Desk, user: UserNo, sku: SkuNo, groups: tuple[str, ...] = ()) -> None:
        """Take down an assignment that may go, and the groups that go on giving the product."""
        label = desk.people[user]
        self.pairs.append((label.upn, self.catalog.skus[sku].part_number))
        self.people[user] = label.display_name
        if groups:
            self.keeping.setdefault(sku, set()).update(groups)

    def mendable(self) -> Mendable:
        """All of it, or as many as one call mends."""
        people = tuple(self.people.values())
        return Mendable(
            pairs=tuple(self.pairs[:MEND_MAX]),
            people=people,
            keeping=tuple(
                (self.catalog.sku_name(sku), tuple(sorted(names)))
                for sku, names in self.keeping.items()
            ),
            losing=self.losing,
            has_more=self.is_full,
        )


async def find_all(call: Call, kind: ConflictKind, *, product: str | None) -> Mendable:
    """Every assignment, of a product or of any, that can go and end a conflict of this kind.

    Raises Refusal unknownSku, invalidValue for a kind that is not mended together, and noChange
    where there is nothing to mend.
    """
    if kind not in MENDED_TOGETHER:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Conflicts of the kind {kind} are not mended together: somebody has to choose what"
            " each needs. GET /api/conflicts lists them with their fixes. Together are mended:"
            f" {' and '.join(sorted(MENDED_TOGETHER))}.",
        )
    catalog = await catalog_of(call)
    sku = None if product is None else catalog.require_sku(product, is_in_body=True).sku_no
    gathered = _Gathered(catalog=catalog)
    if kind is ConflictKind.DUPLICATE:
        await _gather_covered(call, gathered, sku)
    else:
        await _gather_doubles(call, gathered, sku)
    if not gathered.pairs:
        raise _nothing(kind, gathered.losing)
    return gathered.mendable()


def _nothing(kind: ConflictKind, losing: int) -> Refusal:
    if kind is ConflictKind.DUPLICATE:
        said = (
            "There is no direct assignment of a product that others cover whole. What groups give"
            " twice goes at the group: take people out of it, or leave the service plans off there."
        )
    elif losing:
        said = (
            f"None of the {losing:,} direct assignments beside a group's can go without a loss:"
            " each keeps service plans that the group leaves off, or the product itself. Switch"
            " them on for the group first, or remove single ones: each says what would go."
        )
    else:
        said = "There is no direct assignment of what a group gives too."
    return Refusal(Reason.NO_CHANGE, said, context={"losing": losing})


async def _gather_doubles(call: Call, gathered: _Gathered, sku: SkuNo | None) -> None:
    """Own assignments beside a group's; people who are alike are worked out once."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    known: dict[object, Double] = {}
    async for pairs in all_doubles(call.tx, nested=nested, sku=sku, at_once=AT_ONCE):
        desk = await desk_for(call, pairs)
        for user, product in pairs:
            if user not in desk.people or user not in desk.states:
                continue
            like = likeness(desk.question(user, product))
            if like not in known:
                known[like] = double_of(desk, user, product)
            double = known[like]
            if double.can_end and not double.surplus:
                gathered.add(desk, user, product, double.groups)
            else:
                gathered.losing += 1
        if gathered.is_full:
            return


async def _gather_covered(call: Call, gathered: _Gathered, sku: SkuNo | None) -> None:
    """Own assignments of products that the others of the person cover whole."""
    known: dict[object, bool] = {}
    async for pairs in _covered(call, gathered.catalog, sku):
        desk = await desk_for(call, pairs)
        for user, product in pairs:
            if user not in desk.people or user not in desk.states:
                continue
            question = desk.question(user, product)
            like = likeness(question)
            if like not in known:
                move = Move(kind=MoveKind.REMOVE, sku=product)
                is_own = any(wish.source.kind.is_own for wish in question.wishes_of(product))
                known[like] = is_own and goes_alone(question, move)
            if known[like]:
                gathered.add(desk, user, product)
        if gathered.is_full:
            return


async def _covered(
    call: Call, catalog: TenantCatalog, sku: SkuNo | None
) -> AsyncIterator[list[tuple[UserNo, SkuNo]]]:
    finder = Finder(coverage_of(catalog))
    after = 0
    while True:
        people = await holders_of_several(call.tx, after=after, limit=AT_ONCE, sku=sku)
        found = [one for one in map(finder.look_at, people) if one is not None]
        pairs = [
            (one.person.user_no, product)
            for one in found
            for product in one.removable
            if sku in {None, product}
        ]
        if pairs:
            yield pairs
        if len(people) < AT_ONCE:
            return
        after = people[-1].person.user_no

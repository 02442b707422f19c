"""Finding all conflicts of a kind that one job can mend: assignments that go without a loss.

Direct assignments beside a group's are asked for by themselves, however many others there are. What
others cover takes a look at everybody with several products. Either search ends after
`LOOKED_AT_MAX`, and says so: a call is waited for. Nothing is locked: the job looks at each again
before it takes anything away.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.desk import Desk, desk_for, likeness, remember
from seatwright.app.conflicts.doubles import double_of
from seatwright.app.conflicts.duplicates import Finder, goes_alone
from seatwright.app.conflicts.mending import Mendable, Pair
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.conflicts import ConflictKind, coverage_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import Move, MoveKind, Question
from seatwright.postgres.conflicts import all_doubles, holders_of_several

MENDED_TOGETHER: Final = frozenset({ConflictKind.DIRECT_BESIDE_INHERITED, ConflictKind.DUPLICATE})
"""The kinds that one job mends; of the others somebody has to choose what is to happen."""

MEND_MAX: Final = ROWS_MAX
"""Conflicts that one call mends: the rows of one job."""

AT_ONCE: Final = 2_000
"""People read together."""

LOOKED_AT_MAX: Final = 2 * MEND_MAX
"""Direct assignments beside a group's, or people with several products, that one call looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """Whether an assignment may go, or else is left out for what it alone gives.

    `groups` go on giving the product.
    """

    may_go: bool
    loses: bool = False
    groups: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What was found so far: never more than one call mends."""

    catalog: TenantCatalog
    pairs: list[Pair] = field(default_factory=list)
    people: dict[UserNo, str] = field(default_factory=dict)
    keeping: dict[SkuNo, set[str]] = field(default_factory=dict)
    losing: int = 0
    looked_at: int = 0
    has_more: bool = False
    ended_after: int | None = None

    def may_look(self) -> bool:
        """Whether there is time for a look at more; if not, the search has ended here."""
        if self.looked_at >= LOOKED_AT_MAX:
            self.ended_after = self.looked_at
        return self.ended_after is None

    def add(self, desk: Desk, user: UserNo, sku: SkuNo, verdict: _Verdict) -> None:
        """Take down what becomes of an assignment; one more than there is room for is not."""
        if not verdict.may_go:
            self.losing += verdict.loses
            return
        if len(self.pairs) == MEND_MAX:
            self.has_more = True
            return
        label = desk.people[user]
        self.pairs.append((label.upn, self.catalog.skus[sku].part_number))
        self.people[user] = label.display_name
        if verdict.groups:
            self.keeping.setdefault(sku, set()).update(verdict.groups)

    def mendable(self, kind: ConflictKind) -> Mendable:
        """All of it."""
        return Mendable(
            pairs=tuple(self.pairs),
            people=tuple(self.people.values()),
            keeping=tuple(
                (self.catalog.sku_name(sku), tuple(sorted(names)))
                for sku, names in self.keeping.items()
            ),
            covered_from=1 if kind is ConflictKind.DUPLICATE else None,
            losing=self.losing,
            has_more=self.has_more,
            ended_after=self.ended_after,
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
        await _gather(call, gathered, _covered(call, gathered, sku), _of_covered)
    else:
        nested = semantics_in(call.tenant.settings).nested_groups_count
        doubles = all_doubles(call.tx, nested=nested, sku=sku, at_once=AT_ONCE)
        await _gather(call, gathered, _looked_at(gathered, doubles), _of_double)
    if not gathered.pairs:
        raise _nothing(kind, gathered, is_of_one=sku is not None)
    return gathered.mendable(kind)


def _nothing(kind: ConflictKind, gathered: _Gathered, *, is_of_one: bool) -> Refusal:
    losing, ended = gathered.losing, gathered.ended_after
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
    if ended is not None:
        what = "people" if kind is ConflictKind.DUPLICATE else "of them"
        other = "another product" if is_of_one else "a product"
        said = f"{said} The search ended after {ended:,} {what}: name {other} to look at others."
    return Refusal(Reason.NO_CHANGE, said, context={"losing": losing})


_Pieces = AsyncGenerator[list[tuple[UserNo, SkuNo]], None]


async def _gather(
    call: Call,
    gathered: _Gathered,
    pieces: _Pieces,
    judge: Callable[[Desk, Question], _Verdict],
) -> None:
    """Look at each of these; people who are alike are worked out once."""
    known: dict[object, _Verdict] = {}
    async with aclosing(pieces):
        async for pairs in pieces:
            desk = await desk_for(call, pairs)
            for user, sku in pairs:
                if user not in desk.people or user not in desk.states:
                    continue
                question = desk.question(user, sku)
                like = likeness(question)
                verdict = known.get(like) or remember(known, like, judge(desk, question))
                gathered.add(desk, user, sku, verdict)
                if gathered.has_more:
                    return


def _of_double(desk: Desk, question: Question) -> _Verdict:
    """Judge an own assignment beside a group's."""
    double = double_of(desk, question.user.user_no, question.sku)
    may_go = double.can_end and not double.surplus
    return _Verdict(may_go=may_go, loses=not may_go, groups=double.groups)


def _of_covered(_: Desk, question: Question) -> _Verdict:
    """Judge a product that the others of the person cover whole: what is not their own stays."""
    is_own = any(wish.source.kind.is_own for wish in question.wishes_of(question.sku))
    move = Move(kind=MoveKind.REMOVE, sku=question.sku)
    return _Verdict(may_go=is_own and goes_alone(question, move))


async def _looked_at(gathered: _Gathered, pieces: _Pieces) -> _Pieces:
    """Pass these on while there is time for more."""
    async with aclosing(pieces):
        async for pairs in pieces:
            if not gathered.may_look():
                return
            gathered.looked_at += len(pairs)
            yield pairs


async def _covered(call: Call, gathered: _Gathered, sku: SkuNo | None) -> _Pieces:
    """Products that other products of the person cover whole."""
    finder = Finder(coverage_of(gathered.catalog))
    after = 0
    while people := await holders_of_several(call.tx, after=after, limit=AT_ONCE, sku=sku):
        if not gathered.may_look():
            return
        gathered.looked_at += len(people)
        found = [one for one in map(finder.look_at, people) if one is not None]
        pairs = [
            (one.person.user_no, product)
            for one in found
            for product in one.removable
            if sku in {None, product}
        ]
        if pairs:
            yield pairs
        after = people[-1].person.user_no

"""What somebody may want to know before many people are given a product; it forbids nothing.

A seat for an account that is disabled, and a service that people would have twice: each told once
for all rows that it is about, with whom it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.bulk import BulkOrder, BulkProduct, BulkRow, RowEffect, RowResult
from seatwright.domain.conflicts import Coverage, coverage_of, removable_skus
from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.wants import WantKind
from seatwright.postgres.graph_licenses import licenses_of_page
from seatwright.postgres.user_read import disabled_among

ROWS_TOLD_MAX: Final = 1_000

Held = tuple[tuple[SkuNo, ServicePlanBits], ...]
"""Products that one person holds, each with the service plans that are on."""


@unique
class CautionKind(StrEnum):
    """What there is to know of people before they are given a product."""

    ACCOUNT_DISABLED = "accountDisabled"
    """Their account is disabled: they could not use what they are given."""

    COVERED = "covered"
    """What they have gives every service of it already (T-180)."""

    MAKES_NEEDLESS = "makesNeedless"
    """It gives every service of something that they have, which is not needed then (T-180)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One kind: how many rows it is about, and the first 1,000 with the products of their person.

    `products` are the names of all that are meant, none for disabled accounts.
    """

    kind: CautionKind
    count: int
    rows: tuple[tuple[BulkRow, tuple[str, ...]], ...]
    products: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The caution in a sentence, for programs and the command line."""
        rows = "1 row is" if self.count == 1 else f"{self.count:,} rows are"
        if self.kind is CautionKind.ACCOUNT_DISABLED:
            return f"{rows} about people whose account is disabled: each would use a seat."
        names = " or ".join(self.products)
        if self.kind is CautionKind.COVERED:
            return (
                f"{rows} about people who have every service of it already, by {names}: each would"
                " use a seat for nothing new."
            )
        return (
            f"{rows} about people who have {names}, which they would not need any more beside it."
        )


async def cautions_of(
    call: Call, pairs: Sequence[tuple[BulkRow, RowResult]], order: BulkOrder
) -> tuple[Caution, ...]:
    """What there is to know of the rows that give somebody something new, one of a kind at most.

    `pairs` are rows with what would become of them.
    """
    new = [(row, one.user) for row, one in pairs if one.user is not None and _is_new(row, one)]
    users = sorted({user for _, user in new})
    disabled = await disabled_among(call.tx, users)
    off: list[tuple[BulkRow, tuple[SkuNo, ...]]] = [(r, ()) for r, u in new if u in disabled]
    catalog = await catalog_of(call)
    finder = _Finder(catalog, coverage_of(catalog))
    held = await _held_by(call, users)
    covered, needless = [], []
    for row, user in new:
        if row.kind is not WantKind.ADD or user not in held:
            continue
        products = order.products
        if row.sku is not None:
            products = (BulkProduct(sku=row.sku, disabled=row.disabled),)
        over, spare = finder.look_at(held[user], tuple(products))
        if over:
            covered.append((row, over))
        if spare:
            needless.append((row, spare))
    found = (
        (CautionKind.ACCOUNT_DISABLED, off),
        (CautionKind.COVERED, covered),
        (CautionKind.MAKES_NEEDLESS, needless),
    )
    return tuple(_caution(kind, rows, catalog) for kind, rows in found if rows)


def _is_new(row: BulkRow, result: RowResult) -> bool:
    is_given = result.effect is RowEffect.GIVEN or result.outcome is Outcome.WAITING
    return is_given and row.kind is not WantKind.REMOVE


def _caution(
    kind: CautionKind,
    rows: Sequence[tuple[BulkRow, tuple[SkuNo, ...]]],
    catalog: TenantCatalog,
) -> Caution:
    return Caution(
        kind=kind,
        count=len(rows),
        rows=tuple((row, tuple(map(catalog.sku_name, skus))) for row, skus in rows[:ROWS_TOLD_MAX]),
        products=tuple(sorted({catalog.sku_name(sku) for _, skus in rows for sku in skus})),
    )


async def _held_by(call: Call, users: Sequence[UserNo]) -> dict[UserNo, Held]:
    licenses = await licenses_of_page(call.tx, users)
    sets = {ServicePlanSetId(set_id) for held in licenses.values() for _, set_id in held}
    bits = await call.tx.plan_set_bits(sets)
    return {
        UserNo(user): tuple((SkuNo(sku), bits[ServicePlanSetId(set_id)]) for sku, set_id in held)
        for user, held in licenses.items()
    }


class _Finder:
    """Finds what people would have twice; who holds the same is worked out once."""

    def __init__(self, catalog: TenantCatalog, coverage: Coverage) -> None:
        self._catalog = catalog
        self._coverage = coverage
        self._known: dict[
            tuple[Held, tuple[BulkProduct, ...]], tuple[tuple[SkuNo, ...], tuple[SkuNo, ...]]
        ] = {}

    def look_at(
        self, held: Held, products: tuple[BulkProduct, ...]
    ) -> tuple[tuple[SkuNo, ...], tuple[SkuNo, ...]]:
        """The products held that cover what is given, and those that nobody would need then."""
        key = (held, products)
        if key not in self._known:
            self._known[key] = self._look(dict(held), products)
        return self._known[key]

    def _look(
        self, held: Mapping[SkuNo, ServicePlanBits], products: Iterable[BulkProduct]
    ) -> tuple[tuple[SkuNo, ...], tuple[SkuNo, ...]]:
        given = {
            one.sku: ServicePlanBits(
                self._catalog.skus[one.sku].service_plans & ~(one.disabled or 0)
            )
            for one in products
            if one.sku not in held
        }
        could_go = set(removable_skus({**held, **given}, self._coverage))
        covered = could_go & given.keys()
        if covered:
            for sku, plans in held.items():
                if covered <= set(removable_skus({sku: plans, **given}, self._coverage)):
                    return (sku,), ()
            return tuple(sku for sku in held if self._shares(held[sku], covered, given)), ()
        before = set(removable_skus(held, self._coverage))
        return (), tuple(sorted((could_go & held.keys()) - before))

    def _shares(
        self,
        plans: ServicePlanBits,
        covered: Iterable[SkuNo],
        given: Mapping[SkuNo, ServicePlanBits],
    ) -> bool:
        """Whether a held product gives a service of what is covered, so that it is named."""
        wanted = 0
        for sku in covered:
            for plan, covering in self._coverage.covers.items():
                if given[sku] & self._coverage.counted & 1 << plan:
                    wanted |= covering
        return bool(plans & wanted)

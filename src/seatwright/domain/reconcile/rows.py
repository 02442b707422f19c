"""One person's wishes as the rules see them, and what the rules answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.reconcile.laws import Laws
from seatwright.domain.reconcile.world import UserState, Wish
from seatwright.domain.semantics import Semantics


class RowKey(NamedTuple):
    """What an error row is stored under: one SKU from one source."""

    sku: SkuNo
    source: Source


class Row(NamedTuple):
    """One wish that counts now, with the service plans that it leaves on."""

    sku: SkuNo
    source: Source
    bits: ServicePlanBits
    wish: Wish

    @property
    def key(self) -> RowKey:
        """Under what an error of this row is stored."""
        return RowKey(self.sku, self.source)


def is_inherited(source: Source) -> bool:
    """Say whether a source is a group: only groups lend their members a location (GBL-061)."""
    return source.kind is SourceKind.GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is the same for everybody in one reconcile."""

    now: datetime
    semantics: Semantics
    default_usage_location: str | None
    laws: Laws


class Decision(NamedTuple):
    """What one person should hold, and which rows could not give all they should.

    `is_plain` says that no rule had anything to say, so that asking again cannot differ.
    `retained` are the SKUs of which something stays only because something depends on it.
    """

    licenses: Mapping[SkuNo, ServicePlanBits]
    errors: Mapping[RowKey, Reason]
    is_plain: bool
    retained: frozenset[SkuNo] = frozenset()


def live_rows(user: UserState, rules: Rules) -> tuple[Row, ...]:
    """Give the wishes that count now; a deleted person has none.

    New service plans of a SKU are on unless switched off (GBL-030); switched-off ones that the
    SKU does not have are ignored. Raises KeyError for a SKU that the catalogue does not know.
    """
    if user.is_deleted:
        return ()
    now = rules.now
    return tuple(row_of(wish, rules) for wish in user.wishes if wish.counts_at(now))


def row_of(wish: Wish, rules: Rules) -> Row:
    """Give one wish as a row; raises KeyError for a SKU that the catalogue does not know."""
    service_plans = rules.laws.catalog.skus[wish.sku].service_plans
    return Row(wish.sku, wish.source, ServicePlanBits(service_plans & ~wish.disabled), wish)


def unsettled(user: UserState, rules: Rules) -> frozenset[SkuNo]:
    """The SKUs of which the rules could give this person a seat, or take one back.

    What is wished and not held, or held and not wished; what failed before; and what is held
    where it may not be used, the one thing that ends a license whose wish still counts.
    """
    wished = {row.sku for row in live_rows(user, rules)}
    held = {one.sku for one in user.held}
    failing = {error.sku for error in user.errors}
    location = user.usage_location or rules.default_usage_location
    return frozenset(wished ^ held | failing | held & rules.laws.prohibited_in(location).skus)


def union(sets: Iterable[ServicePlanBits]) -> ServicePlanBits:
    """Give the service plans that are in any of the sets."""
    everything = 0
    for bits in sets:
        everything |= bits
    return ServicePlanBits(everything)

"""What needs somebody's attention now, as an overview says it; nothing of it looks at everybody."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.counting import count_some
from seatwright.app.held_changes import HeldSeen, list_held_changes
from seatwright.app.idle_people import count_idle_people
from seatwright.app.jobs import list_jobs
from seatwright.domain.brake import HeldState
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.jobs import Job, JobState
from seatwright.domain.reports.prices import LIVING, price_of
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.idle import IdleCount
from seatwright.postgres.subscriptions import subscriptions_by_sku

EXPIRES_WITHIN: Final = timedelta(days=30)
FAILED_WITHIN: Final = timedelta(days=7)
SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """A purchase whose state changes soon and that does not renew by itself."""

    sku: CatalogSku
    purchase: Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What needs attention; idle people are counted up to a limit, and `idle` says whether it was.

    `spend` is what the running purchases cost a month, by currency; `unpriced` counts the units
    without a price. What the caller may not read is empty.
    """

    conflicts: dict[ConflictKind, int]
    idle: IdleCount
    held: tuple[HeldSeen, ...]
    failed: tuple[Job, ...]
    expiring: tuple[Expiring, ...]
    spend: dict[str, Decimal]
    unpriced: int

    @property
    def in_error(self) -> int:
        """People and products that a rule keeps apart; too few seats are told by themselves."""
        counts = self.conflicts.items()
        return sum(many for kind, many in counts if kind is not ConflictKind.INSUFFICIENT_SEATS)


async def attention(call: Call) -> Attention:
    """What this caller may see of it."""
    purchases = await _purchases(call)
    spend, unpriced = _spend(purchases)
    return Attention(
        conflicts=await count_some(call),
        idle=await count_idle_people(call),
        held=tuple(
            (await list_held_changes(call, state=HeldState.PENDING, before=None, limit=SHOWN_MAX))[
                :SHOWN_MAX
            ]
        ),
        failed=await _failed(call),
        expiring=_expiring(call, purchases),
        spend=spend,
        unpriced=unpriced,
    )


async def _purchases(call: Call) -> list[Expiring]:
    """Every purchase with its product: a tenant has few."""
    if not call.principal.may(Permission.READ_SUBSCRIPTIONS):
        return []
    skus = (await catalog_of(call)).skus
    return [
        Expiring(sku=skus[sku], purchase=one)
        for sku, bought in (await subscriptions_by_sku(call.tx)).items()
        for one in bought
    ]


def _spend(purchases: list[Expiring]) -> tuple[dict[str, Decimal], int]:
    spend: dict[str, Decimal] = defaultdict(Decimal)
    unpriced = 0
    for part in price_of(one.purchase for one in purchases).purchased:
        if part.currency is None or part.spend is None:
            unpriced += part.units
        else:
            spend[part.currency] += part.spend
    return dict(sorted(spend.items())), unpriced


async def _failed(call: Call) -> tuple[Job, ...]:
    if not call.principal.may(Permission.READ_JOBS):
        return ()
    found = await list_jobs(call, before=None, limit=SHOWN_MAX, state=JobState.FAILED)
    since = call.now - FAILED_WITHIN
    return tuple(one for one in found[:SHOWN_MAX] if one.created_at >= since)


def _expiring(call: Call, purchases: list[Expiring]) -> tuple[Expiring, ...]:
    until = call.now + EXPIRES_WITHIN
    found = [
        (one.purchase.next_lifecycle_at, one)
        for one in purchases
        if one.purchase.next_lifecycle_at is not None
        and one.purchase.next_lifecycle_at <= until
        and one.purchase.status in LIVING
        and not one.purchase.renews
    ]
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0])[:SHOWN_MAX])

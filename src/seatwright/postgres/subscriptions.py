"""Subscriptions, and the seats that they give to the pools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.ids import SkuNo
from seatwright.domain.offers import OfferType
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "id, external_id, sku_no, units, status, starts_at, next_lifecycle_at, unit_price, currency,"
    " offer_minimum, included_units, is_trial, created_at, offer_type, renews, term_months,"
    " billing_months, term_starts_at, cancelled_at, has_started"
)
_INSERT = f"""
insert into subscription (tenant_id, {_COLUMNS})
select %s, * from unnest(%s::uuid[], %s::text[], %s::int2[], %s::int4[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::numeric[], %s::text[], %s::int4[], %s::int4[],
    %s::bool[], %s::timestamptz[], %s::text[], %s::bool[], %s::int2[], %s::int2[],
    %s::timestamptz[], %s::timestamptz[], %s::bool[])
on conflict (tenant_id, external_id) where external_id is not null do nothing
"""
_UPDATE = """
update subscription s
   set external_id = new.external_id, units = new.units, status = new.status,
       starts_at = new.starts_at, next_lifecycle_at = new.next_lifecycle_at,
       unit_price = new.unit_price, currency = new.currency,
       offer_minimum = new.offer_minimum, included_units = new.included_units,
       is_trial = new.is_trial, offer_type = new.offer_type, renews = new.renews,
       term_months = new.term_months, billing_months = new.billing_months,
       term_starts_at = new.term_starts_at, cancelled_at = new.cancelled_at,
       has_started = new.has_started
  from unnest(%s::uuid[], %s::text[], %s::int2[], %s::int4[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::numeric[], %s::text[], %s::int4[], %s::int4[],
    %s::bool[], %s::timestamptz[], %s::text[], %s::bool[], %s::int2[], %s::int2[],
    %s::timestamptz[], %s::timestamptz[], %s::bool[])
    as new (id, external_id, sku_no, units, status, starts_at, next_lifecycle_at, unit_price,
        currency, offer_minimum, included_units, is_trial, created_at, offer_type, renews,
        term_months, billing_months, term_starts_at, cancelled_at, has_started)
 where s.tenant_id = %s and s.id = new.id
"""
# Fewer seats than are in use came from outside: the pool says by how many, nobody loses a license.
_SET_ASSIGNABLE = """
update sku_pool p
   set assignable = new.assignable,
       seats_over = greatest(0, p.consumed + p.reserved - new.assignable),
       over_since = case when p.consumed + p.reserved <= new.assignable then null
                         else coalesce(case when p.seats_over > 0 then p.over_since end, %s) end
  from unnest(%s::int2[], %s::int4[]) as new (sku_no, assignable)
 where p.tenant_id = %s and p.sku_no = new.sku_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeats:
    """The seats of a SKU as its pool counts them."""

    sku_no: SkuNo
    assignable: int
    consumed: int
    reserved: int
    seats_over: int
    over_since: datetime | None

    @property
    def in_use(self) -> int:
        """Seats that somebody has, or that are held for somebody."""
        return self.consumed + self.reserved


def _subscription(row: TupleRow) -> Subscription:
    return Subscription(
        subscription_id=row[0],
        external_id=row[1],
        sku_no=SkuNo(row[2]),
        units=row[3],
        status=SubscriptionStatus(row[4]),
        starts_at=row[5],
        next_lifecycle_at=row[6],
        unit_price=row[7],
        currency=row[8],
        offer_minimum=row[9],
        included_units=row[10],
        is_trial=row[11],
        created_at=row[12],
        offer_type=OfferType(row[13]),
        renews=row[14],
        term_months=row[15],
        billing_months=row[16],
        term_starts_at=row[17],
        cancelled_at=row[18],
        has_started=row[19],
    )


def _columns(subscriptions: Sequence[Subscription]) -> tuple[list[object], ...]:
    return (
        [one.subscription_id for one in subscriptions],
        [one.external_id for one in subscriptions],
        [one.sku_no for one in subscriptions],
        [one.units for one in subscriptions],
        [one.status.value for one in subscriptions],
        [one.starts_at for one in subscriptions],
        [one.next_lifecycle_at for one in subscriptions],
        [one.unit_price for one in subscriptions],
        [one.currency for one in subscriptions],
        [one.offer_minimum for one in subscriptions],
        [one.included_units for one in subscriptions],
        [one.is_trial for one in subscriptions],
        [one.created_at for one in subscriptions],
        [one.offer_type.value for one in subscriptions],
        [one.renews for one in subscriptions],
        [one.term_months for one in subscriptions],
        [one.billing_months for one in subscriptions],
        [one.term_starts_at for one in subscriptions],
        [one.cancelled_at for one in subscriptions],
        [one.has_started for one in subscriptions],
    )


async def insert_subscriptions(tx: Transaction, subscriptions: Sequence[Subscription]) -> int:
    """Store purchases; gives how many, which is fewer where an external id is taken."""
    cursor = await tx.connection.execute(_INSERT, (tx.tenant_id, *_columns(subscriptions)))
    return cursor.rowcount


async def update_subscriptions(tx: Transaction, subscriptions: Sequence[Subscription]) -> None:
    """Store purchases anew, by their ids; a purchase never moves to another SKU."""
    await tx.connection.execute(_UPDATE, (*_columns(subscriptions), tx.tenant_id))


async def delete_subscription(tx: Transaction, subscription_id: UUID) -> None:
    """Forget a purchase."""
    await tx.connection.execute(
        "delete from subscription where tenant_id = %s and id = %s",
        (tx.tenant_id, subscription_id),
    )


async def find_subscription(tx: Transaction, subscription_id: UUID) -> Subscription | None:
    """One purchase by its id."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from subscription where tenant_id = %s and id = %s",
        (tx.tenant_id, subscription_id),
    )
    row = await cursor.fetchone()
    return _subscription(row) if row else None


async def is_external_id_taken(tx: Transaction, external_id: str) -> bool:
    """Whether a purchase has this external id."""
    cursor = await tx.connection.execute(
        "select from subscription where tenant_id = %s and external_id = %s",
        (tx.tenant_id, external_id),
    )
    return await cursor.fetchone() is not None


async def list_subscriptions(
    tx: Transaction,
    *,
    sku_nos: Sequence[SkuNo] | None = None,
    after: tuple[int, UUID] | None = None,
    limit: int | None = None,
) -> list[Subscription]:
    """Purchases in the order of SKU number and id, of all SKUs or of these."""
    after_sku, after_id = after or (-1, UUID(int=0))
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from subscription where tenant_id = %s"
        " and (%s::int2[] is null or sku_no = any(%s)) and (sku_no, id) > (%s, %s)"
        " order by sku_no, id limit %s",
        (
            tx.tenant_id,
            None if sku_nos is None else list(sku_nos),
            [] if sku_nos is None else list(sku_nos),
            after_sku,
            after_id,
            limit,
        ),
    )
    return [_subscription(row) for row in await cursor.fetchall()]


async def count_subscriptions(tx: Transaction) -> int:
    """How many purchases the tenant has."""
    cursor = await tx.connection.execute(
        "select count(*) from subscription where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, "a count always has a row"
    count: int = row[0]
    return count


async def subscriptions_by_sku(
    tx: Transaction, sku_nos: Sequence[SkuNo] | None = None
) -> Mapping[SkuNo, list[Subscription]]:
    """The purchases of each SKU that has any, of all SKUs or of these."""
    found: dict[SkuNo, list[Subscription]] = defaultdict(list)
    for one in await list_subscriptions(tx, sku_nos=sku_nos):
        found[one.sku_no].append(one)
    return found


async def lock_pools(tx: Transaction, sku_nos: Iterable[SkuNo]) -> dict[SkuNo, PoolSeats]:
    """Lock pools in SKU order, before anything else of the transaction, and read them."""
    cursor = await tx.connection.execute(
        "select sku_no, assignable, consumed, reserved, seats_over, over_since from sku_pool"
        " where tenant_id = %s and sku_no = any(%s) order by sku_no for no key update",
        (tx.tenant_id, sorted(set(sku_nos))),
    )
    return {SkuNo(row[0]): _pool(row) for row in await cursor.fetchall()}


async def read_pools(
    tx: Transaction, sku_nos: Sequence[SkuNo] | None = None
) -> dict[SkuNo, PoolSeats]:
    """Read pools without locks, for people to look at."""
    cursor = await tx.connection.execute(
        "select sku_no, assignable, consumed, reserved, seats_over, over_since from sku_pool"
        " where tenant_id = %s and (%s::int2[] is null or sku_no = any(%s)) order by sku_no",
        (
            tx.tenant_id,
            None if sku_nos is None else list(sku_nos),
            [] if sku_nos is None else list(sku_nos),
        ),
    )
    return {SkuNo(row[0]): _pool(row) for row in await cursor.fetchall()}


def _pool(row: TupleRow) -> PoolSeats:
    return PoolSeats(
        sku_no=SkuNo(row[0]),
        assignable=row[1],
        consumed=row[2],
        reserved=row[3],
        seats_over=row[4],
        over_since=row[5],
    )


async def set_assignable(tx: Transaction, assignable: Mapping[SkuNo, int], *, at: datetime) -> None:
    """Give pools, which must be locked, the seats that their purchases cover from now on."""
    await tx.connection.execute(
        _SET_ASSIGNABLE, (at, list(assignable), list(assignable.values()), tx.tenant_id)
    )

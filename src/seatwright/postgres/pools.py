"""The seats of each SKU as numbers: moving reservations and checking the counters."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile import Pool
from seatwright.postgres.transaction import Transaction


async def move_reservations(tx: Transaction, moved: Mapping[SkuNo, int]) -> None:
    """Raise or lower the reserved seats; the caller holds the locks of these pools.

    The constraint of the table refuses a reservation beyond what is assignable.
    """
    rows = [(sku, seats) for sku, seats in sorted(moved.items()) if seats]
    if not rows:
        return
    await tx.connection.execute(
        "update sku_pool p set reserved = p.reserved + moved.seats,"
        " seats_over = least(p.seats_over,"
        "  greatest(0, p.consumed + p.reserved + moved.seats - p.assignable))"
        " from unnest(%s::int2[], %s::int4[]) as moved (sku_no, seats)"
        " where p.tenant_id = %s and p.sku_no = moved.sku_no",
        ([sku for sku, _ in rows], [seats for _, seats in rows], tx.tenant_id),
    )


async def use_reservations(tx: Transaction, used: Mapping[SkuNo, int]) -> None:
    """Lower the reserved seats by those that turn into licenses in this transaction.

    `seats_over` stays: the seats are in use as before, and where purchases were cut meanwhile the
    licenses that follow need it.
    """
    rows = [(sku, seats) for sku, seats in sorted(used.items()) if seats]
    if not rows:
        return
    await tx.connection.execute(
        "update sku_pool p set reserved = p.reserved - used.seats"
        " from unnest(%s::int2[], %s::int4[]) as used (sku_no, seats)"
        " where p.tenant_id = %s and p.sku_no = used.sku_no",
        ([sku for sku, _ in rows], [seats for _, seats in rows], tx.tenant_id),
    )


async def is_waited_for(tx: Transaction) -> bool:
    """Whether another session waits for something that this transaction has locked."""
    cursor = await tx.connection.execute(
        "select exists (select from pg_locks where not granted and locktype = 'transactionid'"
        " and transactionid = pg_current_xact_id()::xid)"
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def lock_pools(tx: Transaction, skus: list[SkuNo]) -> dict[SkuNo, int]:
    """Lock these pools in SKU order; gives the free seats of each, negative when over-assigned."""
    cursor = await tx.connection.execute(
        "select sku_no, assignable - consumed - reserved from sku_pool"
        " where tenant_id = %s and sku_no = any(%s) order by sku_no for no key update",
        (tx.tenant_id, sorted(set(skus))),
    )
    return {SkuNo(sku): free for sku, free in await cursor.fetchall()}


async def read_pools(tx: Transaction) -> tuple[Pool, ...]:
    """Every pool as it is now, without a lock: for previews, never for decisions."""
    cursor = await tx.connection.execute(
        "select sku_no, assignable, consumed, reserved from sku_pool where tenant_id = %s",
        (tx.tenant_id,),
    )
    return tuple(
        Pool(sku=sku, assignable=assignable, consumed=consumed, reserved=reserved)
        for sku, assignable, consumed, reserved in await cursor.fetchall()
    )


async def reserve_seats(tx: Transaction, needed: Mapping[SkuNo, int]) -> bool:
    """Reserve all of these seats, or none; the locks are kept only with the seats."""
    await tx.connection.execute("savepoint before_reserving")
    free = await lock_pools(tx, list(needed))
    if all(free[sku] >= seats for sku, seats in needed.items()):
        await move_reservations(tx, needed)
        return True
    await tx.connection.execute("rollback to savepoint before_reserving")
    return False


async def free_seats(tx: Transaction, skus: list[SkuNo]) -> dict[SkuNo, int]:
    """The free seats of each SKU as they are now, without a lock."""
    cursor = await tx.connection.execute(
        "select sku_no, assignable - consumed - reserved from sku_pool"
        " where tenant_id = %s and sku_no = any(%s)",
        (tx.tenant_id, sorted(set(skus))),
    )
    return {SkuNo(sku): free for sku, free in await cursor.fetchall()}


async def counter_drift(tx: Transaction) -> list[tuple[SkuNo, int, int]]:
    """Pools whose consumed units are not the number of holders: (SKU, counted, stored)."""
    cursor = await tx.connection.execute(
        "select p.sku_no, coalesce(h.holders, 0), p.consumed from sku_pool p left join ("
        " select sku_no, count(*)::int4 as holders from effective_license"
        "  where tenant_id = %s group by sku_no) h on h.sku_no = p.sku_no"
        " where p.tenant_id = %s and p.consumed <> coalesce(h.holders, 0) order by p.sku_no",
        (tx.tenant_id, tx.tenant_id),
    )
    return [(SkuNo(row[0]), row[1], row[2]) for row in await cursor.fetchall()]


async def recount(tx: Transaction, sku: SkuNo) -> tuple[int, int] | None:
    """Lock a pool, count its holders, and mend its consumed units: (counted, stored).

    None: they are right. Every seat mover holds the lock, so that the count cannot change.
    """
    await lock_pools(tx, [sku])
    cursor = await tx.connection.execute(
        "update sku_pool p set consumed = h.holders, seats_over = greatest(0,"
        "  h.holders + p.reserved - p.assignable)"
        " from (select count(*)::int4 as holders from effective_license"
        "  where tenant_id = %s and sku_no = %s) h, sku_pool old"
        " where p.tenant_id = %s and p.sku_no = %s and old.tenant_id = p.tenant_id"
        " and old.sku_no = p.sku_no and p.consumed <> h.holders returning h.holders, old.consumed",
        (tx.tenant_id, sku, tx.tenant_id, sku),
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])

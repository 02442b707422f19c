"""The rows of held seats. Whoever removes some holds them first, and the pools after (in order)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reservations import Reservation, ReservationKind
from seatwright.postgres.transaction import Transaction


async def insert_reservations(
    tx: Transaction, rows: Sequence[Reservation], *, at: datetime
) -> frozenset[int]:
    """Store held seats of one kind; the refs that were new. The pools are locked."""
    if not rows:
        return frozenset()
    cursor = await tx.connection.execute(
        "insert into seat_reservation (tenant_id, created_at, kind, ref, sku_no, user_no, until)"
        " select %s, %s, line.* from unnest(%s::int2[], %s::int4[], %s::int2[], %s::int4[],"
        " %s::timestamptz[]) line on conflict do nothing returning ref",
        (
            tx.tenant_id,
            at,
            [int(row.kind) for row in rows],
            [row.ref for row in rows],
            [row.sku for row in rows],
            [row.user for row in rows],
            [row.until for row in rows],
        ),
    )
    return frozenset(row[0] for row in await cursor.fetchall())


async def held_seats(
    tx: Transaction, kind: ReservationKind, skus: Iterable[SkuNo]
) -> dict[SkuNo, int]:
    """How many seats of each product this kind holds."""
    cursor = await tx.connection.execute(
        "select sku_no, count(*)::int4 from seat_reservation"
        " where tenant_id = %s and sku_no = any(%s) and kind = %s group by sku_no",
        (tx.tenant_id, sorted(set(skus)), int(kind)),
    )
    return {SkuNo(sku): seats for sku, seats in await cursor.fetchall()}


async def reservations_of(
    tx: Transaction, kind: ReservationKind, refs: Iterable[int]
) -> dict[int, Reservation]:
    """The seats held for these, by ref and locked in that order; who has none is left out.

    What the row of a request or an invitation says of its seat may be over; these rows never are.
    """
    cursor = await tx.connection.execute(
        "select ref, sku_no, user_no, until from seat_reservation"
        " where tenant_id = %s and kind = %s and ref = any(%s) order by ref for update",
        (tx.tenant_id, int(kind), sorted(set(refs))),
    )
    return {
        ref: Reservation(
            kind=kind,
            ref=ref,
            sku=SkuNo(sku),
            user=None if user is None else UserNo(user),
            until=until,
        )
        for ref, sku, user, until in await cursor.fetchall()
    }


async def held_until(
    tx: Transaction, kind: ReservationKind, refs: Iterable[int]
) -> dict[int, datetime]:
    """Until when seats are held for these, as somebody looks at it: nobody is waited for."""
    cursor = await tx.connection.execute(
        "select ref, until from seat_reservation where tenant_id = %s and kind = %s"
        " and ref = any(%s)",
        (tx.tenant_id, int(kind), sorted(set(refs))),
    )
    return {int(ref): until for ref, until in await cursor.fetchall()}


async def take_reservations(
    tx: Transaction, kind: ReservationKind, refs: Iterable[int]
) -> dict[SkuNo, int]:
    """Remove held seats in the order of their refs, so that no two sessions cross; by product."""
    cursor = await tx.connection.execute(
        "with mine as (select ref from seat_reservation"
        "  where tenant_id = %s and kind = %s and ref = any(%s) order by ref for update),"
        " gone as (delete from seat_reservation r using mine"
        "  where r.tenant_id = %s and r.kind = %s and r.ref = mine.ref returning r.sku_no)"
        " select sku_no, count(*)::int4 from gone group by sku_no order by sku_no",
        (tx.tenant_id, int(kind), sorted(set(refs)), tx.tenant_id, int(kind)),
    )
    return {SkuNo(sku): seats for sku, seats in await cursor.fetchall()}


async def prolong_reservations(
    tx: Transaction, kind: ReservationKind, refs: Iterable[int], *, until: datetime
) -> None:
    """Hold these seats for longer; the caller holds what they are held for."""
    await tx.connection.execute(
        "update seat_reservation set until = %s where tenant_id = %s and kind = %s"
        " and ref = any(%s)",
        (until, tx.tenant_id, int(kind), sorted(set(refs))),
    )

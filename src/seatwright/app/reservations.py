"""Holding seats without a license, using them, and giving them back.

A held seat is reserved in its pool, so that nobody else is given it (`style.md`, "Reservation").
Rows of held seats come before pools in the order of locks, except new ones, which nobody waits for,
and after what they are held for: whoever gives one back because it lapsed holds its request or
invitation first, so that nobody sees the one without the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from seatwright.app.call import Call
from seatwright.app.reconcile import refill
from seatwright.domain.ids import SkuNo
from seatwright.domain.reservations import Reservation, ReservationKind, Room
from seatwright.postgres.pools import lock_pools, move_reservations
from seatwright.postgres.reservations import (
    held_seats,
    insert_reservations,
    reservations_of,
    take_reservations,
)


async def reserve(
    call: Call, wanted: Sequence[Reservation], *, share_max: Fraction | None
) -> frozenset[int]:
    """Hold a seat for each of these of one kind, in their order, as far as seats go.

    Answers the refs that now have one, those that had one before among them. `share_max` is the
    part of a pool's free seats that this kind may hold together; None: all of them. Locks the
    pools, and counts after that.
    """
    if not wanted:
        return frozenset()
    kind = wanted[0].kind
    free = await lock_pools(call.tx, [one.sku for one in wanted])
    held = await held_seats(call.tx, kind, free)
    room = {
        sku: Room(free=seats, held=held.get(sku, 0)).seats(share_max) for sku, seats in free.items()
    }
    had = frozenset(await reservations_of(call.tx, kind, (one.ref for one in wanted)))
    chosen: list[Reservation] = []
    for one in wanted:
        if one.ref not in had and room.get(one.sku, 0) > 0:
            room[one.sku] -= 1
            chosen.append(one)
    made = await insert_reservations(call.tx, chosen, at=call.now)
    moved: dict[SkuNo, int] = defaultdict(int)
    for one in chosen:
        moved[one.sku] += one.ref in made
    await move_reservations(call.tx, moved)
    return had | made


async def give_back(call: Call, kind: ReservationKind, refs: Iterable[int]) -> None:
    """End these holds: their seats are free again, and whoever waits for one gets it."""
    await give_back_seats(call, await take_reservations(call.tx, kind, refs))


async def use(call: Call, kind: ReservationKind, refs: Iterable[int]) -> Mapping[SkuNo, int]:
    """End these holds and keep their seats reserved for the assigning that follows at once.

    What it answers is the `reservation` of `app.assign.fulfil`; the seats that were not used there
    (the person held the product already) go back by `give_back_seats`, in the same transaction.
    """
    return await take_reservations(call.tx, kind, refs)


async def give_back_seats(call: Call, seats: Mapping[SkuNo, int]) -> None:
    """Return reserved seats that no row stands for any more; who waits for one gets it."""
    assert all(count >= 0 for count in seats.values()), f"more was used than was held: {seats}"
    moved = {sku: -count for sku, count in seats.items() if count}
    if not moved:
        return
    await lock_pools(call.tx, list(moved))
    await move_reservations(call.tx, moved)
    await refill(call, moved)

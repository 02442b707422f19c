"""Held seats: counted under the pool's lock, nobody else's meanwhile, and given back in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

import pytest

from seatwright.app.assign import fulfil
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reservations import give_back, give_back_seats, reserve, use
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reservations import Reservation, ReservationKind, Room
from seatwright.domain.wants import Want
from tests.office import Office
from tests.world import add_people, call_of, counts_agree, set_seats

SKU = "SPE_E3"
HALF = Fraction(1, 2)
REQUEST = ReservationKind.LICENSE_REQUEST


async def sku_no(call: Call) -> SkuNo:
    """The number of the product that is held here."""
    return (await catalog_of(call)).require_sku(SKU).sku_no


async def hold(
    call: Call, refs: Sequence[int], *, share_max: Fraction | None = HALF
) -> frozenset[int]:
    """Hold a seat of the product for each of these, for an hour."""
    sku, until = await sku_no(call), call.now + timedelta(hours=1)
    wanted = [Reservation(kind=REQUEST, ref=ref, sku=sku, user=None, until=until) for ref in refs]
    return await reserve(call, wanted, share_max=share_max)


async def pool(office: Office) -> dict[str, int]:
    """What the product's seats look like from outside."""
    row = (await office.admin.get(f"/api/identity/licenses/{SKU}")).json()
    return {name: row[name] for name in ("consumed", "reserved", "free", "waiting")}


async def rows(office: Office) -> int:
    """How many seats are held in the tables."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*) from seat_reservation")
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize(
    ("free", "held", "share", "seats"),
    [
        (10, 0, HALF, 5),
        (5, 5, HALF, 0),
        (6, 4, HALF, 1),
        (1, 0, HALF, 0),
        (3, 0, Fraction(1), 3),
        (-2, 0, HALF, 0),
        (-2, 6, HALF, 0),
        (4, 9, None, 4),
        (-1, 0, None, 0),
    ],
)
def test_room_is_a_share_of_what_would_be_free_without_holds(
    free: int, held: int, share: Fraction | None, seats: int
) -> None:
    assert Room(free=free, held=held).seats(share) == seats


async def test_holds_take_no_more_than_their_share_in_their_order(office: Office) -> None:
    await set_seats(office, SKU, 10)
    async with call_of(office) as call:
        assert await hold(call, [7, 3, 9, 1, 2, 8]) == {7, 3, 9, 1, 2}
        assert await hold(call, [3, 4]) == {3}, "one that is held stays so, and uses no second seat"
    assert await pool(office) == {"consumed": 0, "reserved": 5, "free": 5, "waiting": 0}


async def test_sessions_that_hold_at_once_share_the_seats(office: Office) -> None:
    await set_seats(office, SKU, 20)

    async def some(first: int) -> int:
        async with call_of(office) as call:
            return len(await hold(call, range(first, first + 4)))

    assert sum(await asyncio.gather(*(some(1 + 4 * turn) for turn in range(6)))) == 10
    assert (await pool(office))["reserved"] == await rows(office) == 10


async def test_a_held_seat_is_nobody_elses_and_is_given_who_waits_when_it_ends(
    office: Office,
) -> None:
    ann, _ = await add_people(office, "ann", "bo")
    await set_seats(office, SKU, 1)
    async with call_of(office) as call:
        assert await hold(call, [1], share_max=None) == {1}
    refused = await office.admin.post(
        "/api/identity/users/bo@contoso.example/licenses", json={"skuPartNumber": SKU}
    )
    assert refused.json()["code"] == "noSeatLeft"
    async with call_of(office) as call:
        want = Want(key=0, user=UserNo(ann), sku=await sku_no(call), may_wait=True)
        assert (await fulfil(call, [want])).results[0].is_waiting
    async with call_of(office) as call:
        await give_back(call, REQUEST, [1, 99])
    assert await pool(office) == {"consumed": 1, "reserved": 0, "free": 0, "waiting": 0}
    assert await rows(office) == 0
    assert await counts_agree(office)


async def test_held_seats_are_used_and_the_rest_goes_back(office: Office) -> None:
    people = await add_people(office, "ann", "bo", "cy")
    await set_seats(office, SKU, 3)
    await office.admin.post(
        "/api/identity/users/ann@contoso.example/licenses", json={"skuPartNumber": SKU}
    )
    async with call_of(office) as call:
        assert await hold(call, [1, 2], share_max=None) == {1, 2}
    async with call_of(office) as call:
        sku = await sku_no(call)
        held = await use(call, REQUEST, [1, 2])
        assert held == {sku: 2}
        wants = [Want(key=n, user=UserNo(no), sku=sku) for n, no in enumerate(people[:2])]
        done = await fulfil(call, wants, reservation=held)
        assert [one.reason for one in done.results] == [None, None]
        await give_back_seats(call, {sku: held[sku] - done.used[sku]})
    assert await pool(office) == {"consumed": 2, "reserved": 0, "free": 1, "waiting": 0}
    assert await rows(office) == 0

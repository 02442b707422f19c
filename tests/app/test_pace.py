"""A long write takes fewer people at once while somebody waits for its locks."""

from __future__ import annotations

import asyncio

import numpy as np

from seatwright.app.pace import SLICE_USERS_MIN, Cutting, Pace
from seatwright.app.reconcile_many import SLICE_USERS
from seatwright.domain.ids import SkuNo
from seatwright.postgres.pools import is_waited_for, lock_pools
from tests.office import Office


def _people(start: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.arange(start, start + count, dtype=np.int32)


def test_slices_shrink_while_somebody_waits_and_grow_again_after() -> None:
    pace = Pace()
    sizes = [pace.size]
    for is_waited in (True, True, True, False, False, False, False, False):
        pace.note(is_waited_for=is_waited)
        sizes.append(pace.size)

    assert sizes == [2000, 500, SLICE_USERS_MIN, SLICE_USERS_MIN, 400, 800, 1600, 2000, 2000]


def test_everybody_is_in_one_slice_in_the_order_of_the_plan() -> None:
    cutting = Cutting([_people(0, SLICE_USERS), _people(5000, 300)])

    found = [cutting.slice(place, size=size) for place, size in enumerate((2000, 200, 200, 200))]

    assert [None if one is None else len(one) for one in found] == [2000, 200, 100, None]
    assert cutting.count == 3
    assert cutting.left == 0


def test_a_slice_that_is_written_again_has_the_people_it_had() -> None:
    cutting = Cutting([_people(0, 1000)])

    first = cutting.slice(0, size=1000)
    again = cutting.slice(0, size=200)

    assert first is again


async def test_a_transaction_knows_that_another_waits_for_its_locks(office: Office) -> None:
    sku = SkuNo(1)

    async def wait_for_the_pool() -> None:
        async with office.database.transaction(office.made.tenant.tenant_id) as tx:
            await lock_pools(tx, [sku])

    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await lock_pools(tx, [sku])
        assert not await is_waited_for(tx)
        waiting = asyncio.create_task(wait_for_the_pool())
        async with asyncio.timeout(20):
            while not await is_waited_for(tx):  # noqa: ASYNC110  The server tells no event.
                await asyncio.sleep(0.02)
    await waiting

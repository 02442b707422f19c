"""Steps of upkeep and questions of pages whose statements are looked at, and how one is tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.idle_people import count_idle_people, idle_people
from seatwright.app.platform.reach import apps_of_person
from seatwright.app.requests.following import (
    drop_needless,
    follow_policies,
    go_round,
    route_again,
)
from seatwright.app.requests.time import (
    escalate_requests,
    expire_requests,
    give_back_lapsed_holds,
    hold_for_next,
)
from seatwright.app.upkeep import system_call
from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId, UserNo
from seatwright.postgres.conflicts import all_doubles
from seatwright.postgres.idle import LONGEST_AGO
from seatwright.postgres.platform_things import ThingPlace
from seatwright.postgres.pool import Database
from seatwright.postgres.user_read import read_user
from tests.office import MovableClock
from tests.postgres.plans import watcher

Step = Callable[[Call], Awaitable[bool]]

SOMEBODY: Final = 4_321


async def list_idle_people(call: Call) -> bool:
    """What a page of idle people and its figure on the overview ask."""
    await idle_people(call, sku=None, after=LONGEST_AGO, limit=50)
    return (await count_idle_people(call)).is_whole


async def list_apps_of_somebody(call: Call) -> bool:
    """What the apps of a person ask."""
    person = await read_user(call.tx, UserNo(SOMEBODY))
    assert person is not None
    return bool((await apps_of_person(call, person, after=ThingPlace(), limit=50)).apps)


async def find_doubles(call: Call) -> bool:
    """What mending all direct assignments beside a group's asks."""
    return bool([one async for one in all_doubles(call.tx, nested=True, sku=None, at_once=2000)])


async def find_doubles_of_a_product(call: Call) -> bool:
    """The same of one product."""
    sku = (await catalog_of(call)).require_sku("SPE_E3").sku_no
    return bool([one async for one in all_doubles(call.tx, nested=True, sku=sku, at_once=2000)])


WHOLE_STEPS: Final[tuple[Step, ...]] = (find_doubles, find_doubles_of_a_product)
"""Steps that find all there is in the tenant, by a cursor."""

STEPS: Final[tuple[Step, ...]] = (
    follow_policies,
    drop_needless,
    route_again,
    go_round,
    expire_requests,
    escalate_requests,
    give_back_lapsed_holds,
    hold_for_next,
    list_idle_people,
    list_apps_of_somebody,
)


class _Enough(Exception):
    """Ends a step without leaving anything of it."""


async def try_step(database: Database, tenant_id: TenantId, step: Step) -> None:
    """Have a step ask what it asks, and have that remembered."""
    with suppress(_Enough):
        async with database.transaction(tenant_id) as tx:
            call = await system_call(tx, Workshop(database=database, clock=MovableClock()))
            assert call is not None, "the city is not suspended"
            watcher.take()
            await step(call)
            raise _Enough

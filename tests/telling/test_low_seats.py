"""Administrators hear that a product's free seats run low: once each time, and not of others."""

from __future__ import annotations

import asyncio

from seatwright.domain.settings import SETTINGS
from tests.office import Office
from tests.telling.scene import set_settings
from tests.timing import after, buy, give, tick, told
from tests.world import add_people

URL = "/api/identity/users/{}@contoso.example/licenses/SPE_E3"


async def low(office: Office) -> list[tuple[str, int]]:
    return [(one["product"], one["seatsFree"]) for one in await told(office, "seatsRunningOut")]


async def test_administrators_are_told_once_each_time_that_seats_run_low(office: Office) -> None:
    people = [f"p{number}" for number in range(10)]
    await add_people(office, *people)
    made = await buy(office, 10)
    await set_settings(office, seatsLowAt=2, seatsLowPercent=0)
    await give(office, *people[:7])
    await tick(office)
    assert await low(office) == [], "three are free"
    await give(office, "p7")
    await asyncio.gather(tick(office), tick(office))
    await give(office, "p8")
    await after(office, minutes=1)
    assert await low(office) == [("Microsoft 365 E3", 2)]
    more = await office.admin.patch(f"/api/subscriptions/{made['id']}", json={"units": 20})
    assert more.status_code == 200
    await after(office, days=2)
    assert len(await low(office)) == 1, "enough are free again"
    cut = {"units": 10, "external": True}
    fewer = await office.admin.patch(f"/api/subscriptions/{made['id']}", json=cut)
    assert fewer.status_code == 200
    await after(office, minutes=1)
    assert await low(office) == [("Microsoft 365 E3", 2), ("Microsoft 365 E3", 1)]


async def test_a_share_of_the_seats_counts_too_and_a_day_has_one_telling_of_a_product(
    office: Office,
) -> None:
    people = [f"p{number}" for number in range(19)]
    await add_people(office, *people)
    await buy(office, 20)
    await buy(office, 5, skuPartNumber="VISIOCLIENT")
    assert (SETTINGS["seatsLowAt"].default, SETTINGS["seatsLowPercent"].default) == (0, 5)
    await give(office, *people)
    await tick(office)
    assert await low(office) == [("Microsoft 365 E3", 1)], "one of twenty is five per cent"
    for _ in range(3):
        assert (await office.admin.delete(URL.format("p0"))).status_code < 300
        await after(office, minutes=1)
        await give(office, "p0")
        await after(office, minutes=1)
    assert len(await low(office)) == 1, "to and fro within a day is no news"
    assert (await office.admin.delete(URL.format("p0"))).status_code < 300
    await after(office, days=1)
    await give(office, "p0")
    await after(office, minutes=1)
    assert len(await low(office)) == 2


async def test_an_organization_that_wants_no_such_word_gets_none(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    await set_settings(office, seatsLowAt=None)
    await give(office, "ada")
    await tick(office)
    assert await low(office) == []

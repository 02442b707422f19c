"""Groups put into groups while people join and leave: nobody is missed by both sides."""

from __future__ import annotations

import asyncio

from seatwright.app.directory.members import join_group, leave_group
from tests.bulk import upn
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

MOMENT = 0.4
"""Long enough for the other call to have come as far as it can."""


async def holders(office: Office) -> list[str]:
    answer = await office.admin.get("/api/identity/licenses/SPE_E3/holders")
    return [one["user"]["userPrincipalName"] for one in answer.json()["value"]]


async def licensed_group(office: Office) -> str:
    await set_seats(office, "SPE_E3", 5)
    parent = await add_group(office, "Parent")
    path = f"/api/identity/groups/{parent}/licenses"
    assert (await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})).is_success
    return parent


async def test_who_joins_while_the_group_is_put_into_a_licensed_one_is_licensed(
    office: Office,
) -> None:
    await add_people(office, "ada")
    parent, child = await licensed_group(office), await add_group(office, "Child")
    path = f"/api/identity/groups/{child}/members"
    async with call_of(office) as nesting:
        await join_group(nesting, parent, groups=[child])
        joining = asyncio.create_task(office.admin.post(path, json={"users": [upn("ada")]}))
        await asyncio.sleep(MOMENT)
    assert (await joining).is_success
    assert await holders(office) == [upn("ada")]
    assert await counts_agree(office)


async def test_a_group_put_into_a_licensed_one_brings_who_is_just_joining(office: Office) -> None:
    await add_people(office, "ada")
    parent, child = await licensed_group(office), await add_group(office, "Child")
    path = f"/api/identity/groups/{parent}/members"
    async with call_of(office) as joining:
        await join_group(joining, child, users=[upn("ada")])
        nesting = asyncio.create_task(office.admin.post(path, json={"groups": [child]}))
        await asyncio.sleep(MOMENT)
    assert (await nesting).is_success
    assert await holders(office) == [upn("ada")]
    assert await counts_agree(office)


async def test_who_joins_while_the_group_is_taken_out_of_a_licensed_one_holds_nothing(
    office: Office,
) -> None:
    await add_people(office, "ada")
    parent, child = await licensed_group(office), await add_group(office, "Child")
    answer = await office.admin.post(
        f"/api/identity/groups/{parent}/members", json={"groups": [child]}
    )
    assert answer.is_success, answer.text
    path = f"/api/identity/groups/{child}/members"
    async with call_of(office) as leaving:
        await leave_group(leaving, parent, child)
        joining = asyncio.create_task(office.admin.post(path, json={"users": [upn("ada")]}))
        await asyncio.sleep(MOMENT)
    assert (await joining).is_success
    assert await holders(office) == []
    assert await counts_agree(office)

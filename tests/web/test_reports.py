"""Reports name the people that a question is about, and free nothing by themselves."""

from __future__ import annotations

from tests.office import Office
from tests.world import add_group, add_people, set_seats


async def _names(office: Office, report: str) -> list[str]:
    answer = await office.admin.get(f"/api/reports/{report}")
    assert answer.status_code == 200, answer.text
    return [row["userPrincipalName"].split("@")[0] for row in answer.json()["value"]]


async def _assign(office: Office, name: str, sku: str = "SPE_E3") -> None:
    answer = await office.admin.post(
        f"/api/identity/users/{name}@contoso.example/licenses", json={"skuPartNumber": sku}
    )
    assert answer.status_code == 201, answer.text


async def test_people_without_any_license_are_named(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    await _assign(office, "ada")
    assert await _names(office, "users-without-license") == ["bob"]


async def test_direct_assignments_say_whether_a_group_gives_the_same(office: Office) -> None:
    people = await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    for name in ("ada", "bob"):
        await _assign(office, name)
    group = await add_group(office, "HR", people[:1])
    await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    rows = (await office.admin.get("/api/reports/direct-assignments?sku=SPE_E3")).json()["value"]
    assert [row["alsoInherited"] for row in rows] == [True, False]


async def test_an_inactive_holder_is_a_candidate_and_keeps_the_license(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    await _assign(office, "ada")
    assert await _names(office, "inactive-holders") == []
    office.clock.move(days=91)
    assert await _names(office, "inactive-holders?inactiveDays=90") == ["ada"]
    assert await _names(office, "users-without-license") == []
    refused = await office.admin.get("/api/reports/inactive-holders?inactiveDays=0")
    assert refused.status_code == 400


async def test_many_manual_assignments_draw_the_advice_to_use_a_group(office: Office) -> None:
    names = [f"p{n}" for n in range(4)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 9)
    await office.admin.patch("/api/settings", json={"bulkAdviceAbove": 3})
    for name in names:
        await _assign(office, name)
    advice = (await office.admin.get("/api/reports/strategy-advice")).json()["value"]
    assert [one["skuPartNumber"] for one in advice] == ["SPE_E3"]
    assert "group" in advice[0]["advice"]

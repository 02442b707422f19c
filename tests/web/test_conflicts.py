"""Who has a service twice is told, with the product that could go; nothing goes by itself."""

from __future__ import annotations

from tests.office import Office
from tests.world import add_people, set_seats

URL = "/api/reports/duplicate-services"


async def give(office: Office, person: str, *part_numbers: str) -> None:
    """Assign products to a person."""
    for part_number in part_numbers:
        answer = await office.admin.post(
            f"/api/identity/users/{person}@contoso.example/licenses",
            json={"skuPartNumber": part_number},
        )
        assert answer.status_code == 201, answer.text


async def scene(office: Office) -> None:
    """Three people: one with a duplicate, one with an overlap, one with neither."""
    await add_people(office, "ada", "ben", "cyd")
    for part_number in ("SPE_E3", "EXCHANGESTANDARD", "SPE_E5", "PROJECTPROFESSIONAL"):
        await set_seats(office, part_number, 10)
    await give(office, "ada", "SPE_E3", "EXCHANGESTANDARD")
    await give(office, "ben", "SPE_E5", "PROJECTPROFESSIONAL")
    await give(office, "cyd", "SPE_E3")


async def test_a_standalone_product_beside_a_suite_is_told_and_stays(office: Office) -> None:
    await scene(office)
    found = (await office.admin.get(URL, params={"user": "ada@contoso.example"})).json()["value"]
    (ada,) = found
    assert [one["skuPartNumber"] for one in ada["removable"]] == ["EXCHANGESTANDARD"]
    assert {
        "servicePlan": "Exchange Online (Plan 1)",
        "coveredBy": "Exchange Online (Plan 2)",
    } in [
        {"servicePlan": one["servicePlan"], "coveredBy": one["coveredByServicePlan"]}
        for one in ada["overlaps"]
    ]
    held = await office.admin.get("/api/identity/users/ada@contoso.example/licenses")
    assert len(held.json()["value"]) == 2


async def test_people_with_duplicates_are_listed_page_by_page(office: Office) -> None:
    await scene(office)
    first = (await office.admin.get(URL, params={"limit": 1})).json()
    rest = (await office.admin.get(URL, params={"cursor": first["nextCursor"]})).json()
    names = [one["displayName"] for one in first["value"] + rest["value"]]
    assert names == ["ada", "ben"]
    assert rest["value"][0]["removable"] == []
    assert rest["nextCursor"] is None


async def test_an_unknown_person_is_not_found(office: Office) -> None:
    refused = await office.admin.get(URL, params={"user": "nobody@contoso.example"})
    assert (refused.status_code, refused.json()["code"]) == (404, "unknownUser")


async def test_duplicates_of_one_product_leave_out_who_has_another_twice(office: Office) -> None:
    await scene(office)
    asked = {"kind": "duplicate", "product": "PROJECTPROFESSIONAL"}
    found = (await office.admin.get("/api/conflicts", params=asked)).json()["value"]
    assert [one["user"]["displayName"] for one in found] == ["ben"]
    of_nobody = {"kind": "duplicate", "product": "VISIOCLIENT"}
    assert (await office.admin.get("/api/conflicts", params=of_nobody)).json()["value"] == []

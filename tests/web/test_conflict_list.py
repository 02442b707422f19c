"""Every kind of conflict is listed with its fix, and whoever sends the fix sees it gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bulk import upn
from tests.office import Office
from tests.web.test_why import assign, buy, license_group, send
from tests.world import add_group, add_people

URL = "/api/conflicts"
KINDS = (
    "insufficientSeats",
    "exclusion",
    "dependencyMissing",
    "usageLocationMissing",
    "usageLocationProhibited",
    "duplicate",
    "directBesideInherited",
)


async def conflicts(office: Office, **query: Any) -> list[dict[str, Any]]:
    """One page of conflicts."""
    answer = await office.admin.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows


async def counts(office: Office) -> dict[str, int]:
    """How many conflicts there are of each kind that has any."""
    answer = await office.admin.get(f"{URL}/summary")
    assert answer.status_code == 200, answer.text
    return {one["kind"]: one["count"] for one in answer.json()["kinds"] if one["count"]}


async def duplicate(office: Office) -> None:
    """Ada has Exchange Online from a suite and on its own (T-212)."""
    await add_people(office, "ada")
    for product in ("SPE_E3", "EXCHANGESTANDARD"):
        await buy(office, product, 5)
        await assign(office, "ada", product)


async def covered_in_part(office: Office) -> None:
    """Two products of which neither covers the other whole."""
    await add_people(office, "ada")
    for product in ("SPE_E5", "PROJECTPROFESSIONAL"):
        await buy(office, product, 5)
        await assign(office, "ada", product)


async def exclusion(office: Office) -> None:
    """A group gives what excludes a product that Ada has."""
    people = await add_people(office, "ada", "bob")
    for product in ("EXCHANGEDESKLESS", "EXCHANGESTANDARD"):
        await buy(office, product, 5)
    await assign(office, "ada", "EXCHANGEDESKLESS")
    group = await add_group(office, "Office", people)
    await license_group(office, group, "EXCHANGESTANDARD")


async def dependency(office: Office) -> None:
    """A group gives an add-on to somebody without what it needs."""
    people = await add_people(office, "ada")
    for product in ("MCOMEETADV", "SPE_E3"):
        await buy(office, product, 5)
    group = await add_group(office, "Callers", people)
    await license_group(office, group, "MCOMEETADV")


async def prohibited(office: Office) -> None:
    """A group gives a product where it may not be used."""
    people = await add_people(office, "ada", location="RU")
    await add_people(office, "bob", "cyd")
    await buy(office, "VISIOCLIENT", 5)
    answer = await office.admin.put(
        "/api/catalog/products/VISIOCLIENT/prohibited-locations", json={"locations": ["RU"]}
    )
    assert answer.status_code == 200, answer.text
    group = await add_group(office, "Engineers", people)
    await license_group(office, group, "VISIOCLIENT")


async def shortage(office: Office) -> None:
    """Three people should have a product of which there is one seat."""
    people = await add_people(office, "ada", "bob", "cyd")
    await buy(office, "VISIOCLIENT", 1)
    group = await add_group(office, "Engineers", people)
    await license_group(office, group, "VISIOCLIENT")


async def double(office: Office) -> None:
    """Ada has by name what her group gives too."""
    people = await add_people(office, "ada", "bob")
    await buy(office, "VISIOCLIENT", 5)
    group = await add_group(office, "Engineers", people)
    await license_group(office, group, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    await assign(office, "ada", "VISIOCLIENT")


SCENES = {
    "duplicate": (duplicate, "duplicate"),
    "covered in part": (covered_in_part, "duplicate"),
    "exclusion": (exclusion, "exclusion"),
    "dependency": (dependency, "dependencyMissing"),
    "prohibited": (prohibited, "usageLocationProhibited"),
    "shortage": (shortage, "insufficientSeats"),
    "double": (double, "directBesideInherited"),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("place", range(3))
async def test_whoever_sends_a_fix_sees_the_conflict_gone(
    office: Office, scene: str, place: int
) -> None:
    build, kind = SCENES[scene]
    await build(office)
    (found,) = await conflicts(office, kind=kind)
    assert (await counts(office))[kind] == 1
    assert found["fixes"], found["sentence"]
    if place >= len(found["fixes"]):
        return
    fix = found["fixes"][place]
    assert fix["words"].endswith(".")
    body = {} if fix["body"] is None else {"json": fix["body"]}
    preview = await office.admin.request(
        fix["method"], fix["path"], params={"preview": "true"}, **body
    )
    assert preview.status_code == 200, preview.text
    assert await conflicts(office, kind=kind) == [found], "a preview changes nothing"
    answer = await send(office, fix)
    assert answer.status_code < 300, answer.text
    assert await conflicts(office, kind=kind) == []
    assert kind not in await counts(office)


async def test_a_standalone_product_beside_a_suite_is_suggested_for_removal_and_stays(
    office: Office,
) -> None:
    await duplicate(office)
    (found,) = await conflicts(office, kind="duplicate", user=upn("ada"))
    assert found["product"]["skuPartNumber"] == "EXCHANGESTANDARD"
    pairs = [
        (one["servicePlan"], one["coveredByServicePlan"], one["coveredByProduct"]["skuPartNumber"])
        for one in found["overlaps"]
    ]
    assert ("Exchange Online (Plan 1)", "Exchange Online (Plan 2)", "SPE_E3") in pairs
    assert "Exchange Online (Plan 2) of Microsoft 365 E3 covers" in found["sentence"]
    assert "can be taken away: nothing is lost by it" in found["sentence"]
    (fix,) = found["fixes"]
    assert (fix["method"], fix["names"]["product"]) == ("DELETE", "EXCHANGESTANDARD")
    held = await office.admin.get(f"/api/identity/users/{upn('ada')}/licenses")
    assert len(held.json()["value"]) == 2


async def test_an_exclusion_names_both_products_and_the_service_plans(office: Office) -> None:
    await exclusion(office)
    (found,) = await conflicts(office, kind="exclusion")
    (clash,) = found["exclusions"]
    assert found["product"]["skuPartNumber"] == "EXCHANGESTANDARD"
    assert clash["otherProduct"]["skuPartNumber"] == "EXCHANGEDESKLESS"
    assert clash["servicePlan"] == "Exchange Online (Plan 1)"
    # One service plan of ada's own is less than her product, and both less than a group's license.
    first, second, third = found["fixes"]
    assert (first["method"], second["method"]) == ("PATCH", "DELETE")
    assert "for its 1 other member too" in third["words"]


async def test_too_few_seats_name_who_waits_and_how_many_to_buy(office: Office) -> None:
    await shortage(office)
    (found,) = await conflicts(office, kind="insufficientSeats")
    assert (found["seats"]["waiting"], found["seats"]["seatsToBuy"]) == (2, 2)
    assert [one["displayName"] for one in found["seats"]["first"]] == ["bob", "cyd"]
    more = await office.admin.get(found["seats"]["waitingListPath"])
    assert len(more.json()["value"]) == 2
    assert found["user"] is None
    assert await conflicts(office, kind="insufficientSeats", user=upn("ada")) == []
    assert len(await conflicts(office, kind="insufficientSeats", user=upn("cyd"))) == 1


async def test_whoever_does_not_use_a_seat_could_give_it_back(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, "VISIOCLIENT", 1)
    await assign(office, "ada", "VISIOCLIENT")
    group = await add_group(office, "Engineers", [2])
    await license_group(office, group, "VISIOCLIENT")
    office.clock.move(days=100)
    (found,) = await conflicts(office, kind="insufficientSeats")
    (giver,) = found["seats"]["couldGiveBack"]
    assert giver["user"]["displayName"] == "ada"
    answer = await send(office, giver["fix"])
    assert answer.status_code == 204, answer.text
    assert await conflicts(office, kind="insufficientSeats") == []


async def test_what_would_go_with_the_own_assignment_is_named_before(office: Office) -> None:
    await double(office)
    (found,) = await conflicts(office, kind="directBesideInherited")
    assert found["surplusServicePlans"] == ["ONEDRIVE_BASIC"]
    assert "would go: Engineers leaves that off" in found["sentence"]


async def test_a_group_inside_a_licensed_group_counts_too(office: Office) -> None:
    (ada,) = await add_people(office, "ada")
    await buy(office, "VISIOCLIENT", 5)
    inner = await add_group(office, "Drawing office", [ada])
    outer = await add_group(office, "Engineers")
    await office.admin.post(f"/api/identity/groups/{outer}/members", json={"groups": [inner]})
    await license_group(office, outer, "VISIOCLIENT")
    await assign(office, "ada", "VISIOCLIENT")
    assert len(await conflicts(office, kind="directBesideInherited")) == 1
    assert (await counts(office)) == {"directBesideInherited": 1}


async def test_all_kinds_are_one_list_page_by_page(office: Office) -> None:
    names = [f"p{number}" for number in range(6)]
    people = await add_people(office, *names)
    for product, units in (("SPE_E3", 9), ("EXCHANGESTANDARD", 9), ("VISIOCLIENT", 3)):
        await buy(office, product, units)
    for name in names:
        await assign(office, name, "SPE_E3")
        await assign(office, name, "EXCHANGESTANDARD")
    group = await add_group(office, "Engineers", people)
    await license_group(office, group, "SPE_E3")
    await license_group(office, group, "VISIOCLIENT")
    whole = await conflicts(office)
    kinds = [one["kind"] for one in whole]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert await counts(office) == {
        "insufficientSeats": 1,
        "duplicate": 6,
        "directBesideInherited": 6,
    }
    assert len(whole) == 13
    pages, cursor = [], None
    for _ in range(len(whole)):
        query = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = (await office.admin.get(URL, params=query)).json()
        assert len(page["value"]) <= 2
        pages += page["value"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert pages == whole


@pytest.mark.parametrize("query", [{"kind": "noSuch"}, {"cursor": "WzFd"}, {"limit": 0}])
async def test_a_list_that_cannot_be_is_refused(office: Office, query: dict[str, Any]) -> None:
    answer = await office.admin.get(URL, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


async def test_a_tenant_without_conflicts_has_an_empty_list(office: Office) -> None:
    await add_people(office, "ada")
    assert await conflicts(office) == []
    assert await counts(office) == {}

"""The catalogue: listed, searched, extended by own products and by Microsoft's table."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from seatwright.domain.roles import Role
from tests.office import Office
from tests.shipped.test_microsoft_csv import row, table_of

URL = "/api/catalog/products"
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


async def make(office: Office, **fields: Any) -> dict[str, Any]:
    """Store an own product."""
    body = {
        "skuPartNumber": "CONTOSO_CRM",
        "displayName": "Contoso CRM",
        "servicePlans": [{"name": "CRM_CORE", "displayName": "CRM"}, {"name": "CRM_REPORTS"}],
        **fields,
    }
    answer = await office.admin.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def load(office: Office, content: bytes) -> dict[str, Any]:
    """Import Microsoft's table."""
    answer = await office.admin.post(
        "/api/imports/catalog", content=content, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def names_of(office: Office, sku: str) -> set[str]:
    """Service plans of a product."""
    found = (await office.admin.get(f"{URL}/{sku}")).json()
    return {plan["name"] for plan in found["servicePlans"]}


async def test_products_are_listed_with_their_service_plans_and_scope(office: Office) -> None:
    found = (await office.admin.get(URL)).json()
    assert len(found["value"]) >= 45
    by_name = {one["skuPartNumber"]: one for one in found["value"]}
    assert by_name["POWERAUTOMATE_ATTENDED_RPA"]["aliases"] == ["POWER_AUTOMATE_ATTENDED_RPA"]
    assert by_name["CDSAICAPACITY"]["inStrategyScope"] is False
    assert by_name["CDSAICAPACITY"]["scopeNote"]
    assert len(by_name["SPE_E5"]["servicePlans"]) == 86


async def test_a_product_is_read_by_any_of_its_names(office: Office) -> None:
    by_alias = await office.admin.get(f"{URL}/power_automate_attended_rpa")
    by_id = await office.admin.get(f"{URL}/{by_alias.json()['skuId']}")
    assert by_alias.json() == by_id.json()
    unknown = await office.admin.get(f"{URL}/NOTHING")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknownSku")


async def test_products_are_searched_and_paged(office: Office) -> None:
    found = (await office.admin.get(URL, params={"search": "exchange plan"})).json()
    assert {one["skuPartNumber"] for one in found["value"]} == {
        "EXCHANGESTANDARD",
        "EXCHANGEENTERPRISE",
    }
    first = (await office.admin.get(URL, params={"limit": 5})).json()
    second = (
        await office.admin.get(URL, params={"limit": 5, "cursor": first["nextCursor"]})
    ).json()
    assert {one["skuId"] for one in first["value"]}.isdisjoint(
        one["skuId"] for one in second["value"]
    )


async def test_an_own_product_is_a_product_like_any_other(office: Office) -> None:
    made = await make(office, aliases=["CRM"])
    assert made["origin"] == "own"
    assert [plan["name"] for plan in made["servicePlans"]] == ["CRM_CORE", "CRM_REPORTS"]
    assert (await office.admin.get(f"{URL}/crm")).json() == made
    bought = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": "CONTOSO_CRM", "units": 5}
    )
    assert bought.status_code == 201, bought.text
    own = (await office.admin.get(URL, params={"origin": "own"})).json()["value"]
    assert [one["skuId"] for one in own] == [made["skuId"]]


async def test_an_own_product_may_hold_known_service_plans(office: Office) -> None:
    made = await make(office, servicePlans=[{"name": "teams1"}, {"name": "CRM_CORE"}])
    e3 = (await office.admin.get(f"{URL}/SPE_E3")).json()
    teams = next(plan for plan in e3["servicePlans"] if plan["name"] == "TEAMS1")
    assert teams in made["servicePlans"]


@pytest.mark.parametrize(
    "fields",
    [
        {"skuPartNumber": "spe_e3"},
        {"skuPartNumber": "Power_Automate_Attended_RPA"},
        {"skuId": E3},
        {"aliases": ["SPE_E5"]},
        {"displayName": " "},
        {"skuPartNumber": "x" * 201},
        {"aliases": [f"alias{n}" for n in range(21)]},
    ],
)
async def test_a_name_that_is_taken_or_none_is_refused(
    office: Office, fields: dict[str, Any]
) -> None:
    body = {"skuPartNumber": "CONTOSO_CRM", "displayName": "Contoso CRM", **fields}
    refused = await office.admin.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue"), refused.text


async def test_a_product_is_renamed_and_its_own_service_plans_change(office: Office) -> None:
    await make(office)
    changed = await office.admin.patch(
        f"{URL}/CONTOSO_CRM",
        json={
            "displayName": "CRM 2",
            "scopeNote": "Ours.",
            "aliases": ["CRM2"],
            "servicePlans": [{"name": "CRM_CORE"}, {"name": "CRM_MOBILE"}],
        },
    )
    assert changed.status_code == 200, changed.text
    found = (await office.admin.get(f"{URL}/crm2")).json()
    assert (found["displayName"], found["scopeNote"]) == ("CRM 2", "Ours.")
    assert await names_of(office, "CONTOSO_CRM") == {"CRM_CORE", "CRM_MOBILE"}


async def test_service_plans_of_microsofts_products_come_from_microsoft(office: Office) -> None:
    refused = await office.admin.patch(f"{URL}/SPE_E3", json={"servicePlans": [{"name": "TEAMS1"}]})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    renamed = await office.admin.patch(f"{URL}/SPE_E3", json={"displayName": "E3"})
    assert (renamed.status_code, renamed.json()["displayName"]) == (200, "E3")


async def test_prohibited_locations_are_said_for_products_and_service_plans(
    office: Office,
) -> None:
    body = {"locations": ["cn"], "servicePlans": {"TEAMS1": ["AE", "CN"]}}
    answer = await office.admin.put(f"{URL}/SPE_E3/prohibited-locations", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["prohibitedLocations"] == ["CN"]
    for sku in ("SPE_E3", "SPE_E5"):
        plans = (await office.admin.get(f"{URL}/{sku}")).json()["servicePlans"]
        teams = next(plan for plan in plans if plan["name"] == "TEAMS1")
        assert teams["prohibitedLocations"] == ["AE", "CN"]
    emptied = await office.admin.put(f"{URL}/SPE_E3/prohibited-locations", json={})
    assert emptied.json()["prohibitedLocations"] == []
    unknown = await office.admin.put(
        f"{URL}/SPE_E3/prohibited-locations", json={"locations": ["Norway"]}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (400, "invalidValue")


async def test_a_table_adds_products_and_never_a_second_of_a_known_id(office: Office) -> None:
    plan = str(uuid4())
    content = table_of(
        row(E3, plan, part_number="SPE_E3_RENAMED", plan_name="BRAND_NEW", label="Brand new"),
        row(),
    )
    done = await load(office, content)
    assert (done["productsAdded"], done["productsGrown"], done["servicePlansAdded"]) == (1, 1, 2)
    assert done["jobId"] is not None
    known = (await office.admin.get(f"{URL}/{E3}")).json()
    assert (known["skuPartNumber"], known["displayName"]) == ("SPE_E3", "Microsoft 365 E3")
    assert "BRAND_NEW" in await names_of(office, "SPE_E3")
    added = (await office.admin.get(f"{URL}/WIDGET")).json()
    assert (added["origin"], added["displayName"]) == ("imported", "Widget")
    again = await load(office, content)
    assert (again["productsAdded"], again["productsGrown"], again["jobId"]) == (0, 0, None)


async def test_microsofts_own_table_is_imported_whole(office: Office, microsoft_csv: bytes) -> None:
    done = await load(office, microsoft_csv)
    assert (done["rows"], done["productsInTable"]) == (5_457, 569)
    assert done["productsGrown"] == 0
    # Two ids share a part number: it no longer names one product, and the answer says so.
    shared = await office.admin.get(f"{URL}/MCOPSTN5")
    assert (shared.status_code, shared.json()["code"]) == (400, "invalidValue")
    assert "54a152dc-90de-4996-93d2-bc47e670fc06" in shared.json()["detail"]
    assert (await office.admin.get(f"{URL}/POWERAPPS_PER_APP_GCC")).json()[
        "inStrategyScope"
    ] is False


async def test_another_file_is_refused(office: Office) -> None:
    refused = await office.admin.post(
        "/api/imports/catalog",
        files={"file": ("people.csv", b"UserPrincipalName,SkuPartNumber\n", "text/csv")},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")


async def test_only_a_global_administrator_changes_the_catalogue(office: Office) -> None:
    licenses = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await licenses.get(URL)).status_code == 200
    for answer in (
        await licenses.patch(f"{URL}/SPE_E3", json={"displayName": "E3"}),
        await licenses.post("/api/imports/catalog", content=b""),
    ):
        assert answer.status_code == 403

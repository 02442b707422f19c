"""Templates: four ship, all are editable, every service plan in them is said."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.office import Office

URL = "/api/templates"
MAIL_ONLY = {"skuPartNumber": "EXCHANGESTANDARD", "enabledServicePlans": ["EXCHANGE_S_STANDARD"]}


async def make(office: Office, **fields: Any) -> dict[str, Any]:
    """Store a template."""
    body = {"name": "Interns", "products": [{"skuPartNumber": "SPE_F1"}], **fields}
    answer = await office.admin.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def on(template: dict[str, Any]) -> set[str]:
    """Names of the service plans that a template leaves on."""
    return {
        plan["name"]
        for product in template["products"]
        for plan in product["servicePlans"]
        if plan["enabled"]
    }


async def test_four_templates_ship_with_their_service_plans(office: Office) -> None:
    found = (await office.admin.get(URL)).json()["value"]
    assert [one["name"] for one in found] == [
        "Email Only",
        "Executive",
        "Frontline Worker",
        "Standard Employee",
    ]
    by_name = {one["name"]: one for one in found}
    assert on(by_name["Email Only"]) == {"EXCHANGE_S_STANDARD"}
    assert {"TEAMS1", "EXCHANGE_S_ENTERPRISE", "SHAREPOINTENTERPRISE", "BI_AZURE_P2"} <= on(
        by_name["Standard Employee"]
    )
    frontline = by_name["Frontline Worker"]["products"][0]
    assert frontline["disabledServicePlans"]
    assert len(frontline["servicePlans"]) == len(frontline["disabledServicePlans"]) + len(
        on(by_name["Frontline Worker"])
    )


async def test_a_template_is_found_by_id_and_by_name(office: Office) -> None:
    made = await make(office)
    assert (await office.admin.get(f"{URL}/{made['id']}")).json() == made
    assert (await office.admin.get(f"{URL}/iNTERNS")).json() == made


async def test_a_shipped_template_is_edited_and_deleted(office: Office) -> None:
    changed = await office.admin.patch(
        f"{URL}/Email Only", json={"name": "Mailbox", "products": [MAIL_ONLY]}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["name"] == "Mailbox"
    assert (await office.admin.delete(f"{URL}/Mailbox")).status_code == 204
    gone = await office.admin.get(f"{URL}/Mailbox")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknownTemplate")


async def test_only_what_is_named_changes(office: Office) -> None:
    made = await make(office, description="Summer")
    changed = (await office.admin.patch(f"{URL}/{made['id']}", json={"name": "Trainees"})).json()
    assert (changed["name"], changed["description"]) == ("Trainees", "Summer")
    assert changed["products"] == made["products"]
    emptied = (await office.admin.patch(f"{URL}/{made['id']}", json={"description": ""})).json()
    assert emptied["description"] is None


async def test_service_plans_are_named_by_what_is_off_or_by_what_is_on(office: Office) -> None:
    off = await make(
        office,
        products=[{"skuPartNumber": "EXCHANGESTANDARD", "disabledServicePlans": ["BPOS_S_TODO_1"]}],
    )
    assert on(off) == {"EXCHANGE_S_STANDARD", "INTUNE_O365"}
    only = await make(office, name="Mailbox", products=[MAIL_ONLY])
    assert on(only) == {"EXCHANGE_S_STANDARD"}


async def test_a_name_is_taken_whatever_its_case(office: Office) -> None:
    made = await make(office)
    again = {"name": " interns ", "products": [MAIL_ONLY]}
    assert (await office.admin.post(URL, json=again)).json()["code"] == "invalidValue"
    renamed = await office.admin.patch(f"{URL}/Executive", json={"name": "INTERNS"})
    assert (renamed.status_code, renamed.json()["code"]) == (400, "invalidValue")
    same = await office.admin.patch(f"{URL}/{made['id']}", json={"name": "INTERNS"})
    assert (same.status_code, same.json()["name"]) == (200, "INTERNS")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "  "}, "invalidValue"),
        ({"name": "x" * 121}, "invalidValue"),
        ({"products": []}, "invalidValue"),
        ({"products": [MAIL_ONLY, MAIL_ONLY]}, "invalidValue"),
        ({"products": [{"skuPartNumber": "SPE_E9"}]}, "unknownSku"),
        ({"products": [{"skuPartNumber": "CDSAICAPACITY"}]}, "notAssignableToUsers"),
        ({"products": [{**MAIL_ONLY, "disabledServicePlans": []}]}, "invalidValue"),
        (
            {"products": [{"skuPartNumber": "SPE_F1", "disabledServicePlans": ["MCOEV"]}]},
            "servicePlanNotInSku",
        ),
    ],
)
async def test_a_template_that_cannot_be_is_refused(
    office: Office, fields: dict[str, Any], code: str
) -> None:
    body = {"name": "Interns", "products": [MAIL_ONLY], **fields}
    refused = await office.admin.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
    assert len((await office.admin.get(URL)).json()["value"]) == 4


async def test_templates_are_listed_page_by_page(office: Office) -> None:
    first = (await office.admin.get(URL, params={"limit": 3})).json()
    rest = (await office.admin.get(URL, params={"cursor": first["nextCursor"]})).json()
    assert len(first["value"]) == 3
    assert [one["name"] for one in rest["value"]] == ["Standard Employee"]


async def test_who_reads_templates_does_not_thereby_write_them(office: Office) -> None:
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.get(URL)).status_code == 200
    assert (await reader.delete(f"{URL}/Executive")).status_code == 403
    licenses = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await licenses.delete(f"{URL}/Executive")).status_code == 204

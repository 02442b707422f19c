"""The platform as files: in, out, and in again without a change."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.platform_file import needs_of_cell, shares_of_cell
from tests.office import Office
from tests.power_platform import get, group_of, names, person, post

ENVIRONMENTS = """\
External id,Name,Managed,Installed solutions
env-1,Sales,true,Sales Hub; Customer Service Hub
,Sandbox,no,
"""
FLOWS = """\
Flow id,Flow name,Environment,Premium,Uses attended RPA,Trigger,Owner UPN
f-1,Invoices,Sales,true,true,scheduled,ada@contoso.example
f-2,Mail me,Sandbox,false,,,
f-3,Lost,Nowhere,true,,,
f-4,Robot,Sales,false,true,,
"""


async def send(office: Office, kind: str, text: str, query: str = "") -> dict[str, Any]:
    """Import a file; it must be taken."""
    answer = await office.admin.post(
        f"/api/imports/{kind}{query}", content=text.encode(), headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def export(office: Office, kind: str) -> str:
    """The file of a kind."""
    answer = await office.admin.get(f"/api/exports/{kind}")
    assert answer.status_code == 200, answer.text
    return answer.text


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    """Created, updated, unchanged and wrong rows."""
    return (
        result["created"],
        result["updated"],
        result["unchanged"],
        result["errorCount"],
    )


async def test_environments_come_in_change_and_go_out_as_they_came(office: Office) -> None:
    assert counts(await send(office, "environments", ENVIRONMENTS)) == (2, 0, 0, 0)
    assert counts(await send(office, "environments", ENVIRONMENTS)) == (0, 0, 2, 0)
    renamed = ENVIRONMENTS.replace("env-1,Sales,true", "ENV-1,Selling,false")
    assert counts(await send(office, "environments", renamed)) == (0, 1, 1, 0)
    found = await get(office.admin, "platform/environments/env-1")
    assert (found["displayName"], found["managed"]) == ("Selling", False)
    assert found["solutions"] == ["Customer Service Hub", "Sales Hub"]
    roles = await get(office.admin, "platform/security-roles?environment=Sandbox")
    assert len(roles["value"]) == 4
    out = await export(office, "environments")
    assert counts(await send(office, "environments", out)) == (0, 0, 2, 0)


async def test_apps_come_with_what_they_need_and_whom_they_are_shared_with(office: Office) -> None:
    await send(office, "environments", ENVIRONMENTS)
    await person(office, "ada")
    group = await group_of(office, "Field")
    text = (
        "App id,App name,Kind,Environment,Premium,Requires,Shared with\n"
        f"a-1,Visits,,Sales,yes,,group:Field; ada@contoso.example\n"
        f"a-2,Visits,,Sandbox,no,,everyone\n"
        f"a-3,Studio,other,,,VISIOCLIENT; plan:VISIOONLINE,group:{group}\n"
        "a-4,Wrong,website,,,,\n"
        "a-5,Wrong,,,,NO_SUCH_SKU,\n"
        "a-6,Wrong,,,,,nobody@x.example\n"
        "a-1,Visits twice,,Sales,,,\n"
    )
    result = await send(office, "apps", text)
    assert counts(result) == (3, 0, 0, 4)
    assert [note["row"] for note in result["errors"]] == [5, 6, 7, 8]
    assert names(await get(office.admin, "platform/apps")) == ["Studio", "Visits", "Visits"]
    visits = await get(office.admin, "platform/apps/a-1")
    assert visits["sharedWith"] == {"everyone": False, "groupCount": 1, "userCount": 1}
    assert (visits["premium"], visits["environment"]["displayName"]) == (True, "Sales")
    studio = await get(office.admin, "platform/apps/a-3")
    assert len(studio["requires"]) == 2
    out = await export(office, "apps")
    assert counts(await send(office, "apps", out)) == (0, 0, 3, 0)
    assert await export(office, "apps") == out
    less = out.replace(f"group:{group}; ada@contoso.example", "")
    assert counts(await send(office, "apps", less)) == (0, 1, 2, 0), "only sharedWith differs"
    assert counts(await send(office, "apps", less)) == (0, 0, 3, 0)
    unshared = await get(office.admin, "platform/apps/a-1")
    assert unshared["sharedWith"] == {"everyone": False, "groupCount": 0, "userCount": 0}


async def test_a_file_without_the_column_leaves_whom_an_app_is_shared_with(
    office: Office,
) -> None:
    await send(office, "apps", "Name,Shared with\nVisits,everyone\n")
    assert counts(await send(office, "apps", "Name,Premium\nVisits,true\n")) == (0, 1, 0, 0)
    found = await get(office.admin, "platform/apps/Visits")
    assert (found["premium"], found["sharedWith"]["everyone"]) == (True, True)


async def test_a_changed_sharing_is_in_the_history_of_the_file(office: Office) -> None:
    await send(office, "apps", "Name,Shared with\nVisits,everyone\n")
    await send(office, "apps", "Name,Shared with\nVisits,\n")
    page = await get(office.admin, "identity/licenses/assignment-history?kind=all")
    actions = [row["action"] for row in page["value"]]
    assert actions[:2] == ["imported", "platformUpdated"]


async def test_one_name_in_two_environments_is_two_apps(office: Office) -> None:
    await send(office, "environments", ENVIRONMENTS)
    text = "Name,Environment,Premium\nVisits,Sales,yes\nVisits,Sandbox,no\nVisits,,no\n"
    assert counts(await send(office, "apps", text)) == (3, 0, 0, 0)
    again = text.replace("Sandbox,no", "Sandbox,yes")
    assert counts(await send(office, "apps", again)) == (0, 1, 2, 0)
    twice = "Name,Environment\nVisits,Sales\nvisits,SALES\n"
    result = await send(office, "apps", twice)
    assert counts(result) == (0, 0, 1, 1)
    assert "Row 2" in result["errors"][0]["message"]


async def test_a_messy_file_says_of_each_row_what_is_wrong(office: Office) -> None:
    upn = await person(office, "ada")
    nobody = "11111111-2222-4333-8444-555555555555"
    text = (
        "\ufeffApp name;Environment;Premium;Shared with;Client version min;Note\r\n"
        f'"Visits; ""field""";;yes;{upn};2.43;x\r\n'
        f"Wrong 1;{nobody};yes;;;\r\n"
        f"Wrong 2;;perhaps;;;\r\n"
        f"Wrong 3;;;{nobody};;\r\n"
        f"Wrong 4;;;group:{nobody};;\r\n"
        "Wrong 5;;;;two;\r\n"
        f"{nobody};;;;;\r\n"
        ";;;;;\r\n"
        f"{'x' * 201};;;;;\r\n"
        '"VISITS; ""FIELD""";;yes;;;\r\n'
    )
    result = await send(office, "apps", text)
    assert result["ignoredColumns"] == ["Note"]
    assert (result["created"], result["errorCount"]) == (1, 8), result
    said = {note["row"]: note["message"] for note in result["errors"]}
    assert nobody in said[3]
    assert "true or false" in said[4]
    assert all(nobody in said[row] for row in (5, 6))
    assert "no version" in said[7]
    assert "looks like an id" in said[8]
    assert "201 characters" in said[10]
    assert "Row 2 is about the same" in said[11]
    assert names(await get(office.admin, "platform/apps")) == ['Visits; "field"']


async def test_the_first_managed_environment_of_a_file_brings_the_default_policies(
    office: Office,
) -> None:
    await send(office, "environments", "Name,Managed\nSandbox,no\n")
    assert (await get(office.admin, "auto-claim/policies"))["value"] == []
    previewed = await send(office, "environments", "Name,Managed\nSales,yes\n", "?preview=true")
    assert previewed["result"]["created"] == 1
    assert (await get(office.admin, "auto-claim/policies"))["value"] == []
    await send(office, "environments", "Name,Managed\nSales,yes\n")
    found = (await get(office.admin, "auto-claim/policies"))["value"]
    assert len(found) == 3
    await send(office, "environments", "Name,Managed\nMore,yes\n")
    assert (await get(office.admin, "auto-claim/policies"))["value"] == found


async def test_flows_come_in_and_wrong_rows_say_why(office: Office) -> None:
    await send(office, "environments", ENVIRONMENTS)
    upn = await person(office, "ada")
    result = await send(office, "flows", FLOWS)
    assert counts(result) == (2, 0, 0, 2)
    assert "Nowhere" in result["errors"][0]["message"]
    assert "premium" in result["errors"][1]["message"]
    invoices = await get(office.admin, "platform/flows/f-1")
    assert (invoices["owner"]["userPrincipalName"], invoices["runsAsOwner"]) == (upn, True)
    out = await export(office, "flows")
    assert counts(await send(office, "flows", out)) == (0, 0, 2, 0)
    assert await export(office, "flows") == out


async def test_a_flow_keeps_an_owner_who_was_deleted_and_may_come_back(office: Office) -> None:
    await send(office, "environments", ENVIRONMENTS)
    upn = await person(office, "ada")
    await send(office, "flows", FLOWS)
    await office.admin.delete(f"/api/identity/users/{upn}")
    out = await export(office, "flows")
    assert upn not in out
    assert counts(await send(office, "flows", out)) == (0, 0, 2, 0)
    await office.admin.post(f"/api/identity/users/{upn}/restore")
    found = await get(office.admin, "platform/flows/f-1")
    assert found["owner"]["userPrincipalName"] == upn


async def test_security_roles_come_in_and_none_is_taken(office: Office) -> None:
    await send(office, "environments", ENVIRONMENTS)
    upn = await person(office, "ada")
    group = await group_of(office, "Field")
    text = (
        "Environment,Role,User,Group\n"
        f"Sales,Basic User,{upn},\n"
        "Sandbox,basic user,,Field\n"
        "Sales,No such role,ada@contoso.example,\n"
        "Nowhere,Basic User,ada@contoso.example,\n"
        "Sales,Basic User,,\n"
        "Sales,Basic User,nobody@x.example,\n"
    )
    assert counts(await send(office, "security-roles", text)) == (2, 0, 0, 4)
    out = await export(office, "security-roles")
    assert out.splitlines()[1:] == [f"Sales,Basic User,{upn},", f"Sandbox,Basic User,,{group}"]
    assert counts(await send(office, "security-roles", out)) == (0, 0, 2, 0)
    await send(office, "security-roles", "Environment,Role,User\n")
    assert await export(office, "security-roles") == out


@pytest.mark.parametrize("kind", ["environments", "apps", "flows"])
async def test_a_preview_of_a_file_changes_nothing(office: Office, kind: str) -> None:
    await post(office.admin, "platform/environments", displayName="Sales")
    before = await export(office, kind)
    where = "Other" if kind == "environments" else "Environment"
    text = f"Name,{where}\nBrand new,Sales\n"
    previewed = await send(office, kind, text, "?preview=true")
    assert previewed["result"]["created"] == 1
    assert await export(office, kind) == before
    assert counts(await send(office, kind, text))[0] == 1


async def test_a_file_without_names_is_refused_whole(office: Office) -> None:
    answer = await office.admin.post(
        "/api/imports/apps", content=b"kind\nother\n", headers={"content-type": "text/csv"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


async def test_a_cell_that_a_spreadsheet_would_run_goes_out_safely(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="=cmd()")
    out = await export(office, "environments")
    assert "'=cmd()" in out
    assert counts(await send(office, "environments", out)) == (0, 0, 1, 0)


def test_a_cell_lists_alternatives_and_shares() -> None:
    first, second = needs_of_cell("SPE_E3; plan:A+B ;")
    assert (first.sku, first.service_plans) == ("SPE_E3", ())
    assert (second.sku, second.service_plans) == (None, ("A", "B"))
    shares = shares_of_cell("Everyone; GROUP: Field ; ada@x.example")
    assert (shares.everyone, shares.groups, shares.users) == (
        True,
        ("Field",),
        ("ada@x.example",),
    )

"""Security roles: direct, through group teams, by themselves; and what is still to be done."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.office import Office
from tests.power_platform import buy, get, group_of, license_person, names, person, post, role_named

PLAN = "DYN365_ENTERPRISE_CUSTOMER_SERVICE"
HUB = "Customer Service Hub"


async def service_desk(office: Office) -> dict[str, Any]:
    """An environment with Customer Service Hub, which asks for a role and is for everyone."""
    await buy(office, PLAN)
    environment = await post(
        office.admin, "platform/environments", displayName="Service", solutions=[HUB]
    )
    await post(
        office.admin,
        "platform/apps",
        displayName=HUB,
        environment="Service",
        premium=True,
        needsSecurityRole=True,
        requires=[{"skuPartNumber": PLAN}],
    )
    await post(office.admin, f"platform/apps/{HUB}/shares", everyone=True)
    return environment


async def role_id(office: Office, name: str, environment: str = "Service") -> str:
    """The id of a security role of an environment."""
    return await role_named(office, name, environment)


async def roles_of(office: Office, upn: str) -> list[tuple[str, str, bool]]:
    """Name, source, and whether it is read only, of each role of somebody."""
    page = await get(office.admin, f"identity/users/{upn}/security-roles")
    return [(row["displayName"], row["source"], row["readOnly"]) for row in page["value"]]


async def tasks(office: Office) -> list[str]:
    """Who still needs a proper role."""
    page = await get(office.admin, "platform/role-tasks")
    return [row["user"]["userPrincipalName"] for row in page["value"]]


async def test_an_environment_has_its_built_in_roles_from_the_start(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Service")
    page = await get(office.admin, "platform/security-roles?environment=service")
    assert [(row["displayName"], row["givesDataAccess"]) for row in page["value"]] == [
        ("Basic User", True),
        ("Environment Maker", False),
        ("System Administrator", True),
        ("System Customizer", True),
    ]
    maker = page["value"][1]["id"]
    refused = await office.admin.delete(f"/api/platform/security-roles/{maker}")
    assert (refused.status_code, refused.json()["code"]) == (409, "stillInUse")


async def test_the_dynamics_plan_with_customer_service_hub_gives_app_access(
    office: Office,
) -> None:
    # T-147: the product and the rule are there from the start.
    await buy(office, "DYN365_ENTERPRISE_PLAN1")
    await post(office.admin, "platform/environments", displayName="Service", solutions=[HUB])
    await post(office.admin, "platform/environments", displayName="Other")
    upn = await person(office, "ada", sku="DYN365_ENTERPRISE_PLAN1")
    page = await get(office.admin, f"identity/users/{upn}/security-roles")
    [role] = page["value"]
    assert (role["displayName"], role["environment"]["displayName"]) == (
        "Customer Service app access",
        "Service",
    )
    assert (role["source"], role["readOnly"], role["givesDataAccess"]) == ("default", True, False)
    assert await tasks(office) == [upn]
    await office.admin.delete(f"/api/identity/users/{upn}/licenses/DYN365_ENTERPRISE_PLAN1")
    assert await roles_of(office, upn) == []
    assert await tasks(office) == []


async def test_a_new_tenant_knows_the_default_role_of_the_source(office: Office) -> None:
    page = await get(office.admin, "platform/default-roles")
    assert [(one["skuPartNumber"], one["solution"], one["roleName"]) for one in page["value"]] == [
        ("DYN365_ENTERPRISE_PLAN1", HUB, "Customer Service app access"),
        (PLAN, HUB, "Customer Service app access"),
    ]


async def test_the_task_is_open_until_a_proper_role_is_given(office: Office) -> None:
    await service_desk(office)
    upn = await person(office, "ada", sku=PLAN)
    await person(office, "bob")
    page = await get(office.admin, "platform/role-tasks?environment=Service")
    [task] = page["value"]
    assert task["user"]["userPrincipalName"] == upn
    assert task["apps"] == [HUB]
    assert task["defaultRoles"] == ["Customer Service app access"]
    assert "Ada" in task["message"]
    maker = await role_id(office, "Environment Maker")
    await post(office.admin, f"platform/security-roles/{maker}/holders", users=[upn])
    assert await tasks(office) == [upn], "a role without data is not a proper one"
    basic = await role_id(office, "Basic User")
    done = await post(office.admin, f"platform/security-roles/{basic}/holders", users=[upn])
    assert done == {"added": 1, "already": 0}
    assert await tasks(office) == []
    taken = await office.admin.delete(f"/api/platform/security-roles/{basic}/users/{upn}")
    assert taken.status_code == 204
    assert await tasks(office) == [upn]


async def test_a_group_team_gives_the_role_to_members_at_any_depth(office: Office) -> None:
    await service_desk(office)
    upn = await person(office, "ada", sku=PLAN)
    inner = await group_of(office, "Night shift", upn)
    outer = await group_of(office, "Agents")
    await post(office.admin, f"identity/groups/{outer}/members", groups=[inner])
    basic = await role_id(office, "Basic User")
    await post(office.admin, f"platform/security-roles/{basic}/holders", groups=[outer])
    assert ("Basic User", "groupTeam", False) in await roles_of(office, upn)
    assert await tasks(office) == []
    assert (
        await office.admin.delete(f"/api/identity/groups/{inner}/members/{upn}")
    ).status_code == 204
    assert await tasks(office) == [upn]
    assert await roles_of(office, upn) == [("Customer Service app access", "default", True)]


@pytest.mark.parametrize("role", ["globalAdministrator", "serviceAdministrator"])
async def test_administering_the_service_makes_system_administrator_everywhere(
    office: Office, role: str
) -> None:
    await service_desk(office)
    await post(office.admin, "platform/environments", displayName="Other")
    upn = await person(office, "ada", sku=PLAN)
    stated = await office.admin.put(f"/api/platform/administrators/{upn}", json={"role": role})
    assert stated.status_code == 204
    found = [one for one in await roles_of(office, upn) if one[1] == "administrator"]
    assert found == [("System Administrator", "administrator", True)] * 2
    assert await tasks(office) == []
    # What comes by itself cannot be taken by itself.
    system = await role_id(office, "System Administrator")
    refused = await office.admin.delete(f"/api/platform/security-roles/{system}/users/{upn}")
    assert (refused.status_code, refused.json()["code"]) == (404, "notAssigned")
    assert (await office.admin.delete(f"/api/platform/administrators/{upn}")).status_code == 204
    assert await tasks(office) == [upn]


async def test_giving_roles_is_apart_from_giving_licenses(office: Office) -> None:
    await service_desk(office)
    upn = await person(office, "ada")
    basic = await role_id(office, "Basic User")
    licenser = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    given = await licenser.post(f"/api/identity/users/{upn}/licenses", json={"skuPartNumber": PLAN})
    assert given.status_code == 201
    refused = await licenser.post(
        f"/api/platform/security-roles/{basic}/holders", json={"users": [upn]}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "roleMissing")
    await post(office.admin, f"platform/security-roles/{basic}/holders", users=[upn])
    history = await get(office.admin, f"identity/licenses/assignment-history?kind=all&user={upn}")
    actions = [row["action"] for row in history["value"]]
    assert actions[0] == "securityRoleAssigned"
    assert "assigned" in actions


async def test_access_needs_sharing_a_license_and_a_role(office: Office) -> None:
    await service_desk(office)
    await office.admin.delete(f"/api/platform/apps/{HUB}/shares/everyone")
    upn = await person(office, "ada")
    path = f"platform/apps/{HUB}/access/{upn}"
    first = await get(office.admin, path)
    assert (first["canOpen"], len(first["missing"])) == (False, 3)
    await post(office.admin, f"platform/apps/{HUB}/shares", users=[upn])
    await license_person(office, upn, PLAN)
    second = await get(office.admin, path)
    assert (second["shared"], second["licensed"], second["hasSecurityRole"]) == (True, True, False)
    assert "Service" in second["missing"][0]
    basic = await role_id(office, "Basic User")
    await post(office.admin, f"platform/security-roles/{basic}/holders", users=[upn])
    third = await get(office.admin, path)
    assert (third["canOpen"], third["missing"]) == (True, [])
    await office.admin.patch(f"/api/identity/users/{upn}", json={"accountEnabled": False})
    assert (await get(office.admin, path))["canOpen"] is False


async def test_the_report_names_whom_an_app_is_shared_with_without_its_license(
    office: Office,
) -> None:
    await buy(office, "POWERAPPS_PER_USER")
    with_license = await person(office, "ada", sku="POWERAPPS_PER_USER")
    alone = await person(office, "bob")
    in_group = await person(office, "eve")
    await person(office, "mallory")
    inner = await group_of(office, "Field", in_group, with_license)
    outer = await group_of(office, "Sales")
    await post(office.admin, f"identity/groups/{outer}/members", groups=[inner])
    await post(office.admin, "platform/apps", displayName="Visits", premium=True)
    await post(office.admin, "platform/apps/Visits/shares", groups=[outer], users=[alone])
    path = "platform/apps/Visits/unlicensed"

    async def found() -> list[str]:
        page = await get(office.admin, path)
        return [row["user"]["userPrincipalName"] for row in page["value"]]

    assert await found() == [alone, in_group]
    first = await get(office.admin, f"{path}?limit=1")
    second = await get(office.admin, f"{path}?limit=1&cursor={first['nextCursor']}")
    assert second["value"][0]["user"]["userPrincipalName"] == in_group
    await license_person(office, alone, "POWERAPPS_PER_USER")
    assert await found() == [in_group]
    await post(office.admin, "platform/apps/Visits/shares", everyone=True)
    assert len(await found()) == 2
    await office.admin.patch("/api/platform/apps/Visits", json={"premium": False})
    assert await found() == [], "an app that needs no license lacks nobody"


async def test_tasks_are_paged_over_environments_and_people(office: Office) -> None:
    await service_desk(office)
    await post(office.admin, "platform/environments", displayName="Backup", solutions=[HUB])
    upns = [await person(office, name, sku=PLAN) for name in ("ada", "bob", "eve")]
    seen: list[tuple[str, str]] = []
    query, page = "", await get(office.admin, "platform/role-tasks")
    assert len(page["value"]) == 6
    for _ in range(6):
        page = await get(office.admin, f"platform/role-tasks?limit=1{query}")
        seen += [
            (row["environment"]["displayName"], row["user"]["userPrincipalName"])
            for row in page["value"]
        ]
        query = f"&cursor={page['nextCursor']}"
    assert page["nextCursor"] is None
    assert seen == [(where, upn) for where in ("Backup", "Service") for upn in upns]


async def test_holders_of_a_role_are_listed_teams_first(office: Office) -> None:
    await service_desk(office)
    upn = await person(office, "ada")
    group = await group_of(office, "Agents", upn)
    basic = await role_id(office, "Basic User")
    path = f"platform/security-roles/{basic}/holders"
    await post(office.admin, path, users=[upn], groups=[group])
    again = await post(office.admin, path, users=[upn], groups=[group])
    assert again == {"added": 0, "already": 2}
    assert names(await get(office.admin, path)) == ["Agents", "Ada"]
    first = await get(office.admin, f"{path}?limit=1")
    second = await get(office.admin, f"{path}?limit=1&cursor={first['nextCursor']}")
    assert (names(second), second["nextCursor"]) == (["Ada"], None)
    unknown = await office.admin.post(f"/api/{path}", json={"users": ["nobody@x.example"]})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknownUser")

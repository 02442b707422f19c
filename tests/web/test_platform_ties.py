"""What holds the platform together: policies of apps, licenses behind roles, and launches."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from seatwright.domain.roles import Role
from seatwright.postgres.tenants import NO_CASCADE, delete_tenant
from tests.asking import set_company
from tests.auto_claim import make, turn_on
from tests.conftest import Database as DatabaseOfTest
from tests.office import Office
from tests.power_platform import buy, get, group_of, license_person, person, post, role_named

HUB = "Customer Service Hub"
PLAN = "DYN365_ENTERPRISE_CUSTOMER_SERVICE"


async def own_app_with_a_policy(office: Office) -> dict[str, Any]:
    """An app of the organization's own, and the policy that is for it."""
    await turn_on(office)
    await buy(office, "PROJECT_P1")
    app = await post(office.admin, "platform/apps", displayName="Studio", kind="other")
    product = {"skuPartNumber": "PROJECT_P1"}
    return await make(office, name="Studio policy", app=app["id"], products=[product])


async def unlicensed(office: Office, app: str) -> list[str]:
    """Who lacks the license of an app."""
    page = await get(office.admin, f"platform/apps/{app}/unlicensed")
    return [row["user"]["userPrincipalName"] for row in page["value"]]


async def test_an_app_stays_while_a_policy_is_for_it(office: Office) -> None:
    policy = await own_app_with_a_policy(office)
    refused = await office.admin.delete("/api/platform/apps/Studio")
    assert (refused.status_code, refused.json()["code"]) == (409, "stillInUse")
    assert "delete that policy first" in refused.json()["detail"]
    path = f"/api/auto-claim/policies/{policy['id']}"
    assert (await office.admin.delete(path)).status_code == 204
    assert (await office.admin.delete("/api/platform/apps/Studio")).status_code == 204


async def test_the_report_of_a_policy_outlives_its_app(office: Office) -> None:
    policy = await own_app_with_a_policy(office)
    await post(office.admin, "platform/apps/Studio/shares", everyone=True)
    upn = await person(office, "ada")
    gateway = await office.as_role(Role.APP_GATEWAY)
    office.clock.move(hours=3)
    launched = await gateway.post(
        "/api/launch", json={"event": "appLaunch", "app": "Studio", "user": upn}
    )
    assert launched.json()["outcome"] == "granted", launched.text
    await office.admin.delete(f"/api/auto-claim/policies/{policy['id']}")
    assert (await office.admin.delete("/api/platform/apps/Studio")).status_code == 204
    report = await get(office.admin, f"auto-claim/policies/{policy['id']}/claims")
    assert [row["user"]["userPrincipalName"] for row in report["value"]] == [upn]
    held = await get(office.admin, f"identity/users/{upn}/licenses")
    assert [row["skuPartNumber"] for row in held["value"]] == ["PROJECT_P1"]


async def test_an_app_with_a_policy_of_its_own_stays_of_its_kind(office: Office) -> None:
    await own_app_with_a_policy(office)
    refused = await office.admin.patch("/api/platform/apps/Studio", json={"kind": "powerApp"})
    assert (refused.status_code, refused.json()["code"]) == (409, "stillInUse")
    answer = await office.admin.post(
        "/api/imports/apps",
        content=b"Name,Kind\nStudio,powerApp\nLunch,powerApp\n",
        headers={"content-type": "text/csv"},
    )
    assert (answer.json()["created"], answer.json()["errorCount"]) == (1, 1)
    renamed = await office.admin.patch("/api/platform/apps/Studio", json={"displayName": "Atelier"})
    assert renamed.status_code == 200


async def test_a_tenant_with_such_an_app_can_be_deleted(
    office: Office, database: DatabaseOfTest
) -> None:
    await own_app_with_a_policy(office)
    tenant = office.made.tenant.tenant_id
    async with await AsyncConnection.connect(database.owner_url) as owner:
        await delete_tenant(owner, tenant)
        cursor = await owner.execute("select count(*) from app")
        assert await cursor.fetchone() == (0,)


LEFT_BEHIND = """
with recursive covered as (
    select oid from pg_class where relname = any(%s) and relnamespace = 'public'::regnamespace
    union
    select c.conrelid from pg_constraint c join covered on c.confrelid = covered.oid
     where c.contype = 'f' and c.confdeltype = 'c')
select c.table_name from information_schema.columns c
  join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace
 where c.table_schema = 'public' and c.column_name = 'tenant_id'
   and t.relkind in ('r', 'p') and not t.relispartition and t.oid not in (select oid from covered)
"""


async def test_no_table_keeps_rows_of_a_tenant_that_is_deleted(
    office: Office, database: DatabaseOfTest
) -> None:
    company = await set_company(office)
    await company.ask("cid")
    tenant = office.made.tenant.tenant_id
    async with await AsyncConnection.connect(database.owner_url) as owner:
        cursor = await owner.execute(LEFT_BEHIND, (["tenant", *NO_CASCADE],))
        assert await cursor.fetchall() == [], "nothing empties these"
        await delete_tenant(owner, tenant)
        cursor = await owner.execute("select count(*) from license_request_line")
        assert await cursor.fetchone() == (0,)


async def test_the_access_check_and_a_launch_agree_about_who_may_open(office: Office) -> None:
    await turn_on(office)
    await buy(office, "POWERAPPS_PER_USER")
    upn = await person(office, "ada")
    await post(office.admin, "platform/apps", displayName="Visits", premium=True)
    gateway = await office.as_role(Role.APP_GATEWAY)
    opens = {"event": "appLaunch", "app": "Visits", "user": upn}
    check = await get(office.admin, f"platform/apps/Visits/access/{upn}")
    refused = await gateway.post("/api/launch", json=opens)
    assert (check["shared"], refused.json()["reason"]) == (False, "notInGroup")
    await post(office.admin, "platform/apps/Visits/shares", users=[upn])
    office.clock.move(hours=3)
    granted = await gateway.post("/api/launch", json=opens)
    assert granted.json()["outcome"] == "granted", granted.text
    assert (await get(office.admin, f"platform/apps/Visits/access/{upn}"))["canOpen"]


async def test_a_role_can_be_given_before_the_license(office: Office) -> None:
    await buy(office, PLAN)
    await post(office.admin, "platform/environments", displayName="Service", solutions=[HUB])
    upn = await person(office, "ada")
    basic = await role_named(office, "Basic User", "Service")
    await post(office.admin, f"platform/security-roles/{basic}/holders", users=[upn])
    assert (await get(office.admin, f"identity/users/{upn}/licenses"))["value"] == []
    assert (await get(office.admin, "platform/role-tasks"))["value"] == []
    await license_person(office, upn, PLAN)
    assert (await get(office.admin, "platform/role-tasks"))["value"] == []


async def test_a_default_role_goes_with_the_license_and_a_given_one_stays(office: Office) -> None:
    await buy(office, PLAN)
    await post(office.admin, "platform/environments", displayName="Service", solutions=[HUB])
    upn = await person(office, "ada", sku=PLAN)
    basic = await role_named(office, "Basic User", "Service")
    await post(office.admin, f"platform/security-roles/{basic}/holders", users=[upn])

    async def sources() -> list[str]:
        page = await get(office.admin, f"identity/users/{upn}/security-roles")
        return [row["source"] for row in page["value"]]

    assert await sources() == ["direct", "default"]
    await office.admin.delete(f"/api/identity/users/{upn}/licenses/{PLAN}")
    assert await sources() == ["direct"], "the source says nothing of roles that were given"


async def test_a_license_with_the_service_plan_off_is_none_for_the_app(office: Office) -> None:
    await buy(office, "POWERAPPS_PER_USER")
    upn = await person(office, "ada")
    await post(
        office.admin,
        f"identity/users/{upn}/licenses",
        skuPartNumber="POWERAPPS_PER_USER",
        disabledServicePlans=["POWERAPPS_PER_USER"],
    )
    await post(office.admin, "platform/environments", displayName="Field")
    await post(
        office.admin,
        "platform/apps",
        displayName="Visits",
        environment="Field",
        premium=True,
        needsSecurityRole=True,
    )
    await post(office.admin, "platform/apps/Visits/shares", everyone=True)
    assert await unlicensed(office, "Visits") == [upn]
    assert (await get(office.admin, "platform/role-tasks"))["value"] == []


async def test_two_licenses_may_be_enough_together(office: Office) -> None:
    await buy(office, "VISIOCLIENT")
    await buy(office, "PROJECT_P1")
    both = await person(office, "ada", sku="VISIOCLIENT")
    await license_person(office, both, "PROJECT_P1")
    one = await person(office, "bob", sku="VISIOCLIENT")
    shown = await get(office.admin, "catalog/products/PROJECT_P1")
    plan = next(row["name"] for row in shown["servicePlans"] if row["name"].startswith("PROJECT_P"))
    needs = [{"servicePlans": ["VISIOONLINE", plan]}]
    await post(office.admin, "platform/apps", displayName="Draw", kind="other", requires=needs)
    await post(office.admin, "platform/apps/Draw/shares", everyone=True)
    assert await unlicensed(office, "Draw") == [one]


async def test_an_app_that_needs_no_license_may_still_need_a_role(office: Office) -> None:
    upn = await person(office, "ada")
    await person(office, "bob")
    group = await group_of(office, "Clerks", upn)
    await post(office.admin, "platform/environments", displayName="Field")
    await post(
        office.admin,
        "platform/apps",
        displayName="Lunch",
        environment="Field",
        needsSecurityRole=True,
    )
    await post(office.admin, "platform/apps/Lunch/shares", groups=[group])
    page = await get(office.admin, "platform/role-tasks")
    assert [row["user"]["userPrincipalName"] for row in page["value"]] == [upn]
    await post(office.admin, "platform/apps/Lunch/shares", everyone=True)
    assert len((await get(office.admin, "platform/role-tasks"))["value"]) == 2

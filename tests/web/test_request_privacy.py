"""Who may know what of license requests, and what is left of them when people are gone."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection, sql

from seatwright.app.directory.lives import purge_user
from seatwright.postgres.tenants import delete_tenant
from tests.asking import POLICIES, SKU, URL, Company, set_company
from tests.conftest import Database as DatabaseOfTest
from tests.office import Office
from tests.previews import upn
from tests.telling.scene import work_outbox
from tests.world import call_of


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people; ada holds one."""
    made = await set_company(office)
    given = await office.admin.post(
        f"/api/identity/users/{upn('ada')}/licenses", json={"skuPartNumber": "VISIOCLIENT"}
    )
    assert given.status_code == 201, given.text
    return made


async def test_what_somebody_holds_is_told_to_who_decides_and_to_no_colleague(
    company: Company,
) -> None:
    asked = await company.ask("cid", people=[upn("ada")])
    assert asked["people"][0]["holds"] == []
    assert (await company.line(asked["id"]))["holds"] == ["Visio Plan 2"], "the desk decides"
    ada = await (await company.of("ada")).get(f"{URL}/{asked['id']}")
    assert ada.json()["people"][0]["holds"] == ["Visio Plan 2"]

    async def way(name: str, of: str) -> str:
        params = {"product": "VISIOCLIENT", "person": upn(of)}
        answer = await (await company.of(name)).get(f"{URL}/process", params=params)
        return str(answer.json()["way"])

    assert await way("cid", "ada") == "approval"
    assert await way("ada", "ada") == "heldAlready"
    own = await company.ask("bob", "VISIOCLIENT")
    assert await way("ada", "bob") == "pendingAlready", "she decides about bob"
    none = await company.try_asking("cid", "VISIOCLIENT", people=[upn("ada"), upn("bob")])
    assert none.json()["code"] == "noChange"
    both = await company.ask("cid", "VISIOCLIENT", people=[upn(n) for n in ("ada", "bob", "dan")])
    assert {one["reason"] for one in both["leftOut"]} == {"noChange"}, "held or asked for: not said"
    seen = await (await company.of("ada")).get(URL, params={"toDecide": "true"})
    assert [row["holds"] for row in seen.json()["value"]] == [[]]
    assert own["id"] == seen.json()["value"][0]["requestId"]


async def test_roles_that_cannot_decide_are_no_approvers_and_the_others_do(
    company: Company,
) -> None:
    for role in ("helpdesk-administrator", "person", "app-gateway", "global-reader"):
        answer = await company.office.admin.put(
            f"{POLICIES}/default", json={"approvers": {"kind": "roles", "roles": [role]}}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), role
    await company.policy(
        alternate={"kind": "roles", "roles": ["user-administrator"]}, alternateAfterHours=1
    )
    asked = await company.ask("cid")
    company.office.clock.move(hours=2)
    await company.tend()
    eve = await company.token("eve", "user-administrator")
    answer = await eve.post(f"{URL}/{asked['id']}/decision", json={"decision": "approve"})
    assert answer.status_code == 200, answer.text
    assert await company.holds("cid") == {SKU}
    assert (await company.line(asked["id"]))["decided"]["by"] == "eve", "a person, not a token"


async def test_who_is_gone_or_has_it_by_now_is_asked_for_no_more(company: Company) -> None:
    office = company.office
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan", "eve")]
    assert await company.seats() == (0, 3, 7)
    given = await office.admin.post(
        f"/api/identity/users/{upn('dan')}/licenses", json={"skuPartNumber": SKU}
    )
    assert given.status_code == 201, given.text
    cid = (await office.admin.get(f"/api/identity/users/{upn('cid')}")).json()["id"]
    assert (await office.admin.delete(f"/api/identity/users/{cid}")).status_code == 204
    async with call_of(office) as call:
        await purge_user(call, cid)
    await company.tend()
    assert await company.seats() == (1, 1, 8), "only eve is held a seat"
    desk = await company.desk()
    lines = [(await desk.get(f"{URL}/{one}")).json()["people"][0] for one in ids]
    assert [line["state"] for line in lines] == ["cancelled", "cancelled", "pending"]
    assert (lines[0]["person"], lines[0]["justification"]) == (None, None)
    assert lines[1]["justification"] is not None
    told = await company.told()
    assert ("licenseRequestCancelled", "dan") in told
    assert ("licenseRequestCancelled", None) not in told


async def test_a_tenant_goes_with_its_requests_and_everything_else(
    company: Company, database: DatabaseOfTest
) -> None:
    await company.ask("cid")
    tenant = company.office.made.tenant.tenant_id
    async with await AsyncConnection.connect(database.owner_url) as owner:
        await delete_tenant(owner, tenant)
        cursor = await owner.execute(
            "select c.table_name from information_schema.columns c"
            " join information_schema.tables t using (table_schema, table_name)"
            " where c.table_schema = current_schema() and c.column_name = 'tenant_id'"
            " and t.table_type = 'BASE TABLE' order by 1"
        )
        left = []
        for (table,) in await cursor.fetchall():
            query = sql.SQL("select count(*) from {} where tenant_id = %s")
            counted = await owner.execute(query.format(sql.Identifier(table)), (tenant,))
            if await counted.fetchone() != (0,):
                left.append(table)
        assert left == []


@pytest.mark.parametrize("way", ["erase", "purge"])
async def test_what_was_told_of_somebody_goes_with_their_name(company: Company, way: str) -> None:
    office = company.office
    await office.admin.post("/api/webhooks", json={"url": "https://hooks.example.com/licenses"})
    path = f"/api/identity/users/{upn('xaver')}"
    made = await office.admin.post(
        "/api/identity/users",
        json={"userPrincipalName": upn("xaver"), "displayName": "Xaver Q", "manager": upn("bob")},
    )
    assert made.status_code == 201, made.text
    company.numbers["xaver"] = 0
    await office.admin.patch(
        f"/api/identity/users/{upn('bob')}/mail-preferences", json={"daily": True}
    )
    asked = await company.ask("xaver", justification="Because of my illness.")
    await company.ask("cid")
    await work_outbox(office)
    office.clock.move(days=1)
    await work_outbox(office)
    denied = await company.decide("bob", asked["id"], "deny", message="Get well, Xaver Q.")
    assert denied.status_code == 200, denied.text
    await work_outbox(office)
    assert (await kept_of(company, "Xaver Q"))[0] > 2
    assert (await office.admin.delete(path)).status_code < 300
    if way == "erase":
        gone = await office.admin.post(f"/api/identity/users/{made.json()['id']}/erase-names")
        assert gone.status_code == 204, gone.text
    else:
        office.clock.move(days=31)
        await company.tend()
    for text in ("Xaver", "illness", "xaver@"):
        assert await kept_of(company, text) == (0, 0), text
    bob = (await (await company.of("bob")).get("/api/inbox")).json()["value"]
    assert "asks for Microsoft 365 E3, for a person who is gone" in bob[-1]["text"]
    assert any("cid asks for" in one["text"] for one in bob), "others stay as they are"


async def kept_of(company: Company, text: str) -> tuple[int, int]:
    """How many deliveries and tellings name something."""
    async with call_of(company.office) as call:
        cursor = await call.tx.connection.execute(
            "select (select count(*) from delivery d where to_jsonb(d)::text like %(text)s),"
            " (select count(*) from telling t where to_jsonb(t)::text like %(text)s)",
            {"text": f"%{text}%"},
        )
        row = await cursor.fetchone()
        assert row is not None
        return row[0], row[1]


async def test_more_time_for_others_tells_nobody_whether_theirs_ends(company: Company) -> None:
    given = await company.office.admin.post(
        f"/api/identity/users/{upn('ada')}/licenses",
        json={"skuPartNumber": SKU, "expiresAt": "2027-05-01T00:00:00Z"},
    )
    assert given.status_code == 201
    answers = [
        await company.try_asking("cid", people=[upn(name)], extends=True, expiresAt=until)
        for name, until in (
            ("ada", "2027-04-01T00:00:00Z"),
            ("ada", "2027-09-01T00:00:00Z"),
            ("eve", "2027-09-01T00:00:00Z"),
        )
    ]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(403, "roleMissing")}
    assert len({one.json()["detail"].replace("eve", "ada") for one in answers}) == 1
    for_team = await company.try_asking(
        "bob", people=[upn("eve")], extends=True, expiresAt="2027-09-01T00:00:00Z"
    )
    assert for_team.json()["code"] == "notAssigned", "a manager knows"

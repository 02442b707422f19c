"""The overview says what needs attention, and held removals are decided from it."""

from __future__ import annotations

import re
from html import unescape

from seatwright.domain.roles import Role
from tests.brake.scene import empty_by_import, executive_team, members
from tests.office import Office
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.web.test_conflict_list import SCENES
from tests.world import add_people, call_of


async def test_a_held_removal_is_shown_first_and_decided_by_a_second_administrator(
    office: Office,
) -> None:
    group = await executive_team(office, size=30, seats=40)
    await add_people(office, "other")
    second = await visit(office, Role.LICENSE_ADMINISTRATOR)
    await empty_by_import(office, group, keeping="other")
    start = await second.get("/")
    (path,) = set(re.findall(r'href="(/held/[0-9a-f-]{36})"', start.text))
    assert "Decide about it" in start.text
    page = await second.get(path)
    assert "If approved, 30 seats come free." in page.text
    assert "waits for a decision" in page.text
    assert page.text.count("has it until somebody decides") == 30
    for decision in ("", "maybe"):
        refused = await second.send(f"{path}/decide", page, decision=decision)
        assert refused.status_code == 400
    wrong = await second.send(f"{path}/decide", page, decision="reject", count="many")
    assert wrong.status_code == 400
    preview = await second.send(f"{path}/decide", page, decision="approve", step="preview")
    assert preview.text.count("loses it") == 30
    preview = await second.send(f"{path}/decide", page, decision="reject", step="preview")
    done = await second.send(
        f"{path}/decide", preview, decision="reject", digest=digest_in(preview)
    )
    assert led_to(done) == f"{path}?done=rejected"
    assert await members(office, group) == 31
    assert "Nothing waits for a decision" in (await second.get("/held")).text
    assert path in (await second.get("/held?show=all")).text
    reader = await visit(office, Role.GLOBAL_READER)
    page = await reader.get(path)
    assert "/decide" not in page.text
    assert (await reader.send(f"{path}/decide", page, decision="reject")).status_code == 403


async def test_the_overview_says_what_is_short_in_error_idle_and_ends_and_what_it_costs(
    office: Office,
) -> None:
    build, _ = SCENES["prohibited"]
    await build(office)
    bought = await office.admin.post(
        "/api/subscriptions",
        json={
            "skuPartNumber": "SPE_E5",
            "units": 12,
            "unitPrice": "10.50",
            "currency": "EUR",
            "nextLifecycleAt": "2026-12-05T00:00:00Z",
            "renews": False,
        },
    )
    assert bought.status_code == 201, bought.text
    visitor = await visit(office)
    page = unescape((await visitor.get("/")).text)
    assert "<strong>1</strong> in error" in page
    assert "<strong>€126.00</strong> a month" in page
    assert "<strong>5</strong> units without a price" in page
    assert "12 seats of Microsoft 365 E5 end on 5 Dec 2026 and do not renew." in page
    assert "Not allowed where they are: 1" in page
    reader = await visit(office, Role.HELPDESK_ADMINISTRATOR)
    seen = (await reader.get("/")).text
    assert "€" not in seen
    assert "end on" not in seen


async def test_the_seats_of_the_overview_add_up_with_those_that_are_reserved(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben")
    nine = {"skuPartNumber": "SPE_E5", "units": 9}
    assert (await office.admin.post("/api/subscriptions", json=nine)).status_code == 201
    two = {"skuPartNumber": "VISIOCLIENT", "units": 2}
    bought = await office.admin.post("/api/subscriptions", json=two)
    assert bought.status_code == 201, bought.text
    for name in ("ada", "ben"):
        await office.admin.post(
            f"/api/identity/users/{name}@contoso.example/licenses",
            json={"skuPartNumber": "VISIOCLIENT"},
        )
    visitor = await visit(office)
    assert "11 seats bought: 2 assigned, 9 free." in (await visitor.get("/")).text
    path = f"/api/subscriptions/{bought.json()['id']}"
    fewer = await office.admin.patch(path, json={"units": 1, "external": True})
    assert fewer.status_code == 200, fewer.text
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update sku_pool set reserved = 3 where tenant_id = %s and assignable = 9",
            (call.tx.tenant_id,),
        )
    page = (await visitor.get("/")).text
    assert "10 seats bought: 2 assigned, 3 reserved, 6 free." in page
    assert "Of some product one seat more is given than was bought." in page

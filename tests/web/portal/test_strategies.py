"""The five ways on a page: what is in use, what is advised and why, and moving people over."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from tests.dynamic import held, work_off
from tests.office import Office
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.web.test_why import assign, buy, license_group
from tests.world import add_group, add_people

VISIO, E3 = "VISIOCLIENT", "SPE_E3"


async def test_each_way_is_told_with_what_is_in_use_and_advice_with_its_reason(
    office: Office,
) -> None:
    visitor = await visit(office)
    page = await visitor.get("/strategies")
    assert "Nobody holds a license yet" in page.text
    for way in ("By hand", "In bulk", "By group", "By request", "On demand"):
        assert f">{way}</a></th>" in page.text
    await add_people(office, "ada", "bob", "cyd")
    await buy(office, VISIO, 5)
    await assign(office, "ada", VISIO)
    await assign(office, "bob", VISIO)
    page = await visitor.get("/strategies")
    assert re.search(
        r'By hand</a></th>\s*<td class="number" data-label="Licenses">2</td>', page.text
    )
    assert "What is in use fits" in page.text
    changed = await office.admin.patch("/api/settings", json={"bulkAdviceAbove": 1})
    assert changed.status_code == 200, changed.text
    page = await visitor.get("/strategies")
    assert "Give licenses by group. 2 licenses were given by hand, more than the 1" in page.text
    for name in ("ada", "bob"):
        seen = await office.admin.patch(
            f"/api/identity/users/{name}@contoso.example",
            json={"lastSignInAt": "2026-01-01T00:00:00Z"},
        )
        assert seen.status_code == 200, seen.text
    await office.admin.patch("/api/settings", json={"bulkAdviceAbove": 50})
    assert "Give licenses on demand. 2 people hold" in (await visitor.get("/strategies")).text
    assert "<strong>2</strong> idle" in (await visitor.get("/")).text


async def test_people_move_from_their_own_assignments_to_a_group_after_a_preview(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd")
    await buy(office, VISIO, 5)
    group = await add_group(office, "Engineers", people[:0])
    await license_group(office, group, VISIO)
    await assign(office, "ada", VISIO)
    visitor = await visit(office)
    page = await visitor.get("/strategies/move")
    fields = {
        "kind": "directToGroup",
        "sku": VISIO,
        "toGroup": "Engineers",
        "who": "named",
        "people": "ada@contoso.example\ncyd@contoso.example nobody@contoso.example",
    }
    preview = await visitor.send("/strategies/move", page, **fields, step="preview")
    assert "1 of 3 rows changes something." in preview.text
    assert "<h1>Move one person to Engineers</h1>" in preview.text
    assert "nobody@contoso.example" in preview.text
    joins = "Joins Engineers, and has Visio Plan 2 through it in place of directly."
    assert re.search(rf">ada@contoso.example</th>.*?{joins}", preview.text)
    assert "Everybody keeps the licenses" in preview.text
    wrong = await visitor.send("/strategies/move", page, **{**fields, "toGroup": "Nowhere"})
    assert wrong.status_code in {400, 404}
    assert 'value="Nowhere"' in wrong.text
    assert 'role="alert"' in wrong.text
    done = await visitor.send("/strategies/move", preview, **fields, digest=digest_in(preview))
    assert led_to(done).startswith("/bulk/")
    (job,) = (await office.admin.get("/api/jobs")).json()["value"]
    assert (job["kind"], job["total"]) == ("move", 3)
    reader = await visit(office, Role.GLOBAL_READER)
    assert (await reader.get("/strategies")).status_code == 200
    assert (await reader.get("/strategies/move")).status_code == 403
    assert (await reader.send("/strategies/move", page, **fields)).status_code == 403


async def test_a_whole_group_moves_to_another(office: Office) -> None:
    people = await add_people(office, "ada", "bob")
    await buy(office, VISIO, 5)
    old = await add_group(office, "Old", people)
    new = await add_group(office, "New", people[:0])
    for group in (old, new):
        await license_group(office, group, VISIO)
    visitor = await visit(office)
    page = await visitor.get("/strategies/move?kind=groupToGroup")
    fields = {"kind": "groupToGroup", "fromGroup": "Old", "toGroup": "New", "who": "all"}
    preview = await visitor.send("/strategies/move", page, **fields, step="preview")
    assert "2 of 2 rows change something." in preview.text
    assert preview.text.count("Joins New and leaves Old.") == 2
    assert "Everybody keeps the licenses" in preview.text
    done = await visitor.send("/strategies/move", preview, **fields, digest=digest_in(preview))
    assert led_to(done).startswith("/bulk/")


async def test_who_is_ticked_at_a_product_goes_along_to_the_form_of_the_move(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd")
    await buy(office, VISIO, 5)
    group = await add_group(office, "Engineers", people[:1])
    await license_group(office, group, VISIO)
    await assign(office, "bob", VISIO)
    visitor = await visit(office)
    product = await visitor.get(f"/licenses/{VISIO}")
    (bob,) = re.findall(r'name="user" value="([^"]+)"', product.text)
    assert f"/conflicts?kind=directBesideInherited&amp;product={VISIO}" in product.text
    form = await visitor.send("/strategies/move", product, step="choose", sku=VISIO, user=bob)
    assert bob in form.text
    assert re.search(r'value="named" checked', form.text)
    (target,) = re.findall(r'<option value="([^"]+)">Engineers</option>', form.text)
    at_group = await visitor.get(f"/groups/{target}")
    assert f"/strategies/move?sku={VISIO}&amp;toGroup={target}" in at_group.text
    fields = {"kind": "directToGroup", "sku": VISIO, "toGroup": target, "strategy": "manual"}
    both = await visitor.send("/strategies/move", form, **fields, who="all", people=bob)
    assert both.status_code == 400
    assert "choose one of the two" in both.text
    preview = await visitor.send(
        "/strategies/move", form, **fields, who="named", people=bob, step="preview"
    )
    assert "<h1>Move one person to Engineers</h1>" in preview.text
    other = await visitor.send("/strategies/move", form, **{**fields, "sku": E3}, step="groups")
    assert target not in other.text


async def test_a_group_that_does_not_give_it_yet_gives_it_and_takes_people_in_by_one_preview(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd", "dan")
    await buy(office, VISIO, 2)
    group = await add_group(office, "Engineers", people[2:])
    await assign(office, "ada", VISIO)
    visitor = await visit(office)
    page = await visitor.get(f"/strategies/move?sku={VISIO}")
    assert "Name the group that is to give it and press Preview" in page.text
    sent = {
        "kind": "directToGroup",
        "sku": VISIO,
        "toGroup": "Engineers",
        "who": "named",
        "people": "ada@contoso.example",
    }
    refused = await visitor.send("/strategies/move", page, **sent, step="preview")
    assert "Engineers does not give Visio Plan 2 yet" in refused.text
    assert "/api/" not in refused.text.partition("<main")[2]
    form = next(one for one in refused.text.split("<form") if 'name="gives"' in one)
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert {name: kept[name] for name in sent} == sent
    both = await visitor.send("/strategies/move", refused, **sent, gives="yes", step="preview")
    title = "Give Visio Plan 2 to Engineers, and move one person there"
    assert f"<h1>{title}</h1>" in both.text
    assert (
        "Engineers gives Visio Plan 2 from then on, to everybody in it now and later." in both.text
    )
    assert both.text.count("gets it") == 1, "cyd, who was in the group before, gets the last seat"
    assert re.search("dan.* would wait for a seat of Visio Plan 2", both.text)
    assert "(buy one more)" in both.text
    assert both.text.count(f'href="/licenses/{VISIO}?buy=1#buy"') == 1
    given = await office.admin.get(f"/api/identity/groups/{group}/licenses")
    assert given.json()["value"] == [], "nothing is done by a preview"
    done = await visitor.send(
        "/strategies/move", both, **sent, gives="yes", digest=digest_in(both), step="apply"
    )
    assert led_to(done).startswith("/bulk/")
    await work_off(office)
    assert [await held(office, one) for one in ("ada", "cyd", "dan")] == [[VISIO], [VISIO], []]
    ada = await office.admin.get("/api/identity/users/ada@contoso.example/licenses")
    assert [one["kind"] for one in ada.json()["value"][0]["sources"]] == ["group"]


async def test_what_a_group_was_only_tried_to_give_is_not_said_of_it_and_needs_the_right_to(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await buy(office, VISIO, 2)
    group = await add_group(office, "Engineers")
    visitor = await visit(office)
    page = await visitor.get("/strategies/move")
    sent = {"kind": "directToGroup", "sku": VISIO, "toGroup": "Engineers", "who": "all"}
    nobody = await visitor.send("/strategies/move", page, **sent, gives="yes", step="preview")
    assert "There is nobody to move" in nobody.text
    assert '<select id="toGroup"' not in nobody.text
    answer = await visitor.send("/strategies/move", page, **sent, gives="yes")
    assert answer.status_code == 400
    given = await office.admin.get(f"/api/identity/groups/{group}/licenses")
    assert given.json()["value"] == []


async def test_people_chosen_in_the_list_of_users_go_along_to_the_form_of_the_move(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    visitor = await visit(office)
    listed = await visitor.get("/users")
    assert 'formaction="/strategies/move"' in listed.text
    form = await visitor.get(f"/strategies/move?user=ada@contoso.example&sku={VISIO}")
    assert 'value="named" checked' in form.text
    assert ">ada@contoso.example</textarea>" in form.text
    nobody = await visitor.browser.get("/strategies/move?ticked=yes")
    assert led_to(nobody) == "/users?unticked=yes"


async def test_the_groups_that_give_the_chosen_product_are_shown_on_demand(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, VISIO, 5)
    await license_group(office, await add_group(office, "Engineers"), VISIO)
    visitor = await visit(office)
    page = await visitor.get("/strategies/move")
    shown = await visitor.send("/strategies/move", page, sku=VISIO, step="groups")
    assert re.search(r'<select id="toGroup"[^>]*><option value="[^"]+">Engineers<', shown.text)

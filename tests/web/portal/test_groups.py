"""One group as a page: made, filled, ruled, licensed with service plans, and looked at before."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from tests.dynamic import held, members
from tests.office import Office
from tests.web.portal.visitor import digest_in, visit
from tests.world import add_people

E3 = "SPE_E3"


async def test_a_group_is_made_filled_licensed_and_emptied_by_forms(office: Office) -> None:
    await add_people(office, "ada", "ben", "cara")
    await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": 5, "status": "Enabled"}
    )
    visitor = await visit(office)
    made = await visitor.send("/groups", await visitor.get("/groups"), displayName="Sales")
    path = made.headers["location"].partition("?")[0]
    id_ = path.rpartition("/")[2]
    page = await visitor.get(path)
    assert "Nobody is in it" in page.text
    people = "ada@contoso.example, ben@contoso.example"
    joined = await visitor.send(f"{path}/members", page, people=people)
    assert joined.status_code == 303
    assert await members(office, id_) == ["ada", "ben"]
    nobody = await visitor.send(f"{path}/members", page, people="zoe@contoso.example")
    assert (nobody.status_code, "zoe@contoso.example" in nobody.text) == (400, True)
    before = await visitor.get(f"{path}/impact?product={E3}")
    assert re.search(r"<dt>Seats needed</dt><dd>2</dd>", before.text)
    preview = await visitor.send(f"{path}/licenses", before, sku=E3, step="preview")
    assert preview.text.count("gets it") == 2
    form: dict[str, str | list[str]] = {"sku": E3, "plansOf": E3, "plan": ["TEAMS1"]}
    assert (await visitor.send(f"{path}/licenses", before, **form)).status_code == 303
    page = await visitor.get(path)
    assert re.findall(r'name="plan" value="(\w+)" checked', page.text) == ["TEAMS1"]
    assert await held(office, "ben") == [E3]
    outs = re.findall(r'formaction="([^"]+/remove)"', page.text)
    assert len(outs) == 2
    preview = await visitor.send(outs[1], page, step="preview")
    assert "loses it" in preview.text
    done = await visitor.send(outs[1], preview, step="apply", digest=digest_in(preview))
    assert done.status_code == 303
    assert await members(office, id_) == ["ada"]
    assert await held(office, "ben") == []


async def test_a_rule_is_tried_mended_previewed_and_paused(office: Office) -> None:
    await add_people(office, "ada", "ben")
    change = {"department": "Sales"}
    await office.admin.patch("/api/identity/users/ada@contoso.example", json=change)
    visitor = await visit(office)
    made = await visitor.send("/groups", await visitor.get("/groups"), displayName="Sellers")
    path = made.headers["location"].partition("?")[0]
    page = await visitor.get(path)
    wrong = await visitor.send(f"{path}/rule", page, rule='user.department -is "Sales"')
    assert (wrong.status_code, "Line 1, column" in wrong.text) == (400, True)
    assert 'aria-invalid="true"' in wrong.text
    rule = 'user.department -eq "Sales"'
    tried = await visitor.send(
        f"{path}/rule",
        page,
        rule=rule,
        people="ada@contoso.example ben@contoso.example",
        step="try",
    )
    assert re.findall(r">(belongs|does not belong)<", tried.text) == ["belongs", "does not belong"]
    assert (await visitor.send(f"{path}/rule", tried, rule=rule, step="preview")).status_code == 200
    id_ = path.rpartition("/")[2]
    assert await members(office, id_) == []
    assert (await visitor.send(f"{path}/rule", tried, rule=rule)).status_code == 303
    assert await members(office, id_) == ["ada"]
    page = await visitor.get(path)
    assert "/remove" not in page.text
    assert (await visitor.send(f"{path}/rule", page, action="pause")).status_code == 303
    paused = await visitor.get(path)
    assert "The rule is paused" in paused.text
    reader = await visit(office, Role.GLOBAL_READER)
    seen = await reader.get(path)
    assert f"{path}/rule" not in seen.text
    refused = await reader.send(f"{path}/rule", seen, rule="")
    assert refused.status_code == 403


async def test_one_change_of_a_group_is_told_by_one_green_line(office: Office) -> None:
    names = ["ada", "ben", "cara", "dan", "eve"]
    await add_people(office, *names)
    visitor = await visit(office)
    start = await visitor.get("/groups")
    assert start.text.index('action="/groups"') < start.text.index('id="list"')
    made = await visitor.send("/groups", start, displayName="Sales")
    page = await visitor.get(made.headers["location"])
    assert page.text.count("note-ok") == 1
    assert "Put people into it" in page.text
    path = made.headers["location"].partition("?")[0]
    people = ", ".join(f"{name}@contoso.example" for name in names)
    joined = await visitor.send(f"{path}/members", page, people=people)
    page = await visitor.get(joined.headers["location"])
    assert page.text.count("note-ok") == 1
    told = page.text.partition("note-ok")[2].partition("<form")[0]
    assert "And 2 more changes" in told
    for name in names:
        assert f">{name}</a> joined" in told


async def test_who_joins_and_who_leaves_is_named_though_nobody_gains_a_license(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben")
    visitor = await visit(office)
    made = await visitor.send("/groups", await visitor.get("/groups"), displayName="Sales")
    path = made.headers["location"].partition("?")[0]
    await visitor.send(f"{path}/members", await visitor.get(path), people="ada@contoso.example")
    people = "ada@contoso.example ben@contoso.example"
    page = await visitor.get(path)
    preview = await visitor.send(f"{path}/members", page, people=people, step="preview")
    assert "Who is put in (1)" in preview.text
    assert re.search(r'<li><a href="/users/[0-9a-f-]{36}">ben</a>', preview.text)
    assert "One is in it already." in preview.text
    (out,) = re.findall(r'formaction="([^"]+/remove)"', page.text)
    preview = await visitor.send(out, page, step="preview")
    assert re.search(r"Who is taken out \(1\).*?>ada</a>", preview.text, re.DOTALL)

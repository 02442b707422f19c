"""People, groups and members out of a file on a page: looked at first, every bad row named."""

from __future__ import annotations

import io
import re
from html import unescape

import xlsxwriter  # type: ignore[import-untyped]  # It ships no types.

from seatwright.domain.roles import Role
from tests.dynamic import held, members
from tests.office import Office
from tests.web.portal.visitor import digest_in, visit
from tests.world import add_group, add_people

E3 = "SPE_E3"
PEOPLE = "UPN;Name;Location\nada@contoso.example;Ada;NO\n;Nobody;NO\nben@contoso.example;Ben;ZZZ\n"


async def test_people_come_from_a_file_after_a_preview_that_names_the_bad_rows(
    office: Office,
) -> None:
    visitor = await visit(office)
    form = await visitor.get("/users/import")
    preview = await visitor.send(
        "/users/import", form, kind="users", lines=PEOPLE, mode="merge", step="preview"
    )
    assert preview.status_code == 200
    assert "3 rows: 1 new, 2 that cannot be read." in preview.text
    said = unescape(preview.text)
    assert "Row 3:" in said
    assert re.search(r"Row 4: [^<]*ZZZ", said)
    gone = await office.admin.get("/api/identity/users/ada@contoso.example")
    assert gone.status_code == 404
    assert re.search(r'name="lines" value="UPN;Name;Location', preview.text)
    apply = {"kind": "users", "lines": PEOPLE, "mode": "merge", "step": "apply"}
    done = await visitor.send("/users/import", preview, **apply, digest=digest_in(preview))
    assert (done.status_code, "3 rows: 1 new" in done.text) == (200, True)
    assert re.findall(r'data-label="Row">(\d+)<', done.text) == ["3", "4"]
    there = await office.admin.get("/api/identity/users/ada@contoso.example")
    assert there.json()["usageLocation"] == "NO"
    again = await visitor.send("/users/import", done, kind="users", lines=PEOPLE)
    assert "1 as before" in again.text


async def test_members_of_a_file_get_what_their_group_gives_and_the_preview_says_so(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben")
    group = await add_group(office, "Sales")
    bought = {"skuPartNumber": E3, "units": 5, "status": "Enabled"}
    await office.admin.post("/api/subscriptions", json=bought)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    form = await visitor.get("/users/import?kind=members")
    assert re.search(r'value="members" checked', form.text)
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Group", "UPN"])
        sheet.write_row(1, 0, ["Sales", "ada@contoso.example"])
        sheet.write_row(2, 0, ["Sales", "ben@contoso.example"])
    token = re.search(r'name="proof" value="([0-9a-f]{64})"', form.text)
    assert token
    preview = await visitor.browser.post(
        "/users/import",
        data={"proof": token[1], "kind": "members", "step": "preview"},
        files={"file": ("members.xlsx", packed.getvalue())},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert preview.text.count("gets it") == 2
    lines = re.search(r'name="lines" value="([^"]*)"', preview.text)
    assert lines
    order = {"kind": "members", "lines": unescape(lines[1]), "step": "apply"}
    done = await visitor.send("/users/import", preview, **order, digest=digest_in(preview))
    assert "2 rows: 2 new." in done.text
    assert await members(office, group) == ["ada", "ben"]
    assert await held(office, "ben") == [E3]


async def test_a_file_that_would_disable_many_is_stopped_until_it_is_meant(office: Office) -> None:
    names = [f"p{number:02}" for number in range(15)]
    await add_people(office, *names)
    visitor = await visit(office)
    form = await visitor.get("/users/import")
    order = {"kind": "users", "mode": "replace", "lines": "UPN\np00@contoso.example\n"}
    preview = await visitor.send("/users/import", form, **order, step="preview")
    assert "more than the 10 that an import may" in preview.text
    stopped = await visitor.send("/users/import", form, **order)
    assert stopped.status_code == 409
    assert "disable 14 people" in stopped.text
    assert "Also if it takes many away" in unescape(stopped.text)
    assert "p00@contoso.example" in stopped.text
    still = (await office.admin.get("/api/identity/users/p01@contoso.example")).json()
    assert still["accountEnabled"] is True
    meant = await visitor.send("/users/import", stopped, **order, confirm="yes")
    assert "14 disabled" in meant.text


async def test_a_file_is_refused_as_a_whole_with_what_is_wrong_and_kept_in_the_form(
    office: Office,
) -> None:
    visitor = await visit(office)
    form = await visitor.get("/users/import")
    for order, told in (
        ({"kind": "users"}, "There are no rows yet"),
        ({"kind": "cars", "lines": "UPN\n"}, "cars"),
        ({"kind": "users", "lines": "Shoe size\n42\n"}, "userPrincipalName"),
    ):
        refused = await visitor.send("/users/import", form, **order)
        assert (refused.status_code, told in refused.text) == (400, True), order
        assert 'role="alert"' in refused.text
        assert order.get("lines", "").partition("\n")[0] in refused.text


async def test_who_may_import_what(office: Office) -> None:
    for role, kinds in {
        Role.USER_ADMINISTRATOR: {"users", "groups", "members"},
        Role.GROUPS_ADMINISTRATOR: {"groups", "members"},
        Role.LICENSE_ADMINISTRATOR: set(),
    }.items():
        visitor = await visit(office, role)
        form = await visitor.get("/users/import")
        assert form.status_code == (200 if kinds else 403), role
        assert set(re.findall(r'name="kind" value="(\w+)"', form.text)) == kinds
        me = await visitor.get("/me")
        lines = f"UPN\n{role.value}@contoso.example\n"
        sent = await visitor.send("/users/import", me, kind="users", lines=lines)
        assert sent.status_code == (200 if "users" in kinds else 403), role


async def test_whoever_came_after_the_preview_is_not_disabled_unseen(office: Office) -> None:
    await add_people(office, "ada", "ben")
    visitor = await visit(office)
    form = await visitor.get("/users/import")
    order = {"kind": "users", "mode": "replace", "lines": "UPN\nada@contoso.example\n"}
    preview = await visitor.send("/users/import", form, **order, step="preview")
    assert "1 disabled" in preview.text
    await add_people(office, "cara")
    moved = await visitor.send(
        "/users/import", preview, **order, step="apply", digest=digest_in(preview)
    )
    assert (moved.status_code, "2 disabled" in moved.text) == (412, True)
    for name in ("ben", "cara"):
        person = await office.admin.get(f"/api/identity/users/{name}@contoso.example")
        assert person.json()["accountEnabled"] is True


async def test_preview_and_result_name_the_people_and_say_how_many_more(office: Office) -> None:
    await add_people(office, "ben")
    names = [f"p{number:02}" for number in range(23)]
    rows = [f"{name}@contoso.example;{name.upper()};NO" for name in (*names, "ben")]
    order = {"kind": "users", "mode": "merge", "lines": "\n".join(["UPN;Name;Location", *rows])}
    visitor = await visit(office)
    form = await visitor.get("/users/import")
    preview = await visitor.send("/users/import", form, **order, step="preview")
    assert "New people (23)" in preview.text
    assert "<li>P19 <span" in preview.text
    assert "P20" not in preview.text.partition("<form")[0].partition("<main")[2]
    assert "And 3 more." in preview.text
    assert re.search(
        r'People who are changed \(1\).*?href="/users/[0-9a-f-]{36}"', preview.text, re.DOTALL
    )
    done = await visitor.send(
        "/users/import", preview, **order, step="apply", digest=digest_in(preview)
    )
    assert '<a href="/users/p00%40contoso.example">P00</a>' in done.text
    assert (await visitor.get("/users/p00%40contoso.example")).status_code == 200


async def test_members_put_in_by_a_file_are_named_and_can_be_taken_out_again(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben")
    group = await add_group(office, "Sales")
    order = {"kind": "members", "lines": "Group;UPN\nSales;ada@contoso.example\n"}
    visitor = await visit(office)
    form = await visitor.get("/users/import?kind=members")
    preview = await visitor.send("/users/import", form, **order, step="preview")
    assert "Who is put in (1)" in preview.text
    assert "/undo/" not in preview.text
    done = await visitor.send(
        "/users/import", preview, **order, step="apply", digest=digest_in(preview)
    )
    assert re.search(r'href="/users/[0-9a-f-]{36}">[^<]*</a> <span class="small">Sales<', done.text)
    assert await members(office, group) == ["ada"]
    path = re.search(r'action="(/undo/[0-9a-f-]{36})"', done.text)
    assert path
    look = await visitor.send(path[1], done, back="/users/import?kind=members", step="preview")
    assert re.search(r"was done</h2>.*?>ada</a> joined <a [^>]*>Sales</a>", look.text, re.DOTALL)
    assert "A file was imported" not in look.text
    assert await members(office, group) == ["ada"]
    undone = await visitor.send(path[1], done, back="/users/import?kind=members")
    assert undone.status_code == 303
    assert await members(office, group) == []
    assert "Undone." in (await visitor.get(undone.headers["location"])).text

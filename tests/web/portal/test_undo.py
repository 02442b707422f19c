"""What pages did is undone from where they say that it was done."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.portal.test_pages import E3, _furnish, _group_of, _holds
from tests.web.portal.visitor import digest_in, visit

_UNDO = re.compile(r'action="(/undo/[0-9a-f-]{36})"')


async def test_an_assignment_is_undone_with_one_press_and_done_again_with_another(
    office: Office,
) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get(f"/users/{user}")
    done = await visitor.send(f"/users/{user}/licenses", page, sku=E3)
    page = await visitor.get(done.headers["location"])
    (path,) = _UNDO.findall(page.text)
    undone = await visitor.send(path, page, back=f"/users/{user}")
    assert undone.status_code == 303
    assert undone.headers["location"].startswith(f"/users/{user}?done=undone&undo=")
    assert await _holds(office, user) == []
    page = await visitor.get(undone.headers["location"])
    assert "Undone." in page.text
    again = await visitor.send(_UNDO.findall(page.text)[0], page, back="//evil.example")
    assert again.headers["location"].startswith("/?done=undone")
    assert await _holds(office, user) == [E3]
    twice = await visitor.send(path, page, back="/")
    assert twice.status_code == 409
    assert "was undone on" in twice.text
    assert not _UNDO.findall((await visitor.get(done.headers["location"])).text)


async def test_what_touches_more_is_looked_at_before_it_is_undone(office: Office) -> None:
    user = await _furnish(office)
    group = await _group_of(office, user)
    for name in ("bo", "cy"):
        made = await office.admin.post(
            "/api/identity/users",
            json={
                "userPrincipalName": f"{name}@contoso.example",
                "displayName": name,
                "usageLocation": "NO",
            },
        )
        await office.admin.post(
            f"/api/identity/groups/{group}/members", json={"users": [made.json()["id"]]}
        )
    visitor = await visit(office)
    page = await visitor.get(f"/groups/{group}")
    given = f"/groups/{group}/licenses"
    preview = await visitor.send(given, page, sku=E3, step="preview")
    done = await visitor.send(given, preview, sku=E3, digest=digest_in(preview))
    page = await visitor.get(done.headers["location"])
    assert await _holds(office, user) == [E3]
    (path,) = _UNDO.findall(page.text)
    preview = await visitor.send(path, page, step="preview", words="Undo this change")
    assert preview.text.count("loses it") == 3
    assert await _holds(office, user) == [E3]
    done = await visitor.send(path, preview, digest=digest_in(preview), step="apply")
    assert done.status_code == 303, done.text
    assert await _holds(office, user) == []


async def test_who_may_not_undo_is_not_offered_it(office: Office) -> None:
    user = await _furnish(office)
    given = await office.admin.post(
        f"/api/identity/users/{user}/licenses", json={"skuPartNumber": E3}
    )
    correlation = given.headers["x-correlation-id"]
    reader = await visit(office, Role.GLOBAL_READER)
    page = await reader.get(f"/users/{user}?done=assigned&undo={correlation}")
    assert page.status_code == 200
    assert not _UNDO.findall(page.text)
    assert (await reader.send(f"/undo/{correlation}", page, back="/")).status_code == 403
    assert (await reader.get("/me?undo=nothing")).status_code == 200

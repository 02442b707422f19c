"""Conflicts on a page: each is mended by a button that shows first what it does."""

from __future__ import annotations

import re
from html import unescape

import pytest

from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.web.test_conflict_list import SCENES, conflicts, shortage

_FIX = re.compile(
    r'name="method" value="([^"]+)">\s*<input type="hidden" name="path" value="([^"]+)">'
    r'\s*<input type="hidden" name="body" value="([^"]*)">'
)


def fixes_on(text: str) -> list[dict[str, str]]:
    """The buttons of a page, as the calls that they stand for."""
    return [
        {"method": method, "path": unescape(path), "body": unescape(body)}
        for method, path, body in _FIX.findall(text)
    ]


@pytest.mark.parametrize("scene", SCENES)
async def test_a_conflict_is_mended_by_its_button_after_a_preview(
    office: Office, scene: str
) -> None:
    build, kind = SCENES[scene]
    await build(office)
    (found,) = await conflicts(office, kind=kind)
    visitor = await visit(office)
    everybody = await visitor.get(f"/conflicts?kind={kind}")
    assert found["sentence"] in unescape(everybody.text)
    assert fixes_on(everybody.text) or "Why, and what would mend it" in everybody.text
    of_one = "" if found["user"] is None else f"&user={found['user']['userPrincipalName']}"
    page = await visitor.get(f"/conflicts?kind={kind}{of_one}")
    offered = fixes_on(page.text)[: len(found["fixes"])]
    assert [(one["method"], one["path"]) for one in offered] == [
        (fix["method"], fix["path"]) for fix in found["fixes"]
    ]
    for fix in offered:
        preview = await visitor.send("/fixes", page, **fix, step="preview", words="x")
        assert preview.status_code == 200, preview.text
        assert "Nothing is done yet" in preview.text
    assert await conflicts(office, kind=kind) == [found]
    fix = offered[0]
    preview = await visitor.send("/fixes", page, **fix, step="preview", back="/conflicts?kind=x")
    done = await visitor.send(
        "/fixes", preview, **fix, digest=digest_in(preview), back=f"/conflicts?kind={kind}"
    )
    assert led_to(done) == f"/conflicts?kind={kind}&done=mended"
    assert "There is no such conflict" in (await visitor.get(led_to(done))).text
    assert await conflicts(office, kind=kind) == []


async def test_who_may_not_mend_reads_what_would_help_and_gets_no_further_with_a_form(
    office: Office,
) -> None:
    await shortage(office)
    admin = await visit(office)
    (first, *_) = fixes_on((await admin.get("/conflicts")).text)
    reader = await visit(office, Role.GLOBAL_READER)
    page = await reader.get("/conflicts")
    assert not fixes_on(page.text)
    assert "What would help: " in page.text
    assert (await reader.send("/fixes", page, **first)).status_code == 403
    for method, path, body in (
        ("GET", first["path"], "{}"),
        ("DELETE", "/api/tokens/x", "{}"),
        ("POST", "/api/subscriptions/../tokens", "{}"),
        (first["method"], first["path"], "[]"),
        (first["method"], first["path"], '{"units": "many"}'),
    ):
        answer = await admin.send("/fixes", page, method=method, path=path, body=body)
        assert answer.status_code in {400, 403}, (method, path)
    assert len(await conflicts(office, kind="insufficientSeats")) == 1


async def test_conflicts_are_counted_by_kind_and_found_by_person(office: Office) -> None:
    build, _ = SCENES["duplicate"]
    await build(office)
    visitor = await visit(office)
    page = await visitor.get("/conflicts")
    assert re.search(r"Too few seats <span[^>]*>0<", page.text)
    assert not re.search(r"The same service twice <span", page.text)
    mine = await visitor.get("/conflicts?user=ada@contoso.example")
    assert "Exchange Online" in mine.text
    assert (await visitor.get("/conflicts?user=nobody@contoso.example")).status_code == 404
    assert (await visitor.get("/conflicts?kind=none")).status_code == 400

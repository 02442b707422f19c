"""Conflicts on a page: each is mended by a button that shows first what it does."""

from __future__ import annotations

import re
from html import unescape

import pytest

from seatwright.app.conflicts import finding
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.roles import Role
from seatwright.web.portal import conflicts as pages_of_conflicts
from seatwright.web.portal.frame.words import KIND_ADVICE
from tests.office import Office
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.web.test_conflict_list import SCENES, conflicts, shortage
from tests.web.test_group_licenses import held_by, work_all_jobs
from tests.web.test_why import assign, buy, license_group
from tests.world import add_group, add_people

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


async def doubles(office: Office, *names: str, product: str = "VISIOCLIENT") -> None:
    """These people have a product directly that a group of theirs gives too."""
    people = await add_people(office, *names)
    await buy(office, product, len(names) + 2)
    group = await add_group(office, f"Users of {product}", people)
    await license_group(office, group, product)
    for name in names:
        await assign(office, name, product)


def boxes_on(text: str) -> list[str]:
    """What can be ticked."""
    return re.findall(r'name="conflict" value="([^"]+)"', text)


async def test_many_direct_assignments_are_removed_by_one_form_and_come_back_by_one_undo(
    office: Office,
) -> None:
    await doubles(office, "ada", "bob", "cyd")
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited")
    assert "ada keeps it through Users of VISIOCLIENT" in page.text
    ticked = boxes_on(page.text)
    assert len(ticked) == 3
    all_ticked = await visitor.get("/conflicts?kind=directBesideInherited&tick=all")
    assert len(re.findall(r'form="mend"[^>]* checked>', all_ticked.text)) == 3
    sent: dict[str, str | list[str]] = {
        "conflict": ticked[:2],
        "back": "/conflicts?kind=directBesideInherited",
    }
    preview = await visitor.send("/conflicts/mend", page, step="preview", **sent)
    assert "<h1>Remove 2 direct assignments</h1>" in preview.text
    assert "They keep Visio Plan 2 through Users of VISIOCLIENT." in preview.text
    assert "Nobody gains or loses a license." in preview.text
    done = await visitor.send("/conflicts/mend", preview, **sent, digest=digest_in(preview))
    assert led_to(done) == "/conflicts?kind=directBesideInherited&done=mended"
    after = await visitor.get(done.headers["location"])
    assert "Removed the direct assignment of Visio Plan 2: ada and bob." in after.text
    assert len(boxes_on(after.text)) == 1
    (undo,) = re.findall(r'action="(/undo/[^"]+)"', after.text)
    shown = await visitor.send(undo, after, step="preview", back="/conflicts")
    await visitor.send(undo, shown, digest=digest_in(shown), back="/conflicts")
    assert len(await conflicts(office, kind="directBesideInherited")) == 3


async def test_all_of_one_product_are_mended_but_who_would_lose_service_plans(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doubles(office, "ada", "bob")
    await doubles(office, "cyd", product="PROJECTPROFESSIONAL")
    group = await add_group(office, "Narrow", await add_people(office, "dan"))
    await license_group(office, group, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    await assign(office, "dan", "VISIOCLIENT")
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited&product=VISIOCLIENT")
    assert len(boxes_on(page.text)) == 3
    assert "Project Plan 3 assigned directly" not in page.text
    fields = {"all": "yes", "product": "VISIOCLIENT"}
    preview = await visitor.send("/conflicts/mend", page, step="preview", **fields)
    assert "<h1>Remove 2 direct assignments</h1>" in preview.text
    assert "One more is left out" in preview.text
    # More than a few hundred are a job, which a worker takes up.
    monkeypatch.setattr(pages_of_conflicts, "USERS_AT_ONCE_MAX", 1)
    preview = await visitor.send("/conflicts/mend", page, step="preview", **fields)
    done = await visitor.send("/conflicts/mend", preview, **fields, digest=digest_in(preview))
    assert led_to(done).startswith("/bulk/")
    await work_all_jobs(office)
    left = await conflicts(office, kind="directBesideInherited")
    assert {one["user"]["displayName"] for one in left} == {"cyd", "dan"}
    again = await visitor.send("/conflicts/mend", page, step="preview", **fields)
    assert again.status_code == 400
    nothing = await visitor.send("/conflicts/mend", page, step="preview")
    assert nothing.status_code == 400
    reader = await visit(office, Role.GLOBAL_READER)
    assert not boxes_on((await reader.get("/conflicts")).text)
    assert (await reader.send("/conflicts/mend", page, **fields)).status_code == 403


async def test_a_large_mending_leaves_out_who_needs_the_direct_assignment_when_a_worker_comes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doubles(office, "ada", "bob")
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited")
    monkeypatch.setattr(pages_of_conflicts, "USERS_AT_ONCE_MAX", 1)
    for fields in ({"all": "yes"}, {"conflict": boxes_on(page.text)}):
        preview = await visitor.send("/conflicts/mend", page, step="preview", **fields)
        done = await visitor.send("/conflicts/mend", preview, **fields, digest=digest_in(preview))
        group = await group_named(office, "Users of VISIOCLIENT")
        taken = await office.admin.delete(f"/api/identity/groups/{group}/licenses/VISIOCLIENT")
        assert taken.status_code == 202, taken.text
        await work_all_jobs(office)
        for name in ("ada", "bob"):
            assert "VISIOCLIENT" in await held_by(office, name)
        job = unescape((await visitor.get(led_to(done))).text)
        assert "they would now lose Visio Plan 2" in job
        # People are named, and not by their ids (T-082).
        assert "ada@contoso.example" in job
        assert "VISIOCLIENT" in job or "Visio Plan 2" in job
        await license_group(office, group, "VISIOCLIENT")


async def group_named(office: Office, name: str) -> str:
    """The id of a group."""
    groups = (await office.admin.get("/api/identity/groups")).json()["value"]
    return str(next(one["id"] for one in groups if one["displayName"] == name))


async def test_a_double_that_comes_after_the_preview_is_not_removed_with_the_others(
    office: Office,
) -> None:
    await doubles(office, "ada", "bob")
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited")
    preview = await visitor.send("/conflicts/mend", page, step="preview", all="yes")
    await doubles(office, "cyd", product="PROJECTPROFESSIONAL")
    late = await visitor.send("/conflicts/mend", preview, all="yes", digest=digest_in(preview))
    assert late.status_code == 412
    assert len(await conflicts(office, kind="directBesideInherited")) == 3


async def test_products_that_another_covers_are_removed_together_with_needless_service_plans(
    office: Office,
) -> None:
    group = await add_group(office, "Narrow", await add_people(office, "dan"))
    await buy(office, "VISIOCLIENT", 2)
    await license_group(office, group, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    await assign(office, "dan", "VISIOCLIENT")
    build, _ = SCENES["duplicate"]
    await build(office)
    visitor = await visit(office)
    page = await visitor.get("/conflicts")
    ticked = boxes_on(page.text)
    assert len(ticked) == 2
    preview = await visitor.send("/conflicts/mend", page, step="preview", conflict=ticked)
    done = await visitor.send(
        "/conflicts/mend", preview, conflict=ticked, digest=digest_in(preview)
    )
    assert led_to(done) == "/conflicts?done=mended"
    assert not boxes_on((await visitor.get("/conflicts")).text)


async def test_of_what_is_ticked_only_what_was_a_duplicate_goes_for_what_covers_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doubles(office, "ada", product="EXCHANGESTANDARD")
    await add_people(office, "zoe")
    await buy(office, "EXCHANGESTANDARD", 9)
    await buy(office, "SPE_E3", 9)
    await assign(office, "zoe", "EXCHANGESTANDARD")
    for name in ("ada", "zoe"):
        await assign(office, name, "SPE_E3")
    visitor = await visit(office)
    page = await visitor.get("/conflicts")
    fields = {"conflict": boxes_on(page.text)}
    monkeypatch.setattr(pages_of_conflicts, "USERS_AT_ONCE_MAX", 1)
    preview = await visitor.send("/conflicts/mend", page, step="preview", **fields)
    await visitor.send("/conflicts/mend", preview, **fields, digest=digest_in(preview))
    group = await group_named(office, "Users of EXCHANGESTANDARD")
    taken = await office.admin.delete(f"/api/identity/groups/{group}/licenses/EXCHANGESTANDARD")
    assert taken.status_code == 202, taken.text
    await work_all_jobs(office)
    assert set(await held_by(office, "ada")) == {"SPE_E3", "EXCHANGESTANDARD"}
    assert set(await held_by(office, "zoe")) == {"SPE_E3"}


async def test_a_search_that_ends_before_all_was_looked_at_says_so_in_the_preview(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doubles(office, "ada", "bob")
    monkeypatch.setattr(finding, "AT_ONCE", 1)
    monkeypatch.setattr(finding, "LOOKED_AT_MAX", 1)
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited")
    found = await visitor.send("/conflicts/mend", page, step="preview", all="yes")
    assert "The search ended after 1: choose a product to look at its others." in found.text


async def test_no_conflict_is_out_of_reach_behind_assignments_that_stay(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(office, "abe")
    await buy(office, "PROJECTPROFESSIONAL", 1)
    await assign(office, "abe", "PROJECTPROFESSIONAL")
    # Their group leaves off what the direct assignment keeps: looked at, and left.
    stays = await add_people(office, "bea", "bo")
    await buy(office, "VISIOCLIENT", 9)
    group = await add_group(office, "Narrow", stays)
    await license_group(office, group, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    for name in ("bea", "bo"):
        await assign(office, name, "VISIOCLIENT")
    await doubles(office, "zoe", product="SPE_E3")
    monkeypatch.setattr(finding, "AT_ONCE", 1)
    visitor = await visit(office)
    page = await visitor.get("/conflicts?kind=directBesideInherited")
    found = await visitor.send("/conflicts/mend", page, step="preview", all="yes")
    assert "<h1>Remove one direct assignment</h1>" in found.text
    assert "zoe" in found.text
    assert "2 more are left out" in found.text


async def test_each_kind_says_what_to_do_and_those_that_go_together_have_one_button(
    office: Office,
) -> None:
    await shortage(office)
    await doubles(office, "kim", "lou", product="PROJECTPROFESSIONAL")
    visitor = await visit(office)
    page = await visitor.get("/conflicts")
    text = unescape(page.text)
    for kind in (ConflictKind.INSUFFICIENT_SEATS, ConflictKind.DIRECT_BESIDE_INHERITED):
        assert text.count(KIND_ADVICE[kind]) == 1
    assert text.count('name="all" value="yes"') == 1
    fields = {"all": "yes", "kind": "directBesideInherited", "back": "/conflicts"}
    preview = await visitor.send("/conflicts/mend", page, step="preview", **fields)
    done = await visitor.send("/conflicts/mend", preview, **fields, digest=digest_in(preview))
    assert led_to(done) == "/conflicts?done=mended"
    assert await conflicts(office, kind="directBesideInherited") == []
    of_one = await visitor.get("/conflicts?user=cyd@contoso.example")
    assert 'name="all"' not in of_one.text
    reader = await visit(office, Role.GLOBAL_READER)
    assert 'name="all"' not in (await reader.get("/conflicts")).text


async def test_boxes_that_come_with_more_conflicts_have_their_form_on_the_first_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shortage(office)
    await doubles(office, "kim", "lou", product="PROJECTPROFESSIONAL")
    monkeypatch.setattr(pages_of_conflicts, "ROWS", 1)
    visitor = await visit(office)
    first = await visitor.get("/conflicts")
    assert not boxes_on(first.text)
    assert 'id="mend"' in first.text
    of_seats = await visitor.get("/conflicts?kind=insufficientSeats")
    assert 'id="mend"' not in of_seats.text
    reader = await visit(office, Role.GLOBAL_READER)
    assert 'id="mend"' not in (await reader.get("/conflicts")).text

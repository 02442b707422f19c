"""What the pages show, who may see them, and what their forms do."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest

from seatwright.domain.roles import Permission, Role, permissions_of
from tests.office import Office
from tests.web.portal.visitor import Visitor, digest_in, led_to, visit
from tests.world import add_people

_LINK = re.compile(r'(href|src|action)="([^"]*)"')
E3 = "SPE_E3"


async def _furnish(office: Office) -> str:
    """Ada, five seats of Microsoft 365 E3, and her id."""
    made = await office.admin.post(
        "/api/identity/users",
        json={
            "userPrincipalName": "ada@contoso.example",
            "displayName": "Ada <script>alert(1)</script> Lovelace",
            "usageLocation": "NO",
            "department": "R&D",
        },
    )
    assert made.status_code == 201, made.text
    bought = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": 5, "status": "Enabled"}
    )
    assert bought.status_code == 201, bought.text
    return str(made.json()["id"])


async def _group_of(office: Office, user: str) -> str:
    """A group with one member."""
    made = await office.admin.post("/api/identity/groups", json={"displayName": "R&D <b>"})
    assert made.status_code == 201, made.text
    group = str(made.json()["id"])
    joined = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": [user]}
    )
    assert joined.status_code == 200, joined.text
    return group


async def _holds(office: Office, user: str) -> list[str]:
    answer = await office.admin.get(f"/api/identity/users/{user}/licenses")
    return [one["skuPartNumber"] for one in answer.json()["value"]]


async def test_every_page_that_pages_lead_to_is_there_and_stays_on_this_host(
    office: Office,
) -> None:
    user = await _furnish(office)
    await office.admin.post(f"/api/identity/users/{user}/licenses", json={"skuPartNumber": E3})
    group = await _group_of(office, user)
    visitor = await visit(office)
    seen: set[str] = set()
    wanted = ["/"]
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        page = await visitor.get(path)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        if page.headers["content-type"].startswith("text/html"):
            _is_guarded(page.headers)
            assert "<script>alert" not in page.text
            for kind, link in ((kind, unescape(link)) for kind, link in _LINK.findall(page.text)):
                parts = urlsplit(link)
                assert not parts.netloc, f"{path} leads to {link}"
                assert not parts.scheme, f"{path} leads to {link}"
                if kind != "action":
                    wanted.append(link.partition("#")[0] or path)
    assert f"/history?user={user}&kind=all" in seen
    assert f"/groups/{group}" in seen
    assert {
        "/groups",
        "/history",
        "/",
        "/users",
        f"/users/{user}",
        "/licenses",
        f"/licenses/{E3}",
        "/me",
    } <= seen


def _is_guarded(headers: object) -> None:
    kept = dict(headers)  # type: ignore[call-overload]  # the headers of httpx are a mapping
    assert "default-src 'none'" in kept["content-security-policy"]
    assert "frame-ancestors 'none'" in kept["content-security-policy"]
    assert kept["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in kept["content-security-policy"]
    assert kept["x-content-type-options"] == "nosniff"
    assert kept["cache-control"] == "no-store"


PAGES = {
    "/users": Permission.READ_DIRECTORY,
    "/licenses": Permission.READ_LICENSES,
    f"/licenses/{E3}": Permission.READ_LICENSES,
    "/groups": Permission.READ_DIRECTORY,
    "/bulk": Permission.READ_JOBS,
    "/history": Permission.READ_HISTORY,
    "/history/holders": Permission.READ_HISTORY,
    "/auto-claim": Permission.READ_AUTO_CLAIM,
    "/templates": Permission.READ_TEMPLATES,
    "/conflicts": Permission.READ_LICENSES,
    "/strategies": Permission.READ_LICENSES,
    "/strategies/move": Permission.MOVE,
    "/held": Permission.READ_LICENSES,
    "/requests": Permission.SEE_REQUESTS,
    "/requests/new": Permission.TAKE_PART_IN_REQUESTS,
    "/me": None,
}


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_sees_its_pages_and_no_other(office: Office, role: Role) -> None:
    user = await _furnish(office)
    visitor = await visit(office, role)
    start = await visitor.get("/")
    may_read = Permission.READ_LICENSES in permissions_of([role])
    assert start.status_code == (200 if may_read else 303)
    me = await visitor.get("/me")
    pages = {**PAGES, f"/users/{user}": Permission.READ_DIRECTORY}
    for path, permission in pages.items():
        page = await visitor.get(path)
        may = permission is None or permission in permissions_of([role])
        assert page.status_code == (200 if may else 403), f"{role} {path}"
        if not may:
            assert "You may not" in page.text
    answer = await visitor.send(f"/users/{user}/licenses", me, sku=E3)
    may_assign = Permission.ASSIGN_TO_USERS in permissions_of([role])
    assert answer.status_code == (303 if may_assign else 403)
    assert await _holds(office, user) == ([E3] if may_assign else [])


async def test_people_are_found_and_a_list_goes_on(office: Office) -> None:
    for number in range(60):
        answer = await office.admin.post(
            "/api/identity/users",
            json={
                "userPrincipalName": f"p{number:02}@contoso.example",
                "displayName": f"Person {number:02}",
            },
        )
        assert answer.status_code == 201
    visitor = await visit(office)
    first = await visitor.get("/users")
    (more,) = re.findall(r'href="(/users\?cursor=[^"]+)"', first.text)
    second = await visitor.get(more)
    names = re.findall(r">(Person \d\d)<", first.text + second.text)
    assert names == [f"Person {number:02}" for number in range(60)]
    found = await visitor.get("/users?search=p07")
    assert re.findall(r">(Person \d\d)<", found.text) == ["Person 07"]
    assert "Nobody matches" in (await visitor.get("/users?search=zoe")).text
    assert (await visitor.get("/users?cursor=%5Bnonsense")).status_code == 400


async def test_a_product_is_assigned_and_taken_away_by_forms(office: Office) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get(f"/users/{user}")
    answer = await visitor.send(f"/users/{user}/licenses", page, sku=E3)
    assert led_to(answer) == f"/users/{user}?done=assigned"
    assert await _holds(office, user) == [E3]
    after = await visitor.get(answer.headers["location"])
    assert "Assigned directly" in after.text
    answer = await visitor.send(f"/users/{user}/licenses/{E3}/unassign", after)
    assert answer.status_code == 303
    assert await _holds(office, user) == []


async def test_a_preview_shows_and_changes_nothing_and_then_does_what_it_showed(
    office: Office,
) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get(f"/users/{user}")
    preview = await visitor.send(
        f"/users/{user}/licenses", page, sku=E3, step="preview", back="javascript:alert(1)"
    )
    assert preview.status_code == 200
    assert "Nothing is done yet" in preview.text
    assert "gets it" in preview.text
    assert "javascript:alert" not in preview.text.replace('value="javascript:alert(1)"', "")
    assert await _holds(office, user) == []
    done = await visitor.send(
        f"/users/{user}/licenses", preview, sku=E3, step="apply", digest=digest_in(preview)
    )
    assert done.status_code == 303
    assert await _holds(office, user) == [E3]


async def test_a_preview_warns_of_a_product_whose_every_seat_ends_soon(office: Office) -> None:
    await add_people(office, "ada")
    for days, product in ((20, "VISIOCLIENT"), (20, "SPE_E5"), (200, "SPE_E5")):
        order = {
            "skuPartNumber": product,
            "units": 3,
            "nextLifecycleAt": (office.clock.now() + timedelta(days=days)).isoformat(),
            "renews": False,
        }
        bought = await office.admin.post("/api/subscriptions", json=order)
        assert bought.status_code == 201, bought.text
    visitor = await visit(office)
    page = await visitor.get("/users/ada@contoso.example")
    path = "/users/ada@contoso.example/licenses"
    preview = await visitor.send(path, page, sku="VISIOCLIENT", step="preview")
    assert "Every seat of Visio Plan 2 that was bought ends by 11 Dec 2026" in preview.text
    preview = await visitor.send(path, page, sku="SPE_E5", step="preview")
    assert "Every seat of" not in preview.text


async def test_a_group_is_licensed_after_a_preview_and_shows_who_gets_nothing(
    office: Office,
) -> None:
    user = await _furnish(office)
    group = await _group_of(office, user)
    visitor = await visit(office)
    page = await visitor.get(f"/groups/{group}")
    for sku in (E3, "VISIOCLIENT"):
        preview = await visitor.send(f"/groups/{group}/licenses", page, sku=sku, step="preview")
        assert preview.status_code == 200
        done = await visitor.send(
            f"/groups/{group}/licenses", preview, sku=sku, digest=digest_in(preview)
        )
        assert led_to(done) == f"/groups/{group}?done=assigned"
    page = await visitor.get(f"/groups/{group}")
    assert "no seat is left" in page.text
    listed = await visitor.get("/groups?licensed=yes")
    assert "R&amp;D &lt;b&gt;" in listed.text
    assert "Error" in listed.text
    again = await visitor.send(f"/groups/{group}/reprocess", page)
    assert again.status_code == 303
    gone = await visitor.send(f"/groups/{group}/licenses/VISIOCLIENT/unassign", page)
    assert gone.status_code == 303
    assert "Active" in (await visitor.get(f"/groups/{group}")).text


async def test_the_history_is_found_by_person_product_and_day(office: Office) -> None:
    user = await _furnish(office)
    await office.admin.post(f"/api/identity/users/{user}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    found = await visitor.get(f"/history?user={user}&sku={E3}&since=2026-11-21&until=2026-11-21")
    assert "</a> was given" in found.text
    assert "Nothing happened" in (await visitor.get("/history?until=2026-11-20")).text
    assert (await visitor.get("/history?since=yesterday")).status_code == 400
    for _ in range(60):
        await office.admin.post(f"/api/identity/users/{user}/reprocess")
    first = await visitor.get("/history?kind=all")
    (older,) = re.findall(r'href="(/history\?[^"]*cursor=[^"]+)"', first.text)
    second = await visitor.get(older.replace("&amp;", "&"))
    assert "</a> was given" not in first.text
    assert "</a> was given" in second.text


async def test_what_moved_since_the_preview_is_shown_and_not_done(office: Office) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get(f"/users/{user}")
    preview = await visitor.send(f"/users/{user}/licenses", page, sku=E3, step="preview")
    given = await office.admin.post(
        f"/api/identity/users/{user}/licenses", json={"skuPartNumber": E3}
    )
    assert given.status_code == 201
    late = await visitor.send(
        f"/users/{user}/licenses", preview, sku=E3, step="apply", digest=digest_in(preview)
    )
    assert late.status_code == 412
    assert "Something changed since you looked" in late.text


async def test_a_refusal_says_which_rule_and_changes_nothing(office: Office) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    page = await visitor.get(f"/users/{user}")
    answer = await visitor.send(f"/users/{user}/licenses", page, sku="NOTHING")
    assert answer.status_code in {400, 404}
    assert "NOTHING" in answer.text
    assert "unknownSku" in answer.text
    assert (await visitor.get("/users/nobody@contoso.example")).status_code == 404
    assert (await visitor.get("/users/x/y/z")).status_code == 404
    assert (await visitor.get(f"/users/{user}/licenses")).status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({}, 403),
        ({"origin": "http://127.0.0.1:8080"}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
    ],
)
async def test_a_form_of_another_site_changes_nothing(
    office: Office, headers: dict[str, str], status: int
) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    proof = re.findall(r'name="proof" value="(\w+)"', (await visitor.get("/me")).text)[0]
    answer = await visitor.browser.post(
        f"/users/{user}/licenses", data={"proof": proof, "sku": E3}, headers=headers
    )
    assert answer.status_code == status
    assert await _holds(office, user) == ([E3] if status == 303 else [])


@pytest.mark.parametrize("proof", ["", "0" * 64, "é"])
async def test_a_form_without_the_proof_of_its_session_changes_nothing(
    office: Office, proof: str
) -> None:
    user = await _furnish(office)
    visitor = await visit(office)
    answer = await visitor.browser.post(
        f"/users/{user}/licenses",
        data={"proof": proof, "sku": E3},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert answer.status_code == 403
    assert await _holds(office, user) == []


async def test_bodies_that_are_no_forms_are_refused_with_a_page(office: Office) -> None:
    visitor = await visit(office)
    for content, kind, status in (
        (b'{"sku": 1}', "application/json", 400),
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded", 413),
        (b"%ff%fe=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=1"] * 3000), "application/x-www-form-urlencoded", 400),
    ):
        answer = await visitor.browser.post(
            "/sign-out",
            content=content,
            headers={"content-type": kind, "sec-fetch-site": "same-origin"},
        )
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")


async def test_numbers_and_dates_are_written_as_the_reader_does(office: Office) -> None:
    await _furnish(office)
    await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": "SPE_E5", "units": 4234, "status": "Enabled"}
    )
    visitor = await visit(office)
    for language, written in (("en-US", "4,234"), ("de-DE,de", "4.234"), ("xx,;;", "4,234")):
        page = await visitor.browser.get("/licenses", headers={"accept-language": language})
        assert written in page.text


async def test_a_suspended_organization_is_told_so(office: Office) -> None:
    from seatwright.app.tenants import change_tenant_state
    from seatwright.domain.tenants import TenantState

    visitor: Visitor = await visit(office)
    await change_tenant_state(office.database, "Contoso", TenantState.SUSPENDED)
    page = await visitor.get("/")
    assert page.status_code == 403
    assert "suspended" in page.text


async def test_static_files_are_named_by_their_content_and_kept_for_good(office: Office) -> None:
    visitor = await visit(office)
    page = await visitor.get("/me")
    for path in set(re.findall(r"/static/[\w.]+", page.text)):
        answer = await visitor.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await visitor.get("/static/portal.000000000000.css")).status_code == 404
    assert (await visitor.get("/static/../rendering.py")).status_code == 404

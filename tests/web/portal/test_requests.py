"""Asking for a license and deciding about it, as pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import pytest

from seatwright.app.call import Call
from seatwright.app.portal_sessions import make_link
from seatwright.app.requests import deciding
from seatwright.app.requests.desk import Desk, open_desk
from seatwright.app.requests.orders import DecisionOrder
from seatwright.app.tenants import calling
from seatwright.domain.requests.lines import LineOrder
from seatwright.domain.tenants import PrincipalKind
from seatwright.postgres import request_lists
from seatwright.postgres.principals import list_principals
from seatwright.postgres.request_lists import LineFilter, list_lines
from seatwright.web.portal.requests import queue
from tests.asking import SKU, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.web.portal.visitor import Visitor, browser_at, digest_in, led_to, visit
from tests.world import call_of


async def as_person(company: Company, name: str) -> Visitor:
    """The browser of somebody of the directory."""
    await company.of(name)
    office = company.office
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        tokens = await list_principals(call.tx, PrincipalKind.TOKEN)
        (principal,) = [one for one in tokens if one.name == f"{name} as person"]
        link = await make_link(call, principal)
    browser = browser_at(office)
    answer = await browser.post(f"/sign-in/link/{link}", headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303
    return Visitor(browser)


def lines_in(page: httpx.Response) -> list[str]:
    return re.findall(r'name="line" value="([^"]+)"', page.text)


async def test_a_person_asks_and_is_told_before_what_will_happen(office: Office) -> None:
    company = await set_company(office)
    cid = await as_person(company, "cid")
    assert (await cid.get("/")).headers["location"] == "/me"
    assert "Ask for a license" in (await cid.get("/me")).text
    page = await cid.get(f"/requests/new?product={SKU}")
    assert "decides, by" in page.text
    asked = await cid.send("/requests", page, product=SKU, justification="Plans <of> the site")
    assert led_to(asked) == "/requests?show=mine&done=asked"
    mine = await cid.get(asked.headers["location"])
    assert "Plans &lt;of&gt; the site" in mine.text
    assert "held until" in mine.text
    assert not lines_in(mine)
    (cancel,) = re.findall(r'action="(/requests/[^"/]+/cancel)"', mine.text)
    assert (await cid.send(cancel, mine)).status_code == 303
    assert ">taken back<" in (await cid.get("/requests?show=mine")).text


async def test_a_manager_approves_many_after_a_preview_and_once(office: Office) -> None:
    company = await set_company(office)
    for name in ("cid", "dan"):
        await company.ask(name)
    bob = await as_person(company, "bob")
    page = await bob.get("/requests")
    lines = lines_in(page)
    assert len(lines) == 2
    sent: dict[str, str | list[str]] = {
        "line": lines,
        "decision": "approve",
        "message": "Have fun",
        "show": "decide",
    }
    preview = await bob.send("/requests/decisions", page, step="preview", **sent)
    assert "gets it" in preview.text
    done = await bob.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert led_to(done) == "/requests?show=decide&done=approved"
    after = await bob.get(done.headers["location"])
    assert "Nothing waits for your decision" in after.text
    assert "Approved, and told to them: Microsoft 365 E3 for cid and dan." in after.text
    assert after.text.count('role="status"') == 2, "one banner, beside what a screen reader hears"
    late = await bob.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert late.status_code == 409
    assert "alreadyDecided" in late.text
    completed = await (await visit(office)).get("/requests?show=completed")
    assert completed.text.count("Have fun") == 2


async def test_nobody_decides_by_a_form_what_is_not_theirs(office: Office) -> None:
    company = await set_company(office)
    await company.ask("cid")
    bob, cid = await as_person(company, "bob"), await as_person(company, "cid")
    (line,) = lines_in(await bob.get("/requests"))
    page = await cid.get("/requests")
    assert not lines_in(page)
    answer = await cid.send("/requests/decisions", page, line=line, decision="approve")
    assert answer.status_code == 403
    for fields in ({"line": line}, {"decision": "approve"}, {"line": "x/y", "decision": "deny"}):
        refused = await bob.send("/requests/decisions", await bob.get("/me"), **fields)
        assert refused.status_code in {400, 404}, fields
    assert lines_in(await bob.get("/requests")) == [line]


async def test_an_administrator_sees_and_decides_everybodys(office: Office) -> None:
    company = await set_company(office)
    await company.ask("cid")
    admin = await visit(office)
    page = await admin.get("/requests")
    (line,) = lines_in(page)
    assert "One request waits for a decision." in (await admin.get("/")).text
    denied = await admin.send("/requests/decisions", page, line=line, decision="deny", show="all")
    assert led_to(denied) == "/requests?show=all&done=denied"
    assert "denied" in (await admin.get("/requests?show=completed")).text
    assert "waits for a decision" not in (await admin.get("/")).text


def ticked(page: httpx.Response) -> list[str]:
    """The boxes that can be ticked."""
    return re.findall(r'name="line" value="([^"]+)"(?![^>]* disabled)', page.text)


async def test_of_many_ticked_the_own_one_is_named_and_left_out_and_the_others_go_on(
    office: Office,
) -> None:
    company = await set_company(office)
    await company.ask("eve")
    admin = await visit(office)
    fields = {"product": SKU, "people": "cid@contoso.example", "justification": "Plans"}
    asked = await admin.send("/requests", await admin.get("/requests/new"), **fields)
    assert asked.status_code == 303, asked.text
    page = await admin.get("/requests")
    assert len(lines_in(page)) == 2
    assert len(ticked(page)) == 1
    assert "Your own: somebody else decides." in page.text
    assert "asked for by local administrator" in page.text
    sent: dict[str, str | list[str]] = {"line": lines_in(page), "decision": "approve"}
    preview = await admin.send("/requests/decisions", page, step="preview", **sent, message="Hi")
    assert "<h1>Approve one request</h1>" in preview.text
    assert "cid is left out: you asked for it" in preview.text
    assert "They are told: “Hi”" in preview.text
    assert "Microsoft 365 E3 for eve." in preview.text
    done = await admin.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert "One was approved." in done.text
    assert "cid is left out" in done.text
    rest = await admin.get("/requests")
    assert not ticked(rest)
    alone = await admin.send(
        "/requests/decisions", rest, line=lines_in(page), decision="deny", step="preview"
    )
    assert alone.status_code in {403, 409}
    assert "Back to the requests" in alone.text


async def test_who_was_decided_about_meanwhile_is_named_and_the_others_can_still_be_approved(
    office: Office,
) -> None:
    company = await set_company(office)
    for name in ("cid", "dan"):
        await company.ask(name)
    admin = await visit(office)
    page = await admin.get("/requests")
    sent: dict[str, str | list[str]] = {"line": ticked(page), "decision": "deny"}
    preview = await admin.send("/requests/decisions", page, step="preview", **sent)
    assert "<h1>Deny 2 requests</h1>" in preview.text
    assert "Microsoft 365 E3 for cid and dan." in preview.text
    bob = await as_person(company, "bob")
    (first, _) = lines_in(await bob.get("/requests"))
    await bob.send("/requests/decisions", await bob.get("/requests"), line=first, decision="deny")
    moved = await admin.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert moved.status_code == 412
    assert "cid is left out: bob decided about it already." in moved.text
    assert "<h1>Deny one request</h1>" in moved.text
    done = await admin.send("/requests/decisions", moved, digest=digest_in(moved), **sent)
    assert "One was denied." in done.text
    assert not lines_in(await admin.get("/requests"))


async def test_a_form_of_made_up_requests_is_looked_through_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await set_company(office)
    await company.ask("cid")
    bob = await as_person(company, "bob")
    page = await bob.get("/requests")
    looked: list[int] = []

    async def counted(call: Call, orders: Sequence[DecisionOrder], *rest: Any, **more: Any) -> Desk:
        looked.append(len(orders))
        return await open_desk(call, orders, *rest, **more)

    monkeypatch.setattr(deciding, "open_desk", counted)
    made_up = [f"{uuid4()}/y" for _ in range(300)]
    sent: dict[str, str | list[str]] = {"line": made_up, "decision": "deny"}
    none = await bob.send("/requests/decisions", page, **sent)
    assert none.status_code == 404
    assert "300 of the requests are left out" in none.text
    assert looked == [300]
    sent["line"] = [*made_up, *lines_in(page)]
    some = await bob.send("/requests/decisions", page, **sent)
    assert "One was denied." in some.text
    assert "300 of the requests are left out" in some.text
    assert looked == [300, 301]


async def test_of_a_request_one_who_is_gone_leaves_the_others_to_be_decided(
    office: Office,
) -> None:
    company = await set_company(office)
    desk = await company.desk()
    body = {"skuPartNumber": SKU, "people": [upn("cid"), upn("dan")], "justification": "Plans"}
    assert (await desk.post("/api/license-requests", json=body)).status_code == 201
    admin = await visit(office)
    page = await admin.get("/requests")
    cid, _ = lines_in(page)
    gone = f"{cid.partition('/')[0]}/{uuid4()}"
    sent: dict[str, str | list[str]] = {"line": [gone, *lines_in(page)], "decision": "deny"}
    done = await admin.send("/requests/decisions", page, **sent)
    assert "2 were denied." in done.text
    assert "One person is left out" in done.text
    assert "of the requests" not in done.text


async def test_who_comes_too_late_reads_names_and_no_id(office: Office) -> None:
    company = await set_company(office)
    await company.ask("cid")
    bob = await as_person(company, "bob")
    page = await bob.get("/requests")
    (line,) = lines_in(page)
    await company.decide("", line.partition("/")[0], "approve")
    for more in ({}, {"step": "preview"}):
        late = await bob.send("/requests/decisions", page, line=line, decision="approve", **more)
        assert late.status_code == 409
        assert "alreadyDecided" in late.text
        assert re.search(r"cid is left out: \S.* decided about it already\.", late.text)
        assert line.partition("/")[0] not in late.text


async def test_a_manager_of_yesterday_is_told_that_it_is_no_longer_theirs(office: Office) -> None:
    company = await set_company(office)
    for name in ("cid", "dan"):
        await company.ask(name)
    bob = await as_person(company, "bob")
    page = await bob.get("/requests")
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update app_user set manager_no = %s where tenant_id = %s and user_no = any(%s)",
            (
                company.numbers["ada"],
                call.tx.tenant_id,
                [company.numbers["cid"], company.numbers["dan"]],
            ),
        )
    late = await bob.send("/requests/decisions", page, line=lines_in(page), decision="deny")
    assert late.status_code == 404
    assert "cid is left out: it is no longer yours to decide." in late.text
    assert "dan is left out: it is no longer yours to decide." in late.text
    assert "/api/" not in late.text


async def test_boxes_have_a_button_also_where_the_first_of_many_are_ones_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await set_company(office)
    admin = await visit(office)
    fields = {"product": SKU, "people": upn("cid"), "justification": "Plans"}
    await admin.send("/requests", await admin.get("/requests/new"), **fields)
    await company.ask("eve")
    monkeypatch.setattr(queue, "ROWS", 1)
    first = await admin.get("/requests?show=all")
    assert not ticked(first)
    assert 'action="/requests/decisions"' in first.text
    (more,) = re.findall(r'id="more"><a class="button" href="([^"]+)"', first.text)
    second = await admin.get(more.replace("&amp;", "&"))
    assert len(ticked(second)) == 1
    cells = [page.text.partition('id="rows"')[2].count("<td") for page in (first, second)]
    assert cells[0] == cells[1]


def named(page: httpx.Response) -> list[str]:
    """Whom the list shows, for which product, in its order."""
    rows = page.text.partition('<tbody id="rows">')[2].partition("</tbody>")[0].split("<tr>")[1:]
    found = []
    for row in rows:
        (name,) = re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]+)', row)
        (product,) = re.findall(r'<a href="/requests/[^"]+">([^<]+)', row)
        found.append(f"{name}: {product}")
    return found


async def call_them(office: Office, *names: str) -> None:
    """Give people names, by which they are found."""
    for name in names:
        path = f"/api/identity/users/{upn(name)}"
        answer = await office.admin.patch(path, json={"displayName": name.title()})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("few", [10_000, 1], ids=["put in order", "gone through in order"])
async def test_the_queue_is_searched_and_ordered_page_by_page(
    office: Office, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(request_lists, "FEW", few)
    monkeypatch.setattr(request_lists, "HITS_MAX", 2 * few)
    monkeypatch.setattr(queue, "ROWS", 2)
    company = await set_company(office)
    for name, sku in (("dan", SKU), ("cid", "VISIOCLIENT"), ("cid", SKU), ("bob", "VISIOCLIENT")):
        await company.ask(name, sku)
    await call_them(office, "bob", "cid", "dan")
    admin = await visit(office)

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        path: str | None = f"/requests?show=all&{query}"
        while path:
            page = await admin.get(path)
            assert page.status_code == 200, page.text
            found += named(page)
            more = re.search(r'<p id="more"><a class="button" href="([^"]+)"', page.text)
            path = unescape(more[1]) if more else None
        return found

    e3, visio = "Microsoft 365 E3", "Visio Plan 2"
    by_age = [f"Dan: {e3}", f"Cid: {visio}", f"Cid: {e3}", f"Bob: {visio}"]
    assert await listed("") == await listed("order=oldest") == by_age
    assert await listed("order=newest") == by_age[::-1]
    people = [f"Bob: {visio}", f"Cid: {visio}", f"Cid: {e3}", f"Dan: {e3}"]
    assert await listed("order=person") == people
    products = [f"Dan: {e3}", f"Cid: {e3}", f"Cid: {visio}", f"Bob: {visio}"]
    assert await listed("order=product") == products
    assert await listed("search=ci") == [f"Cid: {visio}", f"Cid: {e3}"]
    assert await listed("search=isio&order=person") == [f"Bob: {visio}", f"Cid: {visio}"]
    assert await listed("search=visio+cid") == [f"Cid: {visio}"]
    assert await listed("search=cid%40contoso.example+365") == [f"Cid: {e3}"]
    assert await listed("search=nobody") == []
    assert await listed("product=VISIOCLIENT&search=b") == [f"Bob: {visio}"]
    assert (await admin.get("/requests?show=all&order=colour")).status_code == 400


async def test_a_page_after_a_line_of_no_product_that_is_listed_is_empty_and_not_the_first(
    office: Office,
) -> None:
    company = await set_company(office)
    for name, sku in (("dan", SKU), ("bob", "VISIOCLIENT")):
        await company.ask(name, sku)
    async with call_of(office) as call:
        now = office.clock.now()
        e3, visio = await list_lines(call.tx, LineFilter(now=now), after=None, limit=9)
        few = LineFilter(now=now, order=LineOrder.PRODUCT, products=[visio.sku])
        assert await list_lines(call.tx, few, after=None, limit=9) == [visio]
        for gone in (e3.line_no, 1_000_000):
            assert await list_lines(call.tx, few, after=gone, limit=9) == []


async def test_tabs_say_how_much_waits_and_what_a_filter_leaves_is_decided_from_its_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await set_company(office)
    for name in ("cid", "dan"):
        await company.ask(name)
    await call_them(office, "cid")
    bob = await as_person(company, "bob")
    page = await bob.get("/requests?show=decide&search=cid")
    assert re.search(r"Waiting for me <span[^>]*>2<span", page.text)
    (line,) = lines_in(page)
    (back,) = re.findall(r'name="back" value="([^"]+)"', page.text)
    sent = await bob.send(
        "/requests/decisions", page, line=line, decision="deny", back=unescape(back)
    )
    assert led_to(sent) == "/requests?show=decide&search=cid&done=denied"
    after = await bob.get(sent.headers["location"])
    assert "No request matches" in after.text
    assert re.search(r"Waiting for me <span[^>]*>1<span", after.text)
    monkeypatch.setattr(queue, "COUNTED_MAX", 0)
    assert re.search(r"Waiting for me <span[^>]*>0\+<span", (await bob.get("/requests")).text)
    ended = await (await visit(office)).get("/requests?show=completed&state=denied")
    assert named(ended) == ["Cid: Microsoft 365 E3"]
    assert not named(await (await visit(office)).get("/requests?show=completed&state=approved"))

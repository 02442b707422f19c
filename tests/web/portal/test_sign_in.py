"""Getting in to the portal, staying in, and out again."""

from __future__ import annotations

import re

import pytest

from seatwright.bootstrap import assemble_web_app
from tests.office import HOST, Office
from tests.web.portal.visitor import Visitor, browser_at, link_in, visit

OURS = {"sec-fetch-site": "same-origin"}


async def test_a_stranger_is_sent_to_sign_in_and_told_how(office: Office) -> None:
    browser = browser_at(office)
    answer = await browser.get("/users?search=ada")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fusers%3Fsearch%3Dada"
    page = await browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert "seatwright sign-in-link" in page.text


async def test_a_link_signs_in_once_and_only_by_its_button(office: Office) -> None:
    browser = browser_at(office)
    link = await link_in(office)
    for _ in range(2):
        looked = await browser.get(link)
        assert looked.status_code == 200
        assert "local administrator" in looked.text
        assert "Contoso" in looked.text
        assert "set-cookie" not in looked.headers
    answer = await browser.post(link, headers=OURS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await browser.get("/")).status_code == 200
    for again in (await browser_at(office).get(link), await browser.post(link, headers=OURS)):
        assert again.status_code == 404
        assert "does not work any more" in again.text


async def test_a_link_is_worthless_after_a_day(office: Office) -> None:
    link = await link_in(office)
    office.clock.move(hours=24)
    assert (await browser_at(office).get(link)).status_code == 404
    assert (await browser_at(office).post(link, headers=OURS)).status_code == 404


async def test_another_site_cannot_sign_anybody_in(office: Office) -> None:
    link = await link_in(office)
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await browser_at(office).post(link, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert (await browser_at(office).post(link, headers=OURS)).status_code == 303


async def test_the_cookie_is_for_this_host_and_no_script(office: Office) -> None:
    answer = await browser_at(office).post(await link_in(office), headers=OURS)
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        r"seatwright=[\w-]{43}; Max-Age=43200; Path=/; HttpOnly; SameSite=Lax", cookie
    )


async def test_behind_tls_the_cookie_never_goes_without_it(office: Office) -> None:
    link = await link_in(office)
    app = assemble_web_app(
        database=office.database,
        clock=office.clock,
        public_host=HOST,
        public_url="https://licenses.example.com",
    )
    office.app = app
    answer = await browser_at(office).post(link, headers=OURS)
    assert answer.headers["set-cookie"].startswith("__Host-seatwright=")
    assert answer.headers["set-cookie"].endswith("; Secure")


async def _is_in(visitor: Visitor) -> bool:
    return (await visitor.get("/licenses")).status_code == 200


async def test_a_session_ends_when_nobody_comes_for_two_hours(office: Office) -> None:
    visitor = await visit(office)
    for _ in range(3):
        office.clock.move(minutes=119)
        assert await _is_in(visitor)
    office.clock.move(minutes=120)
    assert not await _is_in(visitor)


async def test_a_session_ends_after_a_working_day_whatever_is_done(office: Office) -> None:
    visitor = await visit(office)
    for _ in range(11):
        office.clock.move(hours=1)
        assert await _is_in(visitor)
    office.clock.move(hours=1)
    assert not await _is_in(visitor)


async def test_signing_out_ends_the_session_in_every_copy(office: Office) -> None:
    visitor = await visit(office)
    page = await visitor.get("/")
    copy = browser_at(office)
    copy.cookies.update(visitor.browser.cookies)
    answer = await visitor.send("/sign-out", page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await copy.get("/")).status_code == 303
    history = await office.admin.get("/api/identity/licenses/assignment-history?kind=all&limit=3")
    actions = [row["action"] for row in history.json()["value"]]
    assert actions == ["signedOut", "signedIn", "signInLinkMade"]


async def test_a_revoked_principal_is_out_at_once(office: Office) -> None:
    from seatwright.domain.roles import Role

    visitor = await visit(office, Role.GLOBAL_READER)
    assert await _is_in(visitor)
    tokens = (await office.admin.get("/api/tokens")).json()["value"]
    (token,) = [one for one in tokens if "global-reader" in one["roles"]]
    answer = await office.admin.delete(f"/api/tokens/{token['id']}")
    assert answer.status_code == 204
    assert not await _is_in(visitor)


@pytest.mark.parametrize(
    "cookie", ["seatwright=", "seatwright=nobody", "seatwright=" + "x" * 5000, "=;;,", "\\"]
)
async def test_a_cookie_that_is_none_of_ours_is_nobody(office: Office, cookie: str) -> None:
    answer = await browser_at(office).get("/users", headers={"cookie": cookie})
    assert answer.status_code == 303

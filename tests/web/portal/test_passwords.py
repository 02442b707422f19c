"""Signing in with a password: the link that sets it, guessing, and what ends a session."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.app.account_roles import give_role_to
from seatwright.app.accounts import make_account, make_password_link
from seatwright.bootstrap import assemble_web_app
from seatwright.domain.roles import Role
from seatwright.postgres.pool import Database
from tests.office import HOST, Office
from tests.web.portal.visitor import Visitor, browser_at, visit
from tests.world import call_of

ADA = "ada@contoso.example"
PASSWORD = "four plain words here"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def door(office: Office) -> Office:
    """An office with Ada in its directory, who set a password."""
    person = {"userPrincipalName": ADA, "displayName": "Ada Lovelace", "mail": "ada.l@mail.example"}
    answer = await office.admin.post("/api/identity/users", json=person)
    assert answer.status_code == 201, answer.text
    browser = browser_at(office)
    set_ = await choose(browser, await link_for(office), PASSWORD)
    assert (set_.status_code, set_.headers["location"]) == (303, "/"), set_.text
    return office


async def link_for(office: Office, name: str = ADA, *, roles: tuple[Role, ...] = ()) -> str:
    """The path of a fresh link that sets a password."""
    async with call_of(office) as call:
        made = await make_account(call, name, roles=roles)
    return f"/sign-in/password/{made.secret}"


async def choose(
    browser: httpx.AsyncClient, link: str, password: str, again: str | None = None
) -> httpx.Response:
    """Send the form of a link."""
    form = {"password": password, "again": password if again is None else again}
    return await browser.post(link, data=form, headers=OURS)


async def sign_in(
    office: Office, name: str = ADA, password: str = PASSWORD, **form: str
) -> httpx.Response:
    """Send the form of the page that signs in, from a browser of its own."""
    data = {"name": name, "password": password, **form}
    return await browser_at(office).post("/sign-in/password", data=data, headers=OURS)


async def test_a_link_sets_a_password_once_and_only_one_that_is_taken(office: Office) -> None:
    assert "Password" not in (await browser_at(office).get("/sign-in")).text
    link = await link_for(office, "Ops@Elsewhere.example", roles=(Role.GLOBAL_READER,))
    browser = browser_at(office)
    page = await browser.get(link)
    assert 'value="Ops@Elsewhere.example"' in page.text
    for password, again, says in (
        ("short", None, "12 or more"),
        ("elsewhere-2026", None, "the name itself"),
        (PASSWORD, PASSWORD + " ", "not the same"),
    ):
        refused = await choose(browser, link, password, again)
        assert (refused.status_code, says in refused.text) == (400, True), refused.text
    foreign = await browser.post(link, data={"password": PASSWORD, "again": PASSWORD})
    assert foreign.status_code == 403
    assert (await choose(browser, link, PASSWORD)).status_code == 303
    assert "Ops@Elsewhere.example" in (await browser.get("/users")).text
    for answer in (await browser.get(link), await choose(browser, link, PASSWORD)):
        assert answer.status_code == 404
    assert "Password" in (await browser_at(office).get("/sign-in")).text
    assert (await sign_in(office, "ops@elsewhere.EXAMPLE")).status_code == 303
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select password_hash from account")
        [(stored,)] = await cursor.fetchall()
    assert stored.startswith("$argon2id$")


async def test_a_person_comes_in_by_any_of_their_names_and_as_themselves(door: Office) -> None:
    for name in (ADA, " ADA@Contoso.Example ", "ada@contoso.example"):
        answer = await sign_in(door, name, next="/requests?show=mine")
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == "/requests?show=mine"
    away = await sign_in(door, next="//evil.example")
    assert away.headers["location"] == "/"


async def test_nobody_learns_whether_a_name_or_a_password_was_wrong(door: Office) -> None:
    answers = [
        await sign_in(door, ADA, "four other words here"),
        await sign_in(door, "nobody@contoso.example", PASSWORD),
        await sign_in(door, "", ""),
        await sign_in(door, "\0", "x" * 5000),
    ]
    assert {one.status_code for one in answers} == {403}
    told = {
        one.text.replace(f'value="{ADA}"', "").replace("nobody@contoso.example", "")
        for one in answers[:1]
    }
    assert all("The name or the password is wrong" in one for one in told)
    assert all("set-cookie" not in one.headers for one in answers)
    off = await door.admin.patch(f"/api/identity/users/{ADA}", json={"accountEnabled": False})
    assert off.status_code == 200
    assert (await sign_in(door)).status_code == 403


async def test_guesses_are_counted_in_every_process_and_after_a_restart(door: Office) -> None:
    for _ in range(10):
        assert (await sign_in(door, ADA, "wrong")).status_code == 403
    limited = await sign_in(door)
    assert (limited.status_code, "too many attempts" in limited.text) == (429, True)
    # A name that nobody has is told the same after as many.
    for _ in range(10):
        assert (await sign_in(door, "eve@contoso.example", "wrong")).status_code == 403
    assert (await sign_in(door, "eve@contoso.example", "wrong")).status_code == 429
    url = door.database.pool.conninfo
    assert isinstance(url, str)
    again = Database(url)
    await again.open()
    kept, door.app = door.app, assemble_web_app(
        database=again, clock=door.clock, public_host=HOST
    )  # fmt: skip
    assert (await sign_in(door)).status_code == 429
    await again.close()
    door.app = kept
    door.clock.move(minutes=16)
    assert (await sign_in(door)).status_code == 303


async def test_a_new_password_ends_every_other_session_and_every_older_link(door: Office) -> None:
    first, second = browser_at(door), browser_at(door)
    form = {"name": ADA, "password": PASSWORD}
    for browser in (first, second):
        await browser.post("/sign-in/password", data=form, headers=OURS)
    async with call_of(door) as call:
        cursor = await call.tx.connection.execute(
            "select p.id from account a join principal p using (tenant_id, principal_no)"
        )
        [(id_,)] = await cursor.fetchall()
        older = await make_password_link(call, id_)
    visitor = Visitor(first)
    page = await visitor.get("/settings/password")
    fields: dict[str, Any] = {"now": "wrong words here", "password": "five other plain words"}
    fields["again"] = fields["password"]
    wrong = await visitor.send("/settings/password", page, **fields)
    assert (wrong.status_code, "present password is wrong" in wrong.text) == (400, True)
    fields["now"] = PASSWORD
    done = await visitor.send("/settings/password", page, **fields)
    assert done.status_code == 303, done.text
    assert (await first.get("/me")).status_code == 200
    assert (await second.get("/me")).status_code == 303
    assert (await browser_at(door).get(f"/sign-in/password/{older.secret}")).status_code == 404
    assert (await sign_in(door)).status_code == 403
    assert (await sign_in(door, password="five other plain words")).status_code == 303


async def test_a_role_given_here_holds_at_the_next_page(door: Office) -> None:
    browser = browser_at(door)
    await browser.post("/sign-in/password", data={"name": ADA, "password": PASSWORD}, headers=OURS)
    assert (await browser.get("/users")).status_code == 403
    async with call_of(door) as call:
        await give_role_to(call, "ada.l@mail.example", Role.HELPDESK_ADMINISTRATOR)
    assert (await browser.get("/users")).status_code == 200


async def test_purging_somebody_leaves_nothing_to_sign_in_with(door: Office) -> None:
    assert (await door.admin.delete(f"/api/identity/users/{ADA}")).status_code == 204
    assert (await sign_in(door)).status_code == 403
    admin = await visit(door)
    assert (await admin.get("/")).status_code == 200

"""Signing in by the domains that tenants own: whose people come in where, and who does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from seatwright.app.tenants import NewTenant, change_tenant_state, create_tenant
from seatwright.domain.tenants import TenantState
from seatwright.postgres.tenants import lock_settings
from tests.office import Office
from tests.web.portal.issuer import Issuer, issuing
from tests.web.portal.test_elsewhere import began, came_back, serve_at
from tests.web.portal.visitor import browser_at, led_to, visit
from tests.world import call_of

DOMAINS = "/api/settings/domains"
READER = ["reader"]


@dataclass(slots=True)
class Town:
    """Contoso and Fabrikam at one provider; Contoso has bought Northwind, and Bücher with it."""

    office: Office
    issuer: Issuer
    fabrikam: httpx.AsyncClient

    async def comes_to(self, **claims: Any) -> str:
        """The tenant that lets somebody in, or what they are told."""
        self.issuer.claims = claims
        browser = browser_at(self.office)
        answer = await came_back(self.office, self.issuer, browser)
        if answer.status_code == 303:
            page = await browser.get("/me")
            return next(name for name in ("Contoso", "Fabrikam") if name in page.text)
        assert answer.status_code == 403, answer.text
        assert "You cannot come in" in answer.text
        assert "<!doctype html>" in answer.text.lower()
        return next(
            words
            for words in ("is disabled", "nobody of that name", "no name by which", "is suspended")
            if words in answer.text
        )


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as served:
        yield served


@pytest.fixture
async def town(office: Office, issuer: Issuer) -> AsyncIterator[Town]:
    serve_at(office, issuer)
    new = NewTenant(name="Fabrikam", domain="fabrikam.example")
    made = await create_tenant(office.database, new, now=office.clock.now())
    async with office.client(made.token) as fabrikam:
        for name in ("northwind.example", "bücher.example"):
            answer = await office.admin.post(DOMAINS, json={"name": name})
            assert answer.status_code == 201, answer.text
        await people(
            office.admin,
            *("ada@contoso.example", "nora@northwind.example", "ida@bücher.example"),
            "both@northwind.example",
            mail={"ada@contoso.example": "ada.l@mail.example"},
        )
        await people(
            fabrikam,
            *("fay@fabrikam.example", "both@fabrikam.example", "off@fabrikam.example"),
            mail={"fay@fabrikam.example": "fay.f@mail.example"},
        )
        off = await fabrikam.patch(
            "/api/identity/users/off@fabrikam.example", json={"accountEnabled": False}
        )
        assert off.status_code == 200
        yield Town(office, issuer, fabrikam)


async def people(client: httpx.AsyncClient, *upns: str, mail: dict[str, str] | None = None) -> None:
    for upn in upns:
        body = {"userPrincipalName": upn, "displayName": upn.title()}
        if mail and upn in mail:
            body["mail"] = mail[upn]
        answer = await client.post("/api/identity/users", json=body)
        assert answer.status_code == 201, answer.text


async def test_whose_domain_a_name_is_in_decides_where_somebody_comes_in(town: Town) -> None:
    nobody = "nobody of that name"
    off = "off@fabrikam.example"
    cases: list[tuple[dict[str, Any], str]] = [
        # Any domain that the tenant owns, whatever the case and the spelling.
        ({"preferred_username": "ada@contoso.example"}, "Contoso"),
        ({"preferred_username": " NORA@NorthWind.Example "}, "Contoso"),
        ({"preferred_username": "IDA@BÜCHER.example"}, "Contoso"),
        ({"preferred_username": "ida@xn--bcher-kva.example"}, "Contoso"),
        ({"preferred_username": "fay@fabrikam.example"}, "Fabrikam"),
        # The e-mail, where the name is in no domain, in an unowned one, or is nobody.
        ({"preferred_username": "nora", "email": "nora@northwind.example"}, "Contoso"),
        ({"email": "nora@northwind.example"}, "Contoso"),
        ({"preferred_username": "x@else.example", "email": "nora@northwind.example"}, "Contoso"),
        ({"preferred_username": "x@else.example", "email": "fay@fabrikam.example"}, "Fabrikam"),
        ({"preferred_username": "x@contoso.example", "email": "nora@northwind.example"}, "Contoso"),
        ({"preferred_username": "x@contoso.example", "email": "fay@fabrikam.example"}, "Fabrikam"),
        # The name goes before the e-mail, where both are somebody.
        (
            {"preferred_username": "both@northwind.example", "email": "both@fabrikam.example"},
            "Contoso",
        ),
        (
            {"preferred_username": "both@fabrikam.example", "email": "both@northwind.example"},
            "Fabrikam",
        ),
        # A mail of the directory in a domain of nobody: one's name says which directory.
        ({"preferred_username": "a@contoso.example", "email": "ada.l@mail.example"}, "Contoso"),
        ({"preferred_username": "fay.f@mail.example"}, nobody),
        # Domains below an owned one, above it, or that only end alike.
        ({"preferred_username": "nora@eu.northwind.example", "roles": READER}, nobody),
        ({"preferred_username": "nora@example", "roles": READER}, nobody),
        ({"preferred_username": "nora@evilnorthwind.example", "roles": READER}, nobody),
        ({"preferred_username": "a@b@northwind.example.evil.example", "roles": READER}, nobody),
        # What the provider calls unverified names nobody.
        ({"email": "nora@northwind.example", "email_verified": False}, "no name by which"),
        (
            {
                "preferred_username": "x@else.example",
                "email": "nora@northwind.example",
                "email_verified": "false",
            },
            nobody,
        ),
        # In no directory: a role lets in where the first owned domain leads, nothing else does.
        ({"preferred_username": "new@northwind.example"}, nobody),
        ({"preferred_username": "new@northwind.example", "roles": READER}, "Contoso"),
        ({"preferred_username": "new@fabrikam.example", "roles": READER}, "Fabrikam"),
        (
            {
                "preferred_username": "x@else.example",
                "email": "new@fabrikam.example",
                "roles": READER,
            },
            "Fabrikam",
        ),
        ({"preferred_username": "x@else.example", "roles": ["admin"]}, nobody),
        ({"preferred_username": "x", "roles": ["admin"]}, nobody),
        ({"roles": ["admin"]}, "no name by which"),
        # A disabled account is refused with and without a role, and goes nowhere else.
        ({"preferred_username": off}, "is disabled"),
        ({"preferred_username": off, "roles": ["admin"]}, "is disabled"),
        ({"preferred_username": off, "email": "nora@northwind.example"}, "is disabled"),
    ]
    for claims, expected in cases:
        assert await town.comes_to(**claims) == expected, claims


async def test_what_is_added_lets_in_at_once_and_what_is_removed_no_longer_does(
    town: Town,
) -> None:
    claims = {"preferred_username": "fay@tailspin.example", "roles": READER}
    assert await town.comes_to(**claims) == "nobody of that name"
    assert (await town.fabrikam.post(DOMAINS, json={"name": "Tailspin.example"})).is_success
    assert await town.comes_to(**claims) == "Fabrikam"
    assert (await town.fabrikam.delete(f"{DOMAINS}/tailspin.example")).status_code == 204
    assert await town.comes_to(**claims) == "nobody of that name"
    assert (await town.office.admin.post(DOMAINS, json={"name": "tailspin.example"})).is_success
    assert await town.comes_to(**claims) == "Contoso"


async def test_the_default_domain_decides_nothing(town: Town) -> None:
    answer = await town.office.admin.post(f"{DOMAINS}/northwind.example/default")
    assert answer.status_code == 200
    for upn in ("ada@contoso.example", "nora@northwind.example"):
        assert await town.comes_to(preferred_username=upn) == "Contoso"


async def test_a_suspended_tenant_lets_nobody_in_by_any_domain(town: Town) -> None:
    await change_tenant_state(town.office.database, "Contoso", TenantState.SUSPENDED)
    for upn in ("nora@northwind.example", "ada@contoso.example"):
        assert await town.comes_to(preferred_username=upn) == "is suspended"
    assert await town.comes_to(preferred_username="fay@fabrikam.example") == "Fabrikam"


async def test_the_only_tenant_takes_people_of_any_domain(office: Office, issuer: Issuer) -> None:
    serve_at(office, issuer)
    await people(office.admin, "ada@anywhere.example")
    only = Town(office, issuer, office.admin)
    assert await only.comes_to(preferred_username="ada@anywhere.example") == "Contoso"
    assert await only.comes_to(preferred_username="x@else.example", roles=READER) == "Contoso"
    assert await only.comes_to(preferred_username="x@else.example") == "nobody of that name"


async def test_a_removal_among_sign_ins_is_no_error_and_holds_from_then_on(town: Town) -> None:
    town.issuer.claims = {"preferred_username": "nora@northwind.example"}
    path = f"{DOMAINS}/northwind.example?withPeople=true"

    async def comes(browser: httpx.AsyncClient, told: dict[str, str]) -> int:
        return (await browser.get("/auth/callback", params=told)).status_code

    for _ in range(3):
        browsers = [browser_at(town.office) for _ in range(6)]
        back = [
            town.issuer.sign_in(await began(one), code=f"code {number}")
            for number, one in enumerate(browsers)
        ]
        calls = [comes(one, told) for one, told in zip(browsers, back, strict=True)]
        statuses, gone = await asyncio.gather(
            asyncio.gather(*calls), town.office.admin.delete(path)
        )
        assert gone.status_code == 204
        assert set(statuses) <= {303, 403}
        assert await town.comes_to(**town.issuer.claims) == "nobody of that name"
        again = await town.office.admin.post(DOMAINS, json={"name": "northwind.example"})
        assert again.status_code == 201
        assert await town.comes_to(**town.issuer.claims) == "Contoso"


async def test_a_password_and_a_token_are_asked_for_by_any_domain(town: Town) -> None:
    made = await town.office.admin.post("/api/accounts", json={"login": "nora@northwind.example"})
    browser = browser_at(town.office)
    page = {"password": "a long pass phrase", "again": "a long pass phrase"}
    here = {"sec-fetch-site": "same-origin"}
    answer = await browser.post(made.json()["link"], data=page, headers=here)
    assert answer.status_code == 303, answer.text
    mail = await town.office.admin.patch(
        "/api/identity/users/nora@northwind.example", json={"mail": "n@bücher.example"}
    )
    assert mail.status_code == 200, mail.text
    for name, status in (("N@Bücher.example", 303), ("n@mail.example", 403)):
        form = {"name": name, "password": page["password"]}
        answer = await browser_at(town.office).post("/sign-in/password", data=form, headers=here)
        assert answer.status_code == status, name
    client = await town.office.admin.post("/api/clients", json={"name": "robot", "roles": READER})
    form = {
        "grant_type": "client_credentials",
        "client_id": client.json()["clientId"],
        "client_secret": client.json()["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    anyone = town.office.client(None)
    for named, status in (
        ("NORTHWIND.example", 200),
        ("b%C3%BCcher.example", 200),
        ("contoso.example", 200),
        ("fabrikam.example", 400),
        ("eu.northwind.example", 400),
    ):
        answer = await anyone.post(f"/{named}/oauth2/v2.0/token", data=form)
        assert answer.status_code == status, (named, answer.text)
        configuration = await anyone.get(f"/{named}/v2.0/.well-known/openid-configuration")
        assert configuration.is_success == (named != "eu.northwind.example"), named


async def test_domains_are_listed_added_made_default_and_removed_on_pages(town: Town) -> None:
    visitor = await visit(town.office)
    page = await visitor.get("/settings/domains")
    assert page.status_code == 200
    for shown in ("contoso.example", "northwind.example", "bücher.example"):
        assert f'<th scope="row">{shown}' in page.text
    taken = await visitor.send("/settings/domains", page, name="Fabrikam.example")
    assert (taken.status_code, "belongs to another tenant" in taken.text) == (409, True)
    assert 'value="Fabrikam.example"' in taken.text
    wrong = await visitor.send("/settings/domains", page, name="fabrikam")
    assert (wrong.status_code, "is no domain name" in wrong.text) == (400, True)
    done = await visitor.send("/settings/domains", page, name="Tailspin.example")
    assert led_to(done) == "/settings/domains?done=added&name=tailspin.example"
    page = await visitor.get(done.headers["location"])
    assert "tailspin.example was added." in page.text
    done = await visitor.send("/settings/domains/default", page, name="tailspin.example")
    page = await visitor.get(done.headers["location"])
    assert "tailspin.example is the default domain." in page.text
    refused = await visitor.send("/settings/domains/remove", page, name="tailspin.example")
    assert (refused.status_code, "make another one the default" in refused.text) == (409, True)


async def test_a_removal_says_first_how_many_it_concerns_and_can_be_taken_back(
    town: Town,
) -> None:
    visitor = await visit(town.office)
    page = await visitor.get("/settings/domains")
    name = "northwind.example"
    asked = await visitor.send("/settings/domains/remove", page, name=name)
    assert asked.status_code == 200
    assert f"2 people have {name} in their user principal names" in asked.text
    await people(town.office.admin, "late@northwind.example")
    moved = await visitor.send("/settings/domains/remove", asked, name=name, people="2")
    assert (moved.status_code, "3 people have" in moved.text) == (200, True)
    assert "Something changed since you looked" in moved.text
    done = await visitor.send("/settings/domains/remove", moved, name=name, people="3")
    assert led_to(done) == f"/settings/domains?done=removed&name={name}"
    page = await visitor.get(done.headers["location"])
    assert "Add it again" in page.text
    assert f'<th scope="row">{name}' not in page.text
    back = await visitor.send("/settings/domains", page, name=name)
    assert back.status_code == 303
    assert f'<th scope="row">{name}' in (await visitor.get("/settings/domains")).text


async def test_who_is_named_while_a_confirmed_removal_waits_is_counted_before_it_is_done(
    town: Town,
) -> None:
    visitor, name = await visit(town.office), "northwind.example"
    page = await visitor.get("/settings/domains")
    async with call_of(town.office) as call:
        await lock_settings(call.tx)
        removal = asyncio.create_task(
            visitor.send("/settings/domains/remove", page, name=name, people="2")
        )
        await until_blocked(town.office)
        await people(town.office.admin, "late@northwind.example")
    moved = await removal
    assert (moved.status_code, "3 people have" in moved.text) == (200, True)
    assert "Something changed since you looked" in moved.text
    fewer = await visitor.send("/settings/domains/remove", page, name=name, people="4")
    assert led_to(fewer) == f"/settings/domains?done=removed&name={name}"


async def until_blocked(office: Office) -> None:
    """Until a transaction waits for another one's row."""
    query = "select count(*) from pg_locks where locktype = 'transactionid' and not granted"
    async with asyncio.timeout(30), office.database.connection() as looking:
        while await (await looking.execute(query)).fetchone() == (0,):  # noqa: ASYNC110  No event tells.
            await asyncio.sleep(0.02)

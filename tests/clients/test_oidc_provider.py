"""Signing in at a real OpenID provider: npm's `oidc-provider`, run by Node, unmodified.

Its users sign in on its own pages; what comes back is taken once, here and from them alone.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from seatwright.app.tenants import NewTenant, create_tenant
from seatwright.bootstrap import assemble_web_app
from seatwright.identity.oidc import IdentityProvider, OidcClient
from seatwright.settings import OffsetClock
from tests.clients.installed import oidc_provider
from tests.office import HOST, Office
from tests.web.portal.visitor import Visitor, browser_at

pytestmark = [pytest.mark.clients, pytest.mark.slow, pytest.mark.timeout(600)]

BACK, LEFT = f"http://{HOST}/auth/callback", f"http://{HOST}/sign-in"
STEPS_MAX = 12


@pytest.fixture
def issuer() -> Iterator[str]:
    """The provider's address, while it runs."""
    folder = oidc_provider()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        ["node", "provider.mjs", str(port), BACK, LEFT],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture
async def door(office: Office, issuer: str) -> Office:
    """An office at that provider, with Ada in its directory."""
    client = OidcClient(
        issuer=issuer,
        client_id="seatwright",
        client_secret="the secret of seatwright",
        redirect_uri=BACK,
    )
    office.app = assemble_web_app(
        database=office.database,
        clock=office.clock,
        public_host=HOST,
        provider=IdentityProvider(client, now=OffsetClock().now),
    )
    ada = {"userPrincipalName": "ada@contoso.example", "displayName": "Ada Lovelace"}
    assert (await office.admin.post("/api/identity/users", json=ada)).status_code == 201
    return office


@asynccontextmanager
async def person_at(issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the provider's own pages."""
    async with httpx.AsyncClient(base_url=issuer, timeout=30) as browser:
        yield browser


async def signed_in(url: str, issuer: str, who: str) -> str:
    """Sign in on the provider's pages and agree: where it sends the browser then."""
    async with person_at(issuer) as browser:
        answer = await browser.get(url)
        for _ in range(STEPS_MAX):
            target: str = answer.headers.get("location", "")
            if target.startswith(BACK):
                return target
            if target:
                answer = await browser.get(target)
                continue
            fields = dict(re.findall(r'name="(prompt)" value="(\w+)"', answer.text))
            assert fields, answer.text
            [action] = re.findall(r'action="([^"]+)"', answer.text)[:1]
            answer = await browser.post(action, data={**fields, "login": who, "password": "any"})
    raise AssertionError("the provider never sent the browser back")


async def began(browser: httpx.AsyncClient, **change: str) -> str:
    """Where seatwright sends a browser, with changes to what it asks for."""
    answer = await browser.get("/sign-in/start?next=/requests")
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode({**query, **change})}"


async def test_people_sign_in_and_out_as_they_do_elsewhere(door: Office, issuer: str) -> None:
    browser = browser_at(door)
    back = await signed_in(await began(browser), issuer, "ada")
    answer = await browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests"), answer.text
    page = await browser.get("/me")
    assert "Ada Lovelace" in page.text
    out = await Visitor(browser).send("/sign-out", page)
    assert out.headers["location"] == "/sign-in/left"
    page = await browser.get("/sign-in/left")
    [url] = set(re.findall(r'href="(http[^"]+session/end[^"]+)"', page.text))
    async with person_at(issuer) as there:
        asked = await there.get(url.replace("&amp;", "&"))
        assert asked.status_code == 200, asked.text
        fields = dict(re.findall(r'name="(xsrf)" value="(\w+)"', asked.text))
        done = await there.post("/session/end/confirm", data={**fields, "logout": "yes"})
    assert done.headers["location"] == LEFT
    assert (await browser.get("/me")).status_code == 303


async def test_a_role_lets_in_and_neither_entry_nor_role_does_not(
    door: Office, issuer: str
) -> None:
    for who, status, says in (("bob", 303, ""), ("eve", 403, "nobody of that name")):
        browser = browser_at(door)
        answer = await browser.get(await signed_in(await began(browser), issuer, who))
        assert (answer.status_code, says in answer.text) == (status, True), answer.text
        assert (await browser.get("/users")).status_code == (200 if status == 303 else 303)


async def test_people_of_a_second_domain_come_in_where_it_is_owned(
    door: Office, issuer: str
) -> None:
    new = NewTenant(name="Northwind", domain="northwind-traders.example")
    made = await create_tenant(door.database, new, now=door.clock.now())
    nora = {"userPrincipalName": "nora@northwind.example", "displayName": "Nora Nord"}
    async with door.client(made.token) as other:
        assert (await other.post("/api/identity/users", json=nora)).status_code == 201
        for is_owned in (False, True):
            if is_owned:
                body = {"name": "northwind.example"}
                answer = await other.post("/api/settings/domains", json=body)
                assert answer.status_code == 201, answer.text
            for who in ("nora", "mia"):
                browser = browser_at(door)
                back = await signed_in(await began(browser), issuer, who)
                answer = await browser.get(back)
                assert answer.status_code == (303 if is_owned else 403), (who, answer.text)
                assert not is_owned or "Nora Nord" in (await browser.get("/me")).text


async def test_what_was_not_made_for_this_sign_in_is_refused(door: Office, issuer: str) -> None:
    """Replayed, forged, foreign and expired: each is 400, and nobody is signed in."""
    browser = browser_at(door)
    back = await signed_in(await began(browser), issuer, "ada")
    thief = browser_at(door)
    await began(thief)
    forged = back.replace("state=", "state=x")
    assert (await thief.get(back)).status_code == 400
    copy = browser_at(door)
    copy.cookies.update(browser.cookies)
    assert (await copy.get(forged)).status_code == 400
    kept = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 303
    copy.cookies.update(kept)
    assert (await copy.get(back)).status_code == 400
    foreign: list[tuple[str, dict[str, str], str]] = [
        ("ada", {"nonce": "of-another-sign-in"}, "cannot be trusted"),
        ("ada", {"client_id": "other"}, "too late"),
        ("ada", {"code_challenge": "a" * 43}, "too late"),
        ("late", {}, "too late"),
        ("stale", {}, "cannot be trusted"),
    ]
    for who, change, says in foreign:
        browser = browser_at(door)
        answer = await browser.get(await signed_in(await began(browser, **change), issuer, who))
        assert (answer.status_code, says in answer.text) == (400, True), (who, change)
        assert "seatwright" not in browser.cookies

"""Signing in through an identity provider: who comes in as whom, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from seatwright.app.tenants import NewTenant, create_tenant
from seatwright.bootstrap import assemble_web_app
from tests.office import HOST, Office
from tests.web.portal.issuer import Issuer, issuing
from tests.web.portal.visitor import Visitor, browser_at

ADA = "ada@contoso.example"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(preferred_username=ADA, email="ada.l@mail.example") as served:
        yield served


@pytest.fixture
async def door(office: Office, issuer: Issuer) -> Office:
    """An office whose people sign in at the issuer; Ada is in its directory."""
    serve_at(office, issuer)
    person = {"userPrincipalName": ADA, "displayName": "Ada Lovelace", "usageLocation": "NO"}
    answer = await office.admin.post("/api/identity/users", json=person)
    assert answer.status_code == 201, answer.text
    return office


def serve_at(office: Office, issuer: Issuer) -> None:
    """Serve the office with this issuer as its identity provider."""
    office.app = assemble_web_app(
        database=office.database, clock=office.clock, public_host=HOST, provider=issuer.provider()
    )


async def began(browser: httpx.AsyncClient, path: str = "/sign-in/start") -> str:
    """Where the browser is sent to sign in."""
    answer = await browser.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def came_back(
    door: Office,
    issuer: Issuer,
    browser: httpx.AsyncClient | None = None,
    change: Mapping[str, str] | None = None,
) -> httpx.Response:
    """The whole way there and back, with changes to what comes back."""
    browser = browser or browser_at(door)
    told = issuer.sign_in(await began(browser))
    return await browser.get("/auth/callback", params={**told, **(change or {})})


async def test_a_person_of_the_directory_comes_in_and_sees_what_is_theirs(
    door: Office, issuer: Issuer
) -> None:
    browser = browser_at(door)
    page = await browser.get("/sign-in?next=%2Frequests%2Fnew")
    assert "Sign in with 127.0.0.1" in page.text
    assert 'href="/sign-in/start?next=/requests/new"' in page.text
    url = await began(browser, "/sign-in/start?next=/requests/new")
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked["redirect_uri"] == f"http://{HOST}/auth/callback"
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid profile email")
    assert min(len(asked[one]) for one in ("state", "nonce", "code_challenge")) == 43
    answer = await browser.get("/auth/callback", params=issuer.sign_in(url))
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests/new")
    session, attempt = answer.headers.get_list("set-cookie")
    assert "HttpOnly; SameSite=Lax" in session
    assert attempt.startswith("seatwright-sign-in=; Max-Age=0")
    mine = await browser.get("/me")
    assert "Ada Lovelace" in mine.text
    assert (await browser.get("/users")).status_code == 403
    again = browser_at(door)
    assert (await came_back(door, issuer, again)).status_code == 303
    history = await door.admin.get("/api/identity/licenses/assignment-history?kind=all&limit=2")
    rows = history.json()["value"]
    assert [row["action"] for row in rows] == ["signedIn", "signedIn"]
    assert len({row["principal"]["id"] for row in rows}) == 1


async def test_who_comes_in_is_decided_by_name_and_by_role(door: Office, issuer: Issuer) -> None:
    mapped = {"roleClaimValues": "staff=helpdesk-administrator"}
    assert (await door.admin.patch("/api/settings", json=mapped)).status_code == 200
    bob, nobody = "bob@contoso.example", "nobody of that name"
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"preferred_username": " ADA@Contoso.Example "}, None),
        ({"preferred_username": "ada", "email": ADA}, None),
        ({"email": ADA, "email_verified": False}, "no name"),
        ({"preferred_username": bob}, nobody),
        ({"preferred_username": bob, "roles": ["boss"]}, nobody),
        ({"preferred_username": bob, "roles": ["reader"]}, None),
        ({"preferred_username": bob, "roles": ["Staff"]}, None),
        ({"roles": ["admin"]}, "no name"),
    ]
    for claims, refusal in cases:
        issuer.claims = claims
        answer = await came_back(door, issuer)
        assert answer.status_code == (303 if refusal is None else 403), answer.text
        assert refusal is None or refusal in answer.text
        cookies = answer.headers.get_list("set-cookie")
        assert any(one.startswith("seatwright=") for one in cookies) == (refusal is None)


async def test_a_role_of_the_provider_holds_for_the_session_beside_those_given_here(
    door: Office, issuer: Issuer
) -> None:
    issuer.claims = {"preferred_username": ADA, "roles": ["global-reader"]}
    browser = browser_at(door)
    assert (await came_back(door, issuer, browser)).headers["location"] == "/"
    assert (await browser.get("/users")).status_code == 200
    issuer.claims = {"preferred_username": ADA}
    assert (await came_back(door, issuer, browser)).status_code == 303
    assert (await browser.get("/users")).status_code == 403


async def test_a_disabled_person_is_told_so_even_with_a_role(door: Office, issuer: Issuer) -> None:
    browser = browser_at(door)
    assert (await came_back(door, issuer, browser)).status_code == 303
    off = await door.admin.patch(f"/api/identity/users/{ADA}", json={"accountEnabled": False})
    assert off.status_code == 200, off.text
    issuer.claims = {"preferred_username": ADA, "roles": ["admin"]}
    answer = await came_back(door, issuer)
    assert (answer.status_code, "is disabled" in answer.text) == (403, True)
    assert (await browser.get("/me")).status_code == 303


async def test_of_several_tenants_it_is_the_one_that_owns_the_domain(
    door: Office, issuer: Issuer
) -> None:
    await create_tenant(
        door.database, NewTenant(name="Fabrikam", domain="fabrikam.example"), now=door.clock.now()
    )
    issuer.claims = {"preferred_username": "eve@fabrikam.example", "roles": ["reader"]}
    browser = browser_at(door)
    assert (await came_back(door, issuer, browser)).status_code == 303
    page = await browser.get("/users")
    assert "Fabrikam" in page.text
    assert "Lovelace" not in page.text
    issuer.claims = {"preferred_username": "eve@nowhere.example", "roles": ["admin"]}
    assert (await came_back(door, issuer)).status_code == 403


async def test_a_callback_is_taken_once_and_only_from_the_browser_that_began(
    door: Office, issuer: Issuer
) -> None:
    browser, other = browser_at(door), browser_at(door)
    told = issuer.sign_in(await began(browser))
    await began(other)
    # Another browser, with and without an attempt of its own; a state that was bent; none at all.
    stranger = browser_at(door)
    bent, none = {"state": "x" * 43}, {"state": ""}
    for who, change in ((other, {}), (stranger, {}), (browser, bent), (browser, none)):
        copy = browser_at(door)
        copy.cookies.update(who.cookies)
        assert (await copy.get("/auth/callback", params={**told, **change})).status_code == 400
    kept = dict(browser.cookies)
    assert (await browser.get("/auth/callback", params=told)).status_code == 303
    replayed = browser_at(door)
    replayed.cookies.update(kept)
    again = await replayed.get("/auth/callback", params=told)
    assert (again.status_code, "finished already" in again.text) == (400, True)
    assert issuer.asked.count("/token") == 1


async def test_an_attempt_is_over_after_ten_minutes(door: Office, issuer: Issuer) -> None:
    browser = browser_at(door)
    told = issuer.sign_in(await began(browser))
    door.clock.move(minutes=10)
    assert (await browser.get("/auth/callback", params=told)).status_code == 400


async def test_whatever_else_comes_back_is_told_in_words(door: Office, issuer: Issuer) -> None:
    said = {"error": "access_denied", "error_description": "You <b>said</b> no."}
    for change, status, says in (
        ({"iss": "https://evil.example"}, 400, "cannot be trusted"),
        ({"iss": ""}, 400, "cannot be trusted"),
        ({"code": "stolen"}, 400, "too late"),
        ({"code": ""}, 400, "Begin again"),
        (said, 403, "You &lt;b&gt;said&lt;/b&gt; no (access_denied)."),
        ({"error": "server_error"}, 400, "server_error"),
    ):
        answer = await came_back(door, issuer, change=change)
        assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(
    door: Office, issuer: Issuer
) -> None:
    lies: list[dict[str, Any]] = [
        {"nonce": "of another sign-in"},
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"exp": 1_000_000_000},
        {"sub": "8"},  # What the provider tells beside the token is of 7.
    ]
    for lie in lies:
        issuer.in_token = lie
        answer = await came_back(door, issuer)
        assert (answer.status_code, "cannot be trusted" in answer.text) == (400, True), lie


async def test_keys_that_change_stop_nobody(
    door: Office, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await came_back(door, issuer)).status_code == 303
    issuer.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert (await came_back(door, issuer)).status_code == 400
    monkeypatch.setattr("seatwright.identity.oidc.KEYS_ASKED_AGAIN_AFTER", timedelta(0))
    assert (await came_back(door, issuer)).status_code == 303
    assert issuer.asked.count("/keys") == 2
    assert issuer.asked.count("/.well-known/openid-configuration") == 1


async def test_a_provider_that_publishes_nonsense_is_as_good_as_away(
    office: Office, issuer: Issuer
) -> None:
    nonsense: list[dict[str, Any]] = [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
    ]
    for metadata in nonsense:
        issuer.metadata = metadata
        serve_at(office, issuer)
        answer = await browser_at(office).get("/sign-in/start")
        assert (answer.status_code, "does not answer" in answer.text) == (502, True), metadata
        assert "set-cookie" not in answer.headers


async def test_signing_out_leads_out_of_the_provider_too(door: Office, issuer: Issuer) -> None:
    browser = browser_at(door)
    await came_back(door, issuer, browser)
    visitor = Visitor(browser)
    answer = await visitor.send("/sign-out", await visitor.get("/me"))
    assert answer.headers["location"] == "/sign-in/left"
    assert (await browser.get("/me")).status_code == 303
    page = await browser.get("/sign-in/left")
    back = "post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fsign-in"
    assert f'href="{issuer.url}/bye?client_id=seatwright&amp;{back}"' in page.text
    assert "token" not in page.text


async def test_without_a_provider_there_is_no_way_to_one(office: Office) -> None:
    for path in ("/sign-in/start", "/sign-in/left", "/auth/callback?code=x&state=y"):
        assert (await browser_at(office).get(path)).status_code == 404
    page = await browser_at(office).get("/sign-in")
    assert "Sign in with a link" in page.text
    assert "/sign-in/start" not in page.text

"""Somebody with a browser: it keeps cookies, sends forms of this site, and follows nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from seatwright.app.portal_sessions import link_for_administrator, make_link
from seatwright.app.tenants import calling
from seatwright.domain.roles import Role
from seatwright.domain.tenants import PrincipalKind
from seatwright.postgres.principals import list_principals
from tests.office import HOST, Office

_PROOF = re.compile(r'name="proof" value="([0-9a-f]{64})"')
_DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')


@dataclass(slots=True)
class Visitor:
    """A browser at the portal of an office."""

    browser: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.browser.get(path)

    async def send(
        self, path: str, page: httpx.Response, /, **fields: str | list[str]
    ) -> httpx.Response:
        """Send a form of a page that was opened."""
        found = _PROOF.search(page.text)
        assert found, "the page has a form"
        return await self.browser.post(
            path, data={"proof": found[1], **fields}, headers={"sec-fetch-site": "same-origin"}
        )


def digest_in(page: httpx.Response) -> str:
    """The digest of what a preview shows."""
    found = _DIGEST.search(page.text)
    assert found, page.text
    return found[1]


def led_to(answer: httpx.Response) -> str:
    """Where a change leads, without the change that the page there may offer to undo."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("&undo=")[0]


def browser_at(office: Office) -> httpx.AsyncClient:
    """A browser that nobody has signed in with."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=office.app, raise_app_exceptions=True),
        base_url=f"http://{HOST}",
        headers={"accept": "text/html", "accept-language": "en-GB,en;q=0.8"},
        timeout=60,
    )


async def link_in(office: Office, role: Role | None = None) -> str:
    """The path of a fresh link for the local administrator, or for a token with one role."""
    if role is not None:
        await office.as_role(role)
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        if role is None:
            return f"/sign-in/link/{await link_for_administrator(call)}"
        tokens = await list_principals(call.tx, PrincipalKind.TOKEN)
        (principal,) = [one for one in tokens if one.roles == (role,) and "test" in one.name]
        return f"/sign-in/link/{await make_link(call, principal)}"


async def visit(office: Office, role: Role | None = None) -> Visitor:
    """Somebody who has signed in by a link."""
    browser = browser_at(office)
    answer = await browser.post(
        await link_in(office, role), headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 303, answer.text
    return Visitor(browser)

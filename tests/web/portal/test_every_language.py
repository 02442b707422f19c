"""Nothing that pages show is bound to be English: a walk in a language made of the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx

from seatwright.app.portal_sessions import link_for_administrator
from seatwright.app.tenants import calling
from seatwright.bootstrap import assemble_web_app
from seatwright.demo.demo import load_demo
from seatwright.postgres.pool import Database
from tests.conftest import Database as DatabaseOfTest
from tests.office import HOST, MovableClock
from tests.web.portal.pseudo import LOCALE, Names, in_our_letters, languages
from tests.web.portal.visitor import Visitor
from tests.web.portal.walker import walk

_LISTS = (
    *("/api/identity/users", "/api/identity/groups", "/api/catalog/products", "/api/templates"),
    *("/api/platform/environments", "/api/platform/apps", "/api/platform/flows"),
    *("/api/auto-claim/policies", "/api/license-requests"),
)
_NAMES = (
    *("seatwright", "Demo", "demo.example", "Everybody who belongs to", "local administrator"),
    *("Microsoft", "CSV", "XLSX", "MiB", "UTC"),
    # Codes that people type and send, the same in every language.
    *("global-administrator", "license-administrator", "user-administrator", "person"),
    "app-gateway",
    *("groups-administrator", "billing-administrator", "identity-governance-administrator"),
    *("global-reader", "reports-reader", "helpdesk-administrator"),
    *("preset", "native", "entra", "small", "medium", "large", "off"),
    *("manager, people, group, roles", "add, remove or replace"),
    *("product", "department", "description", "surname", "mail", "kind", "sku", "until", "action"),
    *("UPN", "User name", "Login"),
    # Lists of names are joined in English, for a name may have the word too.
    *(" and ", " or "),
)
# What organizations word themselves, shown as it is sent.
_WORDED = "/settings/mail"


async def test_every_page_and_every_refusal_can_be_in_another_language(
    database: DatabaseOfTest, tmp_path: Path
) -> None:
    clock, opened = MovableClock(), Database(database.app_url)
    await opened.open()
    try:
        demo = await load_demo(opened, now=clock.now(), kept_token=None)
        app: Any = assemble_web_app(
            database=opened, clock=clock, public_host=HOST, languages=languages(tmp_path)
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=f"http://{HOST}", timeout=60
        )
        client.headers["authorization"] = f"Bearer {demo.token}"
        names = Names([*_NAMES, *[one async for one in _data(client)]])
        del client.headers["authorization"]
        client.headers["accept-language"] = f"{LOCALE},en;q=0.5"
        async with calling(opened, demo.tenant, now=clock.now()) as call:
            link = f"/sign-in/link/{await link_for_administrator(call)}"
        await client.post(link, headers={"sec-fetch-site": "same-origin"})
        english: dict[str, str] = {}
        seen = 0
        async for path, page in walk(Visitor(client)):
            if not page.headers.get("content-type", "").startswith("text/html"):
                continue
            seen += 1
            if not path.startswith(_WORDED) or page.status_code >= 400:
                for text in in_our_letters(page.text, names):
                    english.setdefault(text, path)
        assert seen > 150
        assert english == {}
        await client.aclose()
    finally:
        await opened.close()


async def _data(api: httpx.AsyncClient) -> AsyncIterator[str]:
    """What the demo calls its people, groups, products and things."""
    for path in _LISTS:
        for row in await _rows(api, path):
            for value in _texts(row):
                yield value


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)


async def _rows(api: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    query: dict[str, str | int] = {"limit": 200}
    rows: list[dict[str, Any]] = []
    while True:
        answer = await api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["value"]
        if not answer.json().get("nextCursor"):
            return rows
        query["cursor"] = answer.json()["nextCursor"]

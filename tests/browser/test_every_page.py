"""Every page that a link leads to, as the browsers of an administrator and of a person show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx
import pytest
from playwright.sync_api import BrowserContext
from tools.browser import address_of
from tools.tour import Serving

from seatwright.web.portal.application import PAGES
from tests.browser.look import FILES, Looked, Looker

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

PERSON: Final = "jakob.wagner@demo.example"
PASSWORD: Final = "a few words are enough"

LONG_LIST: Final = "/exports/history.csv?kind=all"
"""More rows than a file has that is made at once."""

NOT_LINKED: Final = {
    "/exports/*": "a file",
    "/exports/files/*/*": "a file",
    "/find/suggestions": "what the search box asks for while somebody types",
    "/groups/*/impact": "what a form of a group asks for",
    "/held": "nothing is held in the demo",
    "/held/*": "nothing is held in the demo",
}
"""Pages that no link of the demo leads to, and why."""


@pytest.fixture(scope="module")
def pages(looker: Looker, portal: Serving) -> dict[str, Looked]:
    """What an administrator sees."""
    # Policies can only be made while auto-claim is on.
    page = looker.context.new_page()
    page.goto(f"{looker.base}/auto-claim")
    page.get_by_role("button", name="Turn auto-claim on").click()
    page.get_by_role("button", name="Turn auto-claim on").first.click()
    page.get_by_role("link", name="Add a policy").first.wait_for()
    page.goto(looker.base + LONG_LIST)
    page.get_by_role("button", name="Make it as CSV").click()
    page.get_by_role("link", name="Download as CSV").wait_for()
    page.close()
    body = {"url": "https://hooks.partner.example/", "kinds": ["licenseRequestReceived"]}
    assert _call(portal, "webhooks", body)["id"]
    return looker.follow("/", "/find?search=al", "/settings", LONG_LIST)


@pytest.fixture(scope="module")
def pages_of_a_person(looker: Looker, portal: Serving) -> dict[str, Looked]:
    """What somebody sees who has no role and signs in by password."""
    link = _call(portal, "accounts", {"login": PERSON})["link"]
    context = _stranger(looker)
    page = context.new_page()
    page.goto(looker.base + link)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Set the password and sign in").click()
    page.wait_for_url(f"{looker.base}/me")
    page.close()
    try:
        return Looker(base=looker.base, context=context, axe=looker.axe).follow("/me")
    finally:
        context.close()


def _call(portal: Serving, path: str, body: Mapping[str, object]) -> dict[str, str]:
    token = (portal.data_dir / "token").read_text().strip()
    answer = httpx.post(
        f"{address_of(portal)}/api/{path}",
        json=body,
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def _stranger(looker: Looker) -> BrowserContext:
    browser = looker.context.browser
    assert browser is not None
    return browser.new_context(locale="en-GB")


def test_no_page_has_a_fault_that_axe_the_console_or_a_phone_finds(
    pages: dict[str, Looked], pages_of_a_person: dict[str, Looked]
) -> None:
    looked = (*pages.values(), *pages_of_a_person.values())
    faults = [f"{one.path}: {fault}" for one in looked for fault in one.faults]
    assert not faults, "\n".join(faults)


def test_links_lead_to_every_page(
    pages: dict[str, Looked], pages_of_a_person: dict[str, Looked]
) -> None:
    seen = {shape.partition("?")[0] for shape in (*pages, *pages_of_a_person)}
    assert {path for path in _paths() if path not in seen} == set(NOT_LINKED)


def test_a_person_sees_no_page_of_administrators(pages_of_a_person: dict[str, Looked]) -> None:
    heads = {"/" + shape.split("?")[0].split("/")[1] for shape in pages_of_a_person}
    # The start page leads a person to their own licenses.
    own = {"/", "/me", "/requests", "/settings", "/exports"}
    assert {"/me", "/requests"} <= heads <= own


def _paths() -> list[str]:
    """The paths of the pages, as `shape_of` writes them."""
    paths: set[str] = set()
    for handler in PAGES:
        methods: frozenset[str] = getattr(handler, "http_methods", frozenset())
        if "GET" in methods:
            paths |= {
                "/".join("*" if part.startswith("{") else part for part in path.split("/"))
                for path in getattr(handler, "paths", ())
            }
    return sorted(path for path in paths if not path.endswith(FILES))


def test_whoever_is_not_signed_in_sees_a_page_without_faults(looker: Looker) -> None:
    context = _stranger(looker)
    try:
        stranger = Looker(base=looker.base, context=context, axe=looker.axe)
        assert stranger.faults("/sign-in").faults == []
        assert stranger.faults("/users").faults == []
    finally:
        context.close()

"""Every page that a link leads to, as an administrator's browser shows it."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from playwright.sync_api import BrowserContext

from seatwright.web.portal.application import PAGES
from tests.browser.look import Looked, Looker, shape_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

_FILES = (".csv", ".xlsx")


@pytest.fixture(scope="module")
def pages(looker: Looker) -> dict[str, Looked]:
    """One page of each shape, found by following every link from the start page."""
    # Policies can only be made while auto-claim is on.
    page = looker.open("/auto-claim")
    page.get_by_role("button", name="Turn auto-claim on").click()
    page.close()
    found: dict[str, Looked] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        shape = shape_of(path)
        if shape in found:
            continue
        found[shape] = looked = looker.faults(path)
        inside = (urljoin(path, link) for link in looked.links if "://" not in link)
        waiting.extend(
            link.partition("#")[0]
            for link in inside
            if link.startswith("/") and not link.partition("?")[0].endswith(_FILES)
        )
    return found


def test_no_page_has_a_fault_that_axe_the_console_or_a_phone_finds(
    pages: dict[str, Looked],
) -> None:
    faults = [f"{one.path}: {fault}" for one in pages.values() for fault in one.faults]
    assert not faults, "\n".join(faults)


def test_links_lead_to_every_page(pages: dict[str, Looked]) -> None:
    seen = {shape.partition("?")[0] for shape in pages}
    assert [path for path in _paths() if path not in seen] == []


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
    return sorted(path for path in paths if not path.endswith(_FILES))


def test_whoever_is_not_signed_in_sees_a_page_without_faults(looker: Looker) -> None:
    browser = looker.context.browser
    assert browser is not None
    context: BrowserContext = browser.new_context(locale="en-GB")
    try:
        stranger = Looker(base=looker.base, context=context, axe=looker.axe)
        assert stranger.faults("/sign-in").faults == []
        assert stranger.faults("/users").faults == []
    finally:
        context.close()

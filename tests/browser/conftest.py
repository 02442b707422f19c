"""One server with the demo and one browser for every test that looks at the portal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from tools.tour import Serving, serving

from tests.browser.installed import axe_script, chromium
from tests.browser.look import Looker


@pytest.fixture(scope="session")
def portal() -> Iterator[Serving]:
    """`./run` with its demo."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="session")
def administrator(portal: Serving, browser: Browser) -> Iterator[BrowserContext]:
    """The cookies of the administrator, who signed in by the link that the server printed."""
    found = re.search(r"http://\S+/sign-in/link/\S+", portal.greeting)
    assert found, portal.greeting
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(found[0])
    page.get_by_role("button").click()
    page.wait_for_url(f"http://127.0.0.1:{portal.port}/")
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="session")
def looker(portal: Serving, administrator: BrowserContext) -> Looker:
    """Looks at pages as the administrator."""
    return Looker(base=f"http://127.0.0.1:{portal.port}", context=administrator, axe=axe_script())

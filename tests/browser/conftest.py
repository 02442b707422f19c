"""One server with the demo and one browser for every test that looks at the portal.

They end with this package: no other test can run an event loop while Playwright runs its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from tools.browser import address_of, sign_in
from tools.tour import Serving, serving

from tests.browser.installed import axe_script, installed_chromium
from tests.browser.look import Looker


@pytest.fixture(scope="package")
def portal() -> Iterator[Serving]:
    """`./run` with its demo."""
    with serving() as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium."""
    with installed_chromium() as one:
        yield one


@pytest.fixture(scope="package")
def administrator(portal: Serving, browser: Browser) -> Iterator[BrowserContext]:
    """The cookies of the administrator, who signed in by the link that the server printed."""
    context = sign_in(browser, portal)
    yield context
    context.close()


@pytest.fixture(scope="package")
def looker(portal: Serving, administrator: BrowserContext) -> Looker:
    """Looks at pages as the administrator."""
    return Looker(base=address_of(portal), context=administrator, axe=axe_script())

"""Debian's Chromium, driven by Playwright, and the portal of a server with the demo in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tools.tour import Serving

CHROMIUM: Final = Path("/usr/bin/chromium")

# Chromium would look for news of its own on a network that may not be there.
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


def address_of(server: Serving) -> str:
    """Where the portal of a server is."""
    return f"http://127.0.0.1:{server.port}"


def sign_in(browser: Browser, server: Serving) -> BrowserContext:
    """The cookies of the administrator, who used the link that the server printed."""
    link = re.search(r"http://\S+/sign-in/link/\S+", server.greeting)
    assert link, server.greeting
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(link[0])
    page.get_by_role("button").first.click()
    page.wait_for_url(f"{address_of(server)}/")
    page.close()
    return context

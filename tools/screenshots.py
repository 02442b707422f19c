"""Takes the pictures of the docs from the demo tenant: `python -m tools.screenshots`.

They are kept in `docs/images/` where they are small enough; the script says which are not.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext, Page

from tools.browser import address_of, chromium, sign_in
from tools.tour import serving

IMAGES: Final = Path(__file__).parent.parent / "docs" / "images"
BYTES_MAX: Final = 200_000

PICTURES: Final = {
    "overview": "/",
    "requests": "/requests",
    "conflicts": "/conflicts",
    "strategies": "/strategies",
}
"""The name of each picture, and the page that it shows."""


def main() -> int:
    """Take every picture; 1 when one is too large to keep."""
    IMAGES.mkdir(exist_ok=True)
    with serving() as server, chromium() as browser:
        context = sign_in(browser, server)
        for name, path in PICTURES.items():
            page = context.new_page()
            page.goto(address_of(server) + path)
            _keep(page, name)
            page.close()
        _take_person(context, address_of(server))
        _take_preview(context, address_of(server))
        _take_phone(context, address_of(server))
    large = [one.name for one in IMAGES.glob("*.png") if one.stat().st_size > BYTES_MAX]
    for name in large:
        (IMAGES / name).unlink()
        print(f"{name} is larger than {BYTES_MAX:,} bytes and was not kept.")  # noqa: T201  # a program of the terminal
    return int(bool(large))


def _take_person(context: BrowserContext, address: str) -> None:
    """One person who waits for a seat: what they have, and what they lack."""
    page = context.new_page()
    page.goto(f"{address}/users?search=alex")
    page.locator("tbody th a").first.click()
    page.wait_for_load_state()
    _keep(page, "user")
    page.close()


def _take_preview(context: BrowserContext, address: str) -> None:
    """What lines of people would come to, with two that cannot be done."""
    page = context.new_page()
    page.goto(f"{address}/users?search=be")
    people = sorted(set(re.findall(r"[a-z.]+@demo[.]example", page.inner_text("main"))))
    page.goto(f"{address}/bulk")
    page.fill(
        "#lines", "\n".join([*people, "nobody.here@demo.example", "not an address", people[0]])
    )
    page.select_option("#give", "sku:POWER_BI_PRO")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_load_state()
    _keep(page, "bulk-preview")
    page.close()


def _take_phone(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/requests")
    _keep(page, "requests-phone")
    page.close()


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())

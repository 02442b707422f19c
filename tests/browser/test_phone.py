"""The portal on a phone, and the rail of a wide screen: what is in sight without searching."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tools.browser import address_of
from tools.tour import Serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(portal: Serving, administrator: BrowserContext) -> Iterator[Page]:
    """At the list of people, on a phone."""
    page = administrator.new_page()
    page.set_default_timeout(20_000)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # A dict of this shape is taken.
    page.goto(address_of(portal) + "/users")
    yield page
    page.close()


def test_requests_are_one_press_away_and_every_page_is_two(page: Page) -> None:
    rail = page.locator(".rail")
    for name in ("Overview", "Users", "Licenses", "Requests"):
        box = rail.get_by_role("link", name=name).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    expect(rail.get_by_role("link", name="Conflicts")).to_be_hidden()
    rail.get_by_role("link", name="More pages").click()
    assert page.evaluate("scrollY") == 0
    expect(rail.get_by_role("link", name="Settings")).to_be_in_viewport()
    rail.get_by_role("link", name="Fewer pages").click()
    expect(rail.get_by_role("link", name="Conflicts")).to_be_hidden()
    rail.get_by_role("link", name="More pages").click()
    rail.get_by_role("link", name="Conflicts").click()
    page.wait_for_url("**/conflicts")
    expect(rail.get_by_role("link", name="Conflicts")).to_be_in_viewport()


def test_filters_fold_with_the_number_that_are_set(page: Page) -> None:
    expect(page.get_by_label("Has", exact=True)).to_be_hidden()
    expect(page.get_by_label("Name or address")).to_be_visible()
    page.locator("summary", has_text="Filters").first.click()
    page.get_by_label("Licenses", exact=True).select_option("unlicensed")
    expect(page.locator("#set")).to_have_text("(1)")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    expect(page.get_by_label("Has", exact=True)).to_be_visible()
    expect(page.locator(".fold > summary")).to_be_hidden()


def test_the_bar_of_actions_is_there_once_something_is_ticked(page: Page) -> None:
    expect(page.locator(".decide")).to_be_hidden()
    page.locator("#rows input[type=checkbox]").first.check()
    expect(page.locator(".decide")).to_contain_text("1 chosen")
    page.locator("#rows input[type=checkbox]").first.uncheck()
    expect(page.locator(".decide")).to_be_hidden()


def test_without_scripts_the_bar_of_actions_and_the_rail_are_there(
    portal: Serving, administrator: BrowserContext
) -> None:
    browser = administrator.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies(administrator.cookies())  # type: ignore[arg-type]  # As they were given.
    page = context.new_page()
    page.goto(address_of(portal) + "/users")
    expect(page.locator(".decide")).to_be_visible()
    page.get_by_role("link", name="More pages").click()
    expect(page.get_by_role("link", name="Strategies")).to_be_in_viewport()
    context.close()


def test_the_rail_stays_in_sight_on_a_long_page(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.mouse.wheel(0, 3000)
    expect(page.locator(".rail").get_by_role("link", name="Overview")).to_be_in_viewport()
    last = page.locator(".rail").get_by_role("link", name="Settings")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert page.evaluate("scrollY") > 500


def test_the_manager_of_a_new_person_is_found_by_a_name(page: Page) -> None:
    page.goto(page.url.replace("/users", "/users/new"))
    page.get_by_label("Manager").press_sequentially("alex", delay=20)
    option = page.locator("#manager-found [role=option]").first
    option.wait_for()
    upn = option.get_attribute("data-value")
    assert upn
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Manager")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Manager")).to_have_value(upn)
    expect(page.locator("#manager-found")).to_be_hidden()
    assert page.url.endswith("/users/new")

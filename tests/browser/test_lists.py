"""Lists that change in place and the box that suggests, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tools.browser import address_of
from tools.tour import Serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def page(portal: Serving, administrator: BrowserContext) -> Iterator[Page]:
    """At the list of people."""
    page = administrator.new_page()
    page.set_default_timeout(20_000)
    page.goto(address_of(portal) + "/users")
    yield page
    page.close()


def test_a_list_follows_what_is_typed_and_keeps_focus_and_address(page: Page) -> None:
    begun = page.evaluate("performance.timeOrigin")
    page.get_by_label("Name or address").focus()
    page.keyboard.type("alex")
    expect(page.locator("#rows th").first).to_contain_text("Alex")
    assert parse_qs(urlsplit(page.url).query) == {"search": ["alex"]}
    expect(page.locator("#said")).to_contain_text("The list has")
    expect(page.get_by_label("Name or address")).to_be_focused()
    expect(page.get_by_role("link", name="Show all")).to_be_visible()
    for _ in "alex":
        page.keyboard.press("Backspace")
    page.keyboard.type("zzzz")
    expect(page.locator("#said")).to_have_text("The list is empty.")
    assert page.evaluate("performance.timeOrigin") == begun, "no page was loaded anew"


def test_more_rows_join_the_list_and_focus_goes_to_the_first_of_them(page: Page) -> None:
    shown = page.locator("#rows > tr").count()
    page.get_by_role("link", name="More people").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rows > tr")).to_have_count(2 * shown)
    expect(page.locator("#said")).to_have_text(f"{shown} rows were added.")
    expect(page.locator("#rows > tr").nth(shown).get_by_role("link").first).to_be_focused()


def test_a_filter_that_means_nothing_says_so_where_the_list_was(page: Page) -> None:
    page.goto(page.url.replace("/users", "/history"))
    page.get_by_label("Person (address or id)").fill("nobody@nowhere.example")
    page.keyboard.press("Tab")
    expect(page.locator("#list")).to_contain_text("no person “nobody@nowhere.example”")
    expect(page.locator("#said")).to_contain_text("no person")


def test_the_search_box_suggests_and_the_keyboard_chooses(page: Page) -> None:
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Find people, products and groups")
    expect(box).to_be_focused()
    page.keyboard.type("visio")
    suggested = page.get_by_role("listbox", name="Suggestions")
    expect(suggested.get_by_role("option", name="Visio Plan 2")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("suggestion")
    page.keyboard.press("Escape")
    expect(suggested).to_be_hidden()
    expect(box).to_have_value("visio")
    page.keyboard.press("ArrowDown")
    expect(suggested).to_be_visible()
    page.keyboard.press("ArrowUp")
    chosen = suggested.get_by_role("option", selected=True)
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    path = chosen.get_attribute("data-path") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")


def test_who_ticks_nobody_is_told_so_and_keeps_what_they_typed(page: Page) -> None:
    page.goto(page.url.replace("/users", "/requests?show=all"))
    page.get_by_label("Message to the people (optional)").fill("Have fun.")
    page.get_by_role("button", name="Approve").click()
    said = page.get_by_role("alert")
    expect(said).to_have_text("Nothing is ticked, so nothing was done: tick a row first.")
    expect(said).to_be_focused()
    expect(page.get_by_label("Message to the people (optional)")).to_have_value("Have fun.")
    page.get_by_label("All on this page").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("main button.main")).to_contain_text("requests")
    expect(page.locator("main h1")).to_contain_text("Approve")


def test_without_scripts_who_ticks_nobody_is_at_the_list_again_and_at_its_message(
    page: Page,
) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    bare = context.new_page()
    bare.goto(page.url.replace("/users", "/requests?show=all&search=a"))
    bare.get_by_role("button", name="Approve").click()
    bare.wait_for_url("**/requests?show=all&search=a&unticked=yes")
    expect(bare.get_by_role("alert")).to_be_focused()
    assert bare.locator("#rows tr").count() > 0
    context.close()


def test_the_queue_follows_its_search_and_the_heads_that_order_it(page: Page) -> None:
    page.goto(page.url.replace("/users", "/requests?show=all"))
    page.get_by_role("link", name="Person", exact=True).click()
    page.wait_for_url("**order=person")
    names = page.locator("#rows th").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Person")
    page.get_by_label("Person or product").fill(names[-1].split()[0])
    expect(page.locator("#rows th").first).to_contain_text(names[-1].split()[0])
    assert parse_qs(urlsplit(page.url).query)["order"] == ["person"]


def test_each_key_leads_to_one_page(page: Page) -> None:
    keys = page.locator(".rail [data-key]").evaluate_all("all => all.map((a) => a.dataset.key)")
    assert len(set(keys)) == len(keys) > 10
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.locator(".go dt")).to_have_count(len(keys))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/settings")


def test_shift_chooses_what_lies_between_two_boxes(page: Page) -> None:
    boxes = page.locator("#rows input[type=checkbox]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("#rows input[type=checkbox]:checked")).to_have_count(4)
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator("#rows input[type=checkbox]:checked")).to_have_count(2)

"""The seven tasks of `docs/usability.md`, each done from the start page by what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext
from tools.browser import address_of
from tools.tour import Serving

from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ONE_PERSON_MAX = 8
MANY_MAX = 12
TEN_MAX = 6
FEW = 4
TURNS_MAX = 300
"""How often a job is looked at that a worker does meanwhile."""


@pytest.fixture
def hands(portal: Serving, administrator: BrowserContext) -> Iterator[Hands]:
    """At the start page."""
    page = administrator.new_page()
    page.set_default_timeout(20_000)
    page.goto(address_of(portal) + "/")
    yield Hands(page)
    page.close()


@pytest.fixture
def script(portal: Serving) -> Iterator[httpx.Client]:
    """A script that prepares what a task begins with."""
    token = (portal.data_dir / "token").read_text().strip()
    with httpx.Client(
        base_url=f"{address_of(portal)}/api/", headers={"authorization": f"Bearer {token}"}
    ) as client:
        yield client


def people(script: httpx.Client, count: int, *, search: str) -> list[str]:
    """The user principal names of some people of the demo."""
    answer = script.get("identity/users", params={"limit": count, "search": search})
    return [str(one["userPrincipalName"]) for one in answer.json()["value"]]


def test_one_person_gets_a_product(hands: Hands) -> None:
    hands.type("Find people, products and groups", "alex hughes", enter=True)
    hands.choose("Product", "Visio Plan 2")
    hands.press("button", "Assign")
    hands.reads("Assigned directly")
    assert len(hands.clicks) <= ONE_PERSON_MAX, hands.clicks


def test_fifty_people_of_a_file_with_three_faults_get_a_product(
    hands: Hands, script: httpx.Client, tmp_path: Path
) -> None:
    rows = people(script, 46, search="b")
    assert len(rows) == 46
    faults = ("nobody.here@demo.example", "not an address", f"{rows[1]}.")
    for place, fault in zip((10, 20, 30), faults, strict=True):
        rows[place:place] = [fault]
    rows.append(rows[0])
    file = tmp_path / "fifty.csv"
    file.write_text("\n".join(["userPrincipalName", *rows]) + "\n")
    hands.press("link", "Bulk")
    hands.attach("A file of people", file)
    hands.choose("Product or template", "Power BI Pro")
    hands.press("button", "Preview")
    for fault in faults:
        hands.reads(fault)
    hands.confirm()
    hands.reads("50 of 50 rows looked at.")
    assert len(hands.clicks) <= MANY_MAX, hands.clicks


def test_who_lacks_a_product_is_told_why_and_gets_it(hands: Hands) -> None:
    hands.type("Find people, products and groups", "silje bernard", enter=True)
    hands.reads("waits for a seat")
    hands.press("link", "Why, and what would mend it : Exchange Online Plan 1")
    hands.reads("has waited for a seat of Exchange Online Plan 1")
    hands.press("button", "Buy 3 more seats of Exchange Online Plan 1")
    hands.confirm()
    hands.reads("Silje Bernard has Exchange Online Plan 1")
    assert len(hands.clicks) <= ONE_PERSON_MAX, hands.clicks


def test_ten_requests_are_approved(hands: Hands, script: httpx.Client) -> None:
    # Whoever asks does not decide, so somebody else asks for them.
    made = script.post("tokens", json={"name": "desk", "roles": ["global-administrator"]})
    script.headers["authorization"] = f"Bearer {made.json()['token']}"
    for upn in people(script, 10, search="c"):
        body = {
            "skuPartNumber": "PROJECTPROFESSIONAL",
            "people": [upn],
            "justification": "Planning.",
        }
        asked = script.post("license-requests", json=body)
        assert asked.status_code < 300, asked.text
    hands.press("link", "Requests")
    hands.press("checkbox", "All on this page")
    hands.type("Message to the people (optional)", "Have fun with it.")
    hands.press("button", "Approve")
    hands.confirm()
    hands.reads("Approved, and told to them: ")
    hands.reads("Nothing waits for a decision.")
    assert len(hands.clicks) <= TEN_MAX, hands.clicks


def test_an_auto_claim_policy_is_made(hands: Hands, script: httpx.Client) -> None:
    app = {
        "displayName": "Route Planner",
        "kind": "other",
        "requires": [{"skuPartNumber": "FJORDLINE_ROUTE_STUDIO"}],
    }
    made = script.post("platform/apps", json=app)
    assert made.status_code == 201, made.text
    hands.press("link", "Auto-claim")
    switch = hands.page.get_by_role("button", name="Turn auto-claim on")
    if switch.count():
        hands.press("button", "Turn auto-claim on")
        hands.confirm()
        hands.reads("Auto-claim was turned on.")
    hands.press("link", "Add a policy")
    hands.type("Name of the policy", "Route planners")
    hands.press("button", "Next")
    hands.press("radio", "Route Planner", is_exact=False)
    for _ in range(3):
        hands.press("button", "Next")
    hands.press("button", "Create the policy")
    hands.reads("Route planners")
    assert len(hands.clicks) <= MANY_MAX, hands.clicks


def test_people_move_from_their_own_assignments_to_a_group(
    hands: Hands, script: httpx.Client
) -> None:
    made = script.post("identity/groups", json={"displayName": "Route studio"})
    product = {"skuPartNumber": "FJORDLINE_ROUTE_STUDIO"}
    given = script.post(f"identity/groups/{made.json()['id']}/licenses", json=product)
    assert given.status_code < 300, given.text
    hands.press("link", "Licenses")
    hands.press("link", "Fjordline Route Studio")
    hands.press("link", "Move direct assignments to a group")
    hands.choose("Group that they join", "Route studio")
    hands.press("button", "Preview")
    hands.confirm()
    assert len(hands.clicks) <= MANY_MAX, hands.clicks
    for _ in range(TURNS_MAX):
        members = script.get(f"identity/groups/{made.json()['id']}/members").json()["value"]
        if members:
            return
        hands.page.wait_for_timeout(100)
    raise AssertionError(hands.page.locator("main").inner_text())


def test_an_auditor_is_told_who_held_a_product_on_a_day(hands: Hands) -> None:
    hands.press("link", "History")
    hands.press("link", "Who held a product")
    hands.choose("Product", "Fjordline Route Studio")
    hands.type("Day (empty: now)", "2026-10-01")
    hands.press("button", "Show")
    hands.page.locator("main tbody tr").first.wait_for()
    assert len(hands.clicks) <= ONE_PERSON_MAX, hands.clicks


def test_who_begins_at_the_product_is_told_who_held_it_on_a_day(hands: Hands) -> None:
    hands.press("link", "Licenses")
    hands.press("link", "Fjordline Route Studio")
    hands.type("Who held it on a day", "2026-10-01")
    hands.press("button", "Show")
    hands.page.locator("main tbody tr").first.wait_for()
    hands.reads("held it on 1 Oct 2026")
    assert len(hands.clicks) <= FEW, hands.clicks


def test_who_begins_at_the_person_is_told_what_they_held_on_a_day(hands: Hands) -> None:
    hands.type("Find people, products and groups", "alex hughes", enter=True)
    hands.type("Day (empty: all of it)", "2026-10-01")
    hands.press("button", "Show")
    hands.reads("What Alex Hughes held")
    hands.page.locator("main tbody tr").first.wait_for()
    assert len(hands.clicks) <= FEW, hands.clicks

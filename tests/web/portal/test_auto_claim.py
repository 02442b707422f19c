"""The pages of auto-claim: the switch, the list, the wizard, a policy, its report and notices."""

from __future__ import annotations

import re
from html import unescape

import pytest

from seatwright.domain.roles import Role
from seatwright.postgres.auto_claim_write import raise_version
from tests.auto_claim import buy, buy_first, give_claim, make, turn_on
from tests.office import Office
from tests.web.portal.visitor import Visitor, digest_in, led_to, visit
from tests.web.test_auto_claim_notices import APPS, holders, tick
from tests.web.test_auto_claim_notices import notices as told
from tests.world import add_people, call_of

APP_WORDS = ("Route", "Atlas")
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_TICKED = re.compile(r'<input type="checkbox" name="on" value="([^"]+)" checked>')


def carried(page_text: str) -> dict[str, list[str]]:
    """What the first form of a step of the wizard carries along."""
    form = re.findall(r"<form[^>]*>(.*?)</form>", page_text.partition("<main")[2], re.DOTALL)[0]
    found: dict[str, list[str]] = {}
    for name, value in _HIDDEN.findall(form):
        found.setdefault(name, []).append(unescape(value))
    found.pop("proof", None)
    return found


async def step(visitor: Visitor, page_text: str, **fields: str | list[str]) -> str:
    """Fill in the step that is shown, and go where `at` says."""
    kept = {**carried(page_text), **fields}
    page = await visitor.browser.get("/auto-claim/new", params=kept)
    assert page.status_code == 200, page.text
    return page.text


async def test_auto_claim_is_turned_on_and_off_by_whoever_may(office: Office) -> None:
    visitor = await visit(office)
    page = await visitor.get("/auto-claim")
    assert "Auto-claim is off" in page.text
    assert "Add a policy" not in page.text
    refused = await visitor.get("/auto-claim/new")
    assert refused.status_code == 403
    assert "turn it on first" in refused.text
    done = await visitor.send("/auto-claim/switch", page, enabled="yes")
    page = await visitor.get(done.headers["location"])
    assert "Auto-claim is on." in page.text
    assert "There is no policy yet" in page.text
    assert "Auto-claim was turned on." in page.text
    reader = await visit(office, Role.LICENSE_ADMINISTRATOR)
    page = await reader.get("/auto-claim")
    assert "Turn auto-claim off" not in page.text
    for path in ("switch", "x/status", "x/scope", "x/delete"):
        assert (await reader.send(f"/auto-claim/{path}", page)).status_code == 403
    assert (await reader.get("/auto-claim/new")).status_code == 403


async def test_turning_it_off_says_first_whom_that_is_about_and_is_undone_at_once(
    office: Office,
) -> None:
    await turn_on(office)
    await buy_first(office, APPS, 5)
    await make(office)
    await add_people(office, "ada", "ben")
    await give_claim(office, "Makers", "ada", "ben")
    visitor = await visit(office)
    page = await visitor.get("/auto-claim")
    assert re.search(r'name="step" value="preview">Turn auto-claim off', page.text)
    form = {"enabled": "no", "words": "Turn auto-claim off"}
    preview = await visitor.send("/auto-claim/switch", page, **form, step="preview")
    assert "One policy gives nothing any more" in preview.text
    assert "Policies that stop (1)" in preview.text
    assert re.search(r'<li><a href="/auto-claim/[^"]+">Makers</a> <span', preview.text)
    assert "2 people got a license by them in the last 30 days" in preview.text
    assert "What was claimed stays: 2 licenses." in preview.text
    assert "Auto-claim is on." in (await visitor.get("/auto-claim")).text
    sent = {**form, "step": "apply", "digest": digest_in(preview)}
    done = await visitor.send("/auto-claim/switch", preview, **sent)
    assert re.fullmatch(r"/auto-claim\?turned=[0-9]+", led_to(done))
    off = await visitor.get(led_to(done))
    assert "Auto-claim was turned off. What people claimed stays with them." in off.text
    undone = await visitor.send("/auto-claim/switch", off, enabled="yes")
    assert "Auto-claim is on." in (await visitor.get(led_to(undone))).text


@pytest.mark.parametrize("change", [None, "policy"])
async def test_the_undo_of_turning_it_off_announces_again_what_that_ended(
    office: Office, change: str | None
) -> None:
    await turn_on(office)
    await buy_first(office, APPS, 5)
    await make(office, releaseAfterDays=30, noticeDays=7)
    await add_people(office, "ada", "ben")
    await give_claim(office, "Makers", "ada", "ben")
    office.clock.move(days=24)
    await tick(office)
    visitor = await visit(office)
    (path, _) = re.findall(
        r'action="(/auto-claim/notices/[^"]+/keep)"',
        (await visitor.get("/auto-claim/notices")).text,
    )
    await visitor.send(path, await visitor.get("/auto-claim/notices"))
    office.clock.move(hours=1)
    announced = await told(office)
    assert sorted(one["outcome"] or "" for one in announced) == ["", "kept"]
    done = await visitor.send("/auto-claim/switch", await visitor.get("/auto-claim"), enabled="no")
    off = await visitor.get(led_to(done))
    assert sorted(one["outcome"] for one in await told(office)) == ["gone", "kept"]
    (version,) = re.findall(r'name="undoes" value="([0-9]+)"', off.text)
    office.clock.move(hours=1)
    if change:
        async with call_of(office) as call:
            await raise_version(call.tx)
        assert "Auto-claim was turned off" not in (await visitor.get(led_to(done))).text
    await visitor.send("/auto-claim/switch", off, enabled="yes", undoes=version)
    now = await told(office)
    assert now == announced if change is None else "gone" in {one["outcome"] for one in now}
    office.clock.move(days=7)
    await tick(office)
    assert len(await holders(office)) == (1 if change is None else 2)


async def test_a_policy_is_made_in_five_steps_and_nothing_is_there_before_the_last(
    office: Office,
) -> None:
    await turn_on(office)
    await buy_first(office, APPS, 7)
    visitor = await visit(office)
    first = (await visitor.get("/auto-claim/new")).text
    assert "Step 1 of 5: Name" in first
    unnamed = await step(visitor, first, name=" ", at="product")
    assert "Step 1 of 5" in unnamed
    assert "Give the policy a name" in unnamed
    product = await step(visitor, first, name="Makers & co", at="product")
    assert "Step 2 of 5: App and product" in product
    assert "7 free" in product
    assert "Choose an app" in await step(visitor, product, at="apps")
    apps = await step(visitor, product, app="powerApps", at="apps")
    assert "Step 3 of 5: Apps and services" in apps
    ticked = [unescape(one) for one in _TICKED.findall(apps)]
    assert len(ticked) > 1
    none = await step(visitor, apps, at="scope", on=[])
    assert "Step 3 of 5" in none
    assert "would not let people use" in none
    kept = [one for one in ticked if "Flow" not in one]
    assert kept != ticked
    scope = await step(visitor, apps, on=kept, at="scope")
    assert "Step 4 of 5: For whom and where" in scope
    back = await step(visitor, scope, claimsMax="5", at="apps")
    assert [unescape(one) for one in _TICKED.findall(back)] == kept
    wrong = await step(visitor, scope, claimsMax="many", at="review")
    assert "“many” is no whole number" in wrong
    review = await step(
        visitor, scope, claimsMax="5", environmentScope="onlyManagedEnvironments", at="review"
    )
    assert "Step 5 of 5: Review and finish" in review
    assert "Nothing is saved yet" in review
    assert "Makers &amp; co" in review
    assert "5 people at once" in review
    assert "Managed environments" in review
    assert (await office.admin.get("/api/auto-claim/policies")).json()["value"] == []
    page = await visitor.get("/me")
    made = await visitor.send("/auto-claim", page, **carried(review))
    assert led_to(made).endswith("?done=made")
    (row,) = (await office.admin.get("/api/auto-claim/policies")).json()["value"]
    assert (row["name"], row["availableLicenses"], row["status"]) == ("Makers & co", 7, "on")
    detail = (await office.admin.get(f"/api/auto-claim/policies/{row['id']}")).json()
    assert detail["claimsMax"] == 5
    assert detail["environmentScope"] == "onlyManagedEnvironments"
    assert detail["products"][0]["disabledServicePlans"]
    listed = await visitor.get("/auto-claim")
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', listed.text)
    assert heads == ["Name", "App", "Product", "Available licenses", "Status"]
    twice = await visitor.send("/auto-claim", page, **carried(review))
    assert twice.status_code == 400
    assert "There is a policy named" in twice.text


async def test_a_new_policy_says_what_it_will_do_and_can_be_undone(office: Office) -> None:
    await turn_on(office)
    await buy_first(office, APPS, 7)
    visitor = await visit(office)
    order = {"name": "Makers", "app": "powerApps", "claimsMax": "5"}
    made = await visitor.send("/auto-claim", await visitor.get("/me"), **order)
    page = await visitor.get(made.headers["location"])
    told = page.text.partition("<main")[2].partition("<h1")[0]
    assert "Whoever opens Power Apps per User Plan from " in told
    assert "gets Power Apps Premium. 7 seats of it are free. At most 5 people" in told
    undo = re.search(r'action="(/auto-claim/[^"]+/delete)"', told)
    assert undo
    preview = await visitor.send(undo[1], page, step="preview")
    assert "Nothing is done yet" in preview.text


async def test_a_policy_is_changed_by_the_same_steps_turned_off_scoped_and_deleted(
    office: Office,
) -> None:
    await turn_on(office)
    made = await make(office, claimsMax=3)
    path = f"/auto-claim/{made['id']}"
    visitor = await visit(office)
    page = await visitor.get(path)
    assert str(made["id"]) in page.text
    assert "Step 5 of 5" in (await visitor.get(f"{path}/edit?at=review")).text
    first = (await visitor.get(f"{path}/edit")).text
    fields = {**carried(first), "name": "Builders"}
    review_page = await visitor.browser.get(f"{path}/edit", params={**fields, "at": "review"})
    assert "3 people at once" in review_page.text
    saved = await visitor.send(path, review_page, **carried(review_page.text))
    assert led_to(saved) == f"{path}?done=changed"
    await visitor.send(f"{path}/scope", page, environmentScope="onlyManagedEnvironments")
    await visitor.send(f"{path}/status", page, status="off")
    now = (await office.admin.get(f"/api/auto-claim/policies/{made['id']}")).json()
    assert (now["name"], now["status"], now["environmentScope"], now["claimsMax"]) == (
        "Builders",
        "off",
        "onlyManagedEnvironments",
        3,
    )
    preview = await visitor.send(f"{path}/delete", page, step="preview")
    assert "Nothing is done yet" in preview.text
    assert (await visitor.get(path)).status_code == 200
    gone = await visitor.send(f"{path}/delete", preview, digest=digest_in(preview))
    assert led_to(gone) == "/auto-claim?done=deleted"
    assert (await visitor.get(path)).status_code == 404
    assert (await visitor.get(f"{path}/report")).status_code == 200


async def test_the_report_counts_days_and_takes_back_from_those_who_are_ticked(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    await turn_on(office)
    made = await make(office, releaseAfterDays=30, noticeDays=7)
    await buy(office, APPS, 10)
    await give_claim(office, "Makers", "ada", "bob")
    visitor = await visit(office)
    path = f"/auto-claim/{made['id']}"
    page = await visitor.get(f"{path}/report")
    assert "past 90 days" in page.text
    assert page.text.count("<rect") == 91
    assert re.search(r'<th scope="row">\w+ ?\d.*?<td class="number">2</td>', page.text)
    assert (await visitor.get(f"{path}/report?days=1")).status_code == 200
    assert (await visitor.get(f"{path}/report?days=2")).status_code == 400
    (ada,) = re.findall(r'name="user" value="([^"]+)" aria-label="ada"', page.text)
    nobody = await visitor.send(f"{path}/unassign", page)
    assert nobody.status_code == 400
    preview = await visitor.send(f"{path}/unassign", page, user=ada, step="preview")
    assert "loses it" in preview.text
    assert await holders(office) == ["ada", "bob"]
    done = await visitor.send(f"{path}/unassign", preview, user=ada, digest=digest_in(preview))
    assert led_to(done) == f"{path}/report?done=unassigned"
    assert await holders(office) == ["bob"]
    assert "gone" in (await visitor.get(led_to(done))).text


@pytest.mark.usefixtures("office")
async def test_a_license_that_would_be_released_is_kept_from_the_list_of_notices(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await turn_on(office)
    await make(office, releaseAfterDays=30, noticeDays=7)
    await buy(office, APPS, 10)
    await give_claim(office, "Makers", "ada")
    visitor = await visit(office)
    assert "There is no notice" in (await visitor.get("/auto-claim/notices")).text
    office.clock.move(days=23)
    await tick(office)
    await tick(office)
    visitor = await visit(office)
    page = await visitor.get("/auto-claim/notices")
    (path,) = re.findall(r'action="(/auto-claim/notices/[^"]+/keep)"', page.text)
    kept = await visitor.send(path, page)
    assert led_to(kept) == "/auto-claim/notices?done=kept"
    assert ">kept</span>" in (await visitor.get("/auto-claim/notices")).text
    office.clock.move(days=8)
    await tick(office)
    assert await holders(office) == ["ada"]


async def test_an_own_app_is_chosen_from_a_list_with_its_product_beside_it(office: Office) -> None:
    await turn_on(office)
    for name, skus in (("Route Planner", ["VISIOCLIENT"]), ("Atlas", ["VISIOCLIENT", "SPE_E3"])):
        body = {
            "displayName": name,
            "kind": "other",
            "requires": [{"skuPartNumber": sku} for sku in skus],
        }
        made = await office.admin.post("/api/platform/apps", json=body)
        assert made.status_code == 201, made.text
    visitor = await visit(office)
    first = (await visitor.get("/auto-claim/new")).text
    product = await step(visitor, first, name="Planners", at="product")
    ids = dict(re.findall(r'value="([0-9a-f-]{36})"> (\w+)', product))
    route, atlas = (next(id_ for id_, name in ids.items() if name == one) for one in APP_WORDS)
    assert "Visio Plan 2, 0 free" in product
    # What was not asked yet is asked, and is no fault.
    asked = await step(visitor, product, app=atlas, at="apps")
    assert "Step 2 of 5" in asked
    assert "Product that people get for Atlas" in asked
    assert 'role="alert"' not in asked
    empty = await step(visitor, asked, app=atlas, first="", at="apps")
    assert re.search(r'<select id="first"[^>]*aria-describedby="wrong"', empty)
    assert "Choose the product that people get for Atlas." in empty
    services = await step(visitor, asked, app=atlas, first="SPE_E3", at="apps")
    assert "Whoever opens Atlas gets Microsoft 365 E3" in services
    backups = re.findall(r'<option value="(\w+)"', services)
    assert "VISIOCLIENT" in backups
    assert "SPE_E3" not in backups
    # The only product that there is for it needs no choice.
    services = await step(visitor, product, app=route, at="apps")
    assert "Whoever opens Route Planner gets Visio Plan 2" in services
    ticked = [unescape(one) for one in _TICKED.findall(services)]
    scope = await step(visitor, services, on=ticked, at="scope")
    assert "Step 4 of 5" in scope
    assert "Environments" not in scope
    review = await step(visitor, scope, at="review")
    assert "Step 5 of 5" in review
    assert "Environments" not in review
    made = await visitor.send("/auto-claim", await visitor.get("/me"), **carried(review))
    policy = await visitor.get(led_to(made).partition("?")[0])
    assert "Environments" not in policy.text
    assert "Made by local administrator on" in policy.text
    again = await step(visitor, first, name="Others", at="product")
    assert "has a policy already" in again

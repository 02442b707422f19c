"""People as pages: finding them, choosing many, and one whole: why, service plans, dates, fixes."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import httpx

from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.portal.visitor import Visitor, digest_in, visit
from tests.world import add_group, add_people

E3 = "SPE_E3"


async def _buy(office: Office, units: int) -> None:
    bought = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": units, "status": "Enabled"}
    )
    assert bought.status_code == 201, bought.text


async def _license(office: Office, name: str) -> dict[str, object]:
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example/licenses")
    (found,) = answer.json()["value"]
    return dict(found)


def _names(page: httpx.Response) -> list[str]:
    return re.findall(r'name="user" value="(\w+)@', page.text)


async def _at(office: Office, visitor: Visitor, name: str) -> tuple[str, httpx.Response]:
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example")
    path = f"/users/{answer.json()['id']}"
    return path, await visitor.get(path)


async def test_people_are_found_by_what_they_have_lack_and_are(office: Office) -> None:
    await add_people(office, "ada", "ben", "cara", "dan")
    await _buy(office, 1)
    for name in ("ada", "ben"):
        await office.admin.post(
            f"/api/identity/users/{name}@contoso.example/licenses", json={"skuPartNumber": E3}
        )
    group = await add_group(office, "Sales")
    await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": ["cara@contoso.example"]}
    )
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    change = {"usageLocation": "DE", "manager": "ada@contoso.example", "jobTitle": "Engineer"}
    changed = await office.admin.patch("/api/identity/users/dan@contoso.example", json=change)
    assert changed.status_code == 200, changed.text
    visitor = await visit(office)
    for query, expected in {
        f"product={E3}": ["ada"],
        "state=error": ["cara"],
        "state=unlicensed": ["ben", "cara", "dan"],
        "location=de": ["dan"],
        "manager=ada@contoso.example": ["dan"],
        "filter=jobTitle eq 'engineer'": ["dan"],
        f"product={E3}&location=DE": [],
    }.items():
        page = await visitor.get(f"/users?{query}")
        assert page.status_code == 200, page.text
        assert _names(page) == expected, query
    assert "Microsoft 365 E3" in (await visitor.get("/users?search=ada")).text
    whole = await visitor.get("/users?location=DE")
    link = re.search(r'href="(/bulk\?match=yes[^"]*)"', whole.text)
    assert link
    bulk = await visitor.get(unescape(link[1]))
    assert "Everybody who matches" in bulk.text
    assert (await visitor.get("/users?product=NOPE")).status_code == 404
    reader = await visit(office, Role.GLOBAL_READER)
    assert _names(await reader.get("/users")) == []


async def test_service_plans_and_dates_of_ones_own_assignment_are_changed_after_a_preview(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await _buy(office, 5)
    visitor = await visit(office)
    path, page = await _at(office, visitor, "ada")
    assert (
        await visitor.send(f"{path}/licenses", page, sku=E3, expiresAt="2027-03-01")
    ).status_code == 303
    page = await visitor.get(path)
    assert 'name="expiresAt" value="2027-03-01"' in page.text
    plans = re.findall(r'name="plan" value="(\w+)" checked', page.text)
    form: dict[str, str | list[str]] = {
        "plansOf": E3,
        "plan": [one for one in plans if one != "TEAMS1"],
        "expiresAt": "",
    }
    preview = await visitor.send(f"{path}/licenses/{E3}", page, **form, step="preview")
    assert "Microsoft Teams</span>" in preview.text
    done = await visitor.send(
        f"{path}/licenses/{E3}", page, **form, step="apply", digest=digest_in(preview)
    )
    assert done.status_code == 303
    license_ = await _license(office, "ada")
    sources = license_["sources"]
    assert isinstance(sources, list)
    assert sources[0]["disabledServicePlans"] == ["TEAMS1"]
    assert sources[0]["expiresAt"] is None
    wrong = await visitor.send(f"{path}/licenses/{E3}", page, expiresAt="soon")
    assert (wrong.status_code, "soon" in wrong.text) == (400, True)


async def test_why_somebody_lacks_a_product_is_said_and_mended_by_a_button(office: Office) -> None:
    await add_people(office, "ada", "ben")
    await _buy(office, 5)
    group = await add_group(office, "Sales")
    members = {"users": ["ada@contoso.example"]}
    await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    path, page = await _at(office, visitor, "ben")
    assert f'action="{path}/why"' in page.text
    link = f"{path}/why?product={E3}"
    why = await visitor.get(link)
    assert "Nothing gives it to them" in why.text
    forms = [one for one in why.text.split("<form") if 'action="/fixes"' in one]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[0])
    fields = {name: unescape(value) for name, value in found}
    mended = await visitor.browser.post(
        "/fixes", data=fields, headers={"sec-fetch-site": "same-origin"}
    )
    assert mended.headers["location"].startswith(f"{link}&done=mended")
    assert (await _license(office, "ben"))["state"] == "Active"


async def test_where_somebody_works_is_changed_after_a_preview(office: Office) -> None:
    await add_people(office, "ada")
    visitor = await visit(office)
    path, page = await _at(office, visitor, "ada")
    preview = await visitor.send(f"{path}/location", page, usageLocation="de", step="preview")
    assert preview.status_code == 200
    done = await visitor.send(
        f"{path}/location", page, usageLocation="de", step="apply", digest=digest_in(preview)
    )
    assert done.status_code == 303
    assert 'value="DE"' in (await visitor.get(path)).text
    assert (await visitor.send(f"{path}/reprocess", page)).status_code == 303


async def test_seats_are_bought_after_their_price_is_said_and_the_purchase_is_put_back(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben")
    bought = await office.admin.post(
        "/api/subscriptions",
        json={"skuPartNumber": E3, "units": 1, "unitPrice": "10", "currency": "EUR"},
    )
    assert bought.status_code == 201, bought.text
    group = await add_group(office, "Sales")
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    for name in ("ada", "ben"):
        members = {"users": [f"{name}@contoso.example"]}
        await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    seen = {"lastSignInAt": (office.clock.now() - timedelta(days=100)).isoformat()}
    changed = await office.admin.patch("/api/identity/users/ada@contoso.example", json=seen)
    assert changed.status_code == 200, changed.text
    visitor = await visit(office)
    path, page = await _at(office, visitor, "ben")
    assert "€10.00 more a month" in page.text
    why = await visitor.get(f"{path}/why?product={E3}")
    assert "does not use it" in why.text
    assert ">ada</a>" in why.text
    (form,) = [one for one in why.text.split("<form") if 'value="Buy 1 more seat' in one]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    fields = {name: unescape(value) for name, value in found if name != "proof"}
    preview = await visitor.send("/fixes", why, **fields, step="preview")
    assert "The purchase goes from 1 to 2 seats." in preview.text
    assert "It costs €10.00 more a month: one seat." in preview.text
    done = await visitor.send("/fixes", preview, **fields, digest=digest_in(preview), step="apply")
    shown = await visitor.get(done.headers["location"])
    assert "Microsoft 365 E3</a>: the purchase has 2 now." in shown.text
    assert "Nothing needs to be mended" in shown.text
    assert "Done: this is how it is now" not in shown.text
    (form,) = [one for one in shown.text.split("<form") if "Go back to 1 seats" in one]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    fields = {name: unescape(value) for name, value in found if name != "proof"}
    preview = await visitor.send("/fixes", shown, **fields, step="preview")
    assert "Whoever got one of these seats keeps it" in preview.text
    back = await visitor.send("/fixes", preview, **fields, digest=digest_in(preview), step="apply")
    assert back.status_code == 303, back.text
    (purchase,) = (await office.admin.get("/api/subscriptions")).json()["value"]
    assert purchase["units"] == 1
    assert (await _license(office, "ben"))["state"] == "Active"


async def test_a_person_shows_what_they_can_open_asked_for_and_have_already(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await _buy(office, 5)
    for app in (
        {"displayName": "Tea list", "kind": "other"},
        {"displayName": "Planner", "kind": "other", "requires": [{"skuPartNumber": E3}]},
        {"displayName": "Hidden", "kind": "other"},
    ):
        made = await office.admin.post("/api/platform/apps", json=app)
        assert made.status_code == 201, made.text
    everyone, ada = {"everyone": True}, {"users": ["ada@contoso.example"]}
    await office.admin.post("/api/platform/apps/Tea list/shares", json=everyone)
    shared = await office.admin.post("/api/platform/apps/Planner/shares", json=ada)
    assert shared.status_code < 300, shared.text
    visitor = await visit(office)
    path, page = await _at(office, visitor, "ada")
    for text in (page.text, (await visitor.get(f"{path}/apps")).text):
        assert "Tea list" in text
        assert "lacks a license" in text
        assert f"{path}/why?product={E3}" in text
        assert "Hidden" not in text
    assert "They have asked for nothing." in page.text
    assert "They have these already" not in page.text
    done = await visitor.send(f"{path}/licenses", page, sku=E3)
    page = await visitor.get(done.headers["location"])
    assert page.text.count('role="status"') == 2, "one line of what was done, and one for lists"
    assert "was given" in page.text
    assert "They have these already" in page.text
    assert "lacks a license" not in page.text
    reader = await visit(office, Role.HELPDESK_ADMINISTRATOR)
    assert (await reader.get(f"{path}/apps")).status_code in {200, 403}


async def test_who_is_idle_is_listed_longest_first_and_counted_on_the_overview(
    office: Office,
) -> None:
    await add_people(office, "ada", "ben", "cara")
    await _buy(office, 5)
    for name, days in (("ada", 100), ("ben", 200), ("cara", 10)):
        upn = f"{name}@contoso.example"
        seen = {"lastSignInAt": (office.clock.now() - timedelta(days=days)).isoformat()}
        await office.admin.patch(f"/api/identity/users/{upn}", json=seen)
        await office.admin.post(f"/api/identity/users/{upn}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    assert _names(await visitor.get("/idle")) == ["ben", "ada"]
    assert _names(await visitor.get(f"/idle?product={E3}")) == ["ben", "ada"]
    assert _names(await visitor.get("/idle?product=SPE_E5")) == []
    start = await visitor.get("/")
    assert re.search(r'href="/idle"><strong>2</strong>', start.text)
    assert (await visitor.get("/idle?cursor=x")).status_code == 400

"""One product as a page: who has it, who waits, what was bought, and what comes."""

from __future__ import annotations

import re

from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.portal.visitor import digest_in, visit
from tests.world import add_group, add_people

E3 = "SPE_E3"
PAGE = f"/licenses/{E3}"


async def test_seats_are_bought_raised_lowered_and_kept_after_previews(office: Office) -> None:
    await add_people(office, "ada", "ben")
    group = await add_group(office, "Sales")
    members = {"users": ["ada@contoso.example", "ben@contoso.example"]}
    await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    page = await visitor.get(PAGE)
    assert "Nothing was bought" in page.text
    assert "2 people do not get it" in page.text
    order = {"units": "5", "unitPrice": "33.60", "currency": "eur", "endsAt": "2027-05-01"}
    preview = await visitor.send(f"{PAGE}/subscriptions", page, **order, step="preview")
    assert preview.text.count("gets it") == 2
    bought = await visitor.send(
        f"{PAGE}/subscriptions", page, **order, step="apply", digest=digest_in(preview)
    )
    assert bought.status_code == 303
    page = await visitor.get(bought.headers["location"])
    assert "2 of 5 seats assigned" in page.text
    assert "€33.60 a seat" in page.text
    assert "<polyline" in page.text
    (units,) = re.findall(r'action="([^"]+/units)"', page.text)
    assert (await visitor.send(units, page, units="7")).status_code == 303
    assert (await visitor.send(units, page, units="6")).status_code == 303
    page = await visitor.get(PAGE)
    assert "2 of 7 seats assigned" in page.text
    assert "6 seats from" in page.text
    (keep,) = re.findall(r'action="([^"]+/booked/[^"]+/cancel)"', page.text)
    assert (await visitor.send(keep, page)).status_code == 303
    assert "6 seats from" not in (await visitor.get(PAGE)).text
    renew, cancel = units.replace("/units", "/renew"), units.replace("/units", "/cancel")
    in_use = await visitor.send(cancel, page)
    assert in_use.status_code == 409
    assert (await visitor.send(renew, page, until="2028-05-01")).status_code == 303
    assert "until 1 May 2028" in (await visitor.get(PAGE)).text
    for path, field, value in (
        (units, "units", "many"),
        (f"{PAGE}/subscriptions", "unitPrice", "cheap"),
    ):
        wrong = await visitor.send(path, page, **{"units": "1", field: value})
        assert (wrong.status_code, value in wrong.text) == (400, True)


async def test_a_product_that_too_many_have_says_whom_to_ask(office: Office) -> None:
    await add_people(office, "ada", "ben")
    answer = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": 2, "status": "Enabled"}
    )
    for name in ("ada", "ben"):
        await office.admin.post(
            f"/api/identity/users/{name}@contoso.example/licenses", json={"skuPartNumber": E3}
        )
    cut = await office.admin.patch(
        f"/api/subscriptions/{answer.json()['id']}", json={"units": 1, "external": True}
    )
    assert cut.status_code == 200, cut.text
    visitor = await visit(office)
    page = await visitor.get(PAGE)
    assert "Whom to ask for a seat" in page.text
    assert "never seen" in page.text
    assert "Office 365 E1" in (await visitor.get("/licenses?every=yes&search=e1")).text
    groups = await visit(office, Role.GROUPS_ADMINISTRATOR)
    seen = await groups.get(PAGE)
    assert seen.status_code == 200
    assert "What was bought" not in seen.text
    refused = await groups.send(f"{PAGE}/subscriptions", seen, units="5")
    assert refused.status_code == 403


async def test_after_a_purchase_the_page_says_who_still_waits_and_when_the_seats_count(
    office: Office,
) -> None:
    members = await add_people(office, "ada", "ben", "cara")
    group = await add_group(office, "Sales", members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)

    async def bought(**order: str) -> str:
        page = await visitor.get(f"{PAGE}?buy=1&then=/bulk")
        done = await visitor.send(f"{PAGE}/subscriptions", page, **order, then="/bulk")
        return (await visitor.get(done.headers["location"])).text

    early = await visitor.get(f"{PAGE}?done=bought&then=/bulk")
    assert "3 people still wait for a seat." in early.text, "nothing was bought"
    page = await bought(units="9", startsAt="2999-06-01")
    assert "The seats bought last count from 1 Jun 2999 on. 3 people still wait" in page
    assert "approve them, from that day on." in page
    office.clock.move(seconds=1)
    page = await bought(units="2")
    assert "One person still waits for a seat." in page
    assert "Nobody waits" not in page
    assert "bought last count from" not in page
    office.clock.move(seconds=1)
    page = await bought(units="1")
    assert "Nobody waits for a seat now." in page
    assert "still wait" not in page
    assert 'href="/bulk">Go on where you were' in page
    bare = await visitor.get(f"{PAGE}?done=bought")
    assert "Nobody waits for a seat now." in bare.text
    assert "Go on where you were" not in bare.text

"""What the page after a decision says where some of the requests could not be decided."""

from __future__ import annotations

import re

from tests.asking import SKU, set_company
from tests.office import Office
from tests.previews import upn
from tests.web.portal.test_requests import as_person, call_them, lines_in, ticked
from tests.web.portal.visitor import digest_in, visit


async def test_of_many_approved_some_without_a_seat_all_are_named_with_undo_and_seats_to_buy(
    office: Office,
) -> None:
    company = await set_company(office, seats=1)
    await office.admin.patch("/api/settings", json={"requestHoldHours": 0})
    for name in ("cid", "dan", "eve"):
        await company.ask(name)
    await call_them(office, "cid", "dan", "eve")
    admin = await visit(office)
    page = await admin.get("/requests")
    sent: dict[str, str | list[str]] = {
        "line": ticked(page),
        "decision": "approve",
        "back": "/requests?show=all&search=contoso",
    }
    preview = await admin.send("/requests/decisions", page, step="preview", **sent)
    assert "<h1>Approve one request</h1>" in preview.text
    assert f'href="/licenses/{SKU}?buy=2#buy"' in preview.text
    done = await admin.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert done.status_code == 200, done.text
    assert "Approved, and told to them: Microsoft 365 E3 for Cid." in done.text
    assert "Not approved" in done.text
    for name in ("Dan", "Eve"):
        assert re.search(
            rf"<li>{name} is left out: .* cannot be given Microsoft 365 E3: no seat", done.text
        )
    then = "%2Frequests%3Fshow%3Dall%26search%3Dcontoso"
    assert f'href="/licenses/{SKU}?buy=2&amp;then={then}#buy"' in done.text
    (undo,) = re.findall(r'action="(/undo/[^"]+)"', done.text)
    assert await company.holds("cid") == {SKU}
    undone = await admin.send(undo, done, back="/requests")
    assert undone.status_code == 303, undone.text
    assert await company.holds("cid") == set()
    alone = await as_person(company, "bob")
    rest = await alone.get("/requests")
    await office.admin.post(
        f"/api/identity/users/{upn('ada')}/licenses", json={"skuPartNumber": SKU}
    )
    none = await alone.send("/requests/decisions", rest, line=lines_in(rest), decision="approve")
    assert "?buy=" not in none.text, "a manager buys nothing"
    assert 'action="/undo/' not in none.text

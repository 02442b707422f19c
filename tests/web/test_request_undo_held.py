"""An undoing that the brake holds: what a second administrator makes of it."""

from __future__ import annotations

import pytest

from tests.asking import SKU, URL, set_company
from tests.office import Office

CROWD = tuple(f"p{number:02}" for number in range(24))


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_an_undoing_that_is_rejected_leaves_an_approval_that_can_be_undone(
    office: Office, decision: str
) -> None:
    company = await set_company(office, seats=30, more=CROWD)
    people = [f"{name}@contoso.example" for name in CROWD]
    asked = await company.ask("bob", people=people)
    approved = await company.decide("", asked["id"], "approve")
    assert approved.status_code == 200, approved.text
    desk = await company.desk()
    held = await desk.post(f"{URL}/{asked['id']}/undo", json={})
    assert held.status_code == 202, held.text
    (waiting,) = (await office.admin.get("/api/held-changes")).json()["value"]
    decided = await office.admin.post(f"/api/held-changes/{waiting['id']}/{decision}", json={})
    assert decided.status_code < 300, decided.text
    is_kept = decision == "reject"
    line = await company.line(asked["id"], "p00")
    assert line["state"] == ("approved" if is_kept else "undone")
    assert await company.holds("p00") == ({SKU} if is_kept else set())
    told = [kind for kind, name in await company.told() if name == "p00"]
    assert told.count("licenseRequestDecided") == (3 if is_kept else 2)
    again = await desk.post(f"{URL}/{asked['id']}/undo", json={"people": people[:1]})
    # So many were to be removed in a short time that the brake holds one more, too.
    assert again.status_code == (202 if is_kept else 409), again.text

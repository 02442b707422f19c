"""The history on pages: what happened and who did it, who held what on a day, and its seals."""

from __future__ import annotations

import re

from seatwright.app.seals import seal_history
from seatwright.app.work import Workshop
from tests.office import Office
from tests.web.portal.test_pages import E3, _furnish
from tests.web.portal.visitor import visit


async def _give(office: Office, user: str) -> None:
    answer = await office.admin.post(
        f"/api/identity/users/{user}/licenses", json={"skuPartNumber": E3}
    )
    assert answer.status_code == 201, answer.text


async def test_the_history_is_found_by_action_and_by_whom_and_a_change_is_undone_from_it(
    office: Office,
) -> None:
    user = await _furnish(office)
    await _give(office, user)
    visitor = await visit(office)
    by = re.search(r"</time> · ([^<·]+)", (await visitor.get("/history")).text)
    assert by
    found = await visitor.get(f"/history?action=assigned&principal={by[1].strip()}")
    assert "</a> was given" in found.text
    assert "</a> was given" not in (await visitor.get("/history?action=removed")).text
    assert (await visitor.get("/history?principal=nobody")).status_code == 404
    (file,) = re.findall(r'href="(/exports/history\.csv[^"]*)"', found.text)
    lines = (await visitor.get(file.replace("&amp;", "&"))).text.splitlines()
    assert lines[0].lstrip("\ufeff").startswith("at,action,userPrincipalName")
    assert len(lines) == 2
    assert ",assigned,ada@contoso.example," in lines[1]
    (whole,) = set(re.findall(r'href="(/history\?kind=all&amp;correlation=[^"]+)"', found.text))
    change = await visitor.get(whole.replace("&amp;", "&"))
    assert "This change can be undone." in change.text
    (undo,) = re.findall(r'action="(/undo/[^"]+)"', change.text)
    assert (await visitor.send(undo, change, back="/history")).status_code == 303
    assert (await office.admin.get(f"/api/identity/users/{user}/licenses")).json()["value"] == []


async def test_who_held_what_on_a_day_is_told_per_product_and_per_person(office: Office) -> None:
    user = await _furnish(office)
    await _give(office, user)
    office.clock.move(days=3)
    await office.admin.delete(f"/api/identity/users/{user}/licenses/{E3}")
    office.clock.move(days=3)
    visitor = await visit(office)
    held = await visitor.get(f"/history/holders?sku={E3}&day=2026-11-22")
    assert "One person held it on" in held.text
    assert "ada@contoso.example" in held.text
    after = await visitor.get(f"/history/holders?sku={E3}&day=2026-11-25")
    assert "Nobody held it on" in after.text
    assert "Choose a product and a day" in (await visitor.get("/history/holders")).text
    for wrong in ("sku=NOTHING", f"sku={E3}&day=2030-01-01", f"sku={E3}&day=soon"):
        refused = await visitor.get(f"/history/holders?{wrong}")
        assert refused.status_code in {400, 404}
        assert 'role="alert"' in refused.text
    line = await visitor.get("/history/timeline?user=ada@contoso.example")
    assert ">had it<" in line.text
    assert "Microsoft 365 E3" in line.text
    then = await visitor.get(f"/history/timeline?user={user}&day=2026-11-22")
    assert ">had it<" in then.text
    assert (
        "They held nothing then"
        in (await visitor.get(f"/history/timeline?user={user}&day=2026-11-26")).text
    )
    assert (await visitor.get("/history/timeline?user=nobody@x.example")).status_code == 404


async def test_the_seals_are_shown_and_checked(office: Office) -> None:
    visitor = await visit(office)
    assert "Nothing is sealed yet" in (await visitor.get("/history/seals")).text
    office.clock.move(hours=1)
    workshop = Workshop(database=office.database, clock=office.clock)
    assert await seal_history(workshop, office.made.tenant.tenant_id)
    page = await visitor.get("/history/seals")
    (digest,) = re.findall(r"<code>([0-9a-f]{64})</code>", page.text)
    checked = await visitor.get(f"/history/seals?check=yes&head={digest}")
    assert "Everything is as it was sealed" in checked.text
    cut = await visitor.get(f"/history/seals?check=yes&head={'0' * 64}")
    assert "The chain does not hold" in cut.text
    assert (await visitor.get("/history/seals?check=yes&head=x")).status_code == 400

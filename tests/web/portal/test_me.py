"""What somebody has themselves, was told, and gives back, as pages."""

from __future__ import annotations

from seatwright.domain.roles import Role
from tests.asking import set_company
from tests.office import Office
from tests.previews import upn
from tests.telling.scene import tell_all, telling
from tests.web.portal.test_requests import as_person
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.world import add_group


async def test_a_person_sees_what_they_have_why_and_until_when_and_gives_it_back(
    office: Office,
) -> None:
    company = await set_company(office)
    group = await add_group(office, "Planners", [company.numbers["cid"]])
    for path, body in (
        (f"groups/{group}", {"skuPartNumber": "VISIOCLIENT"}),
        (f"users/{upn('cid')}", {"skuPartNumber": "SPE_E3", "expiresAt": "2027-01-31T00:00:00Z"}),
    ):
        given = await office.admin.post(f"/api/identity/{path}/licenses", json=body)
        assert given.status_code < 300, given.text
    cid = await as_person(company, "cid")
    page = await cid.get("/me")
    for words in ("By the group “Planners”", "until 31 Jan 2027", "A group gives it", "Receipts"):
        assert words in page.text, words
    assert "/me/licenses/VISIOCLIENT/give-back" not in page.text
    assert "extends=true" in page.text
    path = "/me/licenses/SPE_E3/give-back"
    preview = await cid.send(path, page, step="preview", back="/me", words="Give back")
    assert "Microsoft 365 E3" in preview.text
    assert "SPE_E3" in str(await company.holds("cid"))
    done = await cid.send(path, preview, digest=digest_in(preview))
    assert led_to(done) == "/me?done=given-back"
    assert await company.holds("cid") == {"VISIOCLIENT"}
    assert await company.seats() == (0, 0, 10)
    kept = await cid.send("/me/licenses/VISIOCLIENT/give-back", page)
    assert kept.status_code == 409, "what a group gives"
    assert "cid" in (await cid.get("/me")).text


async def test_whoever_has_nothing_reads_what_the_page_is_for(office: Office) -> None:
    company = await set_company(office)
    dan = await as_person(company, "dan")
    page = await dan.get("/me")
    assert "You have no license yet" in page.text
    assert (await dan.send("/me/licenses/SPE_E3/give-back", page)).status_code in {404, 409}
    reader = await visit(office, Role.GLOBAL_READER)
    page = await reader.get("/me")
    assert "no person of the directory" in page.text
    assert (await reader.send("/me/licenses/SPE_E3/give-back", page)).status_code == 400


async def test_an_inbox_is_read_marked_and_chosen_by_its_owner_alone(office: Office) -> None:
    company = await set_company(office)
    number = company.numbers["cid"]
    await tell_all(office, telling("a", number), telling("b", number), telling("c", None))
    cid = await as_person(company, "cid")
    assert "Inbox: 2 unread" in (await cid.get("/me")).text
    page = await cid.get("/me/inbox")
    assert page.text.count("Microsoft 365 E3 ends in 7 days") >= 2
    assert "The administrators" not in page.text
    rows = (await (await company.of("cid")).get("/api/inbox")).json()["value"]
    read = await cid.send(f"/me/inbox/{rows[0]['id']}/read", page, of="me")
    assert led_to(read) == "/me/inbox?of=me&done=read"
    assert "Inbox: one unread" in (await cid.get("/me")).text
    await cid.send("/me/inbox/read", page, of="me")
    assert "unread" not in (await cid.get("/me")).text
    chosen = await cid.send(
        "/me/inbox/mail", page, how="daily", kind=["licenseRequestDecided", "assignmentExpiring"]
    )
    assert led_to(chosen) == "/me/inbox?done=chosen"
    path = f"/api/identity/users/{upn('cid')}/mail-preferences"
    kept = (await (await company.of("cid")).get(path)).json()
    assert (kept["mail"], kept["daily"]) == (True, True)
    assert "licenseRequestReceived" in kept["muted"]
    assert "assignmentExpiring" not in kept["muted"]
    dan = await as_person(company, "dan")
    foreign = await dan.send(f"/me/inbox/{rows[1]['id']}/read", await dan.get("/me/inbox"), of="me")
    assert foreign.status_code == 404
    admin = await visit(office)
    shared = await admin.get("/me/inbox")
    assert "Microsoft 365 E3 ends in 7 days" in shared.text, "what the administrators were told"
    assert "What you are mailed" not in shared.text
    refused = await admin.send("/me/inbox/mail", shared, how="none")
    assert refused.status_code == 400

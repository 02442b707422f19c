"""One request as a page, sharing it, and who decides as forms."""

from __future__ import annotations

from collections import Counter

from seatwright.domain.roles import Role
from tests.asking import SKU, set_company
from tests.office import Office
from tests.previews import upn
from tests.telling.scene import deliveries, work_outbox
from tests.web.portal.test_requests import as_person, lines_in
from tests.web.portal.visitor import digest_in, led_to, visit


async def test_a_request_is_followed_from_asking_to_its_end(office: Office) -> None:
    company = await set_company(office)
    await company.policy(
        alternate={"kind": "people", "people": [upn("ada")]}, alternateAfterHours=48
    )
    cid = await as_person(company, "cid")
    form = await cid.get(f"/requests/new?product={SKU}")
    asked = await cid.send(
        "/requests",
        form,
        product=SKU,
        justification="The new plant.",
        people=f"{upn('cid')}\n{upn('dan')}",
        expiresAt="2027-01-31",
    )
    assert led_to(asked) == "/requests?show=mine&done=asked"
    [row] = {one["requestId"] for one in (await _queue(office))}
    page = await cid.get(f"/requests/{row}")
    for words in ("The new plant.", "It is with bob", "1 Feb 2027", "It runs out", "alternate may"):
        assert words in page.text, words
    assert not lines_in(page), "nobody decides their own"
    bob = await as_person(company, "bob")
    page = await bob.get(f"/requests/{row}")
    both = lines_in(page)
    assert len(both) == 2
    sent: dict[str, str | list[str]] = {"line": both[:1], "decision": "approve", "request": row}
    preview = await bob.send("/requests/decisions", page, step="preview", **sent)
    done = await bob.send("/requests/decisions", preview, digest=digest_in(preview), **sent)
    assert led_to(done) == f"/requests/{row}?done=approved"
    page = await bob.get(f"/requests/{row}")
    assert "Undo the approval" in page.text
    assert lines_in(page) == both[1:]
    denied = await bob.send(
        "/requests/decisions", page, line=both[1], decision="deny", message="No"
    )
    assert denied.status_code == 303
    ended = await cid.get(f"/requests/{row}")
    assert "“No”" in ended.text
    assert "Ask for the same again" in ended.text
    again = await cid.send(f"/requests/{row}/again", ended)
    assert led_to(again).endswith("?done=asked")
    mine = await cid.get(led_to(again))
    gone = await cid.send(f"{led_to(again).partition('?')[0]}/cancel", mine)
    assert led_to(gone).endswith("?done=cancelled")
    undone = await bob.send(f"/requests/{row}/undo", page)
    assert led_to(undone).endswith("?done=returned")
    assert "Approval undone: " in (await bob.get(undone.headers["location"])).text
    assert await company.holds("cid") | await company.holds("dan") == set()
    eve = await as_person(company, "eve")
    assert (await eve.get(f"/requests/{row}")).status_code == 404


async def _queue(office: Office) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await office.admin.get("/api/license-requests")).json()["value"]
    return found


async def test_a_request_is_sent_to_people_whose_word_counts_once_a_day(office: Office) -> None:
    company = await set_company(office)
    asked = await company.ask("cid")
    path = f"/requests/{asked['id']}"
    bob = await as_person(company, "bob")
    page = await bob.get(path)
    fields = {"subject": "Do you know it?", "message": "Is it this year's?"}
    for _ in range(2):
        shared = await bob.send(
            f"{path}/share", page, people=f"{upn('ada')}, {upn('eve')}", **fields
        )
        assert led_to(shared) == f"{path}?done=shared"
    for people in (
        "nobody@contoso.example",
        f"{upn('ada')}\nnobody@contoso.example",
        " ",
        "x\n" * 30,
    ):
        refused = await bob.send(f"{path}/share", page, people=people)
        assert refused.status_code == 400, people
    told = Counter(name for kind, name in await company.told() if kind == "licenseRequestShared")
    assert told == {"ada": 1, "eve": 1}
    await work_outbox(office)
    [mail] = [one for one in await deliveries(office) if one["address"] == upn("eve")]
    for words in ("bob asks what you think", "Is it this year", f"{path}\n", "for cid"):
        assert words in mail["subject"] + mail["body"], words
    eve = await as_person(company, "eve")
    assert (await eve.get(path)).status_code == 404, "it gives nobody a right"
    dan = await as_person(company, "dan")
    foreign = await dan.send(f"{path}/share", await dan.get("/requests/new"), people=upn("ada"))
    assert foreign.status_code == 404
    await company.decide("bob", asked["id"], "deny")
    late = await bob.send(f"{path}/share", page, people=upn("dan"))
    assert late.status_code == 409


async def test_who_decides_is_a_form_and_the_own_process_too(office: Office) -> None:
    company = await set_company(office)
    admin = await visit(office)
    listed = await admin.get("/requests/policies")
    assert "All others" in listed.text
    page = await admin.get(f"/requests/policies/edit?product={SKU}")
    assert "no policy of its own yet" in page.text
    sent: dict[str, str | list[str]] = {
        "product": SKU,
        "open": "true",
        "approversKind": "people",
        "approversPeople": upn("eve"),
        "fallbackKind": "roles",
        "fallbackRole": ["license-administrator"],
        "alternateKind": "manager",
        "alternateLevel": "2",
        "alternateAfterHours": "24",
        "approvesWhileFree": "100",
        "approvesWithin": "250.50",
        "pendingDays": "30",
        "licenseDays": "90",
    }
    kept = await admin.send("/requests/policies", page, **sent)
    assert led_to(kept) == "/requests/policies?done=kept"
    listed = await admin.get("/requests/policies")
    for words in ("eve", "license-administrator", "after 24 hours the manager 2 levels up too"):
        assert words in listed.text, words
    again = await admin.get(f"/requests/policies/edit?product={SKU}")
    assert upn("eve") in again.text
    assert 'value="250.50"' in again.text
    for wrong in ({"pendingDays": "soon"}, {"approvesWithin": "much"}, {"approversKind": "nobody"}):
        refused = await admin.send("/requests/policies", page, **{**sent, **wrong})
        assert refused.status_code == 400, wrong
    gone = await admin.send("/requests/policies/delete", again, product=SKU)
    assert led_to(gone) == "/requests/policies?done=deleted"
    own = {"ownProcess": "true", "message": "Ask at the desk.", "url": "https://desk.example.com"}
    process = await admin.send("/requests/own-process", listed, **own)
    assert led_to(process) == "/requests/policies?done=process"
    cid = await as_person(company, "cid")
    form = await cid.get(f"/requests/new?product={SKU}")
    assert "Ask at the desk." in form.text
    assert 'action="/requests"' not in form.text
    await admin.send("/requests/own-process", listed, message="Ask at the desk.")
    assert 'action="/requests"' in (await cid.get(f"/requests/new?product={SKU}")).text
    reader = await visit(office, Role.GLOBAL_READER)
    assert (await reader.get("/requests/policies")).status_code == 200
    for path in ("/requests/policies", "/requests/policies/delete", "/requests/own-process"):
        assert (await reader.send(path, await reader.get("/me/inbox"))).status_code == 403, path
    assert (await cid.get("/requests/policies")).status_code == 403

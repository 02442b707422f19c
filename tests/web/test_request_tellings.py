"""Who asks for many people, or decides about them, is told once of all and not once of each."""

from __future__ import annotations

from collections import Counter

from tests.asking import Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.telling.scene import deliveries, work_outbox
from tests.world import call_of

MANY = ("cid", "dan", "eve", "fay")


async def asked_for_many(company: Company) -> str:
    answer = await company.ask("cid", people=[upn(name) for name in MANY])
    request: str = answer["id"]
    return request


async def told_of(company: Company, kind: str) -> Counter[str | None]:
    return Counter(name for one, name in await company.told() if one == kind)


async def test_a_cancelled_request_is_told_once_to_each_and_to_the_alternate_who_had_it_too(
    office: Office,
) -> None:
    company = await set_company(office, more=("fay",))
    await company.policy(
        alternate={"kind": "people", "people": [upn("ada")]}, alternateAfterHours=48
    )
    request = await asked_for_many(company)
    office.clock.move(hours=49)
    await company.tend()
    cid = await company.of("cid")
    gone = await cid.post(f"/api/license-requests/{request}/cancel", json={})
    assert gone.status_code == 200, gone.text
    told = await told_of(company, "licenseRequestCancelled")
    assert told == {"ada": 1, "bob": 1, "dan": 1, "eve": 1, "fay": 1}


async def test_of_a_decision_the_requestor_is_told_once_and_each_person_of_their_own(
    office: Office,
) -> None:
    company = await set_company(office, more=("fay",))
    request = await asked_for_many(company)
    await company.decide("bob", request, "deny")
    assert await told_of(company, "licenseRequestDecided") == dict.fromkeys(MANY, 1)
    inbox = await (await company.of("cid")).get("/api/inbox")
    [decided] = [one for one in inbox.json()["value"] if one["kind"] == "licenseRequestDecided"]
    assert "cid and 3 others" in decided["text"]


async def posted(company: Company) -> list[str]:
    """The people of each event that goes to webhooks."""
    async with call_of(company.office) as call:
        cursor = await call.tx.connection.execute(
            "select distinct on (event_key) data ->> 'people' from telling"
            " where tenant_id = %s and is_posted and kind = any(%s)",
            (call.tx.tenant_id, ["licenseRequestDecided", "licenseRequestCancelled"]),
        )
        return [row[0] for row in await cursor.fetchall()]


async def test_a_decision_about_many_goes_once_to_a_webhook(office: Office) -> None:
    company = await set_company(office)
    asked = await company.ask("bob", people=[upn("cid"), upn("dan")])
    await company.decide("", asked["id"], "deny")
    assert await posted(company) == ["cid and 1 other"]


async def test_whoever_was_told_that_it_is_asked_for_is_told_that_it_is_not_any_more(
    office: Office,
) -> None:
    company = await set_company(office)
    asked = await company.ask("ada")
    assert (await told_of(company, "licenseRequestReceived")) == {None: 1}
    ada = await company.of("ada")
    gone = await ada.post(f"/api/license-requests/{asked['id']}/cancel", json={})
    assert gone.status_code == 200, gone.text
    assert await told_of(company, "licenseRequestCancelled") == {None: 1}
    inbox = (await office.admin.get("/api/inbox?of=administrators")).json()["value"]
    assert "ada cancelled it." in inbox[0]["text"]
    other = await company.ask("cid")
    gone = await office.admin.delete(f"/api/identity/users/{upn('cid')}")
    assert gone.status_code < 300, gone.text
    await company.tend()
    bob = (await (await company.of("bob")).get("/api/inbox")).json()["value"]
    assert bob[0]["data"]["requestId"] == other["id"]
    assert "cancelled it" not in bob[0]["text"]
    assert "not in the directory any more" in bob[0]["text"]


async def test_a_daily_mail_leaves_out_what_is_before_somebody_else_by_now(
    office: Office,
) -> None:
    company = await set_company(office)
    for name in ("bob", "ada"):
        chosen = await (await company.of(name)).patch(
            f"/api/identity/users/{upn(name)}/mail-preferences", json={"daily": True}
        )
        assert chosen.status_code == 200
    await company.ask("cid")
    await company.ask("dan", "VISIOCLIENT")
    await work_outbox(office)
    moved = await office.admin.patch(
        f"/api/identity/users/{upn('cid')}", json={"manager": upn("ada")}
    )
    assert moved.status_code == 200, moved.text
    await company.tend()
    await work_outbox(office)
    office.clock.move(days=1)
    await work_outbox(office)
    daily = [one for one in await deliveries(office) if one["kind"] == "dailyDigest"]
    found = {one["address"]: one["body"] for one in daily}
    assert "dan asks for Visio" in found[upn("bob")]
    assert "cid asks" not in found[upn("bob")]
    assert "cid asks" in found[upn("ada")]

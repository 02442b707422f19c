"""Who asks for many people, or decides about them, is told once of all and not once of each."""

from __future__ import annotations

from collections import Counter

from tests.asking import Company, set_company
from tests.office import Office
from tests.previews import upn

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

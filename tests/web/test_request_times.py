"""Dates of requests: ends that are over, more time, what begins later, and asking again."""

from __future__ import annotations

import pytest

from tests.asking import SKU, URL, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.world import call_of


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def ends(company: Company, name: str) -> str:
    """When what somebody holds ends."""
    answer = await company.office.admin.get(f"/api/identity/users/{upn(name)}/licenses")
    return str(answer.json()["value"][0]["sources"][0]["expiresAt"])


async def test_what_was_wished_until_yesterday_is_not_approved(company: Company) -> None:
    asked = await company.ask("cid", expiresAt="2026-11-22T09:00:00Z")
    assert asked["people"][0]["dueAt"].startswith("2026-11-22T09:00"), "it expires with its wish"
    company.office.clock.move(days=2)
    late = await company.decide("bob", asked["id"], "approve")
    assert (late.status_code, late.json()["state"]) == (409, "expired")
    line = await company.line(asked["id"])
    assert (line["state"], line["decided"]) == ("expired", None), "upkeep has not seen it yet"
    assert await company.holds("cid") == set()
    await company.tend()
    assert (await company.line(asked["id"]))["state"] == "expired"
    cid = await company.of("cid")
    again = await cid.post(f"{URL}/{asked['id']}/again")
    assert again.json()["code"] == "invalidValue", "for good was never asked"


async def test_more_time_is_never_less(company: Company) -> None:
    given = await company.office.admin.post(
        f"/api/identity/users/{upn('cid')}/licenses",
        json={"skuPartNumber": SKU, "expiresAt": "2027-06-01T00:00:00Z"},
    )
    assert given.status_code == 201, given.text
    short = await company.try_asking("cid", extends=True, expiresAt="2027-05-01T00:00:00Z")
    assert (short.status_code, short.json()["code"]) == (400, "invalidValue")
    await company.policy(licenseDays=30)
    more = await company.ask("cid", extends=True)
    assert (await company.decide("bob", more["id"], "approve")).json()["done"] == 1
    assert (await ends(company, "cid")).startswith("2027-07-01")

    third = await company.ask("cid", extends=True, expiresAt="2027-07-10T00:00:00Z")
    async with call_of(company.office) as call:
        await call.tx.connection.execute(
            "update assignment set expires_at = '2027-08-01Z' where tenant_id = %s"
            " and user_no = %s",
            (call.tx.tenant_id, company.numbers["cid"]),
        )
    blocked = await company.decide("bob", third["id"], "approve")
    assert blocked.json()["results"][0]["reason"] == "invalidValue"
    assert (await ends(company, "cid")).startswith("2027-08-01")


async def test_asking_again_keeps_the_dates_and_asks_for_nobody_else(company: Company) -> None:
    until = "2026-12-22T00:00:00Z"
    starts = "2026-12-01T00:00:00Z"
    asked = await company.ask("dan", startsAt=starts, expiresAt=until)
    await company.decide("bob", asked["id"], "deny")
    dan = await company.of("dan")
    again = (await dan.post(f"{URL}/{asked['id']}/again")).json()
    line = again["people"][0]
    assert (line["startsAt"], line["expiresAt"]) == (starts, until)
    await company.decide("bob", again["id"], "deny")
    async with call_of(company.office) as call:
        await call.tx.connection.execute(
            "delete from app_user where tenant_id = %s and user_no = %s",
            (call.tx.tenant_id, company.numbers["dan"]),
        )
    desk = await company.token("eve", "license-administrator")
    nobody = await desk.post(f"{URL}/{again['id']}/again")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknownUser")


async def test_what_begins_later_counts_against_what_approves_by_itself(company: Company) -> None:
    await company.policy(approvesWhileFree=8)
    states = []
    for name in ("ada", "bob", "cid"):
        asked = await company.ask(name, startsAt="2026-12-01T00:00:00Z")
        states.append(asked["people"][0]["state"])
    assert states == ["approved", "approved", "pending"]
    told = await (await company.of("dan")).get(f"{URL}/process", params={"product": SKU})
    assert told.json()["way"] == "approval"


async def test_an_approval_that_begins_later_says_that_no_seat_is_kept(company: Company) -> None:
    asked = await company.ask("cid", startsAt="2026-12-01T00:00:00Z")
    answer = await company.decide("bob", asked["id"], "approve")
    said = answer.json()["results"][0]
    assert (said["state"], said["reason"]) == ("approved", None)
    assert said["detail"].startswith("Begins on 2026-12-01 00:00 UTC. No seat is kept until then")
    other = await company.ask("dan")
    answer = await company.decide("bob", other["id"], "approve")
    assert answer.json()["results"][0]["detail"] is None


async def test_more_time_is_not_given_where_no_end_is_left(company: Company) -> None:
    await company.office.admin.post(
        f"/api/identity/users/{upn('cid')}/licenses",
        json={"skuPartNumber": SKU, "expiresAt": "2027-06-01T00:00:00Z"},
    )
    more = await company.ask("cid", extends=True, expiresAt="2027-07-01T00:00:00Z")
    async with call_of(company.office) as call:
        await call.tx.connection.execute(
            "update assignment set expires_at = null where tenant_id = %s", (call.tx.tenant_id,)
        )
    blocked = await company.decide("bob", more["id"], "approve")
    assert blocked.json()["results"][0]["reason"] == "notAssigned"
    assert await ends(company, "cid") == "None", "it is theirs for good still"


async def test_undoing_more_time_leaves_the_time_that_was_given_after_it(company: Company) -> None:
    await company.office.admin.post(
        f"/api/identity/users/{upn('cid')}/licenses",
        json={"skuPartNumber": SKU, "expiresAt": "2027-06-01T00:00:00Z"},
    )
    more = []
    for until in ("2027-07-01T00:00:00Z", "2027-08-01T00:00:00Z"):
        asked = await company.ask("cid", extends=True, expiresAt=until)
        assert (await company.decide("bob", asked["id"], "approve")).json()["done"] == 1
        more.append(asked["id"])
    desk = await company.desk()
    assert (await desk.post(f"{URL}/{more[0]}/undo", json={})).status_code == 200
    assert (await ends(company, "cid")).startswith("2027-08-01"), "the second stands"
    assert (await desk.post(f"{URL}/{more[1]}/undo", json={})).status_code == 200
    assert (await ends(company, "cid")).startswith("2027-06-01"), "neither is left"


async def test_undoing_more_time_leaves_an_end_that_somebody_else_set(company: Company) -> None:
    url = f"/api/identity/users/{upn('cid')}/licenses"
    await company.office.admin.post(
        url, json={"skuPartNumber": SKU, "expiresAt": "2027-06-01T00:00:00Z"}
    )
    more = await company.ask("cid", extends=True, expiresAt="2027-07-01T00:00:00Z")
    await company.decide("bob", more["id"], "approve")
    changed = await company.office.admin.patch(
        f"{url}/{SKU}", json={"expiresAt": "2027-09-01T00:00:00Z"}
    )
    assert changed.status_code == 200, changed.text
    assert (await (await company.desk()).post(f"{URL}/{more['id']}/undo", json={})).is_success
    assert (await ends(company, "cid")).startswith("2027-09-01")


async def give(company: Company, name: str, **dates: str) -> None:
    """Have somebody hold the product by an administrator's hand."""
    given = await company.office.admin.post(
        f"/api/identity/users/{upn(name)}/licenses", json={"skuPartNumber": SKU, **dates}
    )
    assert given.status_code == 201, given.text


async def test_an_extension_is_over_with_what_it_was_to_extend(company: Company) -> None:
    await give(company, "cid", expiresAt="2026-11-25T00:00:00Z")
    more = await company.ask("cid", extends=True, expiresAt="2027-02-01T00:00:00Z")
    assert more["people"][0]["dueAt"].startswith("2026-11-25T00:00")
    await give(company, "dan", expiresAt="2027-01-01T00:00:00Z")
    other = await company.ask("dan", extends=True)
    await company.office.admin.delete(f"/api/identity/users/{upn('dan')}/licenses/{SKU}")
    company.office.clock.move(days=5)
    await company.tend()
    assert (await company.line(more["id"]))["state"] == "expired"
    assert (await company.line(other["id"]))["state"] == "cancelled", "nothing is left to extend"
    assert (await company.try_asking("cid")).status_code == 201


async def test_what_is_asked_for_beyond_what_there_is_stays_asked(company: Company) -> None:
    later = await company.ask("cid", startsAt="2026-12-20T00:00:00Z")
    for_good, until = (
        await company.ask("dan"),
        await company.ask("eve", expiresAt="2026-12-01T00:00:00Z"),
    )
    for name in ("cid", "dan", "eve"):
        await give(company, name, expiresAt="2026-12-05T00:00:00Z")
    await company.tend()
    states = [(await company.line(one["id"]))["state"] for one in (later, for_good, until)]
    assert states == ["pending", "pending", "cancelled"]
    beyond = await company.ask("eve", startsAt="2026-12-05T00:00:00Z")
    assert beyond["people"][0]["state"] == "pending"


async def test_asking_again_leaves_out_who_was_deleted(company: Company) -> None:
    asked = await company.ask("bob", people=[upn("cid"), upn("dan")])
    await company.decide("", asked["id"], "deny")
    deleted = await company.office.admin.delete(f"/api/identity/users/{upn('dan')}")
    assert deleted.status_code == 204
    again = await (await company.of("bob")).post(f"{URL}/{asked['id']}/again")
    assert [one["person"]["displayName"] for one in again.json()["people"]] == ["cid"], again.text

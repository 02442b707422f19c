"""Several people at the same request, or at the same seats, in the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from seatwright.app.requests.time import give_back_lapsed_holds
from seatwright.app.reservations import give_back
from seatwright.domain.reservations import ReservationKind
from tests.asking import SKU, URL, Company, set_company
from tests.office import Office
from tests.previews import upn
from tests.world import call_of, counts_agree

CROWD = tuple(f"p{number:02}" for number in range(20))


async def held_rows(office: Office) -> int:
    """How many seats are held in the table."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*) from seat_reservation")
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


async def check_books(company: Company) -> tuple[int, int, int]:
    """Nothing is counted twice: the pools are what the rows say."""
    used, held, free = await company.seats()
    assert held == await held_rows(company.office)
    assert await counts_agree(company.office)
    assert free >= 0
    return used, held, free


async def test_of_two_approvers_one_decides_and_the_other_gets_the_truth(office: Office) -> None:
    company = await set_company(office)
    await company.desk()
    await company.of("bob")
    for name in ("cid", "dan", "eve"):
        asked = await company.ask(name)
        answers = await asyncio.gather(
            company.decide("bob", asked["id"], "approve"),
            company.decide("", asked["id"], "deny"),
            company.decide("", asked["id"], "approve"),
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 2}
        codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert codes == {"alreadyDecided"}
        state = (await company.line(asked["id"]))["state"]
        assert (SKU in await company.holds(name)) is (state == "approved")
    await check_books(company)


async def test_seats_run_out_while_twenty_requests_are_pending(office: Office) -> None:
    company = await set_company(office, seats=7, more=CROWD)
    ids = [(await company.ask("ada", people=[upn(name)]))["id"] for name in CROWD]
    assert (await check_books(company))[1] == 3
    desk = await company.desk()

    async def approve(few: list[str]) -> int:
        body = {"decision": "approve", "requests": few}
        answer = await desk.post(f"{URL}/decisions", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["done"])

    async def take(name: str) -> int:
        answer = await office.admin.post(
            f"/api/identity/users/{upn(name)}/licenses", json={"skuPartNumber": SKU}
        )
        return int(answer.status_code == 201)

    done = await asyncio.gather(
        *(approve(ids[start : start + 4]) for start in range(0, 20, 4)),
        *(take(name) for name in ("bob", "cid")),
    )
    assert sum(done) == 7
    assert await check_books(company) == (7, 0, 0)
    first = [(await company.line(one))["state"] for one in ids[:3]]
    assert first == ["approved"] * 3, "who was held a seat got it"
    states = Counter([(await company.line(one))["state"] for one in ids])
    assert states["approved"] == sum(done[:5])
    reasons = {(await company.line(one))["blocked"]["reason"] for one in ids[-1:]}
    assert reasons == {"noSeatLeft"}


async def test_cancelling_and_approving_at_once_do_one_of_the_two(office: Office) -> None:
    company = await set_company(office, seats=20)
    for _ in range(4):
        asked = await company.ask("cid")
        cid, desk = await company.of("cid"), await company.desk()
        answers = await asyncio.gather(
            cid.post(f"{URL}/{asked['id']}/cancel", json={}),
            company.decide("", asked["id"], "approve"),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        if SKU in await company.holds("cid"):
            undone = await desk.post(f"{URL}/{asked['id']}/undo", json={})
            assert undone.status_code == 200
    assert await check_books(company) == (0, 0, 20)


async def test_asking_for_the_same_at_once_makes_one_request(office: Office) -> None:
    company = await set_company(office)
    await company.of("cid")
    answers = await asyncio.gather(*(company.try_asking("cid") for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"alreadyRequested"}
    assert await check_books(company) == (0, 1, 9)


async def test_nobody_vanishes_from_the_answer_to_who_asks_at_the_same_moment(
    office: Office,
) -> None:
    company = await set_company(office)
    await company.of("bob")
    await company.of("ada")
    asked = {"bob": ["cid", "dan"], "ada": ["dan", "eve"]}
    answers = await asyncio.gather(
        *(company.try_asking(name, people=[upn(one) for one in of]) for name, of in asked.items())
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    for answer, of in zip(answers, asked.values(), strict=True):
        told = [*answer.json()["people"], *answer.json()["leftOut"]]
        assert sorted(one["person"]["displayName"] for one in told) == of
    assert await check_books(company) == (0, 3, 7)


@pytest.mark.parametrize("hours", [73, 24 * 40])
async def test_time_and_an_approver_at_once_count_each_seat_once(
    office: Office, hours: int
) -> None:
    company = await set_company(office, seats=20)
    await company.desk()
    await company.policy(pendingDays=30)
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan", "eve")]
    office.clock.move(hours=hours)
    await asyncio.gather(
        company.tend(),
        *(company.decide("", one, "approve") for one in ids),
        company.tend(),
    )
    await company.tend()
    states = {(await company.line(one))["state"] for one in ids}
    assert states <= {"approved", "expired"}
    used = (await check_books(company))[0]
    assert used == [(await company.line(one))["state"] for one in ids].count("approved")


async def test_a_hold_that_lapsed_is_nobody_elses_seat(office: Office) -> None:
    """The line says that a seat is held, and it is not: what counts is the seat."""
    company = await set_company(office, seats=4)
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan")]
    assert await check_books(company) == (0, 2, 2)
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select line_no from license_request_line order by line_no limit 1"
        )
        ((line,),) = await cursor.fetchall()
        await give_back(call, ReservationKind.LICENSE_REQUEST, [line])
    for name in ("ada", "bob", "eve"):
        place = f"/api/identity/users/{upn(name)}/licenses"
        assert (await office.admin.post(place, json={"skuPartNumber": SKU})).status_code == 201
    assert await check_books(company) == (3, 1, 0)
    answer = await (await company.desk()).post(
        f"{URL}/decisions", json={"decision": "approve", "requests": ids}
    )
    assert [one["reason"] for one in answer.json()["results"]] == ["noSeatLeft", None]
    assert await company.holds("dan") == {SKU}
    assert await check_books(company) == (4, 0, 0)


async def test_a_lapsed_seat_goes_back_and_its_line_says_so_in_one_step(office: Office) -> None:
    company = await set_company(office, seats=4)
    first = await company.ask("cid")
    office.clock.move(hours=40)
    second = await company.ask("dan")
    for hours, states, held in ((33, ["over", "held"], 1), (40, ["over", "over"], 0)):
        office.clock.move(hours=hours)
        async with call_of(office) as call:
            assert await give_back_lapsed_holds(call) is False
        seen = [(await company.line(one["id"]))["hold"]["state"] for one in (first, second)]
        assert seen == states
        assert (await check_books(company))[1] == held


async def test_a_list_waits_for_nobody_who_decides(office: Office) -> None:
    company = await set_company(office)
    asked = await company.ask("cid")
    desk = await company.desk()
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "select from seat_reservation where tenant_id = %s for update", (call.tx.tenant_id,)
        )
        async with asyncio.timeout(5):
            seen = await desk.get(f"{URL}/{asked['id']}")
    assert seen.json()["people"][0]["hold"]["until"] is not None

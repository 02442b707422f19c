"""License requests: asked, foretold, held, decided, cancelled, undone, as each of the people."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.postgres.users import find_users
from tests.asking import OTHER, SKU, URL, Company, set_company
from tests.moves import license_group
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, call_of, counts_agree


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def test_a_manager_approves_and_the_person_holds_it_from_the_held_seat(
    company: Company,
) -> None:
    asked = await company.ask("cid")
    line = asked["people"][0]
    assert (asked["state"], line["state"], line["approvers"]) == ("pending", "pending", ["bob"])
    assert line["hold"]["state"] == "held"
    assert line["hold"]["until"].startswith("2026-11-24T09:00")
    assert await company.seats() == (0, 1, 9)

    company.office.clock.move(hours=5)
    answer = await company.decide("bob", asked["id"], "approve", message="Welcome.")
    assert answer.status_code == 200, answer.text
    assert answer.json()["done"] == 1
    decided = (await company.line(asked["id"]))["decided"]
    assert (decided["how"], decided["message"], decided["afterSeconds"]) == (
        "person",
        "Welcome.",
        5 * 3600,
    )
    assert await company.holds("cid") == {SKU}
    assert await company.seats() == (1, 0, 9)
    licenses = (
        await company.office.admin.get(f"/api/identity/users/{upn('cid')}/licenses")
    ).json()["value"]
    source = licenses[0]["sources"][0]
    assert (source["strategy"], source["kind"]) == ("request", "request")
    history = (
        await company.office.admin.get(
            "/api/identity/licenses/assignment-history", params={"user": upn("cid")}
        )
    ).json()["value"]
    assert [(row["action"], row["reason"]) for row in history] == [("assigned", "requestApproved")]
    assert ("licenseRequestReceived", "bob") in await company.told()
    assert ("licenseRequestDecided", "cid") in await company.told()


async def test_a_second_decision_gets_the_truth(company: Company) -> None:
    asked = await company.ask("cid")
    assert (await company.decide("bob", asked["id"], "deny", message="Not now.")).status_code == 200
    second = await company.decide("", asked["id"], "approve")
    assert second.status_code == 409
    problem = second.json()
    assert problem["code"] == "alreadyDecided"
    assert (problem["state"], problem["decidedBy"], problem["message"]) == (
        "denied",
        "bob",
        "Not now.",
    )
    assert await company.seats() == (0, 0, 10)
    assert await company.holds("cid") == set()


async def test_nobody_decides_their_own_and_strangers_see_nothing(company: Company) -> None:
    own = await company.ask("bob")
    assert own["people"][0]["approvers"] == ["ada"]
    assert (await company.decide("bob", own["id"], "approve")).json()["code"] == "ownRequest"
    stranger = await company.decide("dan", own["id"], "approve")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknownRequest")
    for_cid = await company.ask("bob", people=[upn("cid")])
    assert for_cid["people"][0]["approvers"] == ["ada"], "a manager who asks passes it on"
    boss = await company.ask("ada")
    assert boss["people"][0]["approvers"] == [
        "whoever is global-administrator or license-administrator or user-administrator"
    ]
    mine = (await (await company.of("cid")).get(URL)).json()["value"]
    assert [row["person"]["displayName"] for row in mine] == ["cid"]
    before_ada = await (await company.of("ada")).get(URL, params={"toDecide": "true"})
    assert len(before_ada.json()["value"]) == 2
    forbidden = await (await company.of("cid")).get(URL, params={"approver": upn("ada")})
    assert forbidden.status_code == 403


async def test_the_queue_is_searched_and_in_the_order_that_is_asked_for(company: Company) -> None:
    for name, sku in (("dan", "SPE_E3"), ("cid", "VISIOCLIENT"), ("bob", "SPE_E3")):
        await company.ask(name, sku)
    desk = await company.desk()

    async def listed(**query: str) -> list[str]:
        found: list[str] = []
        cursor: dict[str, str] | None = {}
        while cursor is not None:
            params = {**query, "state": "pending", "limit": "1"} | cursor
            page = (await desk.get(URL, params=params)).json()
            found += [row["person"]["displayName"] for row in page["value"]]
            cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else None
        return found

    assert await listed(order="newest") == ["bob", "cid", "dan"]
    assert await listed(order="person") == ["bob", "cid", "dan"]
    assert await listed(order="product") == ["dan", "bob", "cid"]
    assert await listed(search="365") == ["dan", "bob"]
    assert await listed(search="nothing-is-so", order="person") == []
    refused = await desk.get(URL, params={"order": "age"})
    assert refused.status_code == 400
    assert "oldest, newest, person, product" in refused.json()["detail"]


async def test_each_person_of_a_request_is_decided_alone(company: Company) -> None:
    people = [upn(name) for name in ("cid", "dan", "eve")]
    asked = await company.ask("ada", people=people)
    assert await company.seats() == (0, 3, 7)
    answer = await company.decide("bob", asked["id"], "deny", people=[upn("dan")])
    assert [one["state"] for one in answer.json()["results"]] == ["denied"]
    answer = await company.decide("bob", asked["id"], "approve")
    assert [one["state"] for one in answer.json()["results"]] == ["approved"] * 2
    assert await company.holds("dan") == set()
    assert await company.seats() == (2, 0, 8)
    other = await company.decide("bob", asked["id"], "approve", people=[upn("ada")])
    assert (other.status_code, other.json()["code"]) == (400, "unknownUser")


async def test_many_are_decided_in_one_call_and_each_says_what_became_of_it(
    company: Company,
) -> None:
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan", "eve")]
    await company.decide("bob", ids[0], "deny")
    answer = await (await company.desk()).post(
        f"{URL}/decisions", json={"decision": "approve", "requests": ids, "message": "All of you."}
    )
    results = answer.json()
    assert (results["done"], results["notDone"]) == (2, 1)
    assert [one["reason"] for one in results["results"]] == ["alreadyDecided", None, None]
    assert await company.seats() == (2, 0, 8)


async def test_who_cannot_be_given_it_stays_pending_with_the_reason(office: Office) -> None:
    company = await set_company(office)
    await office.admin.patch(f"/api/identity/users/{upn('cid')}", json={"usageLocation": None})
    asked = await company.ask("ada", people=[upn("cid"), upn("dan")])
    preview = await (await company.desk()).post(
        f"{URL}/{asked['id']}/decision", params={"preview": "true"}, json={"decision": "approve"}
    )
    assert preview.status_code == 200, preview.text
    assert [one["reason"] for one in preview.json()["result"]["results"]] == [
        "usageLocationMissing",
        None,
    ]
    assert await company.seats() == (0, 2, 8), "a preview changes nothing"
    answer = await company.decide("", asked["id"], "approve")
    assert (answer.json()["done"], answer.json()["notDone"]) == (1, 1)
    line = await company.line(asked["id"], "cid")
    assert (line["state"], line["blocked"]["reason"]) == ("pending", "usageLocationMissing")
    assert await company.seats() == (1, 1, 8), "the seat is held still"
    await office.admin.patch(f"/api/identity/users/{upn('cid')}", json={"usageLocation": "NO"})
    assert (await company.decide("", asked["id"], "approve")).status_code == 200
    assert await company.seats() == (2, 0, 8)


async def test_the_last_in_line_get_no_seat_and_it_is_said_before(office: Office) -> None:
    company = await set_company(office, seats=3)
    ids = [(await company.ask(name))["id"] for name in ("eve", "cid", "dan")]
    holds = [(await company.line(one))["hold"] for one in ids]
    assert [(one["state"], one["place"]) for one in holds] == [
        ("held", None),
        ("line", 1),
        ("line", 2),
    ], "half of three is one"
    for name in ("ada", "bob"):
        given = await office.admin.post(
            f"/api/identity/users/{upn(name)}/licenses", json={"skuPartNumber": SKU}
        )
        assert given.status_code == 201
    body = {"decision": "approve", "requests": list(reversed(ids))}
    preview = await (await company.desk()).post(
        f"{URL}/decisions", params={"preview": "true"}, json=body
    )
    told = {r["requestId"]: r["reason"] for r in preview.json()["result"]["results"]}
    assert told == {ids[0]: None, ids[1]: "noSeatLeft", ids[2]: "noSeatLeft"}
    answer = await (await company.desk()).post(f"{URL}/decisions", json=body)
    assert answer.json()["done"] == 1
    assert await company.holds("eve") == {SKU}
    assert (await company.line(ids[1]))["state"] == "pending"
    alone = await company.decide("", ids[1], "approve")
    assert (alone.json()["done"], alone.json()["results"][0]["reason"]) == (0, "noSeatLeft")
    assert (await company.line(ids[1]))["blocked"]["reason"] == "noSeatLeft"


async def test_an_approval_can_be_delivered_through_a_group_or_by_another_product(
    company: Company,
) -> None:
    office = company.office
    group = await add_group(office, "Licensed")
    await license_group(office, group, SKU)
    asked = await company.ask("cid")
    wrong = await company.decide("", asked["id"], "approve", group=await add_group(office, "No"))
    assert wrong.json()["code"] == "invalidValue"
    assert (await company.decide("", asked["id"], "approve", group=group)).status_code == 200
    decided = (await company.line(asked["id"]))["decided"]
    assert decided["given"]["group"] == "Licensed"
    assert await company.holds("cid") == {SKU}
    assert await company.seats() == (1, 0, 9)

    undone = await (await company.desk()).post(f"{URL}/{asked['id']}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert await company.holds("cid") == set()
    assert (await company.line(asked["id"]))["state"] == "undone"

    other = await company.ask("dan")
    await company.decide("", other["id"], "approve", skuPartNumber=OTHER)
    assert await company.holds("dan") == {OTHER}
    assert await company.seats() == (0, 0, 10), "the seat of the other product is free again"


async def test_cancelling_undoing_and_asking_again(company: Company) -> None:
    asked = await company.ask("cid")
    cid = await company.of("cid")
    twice = await company.try_asking("cid")
    assert (twice.status_code, twice.json()["code"]) == (409, "alreadyRequested")
    early = await (await company.desk()).post(f"{URL}/{asked['id']}/undo", json={})
    assert (early.status_code, early.json()["code"]) == (409, "stillPending")
    assert (await cid.post(f"{URL}/{asked['id']}/again")).json()["code"] == "alreadyRequested"
    gone = await cid.post(f"{URL}/{asked['id']}/cancel", json={"message": "Not needed."})
    assert gone.json()["results"][0]["state"] == "cancelled"
    assert await company.seats() == (0, 0, 10)
    assert ("licenseRequestCancelled", "bob") in await company.told()

    again = (await cid.post(f"{URL}/{asked['id']}/again")).json()
    assert again["justification"] == asked["justification"]
    await company.decide("bob", again["id"], "approve")
    held = await company.try_asking("cid")
    assert held.json()["code"] == "noChange"
    own = await cid.post(f"{URL}/{again['id']}/undo", json={})
    assert own.json()["code"] == "ownRequest"
    undone = await (await company.of("bob")).post(
        f"{URL}/{again['id']}/undo", json={"message": "A mistake."}
    )
    assert undone.status_code == 200, undone.text
    assert await company.holds("cid") == set()
    assert await company.seats() == (0, 0, 10)
    assert (await company.line(again["id"]))["decided"]["message"] == "A mistake."
    assert await counts_agree(company.office)


async def test_more_time_is_asked_for_and_taken_back(company: Company) -> None:
    await company.policy(licenseDays=30)
    asked = await company.ask("cid")
    await company.decide("bob", asked["id"], "approve")
    assert (await company.line(asked["id"]))["decided"]["given"]["expiresAt"].startswith(
        "2026-12-21"
    )
    await company.policy()
    none = await company.try_asking("dan", extends=True)
    assert none.json()["code"] == "notAssigned"
    more = await company.ask("cid", extends=True, expiresAt="2027-02-01T00:00:00Z")
    assert more["people"][0]["hold"]["state"] == "none", "it needs no seat"
    assert (await company.decide("bob", more["id"], "approve")).status_code == 200

    async def ends() -> str:
        answer = await company.office.admin.get(f"/api/identity/users/{upn('cid')}/licenses")
        return str(answer.json()["value"][0]["sources"][0]["expiresAt"])

    assert (await ends()).startswith("2027-02-01")
    await (await company.desk()).post(f"{URL}/{more['id']}/undo", json={})
    assert (await ends()).startswith("2026-12-21")
    assert await company.seats() == (1, 0, 9)


async def test_a_group_is_asked_for_person_by_person(company: Company) -> None:
    members = [company.numbers[name] for name in ("cid", "dan", "eve")]
    group = await add_group(company.office, "Plant", members)
    await company.office.admin.post(
        f"/api/identity/users/{upn('dan')}/licenses", json={"skuPartNumber": SKU}
    )
    asked = await company.ask("cid", group=group)
    assert len(asked["people"]) == 2
    assert [(one["person"]["displayName"], one["reason"]) for one in asked["leftOut"]] == [
        ("dan", "noChange")
    ]
    outside = await company.try_asking("ada", group=group)
    assert outside.json()["code"] == "unknownGroup"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"skuPartNumber": "NONE"}, "unknownSku"),
        ({"justification": "  "}, "invalidValue"),
        ({"people": ["nobody@contoso.example"]}, "unknownUser"),
        ({"disabledServicePlans": ["NONE"]}, "servicePlanNotInSku"),
        ({"expiresAt": "2026-11-01T00:00:00Z"}, "invalidValue"),
        ({"startsAt": "2026-12-01T00:00:00"}, "invalidValue"),
        ({"people": [upn("cid")], "group": "x"}, "invalidValue"),
        ({"skuId": "x", "skuPartNumber": SKU}, "invalidValue"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
async def test_what_cannot_be_asked_is_refused(
    company: Company, body: dict[str, Any], code: str
) -> None:
    answer = await company.try_asking("cid", **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await company.seats() == (0, 0, 10)


async def test_own_products_are_asked_for_like_any_other(company: Company) -> None:
    own = {
        "skuPartNumber": "ROUTES",
        "displayName": "Route studio",
        "servicePlans": [{"name": "ROUTE_EDITOR", "displayName": "Route editor"}],
    }
    made = await company.office.admin.post("/api/catalog/products", json=own)
    assert made.status_code == 201, made.text
    asked = await company.ask("cid", "ROUTES")
    line = asked["people"][0]
    assert (line["product"]["displayName"], line["hold"]["place"]) == ("Route studio", 1)
    none = await company.decide("bob", asked["id"], "approve")
    assert none.json()["results"][0]["reason"] == "noSeatLeft", "nobody has bought it yet"
    bought = await company.office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": "ROUTES", "units": 2}
    )
    assert bought.status_code == 201, bought.text
    assert (await company.decide("bob", asked["id"], "approve")).json()["done"] == 1
    assert await company.holds("cid") == {"ROUTES"}


async def test_why_names_who_approved_and_undoing_the_whole_call_undoes_the_approval(
    company: Company,
) -> None:
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan")]
    desk = await company.desk()
    decided = await desk.post(f"{URL}/decisions", json={"decision": "approve", "requests": ids})
    why = await company.office.admin.get(f"/api/identity/users/{upn('cid')}/licenses/{SKU}/why")
    assert "a license request that desk as license-administrator approved" in why.text
    correlation = decided.headers["x-correlation-id"]
    undone = await company.office.admin.post(f"/api/history/changes/{correlation}/undo")
    assert undone.status_code < 300, undone.text
    assert [(await company.line(one))["state"] for one in ids] == ["undone"] * 2
    assert await company.holds("cid") == set()
    assert await company.seats() == (0, 0, 10)


async def test_erasing_somebody_blanks_what_they_wrote(
    company: Company,
) -> None:
    office = company.office
    made = await office.admin.post(
        "/api/identity/users", json={"userPrincipalName": upn("zoe"), "displayName": "Zoe"}
    )
    person = made.json()["id"]
    async with call_of(office) as call:
        company.numbers["zoe"] = (await find_users(call.tx, [person]))[person]
    asked = await company.ask("zoe")
    await company.decide("", asked["id"], "deny", message="Zoe, not now.")
    assert (await office.admin.delete(f"/api/identity/users/{person}")).status_code == 204
    erased = await office.admin.post(f"/api/identity/users/{person}/erase-names")
    assert erased.status_code < 300, erased.text
    line = await company.line(asked["id"])
    assert (line["justification"], line["decided"]["message"]) == (None, None)
    office.clock.move(days=31)
    await company.tend()
    assert (await company.line(asked["id"]))["person"] is None, "that it was asked is counted"

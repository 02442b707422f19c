"""Who decides and what needs nobody's decision: policies, auto-claim, the own process, and time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asking import POLICIES, SKU, URL, Company, set_company
from tests.auto_claim import turn_on
from tests.moves import license_group
from tests.office import Office
from tests.previews import upn
from tests.world import add_group, set_seats

PREMIUM = "POWERAPPS_PER_USER"


@pytest.fixture
async def company(office: Office) -> Company:
    """Ten seats for five people."""
    return await set_company(office)


async def process(company: Company, name: str, product: str = SKU) -> dict[str, Any]:
    """What somebody is told before they ask."""
    answer = await (await company.of(name)).get(f"{URL}/process", params={"product": product})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_seat_is_foretold_no_longer_than_the_request_may_wait(company: Company) -> None:
    await company.policy(pendingDays=1)
    told = (await process(company, "cid"))["heldUntil"]
    held = (await company.ask("cid"))["people"][0]["hold"]["until"]
    assert told[:10] == held[:10]


async def test_who_decides_is_told_before_and_follows_the_policy(company: Company) -> None:
    told = await process(company, "cid")
    assert (told["way"], told["approvers"], told["seatsFree"]) == ("approval", ["bob"], 10)
    assert told["heldUntil"].startswith("2026-11-24")
    asked = await company.ask("cid")
    team = await add_group(company.office, "Desk", [company.numbers["eve"]])
    for approvers, names in (
        ({"kind": "manager", "level": 2}, ["ada"]),
        ({"kind": "people", "people": [upn("dan"), upn("eve")]}, ["dan", "eve"]),
        ({"kind": "group", "group": team}, ["eve"]),
        ({"kind": "roles", "roles": ["user-administrator"]}, ["whoever is user-administra"]),
    ):
        await company.policy(SKU, approvers=approvers)
        line = await company.line(asked["id"])
        assert [name[:26] for name in line["approvers"]] == names, "what is pending follows"
    alone = await company.ask("dan", "VISIOCLIENT")
    assert alone["people"][0]["approvers"] == ["bob"], "others go by the default"
    helpdesk = await company.token("ada", "helpdesk-administrator")
    answer = await helpdesk.get(URL)
    assert answer.status_code == 403, "a role that only decides reads its own queue as a person"
    dropped = await company.office.admin.delete(f"{POLICIES}/{SKU}")
    assert dropped.status_code == 204
    assert (await company.line(asked["id"]))["approvers"] == ["bob"]
    assert (await company.office.admin.delete(f"{POLICIES}/{SKU}")).json()["code"] == (
        "unknownPolicy"
    )


async def test_the_fallback_decides_where_nobody_else_is(company: Company) -> None:
    await company.policy(fallback={"kind": "people", "people": [upn("eve")]})
    assert (await company.ask("ada"))["people"][0]["approvers"] == ["eve"]
    await company.office.admin.patch(
        f"/api/identity/users/{upn('bob')}", json={"accountEnabled": False}
    )
    assert (await company.ask("cid"))["people"][0]["approvers"] == ["ada"]
    assert (await company.decide("eve", (await company.ask("dan"))["id"], "approve")).json()[
        "code"
    ] == "unknownRequest"


async def test_the_alternate_decides_after_the_time_out_and_time_ends_what_nobody_decides(
    company: Company,
) -> None:
    alternate = {"kind": "people", "people": [upn("eve")]}
    await company.policy(alternate=alternate, alternateAfterHours=48, pendingDays=30)
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan")]
    early = await company.decide("eve", ids[0], "approve")
    assert early.json()["code"] == "unknownRequest"
    company.office.clock.move(hours=49)
    await company.tend()
    assert ("licenseRequestEscalated", "eve") in await company.told()
    assert (await company.line(ids[0]))["isEscalated"]
    assert (await company.decide("eve", ids[0], "approve")).status_code == 200
    assert await company.seats() == (1, 1, 8)
    company.office.clock.move(hours=24)
    await company.tend()
    assert await company.seats() == (1, 0, 9), "the hold lapsed after 72 hours"
    assert (await company.line(ids[1]))["hold"]["state"] == "over"
    company.office.clock.move(days=40)
    await company.tend()
    await company.tend()
    line = await company.line(ids[1])
    assert (line["state"], line["decided"]["how"]) == ("expired", "time")
    late = await company.decide("bob", ids[1], "approve")
    assert (late.json()["code"], late.json()["state"]) == ("alreadyDecided", "expired")
    told = await company.told()
    assert told.count(("licenseRequestExpired", "dan")) == 1


async def test_the_next_in_line_is_held_a_seat_as_room_comes(office: Office) -> None:
    company = await set_company(office, seats=2)
    ids = [(await company.ask(name))["id"] for name in ("cid", "dan", "eve")]
    assert [(await company.line(one))["hold"]["place"] for one in ids] == [None, 1, 2]
    told = await process(company, "bob")
    assert (told["heldUntil"], told["placeInLine"]) == (None, 3)
    await company.decide("bob", ids[0], "deny")
    await company.tend()
    assert [(await company.line(one))["hold"]["state"] for one in ids[1:]] == ["held", "line"]
    await set_seats(office, SKU, 20)
    await company.tend()
    assert await company.seats() == (0, 2, 18)
    office.clock.move(hours=73)
    await company.tend()
    assert await company.seats() == (0, 0, 20), "each is held a seat once"
    await office.admin.patch("/api/settings", json={"requestHoldHours": 0})
    assert (await company.ask("bob"))["people"][0]["hold"]["state"] == "none"


async def test_a_policy_approves_by_itself_while_seats_stay_free(company: Company) -> None:
    await company.policy(approvesWhileFree=8)
    assert (await process(company, "cid"))["way"] == "byItself"
    asked = [await company.ask(name) for name in ("cid", "dan", "eve")]
    states = [one["people"][0]["state"] for one in asked]
    assert states == ["approved", "approved", "pending"]
    assert asked[0]["people"][0]["decided"]["how"] == "policy"
    assert (await process(company, "bob"))["way"] == "approval"


async def test_a_policy_approves_within_a_budget(company: Company) -> None:
    bought = await company.office.admin.post(
        "/api/subscriptions",
        json={"skuPartNumber": "VISIOCLIENT", "units": 10, "unitPrice": 15, "currency": "EUR"},
    )
    assert bought.status_code == 201, bought.text
    await company.policy("VISIOCLIENT", approvesWithin=40)
    states = [
        (await company.ask(name, "VISIOCLIENT"))["people"][0]["state"]
        for name in ("cid", "dan", "eve")
    ]
    assert states == ["approved", "approved", "pending"], "three would cost 45 a month"
    line = (await (await company.desk()).get(URL, params={"state": "pending"})).json()["value"][0]
    assert (line["price"], line["currency"]) == ("15.00", "EUR")


async def test_an_active_auto_claim_policy_grants_at_once_and_the_rest_is_decided(
    office: Office,
) -> None:
    company = await set_company(office)
    await turn_on(office)
    await set_seats(office, PREMIUM, 5)
    group = await add_group(office, "Makers", [company.numbers["cid"]])
    made = await office.admin.post(
        "/api/auto-claim/policies",
        json={
            "name": "Makers claim",
            "app": "powerApps",
            "products": [{"skuPartNumber": PREMIUM}],
            "limitedTo": [group],
        },
    )
    assert made.status_code == 201, made.text
    office.clock.move(hours=3)
    assert (await process(company, "cid", PREMIUM))["way"] == "autoClaim"
    assert (await process(company, "dan", PREMIUM))["way"] == "approval"
    asked = await company.ask("cid", PREMIUM, people=[upn("cid"), upn("dan")])
    states = {
        line["person"]["displayName"]: (line["state"], (line["decided"] or {}).get("how"))
        for line in asked["people"]
    }
    assert states == {"cid": ("approved", "autoClaim"), "dan": ("pending", None)}
    assert await company.holds("cid") == {PREMIUM}
    given = asked["people"][0]["decided"]["given"]
    assert (given["product"]["skuPartNumber"], given["expiresAt"]) == (PREMIUM, None)
    claims = await office.admin.get("/api/auto-claim/policies/Makers claim/claims")
    assert [one["event"] for one in claims.json()["value"]] == ["licenseRequested"]
    undone = await (await company.desk()).post(
        f"{URL}/{asked['id']}/undo", json={"people": [upn("cid")]}
    )
    assert undone.status_code == 200, undone.text
    assert await company.holds("cid") == set()
    plan = "POWERAPPS_PER_USER"
    for wish in ({"expiresAt": "2026-12-22T00:00:00Z"}, {"disabledServicePlans": [plan]}):
        wished = await company.ask("cid", PREMIUM, **wish)
        assert wished["people"][0]["state"] == "pending", "a claim has no end and no such choice"
        await (await company.of("cid")).post(f"{URL}/{wished['id']}/cancel", json={})


async def test_the_own_process_takes_the_place_of_the_form_and_older_requests_stay(
    company: Company,
) -> None:
    asked = await company.ask("cid")
    own = {"requestMessage": "Ask the service desk.", "requestUrl": "https://desk.example/ask"}
    await company.office.admin.patch("/api/settings", json=own)
    told = await process(company, "dan")
    assert (told["way"], told["message"], told["url"]) == (
        "ownProcess",
        own["requestMessage"],
        own["requestUrl"],
    )
    refused = await company.try_asking("dan")
    assert (refused.status_code, refused.json()["code"], refused.json()["url"]) == (
        409,
        "ownProcess",
        own["requestUrl"],
    )
    assert (await company.decide("bob", asked["id"], "approve")).status_code == 200
    await company.office.admin.patch(
        "/api/settings", json={"requestMessage": None, "requestUrl": None}
    )
    assert (await company.try_asking("dan")).status_code == 201
    await company.policy(SKU, open=False)
    assert (await company.try_asking("eve")).json()["code"] == "notRequestable"
    assert (await process(company, "eve"))["way"] == "closed"
    await company.policy(SKU, needsJustification=False)
    assert (await company.try_asking("eve", justification=None)).status_code == 201


async def test_the_queue_is_filtered_and_paged(company: Company) -> None:
    for name in ("cid", "dan", "eve"):
        await company.ask(name)
    await company.ask("cid", "VISIOCLIENT")
    first = (await company.line((await company.ask("ada"))["id"]))["requestId"]
    await company.decide("", first, "deny")
    desk = await company.desk()

    async def names(**params: Any) -> list[str]:
        found: list[str] = []
        while True:
            answer = await desk.get(URL, params={"limit": 2, **params})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [row["person"]["displayName"] for row in page["value"]]
            if page["nextCursor"] is None:
                return found
            params["cursor"] = page["nextCursor"]

    assert await names(state="pending") == ["cid", "dan", "eve", "cid"]
    assert await names() == ["ada", "cid", "eve", "dan", "cid"], "the newest first"
    assert await names(state="completed") == ["ada"]
    assert await names(state="denied", person=upn("ada")) == ["ada"]
    assert await names(product=SKU, state="pending") == ["cid", "dan", "eve"]
    assert await names(approver=upn("bob"), product="VISIOCLIENT") == ["cid"]
    assert await names(approver=upn("ada")) == []
    assert await names(mine="true") == [], "the desk has asked nothing"
    for params in ({"state": "odd"}, {"state": "denied", "toDecide": "true"}):
        assert (await desk.get(URL, params=params)).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"approvers": {"kind": "nobody"}},
        {"approvers": {"kind": "manager", "level": 9}},
        {"approvers": {"kind": "people", "people": []}},
        {"approvers": {"kind": "people", "people": ["nobody@contoso.example"]}},
        {"approvers": {"kind": "group"}},
        {"approvers": {"kind": "roles", "roles": ["king"]}},
        {"approvers": {"kind": "manager"}, "alternateAfterHours": 3},
        {"approvers": {"kind": "manager"}, "pendingDays": 0},
        {"approvers": {"kind": "manager"}, "approvesWithin": -1},
        {"approvers": {"kind": "manager"}, "approvesWithin": 0.001},
        {"approvers": {"kind": "manager"}, "approvesWithin": "40.005"},
    ],
    ids=lambda body: "-".join(
        map(str, (*body["approvers"].values(), *(f"{k}={body[k]}" for k in list(body)[1:])))
    ),
)
async def test_a_policy_that_makes_no_sense_is_refused(
    company: Company, body: dict[str, Any]
) -> None:
    answer = await company.office.admin.put(f"{POLICIES}/{SKU}", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"invalidValue", "unknownUser"}


async def test_a_group_takes_in_only_those_who_then_hold_the_product(office: Office) -> None:
    company = await set_company(office, seats=1)
    group = await add_group(office, "Licensed")
    await license_group(office, group, SKU)
    asked = await company.ask("ada", people=[upn("cid"), upn("dan")])
    answer = await company.decide("", asked["id"], "approve", group=group)
    assert [one["reason"] for one in answer.json()["results"]] == [None, "noSeatLeft"]
    members = await office.admin.get(f"/api/identity/groups/{group}/members")
    assert [one["displayName"] for one in members.json()["value"]] == ["cid"]
    line = await company.line(asked["id"], "dan")
    assert (line["state"], line["blocked"]["reason"]) == ("pending", "noSeatLeft")
    said = line["blocked"]["detail"]
    assert said.startswith("No seat of ")
    assert said.endswith("dan@contoso.example was not put into Licensed.")


async def test_an_empty_group_is_named(company: Company) -> None:
    group = await add_group(company.office, "Nobody yet")
    desk = await company.desk()
    body = {"skuPartNumber": SKU, "justification": "For all.", "group": group}
    answer = await desk.post(URL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert answer.json()["detail"].startswith("Nobody is in “Nobody yet”")


async def test_a_group_of_any_size_is_asked_for_and_joins_a_licensed_one_in_parts(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await set_company(office)
    team = [company.numbers[name] for name in ("ada", "bob", "cid", "dan", "eve")]
    plant, licensed = await add_group(office, "Plant", team), await add_group(office, "Licensed")
    await license_group(office, licensed, SKU)
    desk = await company.desk()
    monkeypatch.setattr("seatwright.app.requests.asking.GROUP_MAX", 4)
    body = {"skuPartNumber": SKU, "justification": "For all.", "group": plant}
    many = await desk.post(URL, json=body)
    assert many.json()["code"] == "invalidValue"
    assert "“Plant” has more than 4 members" in many.json()["detail"]
    assert "/licenses" in many.json()["detail"], "the whole group can be licensed instead"
    monkeypatch.setattr("seatwright.app.requests.asking.GROUP_MAX", 5)
    monkeypatch.setattr("seatwright.app.requests.asking.PEOPLE_MAX", 2)
    monkeypatch.setattr("seatwright.app.requests.joining.USERS_AT_ONCE_MAX", 2)
    asked = await company.ask("bob", group=plant)
    answer = await company.decide("", asked["id"], "approve", group=licensed)
    assert (answer.json()["done"], answer.json()["notDone"]) == (5, 0), answer.text
    assert await company.seats() == (5, 0, 5)
    members = await office.admin.get(f"/api/identity/groups/{licensed}/members")
    assert len(members.json()["value"]) == 5


async def test_dates_and_a_group_are_told_apart(company: Company) -> None:
    licensed = await add_group(company.office, "Licensed")
    await license_group(company.office, licensed, SKU)
    wished = await company.ask("cid", expiresAt="2027-01-01T00:00:00Z")
    answer = await company.decide("", wished["id"], "approve", group=licensed)
    assert "was asked for with dates" in answer.json()["detail"]
    await company.policy(licenseDays=30)
    asked = await company.ask("dan")
    answer = await company.decide("", asked["id"], "approve", group=licensed)
    assert "gives it for 30 days" in answer.json()["detail"]
    assert "without group" in answer.json()["detail"]

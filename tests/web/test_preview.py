"""Preview: what a call would do, and that nothing of it stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.conftest import Database
from tests.office import Office
from tests.previews import (
    BULK,
    E3,
    GROUPS,
    USERS,
    VISIO,
    apply,
    ask,
    contents,
    holders,
    licensed_team,
    licenses,
    people_of,
    preview,
    send,
    upn,
)
from tests.world import add_people, counts_agree, set_seats


async def test_a_preview_tells_who_gains_what_with_seats_and_leaves_nothing(
    office: Office, database: Database
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 3)
    before = contents(database)
    body = {**E3, "disabledServicePlans": ["SWAY"]}
    seen = await preview(office, "POST", licenses("ada"), body)
    assert contents(database) == before
    (line,) = seen["changes"]
    assert line["user"]["userPrincipalName"] == upn("ada")
    assert line["product"]["skuPartNumber"] == "SPE_E3"
    assert (line["action"], line["reason"]) == ("grant", "assigned")
    assert line["source"] == {"kind": "direct", "id": None, "displayName": None}
    assert "Microsoft Teams" in line["gains"]
    assert "Sway" not in line["gains"]
    assert line["loses"] == []
    (seats,) = seen["seats"]
    assert (seats["consumedBefore"], seats["consumedAfter"]) == (0, 1)
    assert (seats["freeBefore"], seats["freeAfter"], seats["seatsToBuy"]) == (3, 2, 0)
    assert (seen["counts"]["people"], seen["counts"]["grants"]) == (1, 1)
    assert (seen["errors"], seen["held"], seen["truncated"]) == ([], [], False)
    done = await apply(office.admin, "POST", licenses("ada"), body, digest=seen["digest"])
    assert done.status_code == 201, done.text
    assert await holders(office) == ["ada"]
    assert await counts_agree(office)


async def test_a_change_of_service_plans_names_those_gained_and_lost(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 3)
    await office.admin.post(
        licenses("ada"), json={**E3, "disabledServicePlans": ["SWAY", "TEAMS1"]}
    )
    change = {"disabledServicePlans": ["SWAY", "YAMMER_ENTERPRISE"]}
    seen = await preview(office, "PATCH", f"{licenses('ada')}/SPE_E3", change)
    (line,) = seen["changes"]
    assert line["action"] == "update"
    assert (line["gains"], line["loses"]) == (["Microsoft Teams"], ["Yammer Enterprise"])
    assert seen["seats"] == []


async def test_a_preview_says_when_every_seat_of_what_is_given_ends_soon(office: Office) -> None:
    await add_people(office, "ada")
    at = (office.clock.now() + timedelta(days=20)).isoformat()
    order = {"skuPartNumber": "SPE_E3", "units": 3, "nextLifecycleAt": at, "renews": False}
    bought = await office.admin.post("/api/subscriptions", json=order)
    assert bought.status_code == 201, bought.text
    seen = await preview(office, "POST", licenses("ada"), E3)
    assert [datetime.fromisoformat(one["endsAt"]) for one in seen["seats"]] == [
        office.clock.now() + timedelta(days=20)
    ]
    assert (await office.admin.post(licenses("ada"), json=E3)).status_code == 201
    gone = await preview(office, "DELETE", f"{licenses('ada')}/SPE_E3")
    assert [one["endsAt"] for one in gone["seats"]] == [None]


async def test_errors_to_come_and_errors_that_go_are_told_in_sentences(office: Office) -> None:
    group = await licensed_team(office, "ada", "bob", seats=1)
    await add_people(office, "cid")
    joining = await preview(office, "POST", f"{GROUPS}/{group}/members", {"users": [upn("cid")]})
    (error,) = joining["errors"]
    assert (error["code"], error["isComing"]) == ("noSeatLeft", True)
    assert error["sentence"] == "cid would wait for a seat of Microsoft 365 E3."
    assert error["source"]["displayName"] == "Team"
    (seats,) = joining["seats"]
    assert (seats["waitingBefore"], seats["waitingAfter"], seats["seatsToBuy"]) == (1, 2, 2)
    leaving = await preview(office, "DELETE", f"{GROUPS}/{group}/members/{upn('ada')}")
    assert [(line["user"]["displayName"], line["action"]) for line in leaving["changes"]] == [
        ("ada", "revoke"),
        ("bob", "grant"),
    ]
    assert [line["reason"] for line in leaving["changes"]] == ["groupLeft", "seatFreed"]
    (gone,) = leaving["errors"]
    assert (gone["isComing"], gone["sentence"]) == (
        False,
        "bob would no longer wait for a seat of Microsoft 365 E3.",
    )


async def test_costs_are_told_by_currency_and_what_has_no_price_is_named(office: Office) -> None:
    await add_people(office, "ada", "bob")
    for body in (
        {**E3, "units": 5, "unitPrice": "36.50", "currency": "EUR"},
        {**VISIO, "units": 5},
    ):
        made = await office.admin.post("/api/subscriptions", json=body)
        assert made.status_code == 201, made.text
    await office.admin.post(licenses("ada"), json=E3)
    rows = [{"user": upn("bob"), "sku": sku} for sku in ("SPE_E3", "VISIOCLIENT")]
    seen = await preview(office, "POST", BULK, {"rows": rows})
    assert seen["cost"]["months"] == [
        {"currency": "EUR", "before": "36.50", "after": "73.00", "difference": "36.50"}
    ]
    assert seen["cost"]["unpriced"] == ["Visio Plan 2"]


async def test_seats_that_a_purchase_brings_are_told_before_and_after(office: Office) -> None:
    await licensed_team(office, "ada", "bob", seats=1)
    bought = {**E3, "units": 2, "unitPrice": "10", "currency": "EUR"}
    seen = await preview(office, "POST", "/api/subscriptions", bought)
    (seats,) = seen["seats"]
    assert (seats["assignableBefore"], seats["assignable"]) == (1, 2)
    assert people_of(seen["changes"]) == ["bob"]
    assert seen["counts"]["errorsGoing"] == 1


async def test_a_refusal_is_answered_as_itself(office: Office) -> None:
    await add_people(office, "ada")
    asked = await ask(office.admin, "POST", licenses("ada"), E3)
    real = await office.admin.post(licenses("ada"), json=E3)
    assert asked.status_code == real.status_code == 409
    assert asked.json() == real.json()
    assert (await ask(office.admin, "DELETE", f"{USERS}/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("query", "headers", "words"),
    [
        ("preview=maybe", {}, "preview is “maybe”"),
        ("preview=", {}, "give true or false"),
        ("preview=true&preview=true", {}, "“preview” twice"),
        ("", {"if-match": "*"}, "every change set would match"),
        ("", {"if-match": 'W/"' + "a" * 64 + '"'}, "weak tag"),
        ("", {"if-match": "a" * 64}, "in double quotes"),
        ("", {"if-match": '"' + "a" * 64 + '", "' + "b" * 64 + '"'}, "one digest"),
        ("preview=true", {"if-match": '"' + "a" * 64 + '"'}, "leave If-Match out"),
        ("preview=true", {"idempotency-key": "k" * 300}, "The Idempotency-Key has 300 characters"),
    ],
)
async def test_what_names_no_change_set_is_refused_and_changes_nothing(
    office: Office, query: str, headers: dict[str, str], words: str
) -> None:
    answer = await office.admin.post(
        f"{GROUPS}?{query}", json={"displayName": "Team"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert words in answer.json()["detail"]
    assert (await office.admin.get(GROUPS)).json()["value"] == []


async def test_a_reader_knows_no_preview(office: Office) -> None:
    assert (await office.admin.get(f"{GROUPS}?preview=true")).status_code == 400


async def test_preview_false_is_the_call_itself(office: Office) -> None:
    made = await office.admin.post(f"{GROUPS}?preview=false", json={"displayName": "Team"})
    assert made.status_code == 201


async def test_a_secret_is_never_in_a_preview(office: Office) -> None:
    body = {"name": "night job", "roles": ["global-reader"]}
    answer = await ask(office.admin, "POST", "/api/tokens", body)
    assert answer.status_code == 200
    assert "swt_" not in answer.text
    names = [row["name"] for row in (await office.admin.get("/api/tokens")).json()["value"]]
    assert "night job" not in names


async def test_a_catalogue_that_was_only_previewed_is_nobodys(office: Office) -> None:
    body = {
        "skuPartNumber": "OWN_ONE",
        "displayName": "Only looked at",
        "servicePlans": [{"name": "OWN_PLAN", "displayName": "Own plan"}],
    }
    path = "/api/catalog/products"
    await preview(office, "POST", path, body)
    made = await office.admin.post(path, json={**body, "displayName": "Really made"})
    assert made.status_code == 201, made.text
    await add_people(office, "ada")
    await set_seats(office, "OWN_ONE", 1)
    seen = await preview(office, "POST", licenses("ada"), {"skuPartNumber": "OWN_ONE"})
    assert seen["changes"][0]["product"]["displayName"] == "Really made"


async def test_more_lines_than_a_preview_shows_are_counted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("app.preview", "web.rest.preview"):
        monkeypatch.setattr(f"seatwright.{module}.LINES_MAX", 2)
    names = ["ada", "bob", "cid"]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 3)
    seen = await preview(office, "POST", BULK, {"users": [upn(n) for n in names], **E3})
    assert (len(seen["changes"]), seen["truncated"]) == (2, True)
    assert seen["counts"]["grants"] == 3


async def test_a_file_of_people_is_previewed_with_what_it_does_to_licenses(
    office: Office, database: Database
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "POWER_BI_PRO", 3)
    await office.admin.post(licenses("ada"), json={"skuPartNumber": "POWER_BI_PRO"})
    products = "/api/catalog/products/POWER_BI_PRO/prohibited-locations"
    await office.admin.put(products, json={"locations": ["SE"]})
    before = contents(database)
    file = f"userPrincipalName,usageLocation\n{upn('ada')},SE\n{upn('new')},NO\n"
    seen = await preview(office, "POST", "/api/imports/users", file)
    assert contents(database) == before
    assert (seen["result"]["created"], seen["result"]["updated"]) == (1, 1)
    assert [line["action"] for line in seen["changes"]] == ["revoke"]
    done = await apply(office.admin, "POST", "/api/imports/users", file, digest=seen["digest"])
    assert done.status_code == 200, done.text


async def test_a_preview_in_a_form_is_refused_instead_of_being_done(office: Office) -> None:
    answer = await office.admin.post(
        "/api/imports/users",
        files={"file": ("people.csv", f"userPrincipalName\n{upn('ada')}\n")},
        data={"preview": "true"},
    )
    assert answer.status_code == 400
    assert "belongs in the query" in answer.json()["detail"]
    assert (await send(office.admin, "GET", USERS)).json()["value"] == []

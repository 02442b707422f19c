"""Preview and apply: what a call would do, and doing it only if it is still that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Database
from tests.office import Office
from tests.previews import Json, apply, ask, contents, people_of, preview, send
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

USERS = "/api/identity/users"
GROUPS = "/api/identity/groups"
BULK = "/api/identity/licenses/bulk-assign"
E3 = {"skuPartNumber": "SPE_E3"}
VISIO = {"skuPartNumber": "VISIOCLIENT"}


def upn(name: str) -> str:
    return f"{name}@contoso.example"


def licenses(name: str) -> str:
    return f"{USERS}/{upn(name)}/licenses"


async def holders(office: Office, sku: str = "SPE_E3") -> list[str]:
    answer = await office.admin.get(f"/api/identity/licenses/{sku}/holders")
    return [row["user"]["displayName"] for row in answer.json()["value"]]


async def licensed_team(office: Office, *names: str, seats: int) -> str:
    """A group that gives Microsoft 365 E3 to these people, as far as the seats go."""
    people = await add_people(office, *names)
    await set_seats(office, "SPE_E3", seats)
    group = await add_group(office, "Team", people)
    answer = await office.admin.post(f"{GROUPS}/{group}/licenses", json=E3)
    assert answer.status_code == 202, answer.text
    return group


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


async def test_of_two_administrators_the_second_is_told_who_was_first(office: Office) -> None:
    group = await licensed_team(office, "ada", seats=2)
    await add_people(office, "bob", "cid")
    members = f"{GROUPS}/{group}/members"
    first, second = await administrator(office, "Mia"), await administrator(office, "Noor")
    for_bob, for_cid = {"users": [upn("bob")]}, {"users": [upn("cid")]}
    seen_by_mia = (await ask(first, "POST", members, for_bob)).json()
    seen_by_noor = (await ask(second, "POST", members, for_cid)).json()
    assert people_of(seen_by_noor["changes"]) == ["cid"]
    done = await apply(first, "POST", members, for_bob, digest=seen_by_mia["digest"])
    assert done.status_code == 200, done.text
    moved = await apply(second, "POST", members, for_cid, digest=seen_by_noor["digest"])
    assert (moved.status_code, moved.json()["code"]) == (412, "worldMoved")
    told = moved.json()
    assert told["isKnown"] is True
    assert people_of(told["vanished"]["changes"]) == ["cid"]
    assert people_of(told["appeared"]["errors"]) == ["cid"]
    assert told["meanwhile"][0]["user"] == "bob"
    assert told["meanwhile"][0]["principal"] == "Mia"
    assert "cid would wait for a seat of Microsoft 365 E3" in told["detail"]
    assert "“Mia”" in told["detail"]
    assert "bob" in told["detail"]
    assert await holders(office) == ["ada", "bob"]
    again = (await ask(second, "POST", members, for_cid)).json()
    assert again["digest"] == told["digest"]
    done = await apply(second, "POST", members, for_cid, digest=again["digest"])
    assert done.status_code == 200, done.text


async def administrator(office: Office, name: str) -> Any:
    made = await office.admin.post(
        "/api/tokens", json={"name": name, "roles": ["global-administrator"]}
    )
    return office.client(made.json()["token"])


async def test_what_moves_elsewhere_stops_nothing(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    await set_seats(office, "VISIOCLIENT", 3)
    seen = await preview(office, "POST", licenses("ada"), E3)
    office.clock.move(hours=3)
    assert (await office.admin.post(licenses("bob"), json=VISIO)).status_code == 201
    done = await apply(office.admin, "POST", licenses("ada"), E3, digest=seen["digest"])
    assert done.status_code == 201, done.text


async def test_another_seat_of_the_same_product_is_told(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    seen = await preview(office, "POST", licenses("ada"), E3)
    assert (await office.admin.post(licenses("bob"), json=E3)).status_code == 201
    moved = await apply(office.admin, "POST", licenses("ada"), E3, digest=seen["digest"])
    assert moved.status_code == 412
    assert moved.json()["seats"] == [
        {"displayName": "Microsoft 365 E3", "previewed": [0, 1], "now": [1, 2]}
    ]
    assert "in use than then" in moved.json()["detail"]
    assert await holders(office) == ["bob"]


async def test_an_unknown_digest_is_told_what_would_happen_now(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 3)
    moved = await apply(office.admin, "POST", licenses("ada"), E3, digest="0" * 64)
    assert moved.status_code == 412
    told = moved.json()
    assert told["isKnown"] is False
    assert told["counts"]["grants"] == 1
    assert "give 1, change 0 and take 0 licenses" in told["detail"]
    assert await holders(office) == []
    done = await apply(office.admin, "POST", licenses("ada"), E3, digest=told["digest"])
    assert done.status_code == 201


async def test_a_person_made_by_the_call_is_the_same_although_others_are_made(
    office: Office,
) -> None:
    await set_seats(office, "SPE_E3", 3)
    body = {
        "userPrincipalName": upn("ada"),
        "displayName": "Ada",
        "usageLocation": "NO",
        "licenses": [E3],
    }
    seen = await preview(office, "POST", USERS, body)
    (line,) = seen["changes"]
    assert line["user"] == {"id": None, "userPrincipalName": upn("ada"), "displayName": "Ada"}
    await office.admin.post(USERS, json={"userPrincipalName": upn("bob"), "displayName": "Bob"})
    other = {**body, "userPrincipalName": upn("eve")}
    moved = await apply(office.admin, "POST", USERS, other, digest=seen["digest"])
    assert moved.status_code == 412
    assert [
        line["user"]["userPrincipalName"]
        for part in ("vanished", "appeared")
        for line in moved.json()[part]["changes"]
    ] == [upn("ada"), upn("eve")]
    done = await apply(office.admin, "POST", USERS, body, digest=seen["digest"])
    assert done.status_code == 201, done.text
    assert await holders(office) == ["Ada"]


async def test_a_preview_uses_up_no_idempotency_key(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 3)
    headers = {"idempotency-key": "once"}
    seen = await preview(office, "POST", licenses("ada"), E3, headers=headers)
    again = await preview(office, "POST", licenses("ada"), E3, headers=headers)
    assert again["digest"] == seen["digest"]
    headers["if-match"] = f'"{seen["digest"]}"'
    done = await office.admin.post(licenses("ada"), json=E3, headers=headers)
    assert done.status_code == 201
    assert "idempotency-replayed" not in done.headers
    replayed = await office.admin.post(licenses("ada"), json=E3, headers=headers)
    assert (replayed.status_code, replayed.json()) == (201, done.json())
    assert replayed.headers["idempotency-replayed"] == "true"


async def test_a_call_that_the_world_stopped_keeps_no_answer(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 3)
    headers = {"idempotency-key": "once", "if-match": f'"{"0" * 64}"'}
    moved = await office.admin.post(licenses("ada"), json=E3, headers=headers)
    assert moved.status_code == 412
    headers["if-match"] = f'"{moved.json()["digest"]}"'
    done = await office.admin.post(licenses("ada"), json=E3, headers=headers)
    assert done.status_code == 201, done.text


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


async def test_previews_are_kept_for_a_day_and_not_without_end(office: Office) -> None:
    names = [f"p{number}" for number in range(25)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 30)
    seen: list[Json] = []
    for name in names:
        seen.append(await preview(office, "POST", licenses(name), E3))
        office.clock.move(minutes=1)
    await office.admin.post(licenses(names[24]), json=E3)
    oldest = await apply(office.admin, "POST", licenses("p0"), E3, digest=seen[0]["digest"])
    newest = await apply(office.admin, "POST", licenses("p23"), E3, digest=seen[23]["digest"])
    assert (oldest.json()["isKnown"], newest.json()["isKnown"]) == (False, True)
    office.clock.move(days=1)
    newest = await apply(office.admin, "POST", licenses("p23"), E3, digest=seen[23]["digest"])
    assert newest.json()["isKnown"] is False


async def test_the_difference_is_told_to_whoever_previewed_it_only(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 3)
    seen = await preview(office, "POST", licenses("ada"), E3)
    await office.admin.post(licenses("bob"), json=E3)
    other = await administrator(office, "Noor")
    moved = await apply(other, "POST", licenses("ada"), E3, digest=seen["digest"])
    assert (moved.status_code, moved.json()["isKnown"]) == (412, False)


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


async def test_old_previews_are_forgotten_with_time(office: Office) -> None:
    from seatwright.postgres.previews import forget_old_previews

    await preview(office, "POST", GROUPS, {"displayName": "Team"})
    office.clock.move(hours=25)
    async with call_of(office) as call:
        assert await forget_old_previews(call.tx, now=call.now) == 1


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

"""Apply: doing what was previewed, and only if it is still that."""

from __future__ import annotations

from tests.office import Office
from tests.previews import (
    E3,
    GROUPS,
    USERS,
    VISIO,
    Json,
    administrator,
    apply,
    ask,
    holders,
    licensed_team,
    licenses,
    people_of,
    preview,
    upn,
)
from tests.world import add_people, call_of, set_seats


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


async def test_old_previews_are_forgotten_with_time(office: Office) -> None:
    from seatwright.postgres.previews import forget_old_previews

    await preview(office, "POST", GROUPS, {"displayName": "Team"})
    office.clock.move(hours=25)
    async with call_of(office) as call:
        assert await forget_old_previews(call.tx, now=call.now) == 1

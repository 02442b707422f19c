"""What becomes of a person's licenses when they are made, deleted, restored and purged."""

from __future__ import annotations

from typing import Any

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

Json = dict[str, Any]
USERS = "/api/identity/users"


async def create(office: Office, upn: str, **fields: Any) -> Json:
    answer = await office.admin.post(USERS, json={"userPrincipalName": upn, **fields})
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body


async def held(office: Office, user: str) -> list[str]:
    answer = await office.admin.get(f"{USERS}/{user}/licenses")
    assert answer.status_code == 200, answer.text
    return [one["skuPartNumber"] for one in answer.json()["value"] if one["state"] == "Active"]


async def free(office: Office, sku: str) -> int:
    answer = await office.admin.get(f"/api/identity/licenses/{sku}")
    seats: int = answer.json()["free"]
    return seats


async def history(office: Office, user: str) -> list[Json]:
    answer = await office.admin.get(
        "/api/identity/licenses/assignment-history", params={"user": user, "kind": "all"}
    )
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["value"]
    return rows


async def actions(office: Office, user: str) -> list[str]:
    """What happened to a person, oldest first."""
    return [row["action"] for row in reversed(await history(office, user))]


async def test_a_new_person_gets_a_license_in_the_same_call_and_sees_free_seats(
    office: Office,
) -> None:
    await set_seats(office, "SPE_E3", 3)
    made = await create(
        office,
        "ada@contoso.example",
        usageLocation="NO",
        licenses=[{"skuPartNumber": "spe_e3", "disabledServicePlans": []}],
    )
    assert [(one["skuPartNumber"], one["free"]) for one in made["licenses"]] == [("SPE_E3", 2)]
    assert made["availableSeats"] == made["licenses"]
    assert await held(office, made["id"]) == ["SPE_E3"]
    assert await actions(office, made["id"]) == ["userCreated", "assigned"]


async def test_nobody_is_made_when_a_license_cannot_be_given(office: Office) -> None:
    body = {
        "userPrincipalName": "ada@contoso.example",
        "usageLocation": "NO",
        "licenses": [{"skuPartNumber": "SPE_E3"}],
    }
    refused = await office.admin.post(USERS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "noSeatLeft")
    assert (await office.admin.get(USERS)).json()["value"] == []
    nowhere = await office.admin.post(USERS, json={**body, "usageLocation": None})
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "usageLocationMissing")


async def test_deleting_a_person_frees_the_seat_for_whoever_waits(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    first, second = await add_people(office, "first", "second")
    group = await add_group(office, "G", [first, second])
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert answer.status_code == 202, answer.text
    assert await held(office, "first@contoso.example") == ["SPE_E3"]
    gone = await office.admin.delete(f"{USERS}/first@contoso.example")
    assert gone.status_code == 204
    assert await held(office, "second@contoso.example") == ["SPE_E3"]
    unseen = await office.admin.get(f"{USERS}/first@contoso.example")
    assert unseen.status_code == 404
    assert "restore" in unseen.json()["detail"]
    assert await counts_agree(office)


async def test_a_restored_person_holds_what_they_held_even_without_a_free_seat(
    office: Office,
) -> None:
    await set_seats(office, "SPE_E3", 1)
    made = await create(
        office,
        "ada@contoso.example",
        usageLocation="NO",
        licenses=[{"skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]}],
    )
    await office.admin.delete(f"{USERS}/{made['id']}")
    assert await free(office, "SPE_E3") == 1
    await create(
        office, "bob@contoso.example", usageLocation="NO", licenses=[{"skuPartNumber": "SPE_E3"}]
    )
    back = await office.admin.post(f"{USERS}/ada@contoso.example/restore")
    assert back.status_code == 200, back.text
    assert back.json()["deletedAt"] is None
    assert await held(office, made["id"]) == ["SPE_E3"]
    assert await free(office, "SPE_E3") == -1
    assert await counts_agree(office)
    assert await actions(office, made["id"]) == [
        "userCreated",
        "assigned",
        "userDeleted",
        "revoked",
        "userRestored",
        "granted",
    ]
    granted = (await history(office, made["id"]))[0]
    assert granted["reason"] == "userRestored"
    assert "TEAMS1" in granted["after"]["disabledServicePlans"]


async def test_a_license_whose_source_is_gone_does_not_come_back(office: Office) -> None:
    await set_seats(office, "SPE_E3", 5)
    (ada,) = await add_people(office, "ada")
    group = await add_group(office, "G", [ada])
    path = f"/api/identity/groups/{group}/licenses"
    await office.admin.post(path, json={"skuPartNumber": "SPE_E3"})
    await office.admin.delete(f"{USERS}/ada@contoso.example")
    await office.admin.delete(f"{path}/SPE_E3")
    back = await office.admin.post(f"{USERS}/ada@contoso.example/restore")
    assert back.status_code == 200, back.text
    assert await held(office, "ada@contoso.example") == []
    assert await counts_agree(office)


async def test_a_restore_is_refused_while_somebody_else_has_the_name(office: Office) -> None:
    made = await create(office, "ada@contoso.example")
    await office.admin.delete(f"{USERS}/{made['id']}")
    await create(office, "ada@contoso.example")
    refused = await office.admin.post(f"{USERS}/{made['id']}/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "addressNotUnique")
    living = await office.admin.post(f"{USERS}/ada@contoso.example/restore")
    assert (living.status_code, living.json()["code"]) == (400, "noChange")


async def test_deleted_people_are_listed_apart_and_purged_after_thirty_days(
    office: Office,
) -> None:
    boss = await create(office, "boss@contoso.example")
    await create(office, "ada@contoso.example", manager="boss@contoso.example")
    await office.admin.delete(f"{USERS}/{boss['id']}")
    listed = (await office.admin.get(USERS, params={"deleted": "true"})).json()["value"]
    assert [row["id"] for row in listed] == [boss["id"]]
    workshop = Workshop(database=office.database, clock=office.clock)
    office.clock.move(days=29)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    listed = (await office.admin.get(USERS, params={"deleted": "true"})).json()["value"]
    assert [row["id"] for row in listed] == [boss["id"]]
    office.clock.move(days=1)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    listed = (await office.admin.get(USERS, params={"deleted": "true"})).json()["value"]
    assert listed == []
    ada = (await office.admin.get(f"{USERS}/ada@contoso.example")).json()
    assert ada["manager"] is None
    gone = await office.admin.post(f"{USERS}/{boss['id']}/restore")
    assert gone.status_code == 404
    assert (await actions(office, boss["id"]))[-1] == "userPurged"


async def test_names_are_erased_from_the_history_only_of_those_who_are_gone(
    office: Office,
) -> None:
    made = await create(office, "ada@contoso.example", displayName="Ada Byron")
    path = f"{USERS}/{made['id']}"
    early = await office.admin.post(f"{path}/erase-names")
    assert early.status_code == 400
    await office.admin.delete(path)
    erased = await office.admin.post(f"{path}/erase-names")
    assert erased.status_code == 204, erased.text
    for row in await history(office, made["id"]):
        assert row["user"]["userPrincipalName"] is None
        assert "Byron" not in str(row) and "ada@" not in str(row)
    listed = (await office.admin.get(USERS, params={"deleted": "true"})).text
    assert "Byron" not in listed and "ada@" not in listed
    nobody = await office.admin.post(f"{path}/restore")
    assert nobody.status_code == 404
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute("select count(*) from search_word")
        assert await cursor.fetchone() == (0,)


async def test_disabling_is_history_and_keeps_the_license(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    made = await create(
        office,
        "ada@contoso.example",
        usageLocation="NO",
        licenses=[{"skuPartNumber": "SPE_E3"}],
    )
    path = f"{USERS}/{made['id']}"
    await office.admin.patch(path, json={"accountEnabled": False, "department": "Sales"})
    await office.admin.patch(path, json={"accountEnabled": True})
    await office.admin.patch(path, json={"accountEnabled": True})
    assert await held(office, made["id"]) == ["SPE_E3"]
    assert (await actions(office, made["id"]))[2:] == ["userDisabled", "userUpdated", "userEnabled"]
    updated = [row for row in await history(office, made["id"]) if row["action"] == "userUpdated"]
    assert updated[0]["detail"]["department"] == {"before": None, "after": "Sales"}


async def test_a_prohibited_location_takes_the_license_at_once(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    made = await create(
        office,
        "ada@contoso.example",
        usageLocation="NO",
        licenses=[{"skuPartNumber": "SPE_E3"}],
    )
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into prohibited_location (tenant_id, location, sku_no) select %s, 'SE', sku_no"
            " from sku where tenant_id = %s and part_number = 'SPE_E3'",
            (call.tx.tenant_id, call.tx.tenant_id),
        )
        await call.tx.connection.execute("update tenant set catalog_version = catalog_version + 1")
    await office.admin.patch(f"{USERS}/{made['id']}", json={"usageLocation": "SE"})
    assert await held(office, made["id"]) == []
    assert await free(office, "SPE_E3") == 1

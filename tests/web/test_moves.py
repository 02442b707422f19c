"""Moving people into a group: nobody is ever without, and nobody loses anything unasked."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.bulk import send_json
from tests.moves import MOVES, ends, give, held, license_group, members, move, upn, worked
from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats


async def into(office: Office, group: str, *names: str, **body: Any) -> dict[str, Any]:
    users = {"users": [upn(name) for name in names]} if names else {}
    return await move(office, kind="directToGroup", sku="SPE_E3", group=group, **users, **body)


async def team(office: Office, *, seats: int = 5, **fields: Any) -> str:
    """A group that gives Microsoft 365 E3, and people who have it by hand."""
    await add_people(office, "ada", "bob", "cleo")
    await set_seats(office, "SPE_E3", seats)
    await give(office, "ada bob", "SPE_E3")
    group = await add_group(office, "Team")
    await license_group(office, group, "SPE_E3", **fields)
    return group


async def test_one_person_joins_the_group_and_drops_what_they_had_by_hand(office: Office) -> None:
    group = await team(office)
    job = await into(office, group, "ada")
    assert (job["state"], job["kind"], ends(job)) == ("completed", "move", [("succeeded", None)])
    assert await held(office, "ada") == {"SPE_E3": ["group"]}
    assert await held(office, "bob") == {"SPE_E3": ["direct"]}
    assert await members(office, group) == {"ada"}
    assert await counts_agree(office)


async def test_everybody_who_has_it_by_hand_moves(office: Office) -> None:
    group = await team(office)
    job = await into(office, group, all=True)
    assert (job["total"], job["succeeded"]) == (2, 2)
    assert await members(office, group) == {"ada", "bob"}
    assert [await held(office, name) for name in ("ada", "bob")] == [{"SPE_E3": ["group"]}] * 2


async def test_a_list_as_csv_moves_and_names_who_is_unknown(office: Office) -> None:
    group = await team(office)
    answer = await office.admin.post(
        MOVES,
        params={"kind": "directToGroup", "sku": "SPE_E3", "group": group},
        content=f"UserPrincipalName,Floor\n{upn('ada')},2\n{upn('nobody')},3\n".encode(),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["ignoredColumns"] == ["Floor"]
    job = await worked(office, answer.json()["jobId"])
    assert ends(job) == [("succeeded", None), ("failed", "unknownUser")]
    assert [row["row"] for row in job["rows"]] == [2, 3]


async def test_people_are_named_by_address_by_id_and_by_display_name(office: Office) -> None:
    group = await team(office)
    await give(office, "cleo", "SPE_E3")
    id_ = (await office.admin.get(f"/api/identity/users/{upn('bob')}")).json()["id"]
    job = await move(
        office,
        kind="directToGroup",
        sku="spe_e3",
        group="team",
        users=[upn("ADA"), id_, "Cleo"],
    )
    assert ends(job) == [("succeeded", None)] * 3
    assert await members(office, group) == {"ada", "bob", "cleo"}


async def test_a_name_of_two_people_is_refused_and_says_who_they_are(office: Office) -> None:
    group = await team(office)
    body = {"userPrincipalName": "ada2@contoso.example", "displayName": "ada"}
    assert (await office.admin.post("/api/identity/users", json=body)).status_code == 201
    order = {"kind": "directToGroup", "sku": "SPE_E3", "group": group, "users": ["Ada"]}
    answer = await office.admin.post(MOVES, json=order)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert upn("ada") in answer.json()["detail"]
    assert upn("ada2") in answer.json()["detail"]


async def test_a_name_of_two_groups_is_refused_and_says_their_ids(office: Office) -> None:
    group = await team(office)
    twin = await add_group(office, "TEAM")
    order = {"kind": "directToGroup", "sku": "SPE_E3", "group": "Team", "all": True}
    answer = await office.admin.post(MOVES, json=order)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert all(id_ in answer.json()["detail"] for id_ in (group, twin))


async def test_who_is_in_the_group_already_only_drops_the_other(office: Office) -> None:
    group = await team(office)
    await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": [upn("ada"), upn("cleo")]}
    )
    assert await held(office, "ada") == {"SPE_E3": ["direct", "group"]}
    job = await into(office, group, "ada", "cleo")
    assert ends(job) == [("succeeded", None)] * 2
    assert "already" in job["rows"][1]["message"]
    assert await held(office, "ada") == {"SPE_E3": ["group"]}


async def test_a_second_run_finds_nothing_left_to_do(office: Office) -> None:
    group = await team(office)
    await into(office, group, "ada", "bob")
    job = await into(office, group, "ada", "bob")
    assert [row["message"] for row in job["rows"]] == ["Moved already: nothing had to be done."] * 2


async def test_who_has_nothing_by_hand_is_told_so(office: Office) -> None:
    group = await team(office)
    job = await into(office, group, "cleo")
    assert ends(job) == [("failed", "notAssigned")]
    assert await members(office, group) == set()


async def test_who_has_it_only_until_a_held_removal_is_decided_is_told_so(office: Office) -> None:
    group = await team(office, seats=20)
    names = [f"p{number}" for number in range(11)]
    await add_people(office, *names)
    await give(office, " ".join(names), "SPE_E3")
    people = [upn(name) for name in names]
    await send_json(office, {"users": people, "skuPartNumber": "SPE_E3", "action": "remove"})
    into_group = await into(office, group, "p0")
    to_product = await move(
        office, kind="productToProduct", fromSku="SPE_E3", toSku="SPE_E5", users=[upn("p0")]
    )
    assert ends(into_group) == ends(to_product) == [("failed", "heldForApproval")]
    assert "until somebody decides about its removal" in into_group["rows"][0]["message"]
    assert list(await held(office, "p0")) == ["SPE_E3"]


async def test_a_group_that_does_not_give_the_product_is_refused(office: Office) -> None:
    await team(office)
    other = await add_group(office, "Other")
    order = {"kind": "directToGroup", "sku": "SPE_E3", "group": other, "all": True}
    answer = await office.admin.post(MOVES, json=order)
    assert answer.json()["code"] == "notAssigned"
    assert "Other does not give" in answer.json()["detail"]


async def test_who_would_lose_service_plans_is_left_as_they_are(office: Office) -> None:
    group = await team(office, disabledServicePlans=["TEAMS1"])
    job = await into(office, group, "ada")
    assert ends(job) == [("failed", "surplusServicePlans")]
    assert "Teams" in job["rows"][0]["message"]
    assert await held(office, "ada") == {"SPE_E3": ["direct"]}
    assert await members(office, group) == set()


async def test_who_would_lose_service_plans_may_keep_their_own_beside_the_group(
    office: Office,
) -> None:
    group = await team(office, disabledServicePlans=["TEAMS1"])
    job = await into(office, group, "ada", surplus="keepDirect")
    assert ends(job) == [("succeeded", None)]
    assert "keeps their own" in job["rows"][0]["message"]
    assert await held(office, "ada") == {"SPE_E3": ["direct", "group"]}


async def test_service_plans_can_be_added_to_the_group_instead(office: Office) -> None:
    group = await team(office, disabledServicePlans=["TEAMS1", "SWAY"])
    await give(office, "bob", "SPE_E3", disabledServicePlans=["SWAY"])
    job = await into(office, group, "bob", surplus="addToGroup")
    assert ends(job) == [("succeeded", None)]
    given = (await office.admin.get(f"/api/identity/groups/{group}/licenses")).json()["value"]
    assert given[0]["disabledServicePlans"] == ["SWAY"]
    assert await held(office, "bob") == {"SPE_E3": ["group"]}


async def test_auto_claimed_and_bulk_assignments_move_only_when_chosen(office: Office) -> None:
    group = await team(office)
    await office.admin.post(
        "/api/identity/licenses/bulk-assign",
        json={"users": [upn("cleo")], "skuPartNumber": "SPE_E3"},
        headers={"prefer": "wait=30"},
    )
    assert await held(office, "cleo") == {"SPE_E3": ["direct"]}
    assert ends(await into(office, group, "cleo")) == [("failed", "strategyNotChosen")]
    everybody = await into(office, group, all=True)
    assert everybody["total"] == 2
    assert everybody["report"]["leftOut"] == {"bulk": 1}
    assert await held(office, "cleo") == {"SPE_E3": ["direct"]}
    job = await into(office, group, "cleo", strategies=["manual", "bulk"])
    assert ends(job) == [("succeeded", None)]


async def test_who_would_not_get_it_from_the_group_keeps_what_they_have(office: Office) -> None:
    group = await team(office)
    await office.admin.put(
        "/api/catalog/products/SPE_E3/prohibited-locations", json={"locations": ["DK"]}
    )
    await office.admin.patch(f"/api/identity/users/{upn('bob')}", json={"usageLocation": "DK"})
    before = await held(office, "bob")
    job = await into(office, group, "bob", "ada")
    assert ends(job) == [("failed", "usageLocationProhibited"), ("succeeded", None)]
    assert job["rows"][0]["message"].startswith("Keeps their own Microsoft 365 E3.")
    assert await held(office, "bob") == before
    assert await members(office, group) == {"ada"}


async def test_while_the_group_cannot_give_it_the_job_stays_open(office: Office) -> None:
    group = await team(office, seats=2)
    answer = await office.admin.post(
        "/api/identity/licenses/bulk-assign",
        json={"users": [upn("cleo")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"},
        headers={"prefer": "wait=30"},
    )
    assert answer.json()["waiting"] == 1
    job = await into(office, group, "cleo", "ada", strategies=["manual", "bulk"], wait=True)
    assert (job["state"], job["waiting"], job["succeeded"]) == ("running", 1, 1)
    assert ends(job) == [("waiting", "noSeatLeft"), ("succeeded", None)]
    assert await members(office, group) == {"ada"}
    assert (await worked(office, job["id"]))["state"] == "running"
    await set_seats(office, "SPE_E3", 3)
    job = await worked(office, job["id"])
    assert (job["state"], job["waiting"], job["succeeded"]) == ("completed", 0, 2)
    assert await held(office, "cleo") == {"SPE_E3": ["group"]}


async def test_a_waiting_job_can_be_cancelled(office: Office) -> None:
    group = await team(office, seats=2)
    await office.admin.post(
        "/api/identity/licenses/bulk-assign",
        json={"users": [upn("cleo")], "skuPartNumber": "SPE_E3", "fillPolicy": "wait"},
        headers={"prefer": "wait=30"},
    )
    job = await into(office, group, "cleo", strategies=["bulk"], wait=True)
    await office.admin.post(f"/api/jobs/{job['id']}/cancel")
    job = await worked(office, job["id"])
    assert (job["state"], job["waiting"]) == ("cancelled", 0)
    assert ends(job) == [("cancelled", "noSeatLeft")]


async def test_the_history_tells_of_each_change_once(office: Office) -> None:
    group = await team(office)
    job = await into(office, group, "ada")
    path = "/api/identity/licenses/assignment-history"
    params = {"job": job["id"], "kind": "all"}
    rows = (await office.admin.get(path, params=params)).json()["value"]
    told = [(row["action"], row["reason"]) for row in rows]
    assert sorted(told, key=str) == [
        ("jobStarted", None),
        ("memberAdded", "swapped"),
        ("removed", "swapped"),
    ]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "kind"),
        ({"kind": "sideways"}, "directToGroup"),
        ({"kind": "directToGroup", "group": "Team", "all": True}, "sku"),
        ({"kind": "directToGroup", "sku": "SPE_E3", "all": True}, "group"),
        ({"kind": "directToGroup", "sku": "SPE_E3", "group": "Team"}, "whom"),
        ({"kind": "directToGroup", "sku": "SPE_E3", "group": "Nope", "all": True}, "Nope"),
        ({"kind": "directToGroup", "sku": "SPE_E3", "group": "Team", "users": []}, "no rows"),
        (
            {
                "kind": "directToGroup",
                "sku": "SPE_E3",
                "group": "Team",
                "all": True,
                "surplus": "x",
            },
            "keepDirect",
        ),
        (
            {
                "kind": "directToGroup",
                "sku": "SPE_E3",
                "group": "Team",
                "all": True,
                "strategies": ["group"],
            },
            "on_demand",
        ),
        (
            {
                "kind": "directToGroup",
                "sku": "SPE_E3",
                "group": "Team",
                "all": True,
                "toSku": "SPE_E5",
            },
            "toSku",
        ),
        ({"kind": "groupToGroup", "fromGroup": "Team", "toGroup": "Team"}, "both ends"),
        ({"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E3"}, "both ends"),
        ({"kind": "productToProduct", "fromSku": "SPE_E3", "toSku": "SPE_E5"}, "whom"),
    ],
)
async def test_a_call_that_cannot_be_meant_is_refused(
    office: Office, body: dict[str, Any], word: str
) -> None:
    await team(office)
    answer = await office.admin.post(MOVES, json=body)
    assert answer.status_code in {400, 409}, answer.text
    assert word in answer.json()["detail"]
    jobs = (await office.admin.get("/api/jobs")).json()["value"]
    assert jobs == []


async def test_only_who_may_assign_to_people_and_groups_moves(office: Office) -> None:
    group = await team(office)
    order = {"kind": "directToGroup", "sku": "SPE_E3", "group": group, "all": True}
    helper = await office.as_role(Role.USER_ADMINISTRATOR)
    assert (await helper.post(MOVES, json=order)).status_code == 403
    chosen = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await chosen.post(MOVES, json=order)).status_code == 202

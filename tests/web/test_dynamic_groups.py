"""Dynamic groups: memberships and licenses that follow people and rules."""

from __future__ import annotations

from seatwright.app.record import record
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.roles import Role
from seatwright.postgres.dynamic_read import rules_that_are_on
from seatwright.postgres.dynamic_write import store_look
from seatwright.postgres.group_write import Membership, add_members
from seatwright.postgres.users import find_users
from tests.dynamic import (
    GROUPS,
    USERS,
    Json,
    change,
    give,
    held,
    members,
    sales,
    set_rule,
    tick,
    work_off,
)
from tests.office import Office
from tests.world import add_group, add_people, call_of, set_seats

__all__ = ["sales"]


async def test_a_rule_takes_people_in_and_licenses_follow(office: Office, sales: str) -> None:
    assert await members(office, sales) == ["ada", "ben"]
    assert await held(office, "ada") == ["SPE_E3"]
    assert await held(office, "cara") == []


async def test_membership_and_license_follow_an_attribute_in_the_same_call(
    office: Office, sales: str
) -> None:
    await change(office, "cara", department="SALES")
    assert await members(office, sales) == ["ada", "ben", "cara"]
    assert await held(office, "cara") == ["SPE_E3"]
    await change(office, "ada", department=None)
    assert await members(office, sales) == ["ben", "cara"]
    assert await held(office, "ada") == []
    rows = await office.admin.get(
        "/api/identity/licenses/assignment-history",
        params={"user": "ada@contoso.example", "kind": "all"},
    )
    told = [(row["action"], row["reason"]) for row in rows.json()["value"]][:3]
    assert told == [
        ("revoked", "ruleFollowed"),
        ("memberRemoved", "ruleFollowed"),
        ("userUpdated", None),
    ]


async def test_a_new_person_and_a_restored_one_are_judged_at_once(
    office: Office, sales: str
) -> None:
    made = await office.admin.post(
        USERS, json={"userPrincipalName": "dina@contoso.example", "department": "Sales"}
    )
    assert made.status_code == 201, made.text
    assert await held(office, "dina") == ["SPE_E3"]
    assert (await office.admin.delete(f"{USERS}/dina@contoso.example")).status_code == 204
    assert await members(office, sales) == ["ada", "ben"]
    await set_rule(office, sales, 'user.department -in ["Sales", "HR"] -and user.surname -eq null')
    back = await office.admin.post(f"{USERS}/{made.json()['id']}/restore")
    assert back.status_code == 200
    assert await members(office, sales) == ["ada", "ben", "cara", "dina"]


async def test_who_still_belongs_is_undisturbed_by_an_edit(office: Office, sales: str) -> None:
    before = await _since(office, sales)
    office.clock.move(days=1)
    changed = await set_rule(office, sales, 'user.department -in ["Sales", "HR"]')
    assert (changed["joining"], changed["leaving"]) == (1, 0)
    after = await _since(office, sales)
    assert {name: after[name] for name in before} == before


async def _since(office: Office, group: str) -> Json:
    answer = await office.admin.get(f"{USERS}/ada@contoso.example/licenses")
    return {"ada": answer.json()["value"][0]["since"]}


async def test_nobody_is_put_in_or_taken_out_by_hand(office: Office, sales: str) -> None:
    added = await office.admin.post(
        f"{GROUPS}/{sales}/members", json={"users": ["cara@contoso.example"]}
    )
    assert (added.status_code, added.json()["code"]) == (409, "membersFollowRule")
    left = await office.admin.delete(f"{GROUPS}/{sales}/members/ada@contoso.example")
    assert (left.status_code, left.json()["code"]) == (409, "membersFollowRule")
    inner = await add_group(office, "Inner")
    nested = await office.admin.post(f"{GROUPS}/{sales}/members", json={"groups": [inner]})
    assert nested.json()["code"] == "membersFollowRule"
    assert await members(office, sales) == ["ada", "ben"]


async def test_a_file_of_members_leaves_dynamic_groups_alone(office: Office, sales: str) -> None:
    file = f"Group id,Member\n{sales},cara@contoso.example\n"
    answer = await office.admin.post(
        "/api/imports/members?mode=replace", content=file, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    assert "its rule alone" in answer.json()["warnings"][0]["message"]
    assert await members(office, sales) == ["ada", "ben"]


async def test_a_paused_rule_moves_nobody_until_it_is_resumed(office: Office, sales: str) -> None:
    paused = await office.admin.patch(
        f"{GROUPS}/{sales}/rule", json={"membershipRuleProcessingState": "Paused"}
    )
    assert paused.json()["status"] == "paused"
    await change(office, "cara", department="Sales")
    await change(office, "ada", department="HR")
    assert await members(office, sales) == ["ada", "ben"]
    resumed = await office.admin.patch(
        f"{GROUPS}/{sales}/rule", json={"membershipRuleProcessingState": "on"}
    )
    assert (resumed.json()["joining"], resumed.json()["leaving"]) == (1, 1)
    assert await members(office, sales) == ["ben", "cara"]


async def test_a_group_becomes_static_with_its_members_and_dynamic_by_its_rule_alone(
    office: Office, sales: str
) -> None:
    assert (await office.admin.delete(f"{GROUPS}/{sales}/rule")).status_code == 204
    shown = (await office.admin.get(f"{GROUPS}/{sales}")).json()
    assert shown["membershipRule"] is None
    assert await members(office, sales) == ["ada", "ben"]
    added = await office.admin.post(
        f"{GROUPS}/{sales}/members", json={"users": ["cara@contoso.example"]}
    )
    assert added.status_code == 200
    changed = await set_rule(office, sales, 'user.department -eq "HR"')
    assert (changed["joining"], changed["leaving"]) == (0, 2)
    assert await members(office, sales) == ["cara"]


async def test_a_group_can_be_made_dynamic_from_the_start_and_changed_by_patch(
    office: Office,
) -> None:
    await add_people(office, "ada")
    made = await office.admin.post(
        GROUPS,
        json={"displayName": "All", "membershipRule": "user.objectId -ne null"},
    )
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["membershipRuleProcessingState"], body["memberCount"]) == ("On", 1)
    changed = await office.admin.patch(
        f"{GROUPS}/{body['id']}",
        json={"membershipRule": 'user.userType -eq "Guest"', "description": "Guests"},
    )
    assert (changed.json()["memberCount"], changed.json()["description"]) == (0, "Guests")


async def test_direct_reports_follow_their_manager(office: Office) -> None:
    await add_people(office, "ada", "ben", "cara")
    boss = (await office.admin.get(f"{USERS}/ada@contoso.example")).json()["id"]
    group = await add_group(office, "Reports")
    await change(office, "ben", manager="ada@contoso.example")
    assert (await set_rule(office, group, f'Direct Reports for "{boss}"'))["takenIn"] == 1
    await change(office, "cara", manager="ada@contoso.example")
    assert await members(office, group) == ["ben", "cara"]
    await change(office, "ben", manager=None)
    assert await members(office, group) == ["cara"]


async def test_member_of_follows_its_sources_and_their_licenses(office: Office, sales: str) -> None:
    await set_seats(office, "VISIOCLIENT", 5)
    static = await add_group(office, "Static")
    target = await add_group(office, "Both")
    await give(office, target, "VISIOCLIENT")
    rule = f"user.memberOf -any (group.objectId -in ['{sales}', '{static}'])"
    assert (await set_rule(office, target, rule))["takenIn"] == 2
    await office.admin.post(f"{GROUPS}/{static}/members", json={"users": ["cara@contoso.example"]})
    assert await members(office, target) == ["ada", "ben", "cara"]
    assert await held(office, "cara") == ["VISIOCLIENT"]
    await change(office, "ada", department="HR")
    assert await members(office, target) == ["ben", "cara"]
    assert await held(office, "ada") == []
    chained = await office.admin.patch(
        f"{GROUPS}/{static}/rule",
        json={"membershipRule": f"user.memberOf -any (group.objectId -in ['{target}'])"},
    )
    assert chained.status_code == 400
    assert "such a group feeds no other one" in chained.json()["detail"]
    assert (await office.admin.delete(f"{GROUPS}/{static}")).status_code == 204
    assert await members(office, target) == ["ben"]


async def test_an_import_moves_people_by_a_job(office: Office, sales: str) -> None:
    lines = [f"p{number}@contoso.example,Sales" for number in range(30)]
    file = "\n".join(["userPrincipalName,department", *lines, "ben@contoso.example,HR"])
    answer = await office.admin.post(
        "/api/imports/users", content=file, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    await work_off(office)
    found = await members(office, sales)
    assert len(found) == 31
    assert "ben" not in found
    assert await held(office, "ben") == []
    shown = (await office.admin.get(f"{GROUPS}/{sales}")).json()
    assert (shown["memberCount"], shown["errorCount"]) == (31, 26)


async def test_an_edit_that_would_take_many_is_previewed_and_held(office: Office) -> None:
    names = [f"p{number}" for number in range(15)]
    await add_people(office, *names)
    await set_seats(office, "SPE_E3", 20)
    group = await add_group(office, "Everybody")
    await give(office, group)
    await set_rule(office, group, "user.objectId -ne null")
    assert await held(office, "p3") == ["SPE_E3"]
    body = {"membershipRule": 'user.department -eq "Nobody"'}
    seen = await office.admin.patch(f"{GROUPS}/{group}/rule?preview=true", json=body)
    assert seen.status_code == 200, seen.text
    preview = seen.json()
    assert preview["held"][0]["people"] == 15
    assert len(await members(office, group)) == 15
    applied = await office.admin.patch(
        f"{GROUPS}/{group}/rule", json=body, headers={"If-Match": f'"{preview["digest"]}"'}
    )
    assert applied.status_code == 202, applied.text
    assert await members(office, group) == []
    assert await held(office, "p3") == ["SPE_E3"]


async def test_more_than_five_hundred_move_by_a_job_that_can_be_killed(office: Office) -> None:
    await add_people(office, *(f"p{number}" for number in range(620)))
    await set_seats(office, "SPE_E3", 700)
    group = await add_group(office, "Everybody")
    await give(office, group)
    changed = await set_rule(office, group, "user.objectId -ne null")
    assert (changed["joining"], changed["status"]) == (620, "evaluating")
    assert changed["jobId"] is not None
    await work_off(office)
    shown = (await office.admin.get(f"{GROUPS}/{group}")).json()
    assert (shown["memberCount"], shown["ruleStatus"], shown["status"]) == (
        620,
        "complete",
        "Active",
    )
    assert await held(office, "p619") == ["SPE_E3"]


async def test_rules_on_licenses_and_time_follow_with_the_tick(office: Office, sales: str) -> None:
    await set_seats(office, "VISIOCLIENT", 5)
    holders = await add_group(office, "Holders")
    rule = "user.assignedPlans -any (assignedPlan.servicePlanId -ne null)"
    assert (await set_rule(office, holders, rule))["takenIn"] == 2
    answer = await office.admin.post(
        f"{USERS}/cara@contoso.example/licenses",
        json={"skuPartNumber": "VISIOCLIENT", "usageLocation": "NO"},
    )
    assert answer.status_code == 201, answer.text
    await tick(office)
    await tick(office)
    assert await members(office, holders) == ["ada", "ben", "cara"]
    soon = await add_group(office, "Soon")
    await change(office, "ben", employeeHireDate="2026-11-25")
    await set_rule(office, soon, "user.employeeHireDate -le system.now -plus p1d")
    assert await members(office, soon) == []
    office.clock.move(days=3)
    await tick(office)
    await tick(office)
    assert await members(office, soon) == ["ben"]


async def test_who_may_read_groups_may_try_rules_and_not_set_them(
    office: Office, sales: str
) -> None:
    reader = await office.as_role(Role.GLOBAL_READER)
    tried = await reader.post(
        f"{GROUPS}/{sales}/rule/validate", json={"users": ["ada@contoso.example"]}
    )
    assert tried.status_code == 200
    refused = await reader.patch(f"{GROUPS}/{sales}/rule", json={"membershipRule": None})
    assert refused.status_code == 403
    keeper = await office.as_role(Role.GROUPS_ADMINISTRATOR)
    paused = await keeper.patch(
        f"{GROUPS}/{sales}/rule", json={"membershipRuleProcessingState": "Paused"}
    )
    assert paused.status_code == 200


async def test_a_group_with_groups_inside_cannot_be_dynamic(office: Office) -> None:
    outer, inner = await add_group(office, "Outer"), await add_group(office, "Inner")
    await office.admin.post(f"{GROUPS}/{outer}/members", json={"groups": [inner]})
    answer = await office.admin.patch(
        f"{GROUPS}/{outer}/rule", json={"membershipRule": "user.objectId -ne null"}
    )
    assert answer.status_code == 400
    assert "groups are inside of it" in answer.json()["detail"]


async def test_why_names_the_clause_and_asks_nobody_to_leave_a_dynamic_group_by_hand(
    office: Office, sales: str
) -> None:
    await set_rule(
        office,
        sales,
        'user.city -eq "Oslo" -or user.department -eq "Sales" -and user.mail -eq null',
    )
    answer = await office.admin.get(f"{USERS}/ada@contoso.example/licenses/SPE_E3/why")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    clause = 'user.department -eq "Sales" and user.mail -eq null'
    assert body["chain"][0]["path"][0]["because"] == clause
    assert f"the dynamic group Sales people (because {clause}) gives it" in body["sentence"]
    assert "change what its rule asks" in answer.text
    assert "out of the group" not in answer.text


async def test_what_another_hand_put_into_a_dynamic_group_is_put_out_within_a_minute(
    office: Office, sales: str
) -> None:
    async with call_of(office) as call:
        (stored,) = await rules_that_are_on(call.tx)
        stray = await find_users(call.tx, ("cara@contoso.example",))
        user = stray["cara@contoso.example"]
        await store_look(call.tx, call.now)
        await add_members(call.tx, (Membership(user, stored.group),), since=call.now)
        line = HistoryLine(action=HistoryAction.MEMBER_ADDED, user=user, group=stored.group)
        await record(call, line)
    assert await members(office, sales) == ["ada", "ben", "cara"]
    office.clock.move(minutes=1)
    await tick(office)
    assert await members(office, sales) == ["ada", "ben"]

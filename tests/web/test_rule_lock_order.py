"""Rules are held before groups, and groups before pools and people, whoever the caller is.

Nobody then waits for the rules with something in hand that whoever has the rules may ask for.
"""

from __future__ import annotations

from typing import Any

from seatwright.app.call import Call
from seatwright.postgres.dynamic_write import hold_rules
from tests.dynamic import GROUPS, USERS, give, members, set_rule, work_off
from tests.office import Office
from tests.waiting import as_far_as_it_comes, begin
from tests.world import add_group, add_people, call_of, set_seats

CSV = {"content-type": "text/csv"}


async def test_who_waits_for_the_rules_holds_no_group_pool_or_person_yet(office: Office) -> None:
    source, fed, other = await _scene(office)
    file = f"groupId,user\n{source},dina@contoso.example\n"
    by_source = f"user.memberOf -any (group.objectId -in ['{source}'])"
    graph = {
        "displayName": "Renamed",
        "groupTypes": ["DynamicMembership"],
        "membershipRule": by_source,
        "membershipRuleProcessingState": "On",
    }
    calls: dict[str, tuple[str, str, dict[str, Any]]] = {
        "restore": ("POST", f"{USERS}/{await _deleted(office, 'ben')}/restore", {}),
        "join": (
            "POST",
            f"{GROUPS}/{source}/members",
            {"json": {"users": ["cara@contoso.example"]}},
        ),
        "leave": ("DELETE", f"{GROUPS}/{source}/members/ada@contoso.example", {}),
        "import": ("POST", "/api/imports/members", {"content": file, "headers": CSV}),
        "name and rule": ("PATCH", f"/v1.0/groups/{other}", {"json": graph}),
        "name and rule of ours": (
            "PATCH",
            f"{GROUPS}/{other}",
            {"json": {"displayName": "Again", "membershipRule": "user.city -eq 'Oslo'"}},
        ),
        "delete": ("DELETE", f"{GROUPS}/{source}", {}),
    }
    in_hand = {name: await _what_waits_with(office, *one) for name, one in calls.items()}
    assert in_hand == {name: [] for name in calls}
    assert await members(office, fed) == []
    assert await members(office, other) == []


async def _scene(office: Office) -> tuple[str, str, str]:
    """Ada and ben are in Source, whose members Fed takes in, which gives E3."""
    ada, ben, *_ = await add_people(office, "ada", "ben", "cara", "dina")
    await set_seats(office, "SPE_E3", 5)
    source = await add_group(office, "Source", [ada, ben])
    fed, other = await add_group(office, "Fed"), await add_group(office, "Other")
    await give(office, fed)
    await set_rule(office, fed, f"user.memberOf -any (group.objectId -in ['{source}'])")
    await work_off(office)
    assert await members(office, fed) == ["ada", "ben"]
    return source, fed, other


async def _deleted(office: Office, name: str) -> str:
    path = f"{USERS}/{name}@contoso.example"
    id_ = (await office.admin.get(path)).json()["id"]
    assert (await office.admin.delete(path)).status_code == 204
    return str(id_)


async def _what_waits_with(
    office: Office, method: str, path: str, sent: dict[str, Any]
) -> list[str]:
    """What a call has locked by the time that it waits for the rules, which are had alone."""
    async with call_of(office) as call:
        await hold_rules(call.tx, is_exclusive=True)
        calling = await as_far_as_it_comes(office, begin(office, method, path, **sent))
        assert not calling.done(), "it never asks for the rules"
        found = await _held_by_others(call)
    answer = await calling
    assert answer.is_success, answer.text
    return found


async def _held_by_others(call: Call) -> list[str]:
    """Rows and groups that cannot be locked at once."""
    found = []
    for table in ("sku_pool", "app_user", "app_group"):
        rows = []
        for query in ("", " for update skip locked"):
            cursor = await call.tx.connection.execute(
                f"select from {table} where tenant_id = %s{query}", (call.tx.tenant_id,)
            )
            rows.append(len(await cursor.fetchall()))
        if rows[0] != rows[1]:
            found.append(table)
    cursor = await call.tx.connection.execute(
        "select display_name from app_group where tenant_id = %s"
        " and not pg_try_advisory_xact_lock(tenant_id, group_no) order by 1",
        (call.tx.tenant_id,),
    )
    return [*found, *(f"group {row[0]}" for row in await cursor.fetchall())]

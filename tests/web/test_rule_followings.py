"""What no call follows itself is followed by a worker at once, without waiting for a tick."""

from __future__ import annotations

from tests.dynamic import USERS, give, held, members, set_rule, work_off
from tests.launching import APPS, set_stage
from tests.moves import MOVES, upn
from tests.office import Office
from tests.world import add_group, add_people, set_seats


async def _fed_by(office: Office, source: str) -> str:
    """A group that gives E3 to whoever is in another one."""
    await set_seats(office, "SPE_E3", 5)
    group = await add_group(office, "Fed")
    await give(office, group)
    await set_rule(office, group, f"user.memberOf -any (group.objectId -in ['{source}'])")
    await work_off(office)
    return group


async def test_who_is_given_a_usage_location_with_a_license_joins_at_once(office: Office) -> None:
    await add_people(office, "ada", location=None)
    await set_seats(office, "SPE_E3", 5)
    await set_seats(office, "VISIOCLIENT", 5)
    group = await add_group(office, "In Norway")
    await give(office, group)
    await set_rule(office, group, 'user.usageLocation -eq "NO"')
    path = f"{USERS}/{upn('ada')}/licenses"
    body = {"skuPartNumber": "VISIOCLIENT", "usageLocation": "NO"}
    seen = await office.admin.post(f"{path}?preview=true", json=body)
    given = {(one["product"]["skuPartNumber"], one["action"]) for one in seen.json()["changes"]}
    assert given == {("VISIOCLIENT", "grant"), ("SPE_E3", "grant")}, seen.text
    answer = await office.admin.post(path, json=body)
    assert answer.status_code == 201, answer.text
    await work_off(office)
    assert await members(office, group) == ["ada"]
    assert set(await held(office, "ada")) == {"VISIOCLIENT", "SPE_E3"}


async def test_who_is_put_into_a_source_by_a_claim_joins_at_once_and_leaves_with_it(
    office: Office,
) -> None:
    await add_people(office, "ada")
    stage = await set_stage(office)
    source = await add_group(office, "Makers")
    await give(office, source, APPS)
    policy = await stage.policy("powerApps", group=source)
    fed = await _fed_by(office, source)
    assert (await stage.launch("ada")).json()["outcome"] == "granted"
    await work_off(office)
    assert await members(office, fed) == ["ada"]
    taken = await office.admin.post(
        f"/api/auto-claim/policies/{policy['id']}/unassign", json={"users": [upn("ada")]}
    )
    assert taken.is_success, taken.text
    await work_off(office)
    assert await members(office, fed) == []


async def test_who_is_moved_into_a_source_joins_at_once(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "VISIOCLIENT", 5)
    path = f"{USERS}/{upn('ada')}/licenses"
    assert (await office.admin.post(path, json={"skuPartNumber": "VISIOCLIENT"})).is_success
    source = await add_group(office, "Drawers")
    await give(office, source, "VISIOCLIENT")
    fed = await _fed_by(office, source)
    order = {"kind": "directToGroup", "sku": "VISIOCLIENT", "group": source, "all": True}
    assert (await office.admin.post(MOVES, json=order)).status_code == 202
    await work_off(office)
    assert await members(office, source) == ["ada"]
    assert await members(office, fed) == ["ada"]
    assert set(await held(office, "ada")) == {"VISIOCLIENT", "SPE_E3"}

"""An edit of a rule that moves more than one call does: foreseen, not written, done by a job."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.app import many_brake
from seatwright.app.brake import hold
from seatwright.app.dynamic import rules
from seatwright.app.dynamic.foreseeing import foresee_moves
from tests.dynamic import GROUPS, USERS, give, held, members, set_rule, work_off
from tests.office import Office
from tests.previews import apply, preview
from tests.waiting import as_far_as_it_comes, begin
from tests.world import add_group, add_people, counts_agree, set_seats

PEOPLE = 620
EVERYBODY = "user.objectId -ne null"
NOBODY = 'user.department -eq "Nobody"'


async def _scene(office: Office) -> tuple[str, str]:
    """More people than one call moves, p0 with E3 by hand, and a group that feeds another."""
    await add_people(office, *(f"p{number}" for number in range(PEOPLE)))
    await set_seats(office, "SPE_E3", 700)
    await set_seats(office, "VISIOCLIENT", 600)
    own = await office.admin.post(
        f"{USERS}/p0@contoso.example/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert own.is_success
    group, fed = await add_group(office, "Everybody"), await add_group(office, "Fed")
    await give(office, group)
    await give(office, fed, "VISIOCLIENT")
    await set_rule(office, fed, f"user.memberOf -any (group.objectId -in ['{group}'])")
    await work_off(office)
    return group, fed


async def _edited(office: Office, group: str, rule: str) -> dict[str, Any]:
    """A preview that is then applied and worked off; what was seen before."""
    path, body = f"{GROUPS}/{group}/rule", {"membershipRule": rule}
    seen = await preview(office, "PATCH", path, body)
    assert len(await members(office, group)) in {0, 100}
    done = await apply(office.admin, "PATCH", path, body, digest=seen["digest"])
    assert done.is_success, done.text
    assert done.json()["jobId"] is not None
    await work_off(office)
    assert await counts_agree(office)
    return seen


async def test_what_many_would_gain_and_lose_is_foreseen_as_the_job_then_does_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, fed = await _scene(office)
    seen = await _edited(office, group, EVERYBODY)
    assert seen["counts"]["grants"] == PEOPLE - 1 + 600
    assert len(seen["errors"]) == PEOPLE - 600
    assert (await held(office, "p0"), await held(office, "p619")) == (
        ["SPE_E3", "VISIOCLIENT"],
        ["SPE_E3"],
    )
    changed = _changing(office, monkeypatch)
    seen = await _edited(office, group, NOBODY)
    assert changed[0] == 200
    assert {(one["product"]["skuPartNumber"], one["people"]) for one in seen["held"]} == {
        ("SPE_E3", PEOPLE - 1),
        ("VISIOCLIENT", 600),
    }
    assert seen["counts"]["revokes"] == 0
    for name in (group, fed):
        assert (await office.admin.get(f"{GROUPS}/{name}")).json()["memberCount"] == 0
    found = (await office.admin.get("/api/held-changes")).json()["value"]
    assert sorted(one["people"] for one in found) == [600, PEOPLE - 1]


def _changing(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Change one of those whose licenses are about to be held; what each was answered, in time."""
    statuses: list[int] = []

    async def holding(*args: Any, **named: Any) -> Any:
        if not statuses:
            path = f"{USERS}/p7@contoso.example"
            async with asyncio.timeout(10):
                statuses.append((await office.admin.patch(path, json={"city": "Oslo"})).status_code)
        return await hold(*args, **named)

    monkeypatch.setattr(many_brake, "hold", holding)
    return statuses


async def test_people_change_while_a_preview_looks_at_what_a_rule_would_do(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, fed = await _scene(office)
    statuses = []

    async def meanwhile(*args: Any) -> None:
        path = f"{USERS}/p7@contoso.example"
        calling = begin(office, "PATCH", path, json={"department": "Sales"})
        await as_far_as_it_comes(office, calling)
        statuses.append(calling.result().status_code if calling.done() else None)
        await foresee_moves(*args)

    monkeypatch.setattr(rules, "foresee_moves", meanwhile)
    path = f"{GROUPS}/{group}/rule"
    seen = await preview(office, "PATCH", path, {"membershipRule": EVERYBODY})
    assert (seen["result"]["joining"], seen["result"]["jobId"]) == (PEOPLE, None)
    assert statuses == [200]
    assert await members(office, group) == await members(office, fed) == []

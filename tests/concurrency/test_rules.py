"""Rules, people and jobs at the same moment: everybody ends where the last word puts them."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from seatwright.app.dynamic import work
from seatwright.app.work import Workshop, work_job
from seatwright.postgres.jobs import open_jobs
from tests.dynamic import GROUPS, USERS, give, held, members, set_rule, work_off
from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats

SEED = 20261121
ROUNDS = 12
NAMES = [f"p{number}" for number in range(6)]
RULES = (
    'user.department -eq "Sales"',
    'user.department -eq "HR" -or user.city -eq "Oslo"',
    'user.department -ne "Sales" -and user.city -ne null',
    "user.objectId -ne null",
)


async def test_changes_of_people_and_an_edit_of_the_rule_at_once_end_in_the_right_membership(
    office: Office,
) -> None:
    draw = random.Random(SEED)
    await _patch(office, "/api/settings", brakeOnRemovals=False)
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 100)
    group = await add_group(office, "Ruled")
    await give(office, group)
    await set_rule(office, group, RULES[0])
    for round_ in range(ROUNDS):
        if round_ % 2:
            # What is set at once with the changes is then the tenant's first rule.
            await _patch(office, f"{GROUPS}/{group}/rule", membershipRule=None)
        rule = draw.choice(RULES)
        calls = [_patch(office, f"{GROUPS}/{group}/rule", membershipRule=rule)]
        for name in NAMES:
            path = f"{USERS}/{name}@contoso.example"
            calls.append(_patch(office, path, department=draw.choice(["Sales", "HR", None])))
            calls.append(_patch(office, path, city=draw.choice(["Oslo", "Bergen", None])))
        draw.shuffle(calls)
        await asyncio.gather(*calls)
        assert await _rightly(office, group) == [], f"seed {SEED}, round {round_}, {rule}"
        assert await counts_agree(office)


async def test_joins_deletions_and_restores_beside_edits_of_rules_end_in_the_right_membership(
    office: Office,
) -> None:
    draw = random.Random(SEED)
    await _patch(office, "/api/settings", brakeOnRemovals=False)
    await add_people(office, *NAMES)
    await set_seats(office, "SPE_E3", 100)
    source, other = await add_group(office, "Source"), await add_group(office, "Other")
    fed = await add_group(office, "Fed")
    await give(office, fed)
    ids = {name: await _id(office, name) for name in NAMES}
    for round_ in range(ROUNDS // 2):
        wanted = draw.choice([f"['{source}']", f"['{source}', '{other}']"])
        rule = f"user.memberOf -any (group.objectId -in {wanted})"
        calls = [_send(office, "PATCH", f"{GROUPS}/{fed}/rule", membershipRule=rule)]
        for name, id_ in ids.items():
            group = draw.choice([source, other])
            calls += [
                _send(office, "POST", f"{GROUPS}/{group}/members", users=[id_]),
                _send(office, "DELETE", f"{GROUPS}/{source}/members/{id_}"),
                _send(office, "DELETE", f"{USERS}/{name}@contoso.example"),
                _send(office, "POST", f"{USERS}/{id_}/restore"),
            ]
        draw.shuffle(calls)
        await asyncio.gather(*calls)
        await asyncio.gather(
            *(_send(office, "POST", f"{USERS}/{id_}/restore") for id_ in ids.values())
        )
        assert await _rightly(office, fed) == [], f"seed {SEED}, round {round_}, {rule}"
        assert await counts_agree(office)


async def _id(office: Office, name: str) -> str:
    return str((await office.admin.get(f"{USERS}/{name}@contoso.example")).json()["id"])


async def _send(office: Office, method: str, path: str, **body: object) -> None:
    """A call that may find its person gone, or still there, and nothing worse."""
    answer = await office.admin.request(method, path, json=body or None)
    assert answer.status_code in {200, 204, 400, 404, 409}, answer.text


async def _patch(office: Office, path: str, **body: object) -> None:
    answer = await office.admin.patch(path, json=body)
    assert answer.status_code == 200, answer.text


async def _rightly(office: Office, group: str) -> list[str]:
    """Everybody who is not where the group's rule wants them, with their license."""
    inside = set(await members(office, group))
    tried = await office.admin.post(
        f"{GROUPS}/{group}/rule/validate",
        json={"users": [f"{name}@contoso.example" for name in NAMES]},
    )
    wrong = []
    for name, trial in zip(NAMES, tried.json()["value"], strict=True):
        licenses = await held(office, name)
        if not (trial["result"] == (name in inside) == (licenses == ["SPE_E3"])):
            wrong.append(f"{name}: {trial['result']} {name in inside} {licenses}")
    return wrong


async def test_a_job_whose_workers_are_killed_again_and_again_moves_everybody_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "GROUP_PAGE", 100)
    await add_people(office, *(f"q{number:03}" for number in range(700)))
    await set_seats(office, "SPE_E3", 1000)
    group = await add_group(office, "Everybody")
    await give(office, group)
    changed = await set_rule(office, group, "user.city -eq null")
    assert changed["jobId"] is not None
    kills = await _kill_workers(office, pause=0.03, changing="q650")
    assert kills >= 2
    await work_off(office)
    shown = (await office.admin.get(f"{GROUPS}/{group}")).json()
    assert (shown["memberCount"], shown["ruleStatus"]) == (699, "complete")
    assert await held(office, "q650") == []
    assert await held(office, "q649") == ["SPE_E3"]
    told = await office.admin.get(
        "/api/identity/licenses/assignment-history",
        params={"user": "q001@contoso.example", "kind": "all"},
    )
    actions = [row["action"] for row in told.json()["value"]]
    assert actions.count("memberAdded") == 1
    assert await counts_agree(office)


async def _kill_workers(office: Office, *, pause: float, changing: str) -> int:
    """Let workers begin and be killed in the middle, while somebody changes; how many were."""
    tenant_id = office.made.tenant.tenant_id
    workshop = Workshop(database=office.database, clock=office.clock)
    for kills in count():
        async with office.database.transaction(tenant_id) as tx:
            jobs = [job for job in await open_jobs(tx) if "group" in job.params]
        if not jobs:
            return kills
        worker: asyncio.Task[Any] = asyncio.create_task(
            work_job(workshop, tenant_id, jobs[0].job_no)
        )
        await asyncio.sleep(pause * (kills + 1))
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        if kills == 1:
            await _patch(office, f"{USERS}/{changing}@contoso.example", city="Oslo")
    raise AssertionError("the loop ends by itself")

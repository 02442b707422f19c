"""Who may launch, for whom: every role, for themselves and for others, at every launch path."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.domain.roles import Role
from tests.launching import Stage, set_stage
from tests.office import Office
from tests.world import add_people, call_of

FOR_ANYONE = {Role.GLOBAL_ADMINISTRATOR, Role.APP_GATEWAY}
FOR_THEMSELVES = {Role.PERSON}
NEEDED = ["global-administrator", "app-gateway"]


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with a policy for Power Apps, Ada and Bo."""
    await add_people(office, "ada", "bo")
    made = await set_stage(office)
    await made.policy("powerApps")
    return made


async def as_ada(stage: Stage, role: Role) -> httpx.AsyncClient:
    """Ada herself, with a role."""
    await stage.office.as_role(role)
    async with call_of(stage.office) as call:
        await call.tx.connection.execute(
            "update principal set user_no = u.user_no from app_user u"
            " where u.upn_key = 'ada@contoso.example' and principal.name = %s",
            (f"test {role.value}",),
        )
    return stage.office.client(stage.office.tokens[role])


async def authorize(client: httpx.AsyncClient, name: str | None) -> httpx.Response:
    headers = {} if name is None else {"x-seatwright-user": f"{name}@contoso.example"}
    return await client.get("/api/launch/authorize", params={"app": "Premium app"}, headers=headers)


async def send(client: httpx.AsyncClient, name: str) -> httpx.Response:
    event: dict[str, Any] = {
        "user": f"{name}@contoso.example",
        "event": "appLaunch",
        "app": "Premium app",
    }
    return await client.post("/api/launch/events", json={"events": [event]})


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_launches_for_whom_it_may_and_for_nobody_else(
    stage: Stage, role: Role
) -> None:
    ada = await as_ada(stage, role)
    answers = {
        "herself": await stage.launch("ada", by=ada),
        "herself unnamed": await stage.launch(None, by=ada),
        "herself through a proxy": await authorize(ada, "ada"),
        "Bo": await stage.launch("bo", by=ada),
        "Bo through a proxy": await authorize(ada, "bo"),
        "Bo by an event": await send(ada, "bo"),
        "nobody": await stage.launch("nobody", by=ada),
    }
    may = set(answers) if role in FOR_ANYONE else set()
    if role in FOR_THEMSELVES:
        may = {"herself", "herself unnamed", "herself through a proxy"}
    for whom, answer in answers.items():
        if whom not in may:
            assert (answer.status_code, answer.json()["code"]) == (403, "roleMissing"), whom
            assert set(NEEDED) <= set(answer.json()["rolesNeeded"]), whom
        elif whom == "nobody":
            assert (answer.status_code, answer.json()["code"]) == (404, "unknownUser")
        else:
            assert answer.status_code == 200, f"{whom}: {answer.text}"
    assert bool(await stage.holds("ada")) == (role in FOR_ANYONE | FOR_THEMSELVES)
    assert bool(await stage.holds("bo")) == (role in FOR_ANYONE)


async def test_a_person_gives_no_license_to_the_owner_of_a_flow(stage: Stage) -> None:
    await stage.policy("powerAutomatePerUser")
    await stage.make(
        "platform/flows",
        displayName="Nightly",
        environment="Default",
        premium=True,
        trigger="automated",
        owner="bo@contoso.example",
    )
    ada = await as_ada(stage, Role.PERSON)
    answer = await stage.launch("ada", "flowTrigger", by=ada, flow="Nightly")
    assert (answer.status_code, answer.json()["code"]) == (403, "roleMissing")
    assert await stage.holds("bo") == {}

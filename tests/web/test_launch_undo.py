"""What launches gave, undone by the correlation id of the call that asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.launching import APPS, Stage, set_stage
from tests.office import Office
from tests.world import add_people, counts_agree


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with a policy for Power Apps and three people."""
    await add_people(office, "ada", "bo", "cy")
    made = await set_stage(office)
    await made.policy("powerApps")
    return made


async def undo(stage: Stage, answer: Any) -> Any:
    """Undo a call."""
    correlation = answer.headers["x-correlation-id"]
    return await stage.office.admin.post(f"/api/history/changes/{correlation}/undo")


async def test_a_claim_is_undone_by_the_id_of_its_call(stage: Stage) -> None:
    given = await stage.launch("ada")
    await stage.launch("bo")
    answer = await undo(stage, given)
    assert answer.status_code == 200, answer.text
    assert answer.json()["succeeded"] == 1
    assert await stage.holds("ada") == {}
    assert await stage.holds("bo") == {APPS: (2, 5)}
    assert await counts_agree(stage.office)
    again = await undo(stage, given)
    assert (again.status_code, again.json()["code"]) == (409, "alreadyDecided")
    assert (await stage.launch("ada")).json()["outcome"] == "granted"


async def test_all_claims_of_a_call_with_events_are_undone_together(stage: Stage) -> None:
    events = [
        {"user": f"{name}@contoso.example", "event": "appLaunch", "app": "Premium app"}
        for name in ("ada", "bo", "cy")
    ]
    answer = await stage.gateway.post("/api/launch/events", json={"events": events})
    assert answer.json()["granted"] == 3
    url = f"/api/identity/users/cy@contoso.example/licenses/{APPS}"
    assert (await stage.office.admin.delete(url)).status_code == 204
    assert (await undo(stage, answer)).json()["succeeded"] == 2
    assert [await stage.holds(name) for name in ("ada", "bo", "cy")] == [{}, {}, {}]
    assert await counts_agree(stage.office)


async def test_a_launch_that_gave_nothing_has_nothing_to_undo(stage: Stage) -> None:
    await stage.launch("ada")
    answer = await undo(stage, await stage.launch("ada"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknownChange")

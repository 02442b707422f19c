"""What a launch does when much is named, nothing can be reached, or something ended meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
import structlog

from tests.launching import Stage, set_stage
from tests.office import Office
from tests.world import add_people


@pytest.fixture
async def stage(office: Office) -> Stage:
    """Ada and Bo, and things to launch."""
    await add_people(office, "ada", "bo")
    return await set_stage(office)


async def test_a_process_that_remembers_too_many_names_answers_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.policy("powerApps")
    monkeypatch.setattr("seatwright.app.launch.batch.TARGETS_MAX", 2)
    apps = ("Premium app", "Managed app", "Standard app", "nope")

    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            answers = await asyncio.gather(*(stage.launch("ada", app=app) for app in apps))
            assert [answer.status_code for answer in answers][3] == 404

    assert [line for line in logs if "batch" in line["event"]] == []


async def test_an_event_that_comes_again_says_that_the_account_is_disabled(stage: Stage) -> None:
    await stage.policy("powerApps")
    first = await stage.launch("ada", eventId="one")
    assert first.json()["outcome"] == "granted"
    answer = await stage.office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"accountEnabled": False}
    )
    assert answer.status_code == 200, answer.text

    again = (await stage.launch("ada", eventId="one")).json()

    assert (again["outcome"], again["reason"]) == ("denied", "accountDisabled")


async def test_while_no_connection_is_to_be_had_every_caller_waits_for_one_at_most_twice(
    stage: Stage,
) -> None:
    await stage.policy("powerApps")
    await stage.launch("bo")
    pool = stage.office.database.pool
    pool.timeout = 0.5
    failed = pool.get_stats().get("requests_errors", 0)
    async with AsyncExitStack() as stack:
        for _ in range(pool.max_size):
            await stack.enter_async_context(pool.connection())

        answers = await asyncio.gather(*(stage.launch("ada") for _ in range(40)))

    assert {answer.status_code for answer in answers} == {503}
    assert pool.get_stats()["requests_errors"] - failed <= 2

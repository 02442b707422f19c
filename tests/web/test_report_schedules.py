"""Reports that run by themselves: once each time, late rather than never, as who scheduled them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from seatwright.domain.roles import Role
from tests.office import Office
from tests.reports import tick, work_runs

SCHEDULES = "/api/reports/inventory/schedules"
RUNS = "/api/reports/inventory/runs"
DAILY = {"cadence": "daily", "at": "06:30"}


async def schedule(office: Office, **body: Any) -> dict[str, Any]:
    answer = await office.admin.post(SCHEDULES, json={**DAILY, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def runs(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.admin.get(RUNS)).json()["value"]
    return found


async def look(office: Office, made: dict[str, Any]) -> Any:
    return (await office.admin.get(f"{SCHEDULES}/{made['id']}")).json()


def at(office: Office, moment: str) -> None:
    office.clock.time = datetime.fromisoformat(moment).replace(tzinfo=UTC)


async def test_a_daily_report_runs_when_its_time_comes_and_not_before(office: Office) -> None:
    made = await schedule(office, parameters={"inactiveDays": 30})
    assert (made["timing"], made["nextAt"]) == ("daily at 06:30 UTC", "2026-11-22T06:30:00Z")
    await tick(office)
    assert await runs(office) == []
    at(office, "2026-11-22T06:30")
    await tick(office)
    await tick(office)
    (run,) = await runs(office)
    assert (run["scheduleId"], run["dueAt"]) == (made["id"], "2026-11-22T06:30:00Z")
    assert run["parameters"]["inactiveDays"] == 30
    assert run["requestedBy"]["name"] == "local administrator"
    await work_runs(office)
    assert (await runs(office))[0]["state"] == "completed"
    assert (await look(office, made))["nextAt"] == "2026-11-23T06:30:00Z"


async def test_an_outage_of_a_week_is_followed_by_one_late_run(office: Office) -> None:
    made = await schedule(office)
    at(office, "2026-11-29T12:00")
    await tick(office)
    assert [run["dueAt"] for run in await runs(office)] == ["2026-11-22T06:30:00Z"]
    assert (await look(office, made))["nextAt"] == "2026-11-30T06:30:00Z"


async def test_two_workers_that_tick_at_once_run_it_once(office: Office) -> None:
    for _ in range(3):
        await schedule(office)
    at(office, "2026-11-22T06:31")
    await asyncio.gather(*(tick(office) for _ in range(4)))
    found = await runs(office)
    assert len(found) == 3
    assert len({run["scheduleId"] for run in found}) == 3


async def test_a_schedule_whose_owner_was_revoked_is_paused_and_says_so(office: Office) -> None:
    token = (
        await office.admin.post("/api/tokens", json={"name": "leaver", "roles": ["global-reader"]})
    ).json()
    async with office.client(token["token"]) as leaver:
        made = (await leaver.post(SCHEDULES, json=DAILY)).json()
    assert made["scheduledBy"]["name"] == "leaver"
    assert (await office.admin.delete(f"/api/tokens/{token['id']}")).status_code == 204
    at(office, "2026-11-22T07:00")
    await tick(office)
    assert await runs(office) == []
    paused = await look(office, made)
    assert paused["nextAt"] is None
    assert paused["pausedAt"] == "2026-11-22T07:00:00Z"
    assert "“leaver”, who scheduled this, was revoked." in paused["pauseReason"]
    resumed = await office.admin.patch(f"{SCHEDULES}/{made['id']}", json={"paused": False})
    assert resumed.json()["scheduledBy"]["name"] == "local administrator"
    at(office, "2026-11-23T07:00")
    await tick(office)
    assert len(await runs(office)) == 1


async def test_a_scheduled_run_sees_what_its_owner_may_see_at_that_time(office: Office) -> None:
    reader = await office.as_role(Role.REPORTS_READER)
    path = "/api/reports/unlicensed"
    assert (await reader.post(f"{path}/schedules", json=DAILY)).status_code == 201
    at(office, "2026-11-22T07:00")
    await tick(office)
    await work_runs(office)
    (run,) = (await office.admin.get(f"{path}/runs")).json()["value"]
    assert run["columns"] == ["userId", "displayName"]


async def test_weekly_and_monthly_reports_come_on_their_day(office: Office) -> None:
    weekly = await schedule(office, cadence="weekly", weekday="Monday", at="09:00")
    assert (weekly["timing"], weekly["nextAt"]) == (
        "weekly on monday at 09:00 UTC",
        "2026-11-23T09:00:00Z",
    )
    monthly = await schedule(office, cadence="monthly", monthDay=28, at="00:05")
    assert monthly["nextAt"] == "2026-11-28T00:05:00Z"
    assert (await schedule(office, cadence="monthly"))["monthDay"] == 1


async def test_a_schedule_is_changed_paused_and_deleted_by_its_owner(office: Office) -> None:
    made = await schedule(office)
    path = f"{SCHEDULES}/{made['id']}"
    other = await office.as_role(Role.GLOBAL_READER)
    assert (await other.patch(path, json={"paused": True})).status_code == 403
    assert (await other.delete(path)).status_code == 403
    changed = await office.admin.patch(path, json={"cadence": "weekly", "weekday": "friday"})
    assert changed.json()["timing"] == "weekly on friday at 06:30 UTC"
    changed = await office.admin.patch(path, json={"at": "07:45", "workbook": True})
    assert changed.json()["timing"] == "weekly on friday at 07:45 UTC"
    assert changed.json()["workbook"] is True
    paused = (await office.admin.patch(path, json={"paused": True})).json()
    assert paused["pauseReason"] == "Paused by hand."
    at(office, "2027-01-01T00:00")
    await tick(office)
    assert await runs(office) == []
    assert [one["id"] for one in (await office.admin.get(SCHEDULES)).json()["value"]] == [
        made["id"]
    ]
    assert (await office.admin.delete(path)).status_code == 204
    assert (await office.admin.get(path)).json()["code"] == "unknownReportSchedule"


async def test_runs_stay_when_their_schedule_goes(office: Office) -> None:
    made = await schedule(office)
    at(office, "2026-11-22T07:00")
    await tick(office)
    await work_runs(office)
    assert (await office.admin.delete(f"{SCHEDULES}/{made['id']}")).status_code == 204
    (run,) = await runs(office)
    assert (run["scheduleId"], run["state"]) == (None, "completed")


async def test_schedules_are_in_the_history(office: Office) -> None:
    made = await schedule(office)
    at(office, "2026-11-22T07:00")
    await tick(office)
    await office.admin.delete(f"{SCHEDULES}/{made['id']}")
    page = await office.admin.get("/api/identity/licenses/assignment-history?kind=all")
    actions = [row["action"] for row in page.json()["value"]]
    assert [one for one in actions if one.startswith("report")] == [
        "reportUnscheduled",
        "reportRun",
        "reportScheduled",
    ]


async def test_a_schedule_that_cannot_be_is_refused(office: Office) -> None:
    for body, words in (
        ({"cadence": "hourly", "at": "06:30"}, "give one of daily, weekly, monthly"),
        ({"cadence": "daily", "at": "6:30"}, "give a time of day in UTC such as 06:30"),
        ({"cadence": "daily", "at": "24:00"}, "give a time of day"),
        ({"cadence": "daily", "at": "06:30", "weekday": "monday"}, "goes with the cadence weekly"),
        ({"cadence": "weekly", "at": "06:30", "weekday": "someday"}, "give one of monday"),
        ({"cadence": "monthly", "at": "06:30", "monthDay": 31}, "give 1 to 28"),
        ({"cadence": "daily", "at": "06:30", "parameters": {"x": 1}}, "has no parameter “x”"),
    ):
        answer = await office.admin.post(SCHEDULES, json=body)
        assert answer.status_code == 400, answer.text
        assert words in answer.json()["detail"]

"""Events in batches, and what a reverse proxy is answered."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from seatwright.domain.roles import Role
from tests.launching import APPS, FIELDS, Stage, set_stage
from tests.office import Office
from tests.world import add_people, counts_agree, set_seats


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with a policy for Power Apps and thirty people."""
    await add_people(office, *(f"p{number:02}" for number in range(30)))
    made = await set_stage(office, seats=10)
    await made.policy("powerApps")
    return made


def opens(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "user": f"{name}@contoso.example",
        "event": "appLaunch",
        "app": "Premium app",
        **fields,
    }


async def test_each_event_of_a_batch_has_its_own_outcome(stage: Stage) -> None:
    events = [opens(f"p{number:02}", eventId=f"e{number}") for number in range(12)]
    events += [opens("p00", eventId="e0"), opens("p00"), opens("nobody"), {"event": "dance"}]
    answer = await stage.gateway.post("/api/launch/events", json={"events": events})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    rows = body.pop("value")
    assert body == {
        "total": 16,
        "granted": 10,
        "alreadyEntitled": 2,
        "denied": 4,
        "repeated": 1,
    }
    assert [row["outcome"] for row in rows[:12]] == ["granted"] * 10 + ["denied"] * 2
    assert [row["reason"] for row in rows[10:]] == [
        *("noSeatLeft", "noSeatLeft", None, None),
        *("unknownUser", "invalidValue"),
    ]
    assert all(set(row) == FIELDS | {"eventId", "isRepeated"} for row in rows)
    assert [row["isRepeated"] for row in rows[12:14]] == [True, False]
    assert await counts_agree(stage.office)


async def test_a_batch_that_is_sent_again_is_not_taken_again(stage: Stage) -> None:
    events = [opens(f"p{number:02}", eventId=f"e{number}") for number in range(12)]
    await stage.gateway.post("/api/launch/events", json={"events": events})
    answer = await stage.gateway.post("/api/launch/events", json={"events": events})
    assert answer.json()["repeated"] == 12
    assert Counter(row["outcome"] for row in answer.json()["value"]) == {
        "alreadyEntitled": 10,
        "denied": 2,
    }
    await set_seats(stage.office, APPS, 12)
    again = await stage.gateway.post("/api/launch/events", json={"events": events})
    assert again.json()["denied"] == 2
    assert await stage.count("select count(*) from claim") == 10


async def test_ten_thousand_events_are_enough_for_one_call(stage: Stage) -> None:
    events = [opens("p00")] * 10_000
    answer = await stage.gateway.post("/api/launch/events", json={"events": events})
    assert answer.json()["granted"] == 1
    assert answer.json()["alreadyEntitled"] == 9_999
    refused = await stage.gateway.post("/api/launch/events", json={"events": [*events, events[0]]})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert "10001" in refused.json()["detail"]


async def test_people_send_no_events(stage: Stage) -> None:
    person = await stage.office.as_role(Role.PERSON)
    answer = await person.post("/api/launch/events", json={"events": []})
    assert (answer.status_code, answer.json()["code"]) == (403, "roleMissing")


async def authorize(stage: Stage, name: str | None, **query: str) -> httpx.Response:
    headers = {} if name is None else {"x-seatwright-user": f"{name}@contoso.example"}
    params = query or {"app": "Premium app"}
    return await stage.gateway.get("/api/launch/authorize", params=params, headers=headers)


async def test_a_proxy_reads_the_verdict_in_the_headers(stage: Stage) -> None:
    first, again = [await authorize(stage, "p00") for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.headers["x-seatwright-outcome"] == "granted"
    assert again.headers["x-seatwright-outcome"] == "alreadyEntitled"
    assert again.headers["x-seatwright-user"] == "p00@contoso.example"
    assert again.headers["x-seatwright-sku"] == APPS


async def test_a_proxy_is_told_403_and_where_to_ask_whatever_the_cause(stage: Stage) -> None:
    await set_seats(stage.office, APPS, 0)
    for name, app, reason in (
        ("p00", "Premium app", "noSeatLeft"),
        ("p00", "Standard app", "notPremium"),
        ("nobody", "Premium app", "unknownUser"),
        ("p00", "No such app", "unknownApp"),
        ("p" * 300, "Premium app", "invalidValue"),
        ("p00", " ", "invalidValue"),
        ("p00", None, "invalidValue"),
    ):
        query = {"environment": "Default"} if app is None else {"app": app}
        answer = await authorize(stage, name, **query)
        assert answer.status_code == 403
        assert answer.headers["x-seatwright-reason"] == reason
    asked = await authorize(stage, "p00")
    assert asked.headers["x-seatwright-request-url"].startswith("http://127.0.0.1:8080/requests/")
    async with stage.office.client("wrong") as stranger:
        answer = await stranger.get("/api/launch/authorize", params={"app": "Premium app"})
        assert answer.status_code == 401
    async with await stage.office.as_role(Role.GLOBAL_READER) as reader:
        answer = await reader.get("/api/launch/authorize", params={"app": "Premium app"})
        assert answer.status_code == 403
        assert answer.headers["x-seatwright-reason"] == "roleMissing"

"""`$batch`: many calls in one, each a transaction of its own."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.web.graph.batch import STEPS_MAX
from tests.office import Office
from tests.web.graph.desk import error_of

Steps = list[dict[str, Any]]


async def _batch(office: Office, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await office.admin.post("/v1.0/$batch", json={"requests": list(steps)})
    assert answer.status_code == 200, answer.text
    responses: list[dict[str, Any]] = answer.json()["responses"]
    return responses


def _get(id_: object, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "method": "GET", "url": url, **more}


def _rename(id_: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "method": "POST",
        "url": "/things/x/rename",
        "headers": {"Content-Type": "application/json"},
        "body": {"displayName": name},
        **more,
    }


@pytest.mark.parametrize(
    "url",
    [
        "/things/a%40b",
        "things/a@b",
        "/v1.0/things/a@b",
        "v1.0//Things('a@b')",
        "http://graph.microsoft.com/v1.0/things/a%40b?%24select=id",
        "https://localhost/beta/things/a@b?$select=id",
        "/things//a@b",
    ],
)
async def test_a_step_is_found_however_its_url_is_written(tried: Office, url: str) -> None:
    (one,) = await _batch(tried, _get("1", url))
    assert one["status"] == 200, one
    assert one["body"]["key"] == "a@b"
    assert one["headers"]["Content-Type"] == "application/json"


async def test_numbers_as_ids_are_answered_as_text(tried: Office) -> None:
    one, two = await _batch(tried, _get(7, "/things/a"), _get("b", "/things/b", dependsOn=[7]))
    assert (one["id"], two["id"]) == ("7", "b")
    assert two["status"] == 200


async def test_each_step_is_a_transaction_of_its_own(tried: Office) -> None:
    first, second, third = await _batch(
        tried, _rename("1", "first"), _rename("2", "refused"), _get("3", "/nothing")
    )
    assert first["status"] == 204
    assert "body" not in first
    assert second["status"] == 400
    assert second["body"]["error"]["details"][0]["code"] == "noSeatLeft"
    assert third["status"] == 404
    async with tried.database.transaction(tried.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select name from tenant")
        assert await cursor.fetchone() == ("first",)


async def test_a_step_runs_after_what_it_depends_on_wherever_it_is_written(tried: Office) -> None:
    answers = await _batch(
        tried, _rename("last", "second", dependsOn=["first"]), _rename("first", "first")
    )
    assert [one["id"] for one in answers] == ["first", "last"]
    async with tried.database.transaction(tried.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select name from tenant")
        assert await cursor.fetchone() == ("second",)


async def test_what_depends_on_a_failed_step_is_424_to_the_end_of_the_chain(tried: Office) -> None:
    answers = await _batch(
        tried,
        _rename("a", "refused"),
        _rename("b", "never", dependsOn=["a"]),
        _rename("c", "never", dependsOn=["b"]),
        _get("d", "/things/x"),
    )
    assert {one["id"]: one["status"] for one in answers} == {"a": 400, "b": 424, "c": 424, "d": 200}
    assert answers[1]["body"]["error"]["code"] == "FailedDependency"


async def test_names_in_a_batch_are_read_in_any_case_and_strangers_are_ignored(
    tried: Office,
) -> None:
    step = {
        "ID": "1",
        "Method": "post",
        "Url": "/things/body",
        "HEADERS": {"content-TYPE": "application/json"},
        "Body": {"Name": 1},
        "depends_on": [],
        "atomicityGroup": "g",
    }
    (one,) = await _batch(tried, step)
    assert one["body"] == {"name": 1}


async def test_a_steps_own_headers_count(tried: Office) -> None:
    answer = await tried.admin.post(
        "/v1.0/$batch",
        json={"requests": [_get("1", "/things/level", headers={"consistencyLEVEL": "eventual"})]},
        headers={"ConsistencyLevel": "outer"},
    )
    assert answer.json()["responses"][0]["body"]["level"] == "eventual"


MALFORMED: list[Any] = [
    None,
    [],
    {},
    ["x"],
    [_get("1", "/x"), _get("1", "/y")],
    [_get(1, "/x"), _get("1", "/y")],
    [_get(str(number), "/x") for number in range(STEPS_MAX + 1)],
    [_get("", "/x")],
    [_get(None, "/x")],
    [_get(True, "/x")],
    [{"id": "1", "url": "/x"}],
    [_get("1", "")],
    [{"id": "1", "method": "TRACE", "url": "/x"}],
    [_get("1", "/x", dependsOn=["2"])],
    [_get("1", "/x", dependsOn=["1"])],
    [_get("1", "/x", dependsOn=["2"]), _get("2", "/x", dependsOn=["1"])],
    [_get("1", "/x", dependsOn="2")],
    [_get("1", "/x", headers=[])],
]


async def test_a_batch_that_cannot_be_run_as_written_is_400(tried: Office) -> None:
    for requests in MALFORMED:
        answer = await tried.admin.post("/v1.0/$batch", json={"requests": requests})
        assert answer.status_code == 400, requests
        assert error_of(answer)["code"] == "Request_BadRequest"


async def test_twenty_steps_are_not_too_many(tried: Office) -> None:
    answers = await _batch(tried, *(_get(number, "/things/x") for number in range(STEPS_MAX)))
    assert {one["status"] for one in answers} == {200}


async def test_a_batch_in_a_batch_is_refused_as_a_step(tried: Office) -> None:
    step = _rename("1", "in vain", url="/$batch")
    (one,) = await _batch(tried, step)
    assert one["status"] == 400


async def test_plain_text_is_the_body_of_a_step(tried: Office) -> None:
    (one,) = await _batch(tried, _get("1", "/things/text"))
    assert one["body"] == 42


async def test_a_batch_without_a_token_is_401(tried: Office) -> None:
    answer = await tried.client(None).post("/v1.0/$batch", json={"requests": [_get(1, "/x")]})
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "InvalidAuthenticationToken"


async def test_a_batch_is_posted(tried: Office) -> None:
    answer = await tried.admin.get("/beta/$batch")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"

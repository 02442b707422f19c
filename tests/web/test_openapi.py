"""The description of the API: valid, complete, strict, and true of every route."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from seatwright.app.launch.desk import LaunchDesk
from seatwright.postgres.pool import Database
from seatwright.settings import OffsetClock
from seatwright.web.launch import LaunchDoor
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.descriptions import ALSO_ANSWERS, ALSO_ASKS, ALSO_TAKES, PARAMETERS, TAGS
from seatwright.web.rest.doors import doors_of
from seatwright.web.rest.openapi import describe
from tests.launching import FIELDS
from tests.office import Office

BARE = {"POST /api/launch", "POST /api/launch/events"}
"""Answered without what the edge adds: a launch is repeated by person and product anyway."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return describe(create_rest_application())


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_valid_openapi(described: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(described).validate()
    assert described["openapi"].startswith("3.1")


def test_every_door_is_described_and_nothing_else(described: dict[str, Any]) -> None:
    doors = {f"{door.method} {door.path}" for door in doors_of(create_rest_application())}
    assert {name for name, _ in operations(described)} == doors


def test_every_operation_has_a_name_words_and_a_tag_of_its_own(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(names) == len(set(names))
    for name, operation in operations(described):
        assert operation["summary"], name
        assert not operation["description"].startswith("\n"), f"{name} has no docstring"
        assert set(operation["tags"]) <= set(TAGS), f"{name}: describe its tag in TAGS"


def test_every_parameter_is_described(described: dict[str, Any]) -> None:
    missing = {
        f"{name}: {parameter['name']}"
        for name, operation in operations(described)
        for parameter in operation["parameters"]
        if not parameter["description"]
    }
    assert missing == set(), "describe them in PARAMETERS"


def test_every_word_in_the_tables_is_used(described: dict[str, Any]) -> None:
    used = {p["name"] for _, operation in operations(described) for p in operation["parameters"]}
    assert {name.rpartition(".")[2] for name in PARAMETERS} - used == set()
    functions = {door.handler.handler_name for door in doors_of(create_rest_application())}
    assert {*ALSO_ANSWERS, *ALSO_ASKS, *ALSO_TAKES} <= functions
    assert {name.partition(".")[0] for name in PARAMETERS if "." in name} <= functions


def test_every_refusal_is_problem_json_and_every_call_may_be_refused(
    described: dict[str, Any],
) -> None:
    for name, operation in operations(described):
        responses = operation["responses"]
        assert {"401", "403", "503"} <= set(responses), name
        for status, response in responses.items():
            if int(status) >= 400:
                shared = described["components"]["responses"][response["$ref"].rpartition("/")[2]]
                assert list(shared["content"]) == ["application/problem+json"], name
        if "post" in name.lower().split()[0]:
            expected = {"400", "409"} if name in BARE else {"400", "409", "422"}
            assert expected <= set(responses), name


def test_bodies_are_strict_and_answers_are_open(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for name, operation in operations(described):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            # A body that may be left out is described beside null.
            shapes = [one for one in schema.get("anyOf", [schema]) if one != {"type": "null"}]
            names = [one["$ref"].rpartition("/")[2] for one in shapes]
            assert names, name
            for reference in names:
                assert schemas[reference]["additionalProperties"] is False, name


def test_writing_calls_take_an_idempotency_key_and_reading_ones_do_not(
    described: dict[str, Any],
) -> None:
    for name, operation in operations(described):
        has_key = any(p["name"] == "Idempotency-Key" for p in operation["parameters"])
        assert has_key == (not name.startswith("GET ") and name not in BARE), name


def test_what_is_answered_before_the_edge_is_described_as_it_is_answered(
    described: dict[str, Any],
) -> None:
    doors = [door for door in doors_of(create_rest_application()) if door.is_bare]
    assert {f"{door.method} {door.path}" for door in doors} == {*BARE, "GET /api/launch/authorize"}
    desk = LaunchDesk(Database("postgresql://"), clock=OffsetClock(), public_url="")
    assert {door.path for door in doors} == LaunchDoor(desk).paths
    schemas = described["components"]["schemas"]
    for door in doors:
        operation = described["paths"][door.path][door.method.lower()]
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert names & {"Idempotency-Key", "If-Match", "preview"} == set()
        assert {"200", "400", "401", "403", "404", "409"} <= set(operation["responses"])
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        fields = set(schemas[shape.rpartition("/")[2]]["properties"])
        assert fields >= (FIELDS if door.path != "/api/launch/events" else {"total", "value"})


async def test_it_is_served_to_anyone_with_the_security_it_asks_for(office: Office) -> None:
    answer = await office.client(None).get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["security"] == [{"token": []}]
    assert body["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


async def test_a_method_that_a_path_does_not_answer_is_told_which_it_does(office: Office) -> None:
    for path, methods in (
        ("/api/tokens", "GET, HEAD, POST"),
        ("/api/identity/licenses/assignment-history", "GET, HEAD"),
    ):
        answer = await office.admin.put(path, json={})
        assert answer.status_code == 405
        assert answer.headers["allow"] == methods
        assert answer.json()["code"] == "methodNotAllowed"
        assert (await office.admin.options(path)).headers["allow"] == methods


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("serch=ada", "“serch”, which means nothing here"),
        ("limit=1&limit=2", "“limit” twice"),
        ("limit=null", "limit is “null”"),
        ("&".join(f"a{n}=" for n in range(101)), "more than 100"),
    ],
)
async def test_a_query_that_the_route_does_not_know_is_refused(
    office: Office, query: str, words: str
) -> None:
    answer = await office.admin.get(f"/api/identity/users?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidValue"
    assert words in answer.json()["detail"]

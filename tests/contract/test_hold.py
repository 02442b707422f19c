"""The layer that holds Graph's answers: every route has a schema, and a wrong answer fails."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.web.graph.routes import GRAPH_ROUTES
from tests.contract.hold import (
    HeldToContract,
    NotAsAgreedError,
    hold,
    segments_of,
    template_of,
)
from tests.contract.schemas import contract

ID = "11111111-1111-4111-8111-111111111111"
CONTEXT = "http://h/v1.0/$metadata#users"
USER = {"@odata.type": "#microsoft.graph.user", "id": ID}
DELTA = f"http://h/v1.0/users/delta?$deltatoken={ID}"

RIGHT: list[tuple[str, str, int, Any]] = [
    ("GET", "users", 200, {"@odata.context": CONTEXT, "value": [{"id": ID}]}),
    ("GET", f"users/{ID}", 200, {"@odata.context": CONTEXT, "id": ID, "manager": USER}),
    ("GET", f"users('{ID}')/Manager", 200, {"@odata.context": CONTEXT, **USER}),
    ("DELETE", f"users/{ID}", 204, None),
    ("GET", "users/$count", 200, 7),
    ("GET", f"groups/{ID}/members", 200, {"@odata.context": CONTEXT, "value": [USER]}),
    (
        "GET",
        "users/microsoft.graph.delta",
        200,
        {
            "@odata.context": CONTEXT,
            "@odata.deltaLink": DELTA,
            "value": [{"id": ID}, {"id": ID, "@removed": {"reason": "changed"}}],
        },
    ),
    (
        "GET",
        "nowhere",
        404,
        {
            "error": {
                "code": "Request_BadRequest",
                "message": "m",
                "details": [{"code": "c", "message": "m"}],
                "innerError": {
                    "date": "2026-11-21T09:00:00",
                    "request-id": ID,
                    "client-request-id": "x",
                },
            }
        },
    ),
]

pytestmark = pytest.mark.skipif(contract() is None, reason="the contract is not at hand")


def test_every_route_has_a_schema_for_what_it_answers() -> None:
    found = contract()
    assert found is not None
    lacking = []
    for route in GRAPH_ROUTES:
        template = template_of(segments_of(route.path))
        if template is None or route.method not in found.paths[template]:
            lacking.append((route.method, route.path))
    assert lacking == []


@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_a_right_answer_passes_and_one_member_more_at_any_depth_fails(number: int) -> None:
    method, path, status, body = RIGHT[number]
    hold(method, path, status, body)
    for place in _objects(body):
        wrong = copy.deepcopy(body)
        _at(wrong, place)["stranger"] = 1
        with pytest.raises(NotAsAgreedError):
            hold(method, path, status, wrong)


def _objects(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there are objects in a body."""
    if isinstance(node, dict):
        inner = [one for key, value in node.items() for one in _objects(value, (*place, key))]
        return [place, *inner]
    if isinstance(node, list):
        return [one for at, value in enumerate(node) for one in _objects(value, (*place, at))]
    return []


def _at(node: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        node = node[step]
    return node


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "users", 200, {"value": []}),
        ("GET", "users", 201, {"@odata.context": CONTEXT, "value": []}),
        ("GET", "planets", 200, {"@odata.context": CONTEXT, "value": []}),
        ("GET", f"users/{ID}/manager", 200, {"@odata.context": CONTEXT, "id": ID}),
        ("GET", "users/$count", 200, -1),
        ("PATCH", f"users/{ID}", 204, {}),
        ("GET", "users/delta", 200, {"@odata.context": CONTEXT, "value": []}),
        (
            "GET",
            "users",
            200,
            {"@odata.context": CONTEXT, "@odata.nextLink": "/users?$skiptoken=x", "value": []},
        ),
        ("GET", "users", 500, {"error": {"code": "x", "message": "m"}}),
    ],
)
def test_a_wrong_answer_fails(method: str, path: str, status: int, body: Any) -> None:
    with pytest.raises(NotAsAgreedError):
        hold(method, path, status, body)


async def test_the_layer_holds_what_a_batch_answers_step_by_step() -> None:
    body = b'{"responses":[{"id":"1","status":200,"headers":{},"body":{"surprise":1}}]}'
    headers = [
        (b"content-type", b"application/json"),
        *((name, b"x") for name in (b"request-id", b"client-request-id", b"odata-version")),
    ]

    async def app(_: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    held = HeldToContract(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=held)) as client:
        steps = [{"id": "1", "method": "GET", "url": "/organization"}]
        with pytest.raises(NotAsAgreedError):
            await client.post("http://h/v1.0/$batch", json={"requests": steps})
    assert len(held.faults) == 1


def test_no_test_makes_an_app_calls_graph_and_goes_round_the_layer() -> None:
    making = re.compile(r"\bassemble_web_app\(|\bGraphApplication\(")
    calling = re.compile(r"/v1\.0|/beta\b|/oauth2/v2\.0")
    tests = Path(__file__).parents[1]
    round_it = []
    for file in tests.rglob("*.py"):
        text = file.read_text()
        if making.search(text) and calling.search(text) and "HeldToContract(" not in text:
            round_it.append(str(file.relative_to(tests)))
    # What it makes is put into an office, which holds it.
    assert round_it == ["web/graph/test_more_scenarios.py"]

"""Ten thousand malformed batches and sign-ins: each is read, or refused in its own form."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from seatwright.web.graph.batch import STEPS_MAX, steps_of
from seatwright.web.graph.envelope import GraphError
from seatwright.web.graph.request import Sent
from seatwright.web.graph.sign_in_errors import SignInError
from seatwright.web.graph.token_request import token_request_of

SEED = 20261121
ROUNDS = 10_000

ATOMS: list[Any] = [
    None, True, False, 0, -1, 10**30, 1.5, "", "1", "\x00", "é", "POST", "get", "TRACE", [], {},
    "/users", "users('", "http://[", "http://a:b/v1.0/x", "https://graph.microsoft.com/beta/x?a=1",
    "%", "%ff", "?$top=1&$top=1", "/$batch", "//", "(((", "x" * 3000, ["1"], [[]], {"a": {"a": []}},
    {"Content-Type": 1}, {"ConsistencyLevel": None}, "/" * 500,
]  # fmt: skip
NAMES = ["id", "method", "url", "headers", "body", "dependsOn", "ID", "requests", "x"]


def _outer(content: bytes) -> Sent:
    sent = Sent(
        method="POST",
        version="v1.0",
        path="/$batch",
        headers={},
        origin="http://h",
        content=content,
    )
    return sent.at("$batch", "")


def _value(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(6)
    if depth > 2 or kind < 4:
        return draw.choice(ATOMS)
    if kind == 4:
        return [_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(NAMES): _value(draw, depth + 1) for _ in range(draw.randrange(6))}


def test_every_malformed_batch_is_read_or_refused() -> None:
    draw = random.Random(SEED)
    read, statuses = 0, set()
    for _ in range(ROUNDS):
        steps = []
        for number in range(draw.randrange(STEPS_MAX + 3)):
            step: dict[str, Any] = {"id": str(number), "method": "GET", "url": "/users"}
            if draw.random() < 0.2:
                step[draw.choice(NAMES)] = _value(draw)
            steps.append(step)
        content = msgspec.json.encode({"requests": steps})
        if draw.random() < 0.2:
            at = draw.randrange(len(content))
            content = content[:at] + draw.randbytes(2) + content[at + 1 :]
        try:
            found = steps_of(_outer(content))
        except GraphError as error:
            statuses.add(error.status)
            continue
        read += 1
        assert 1 <= len(found) <= STEPS_MAX
        assert len({step.id for step in found}) == len(found)
    assert statuses == {400}
    assert read > ROUNDS / 20


def test_every_malformed_sign_in_is_read_or_refused() -> None:
    draw = random.Random(SEED)
    names = ["grant_type", "client_id", "client_secret", "scope", "x", "%", "\x00"]
    values = [
        "client_credentials", "https://graph.microsoft.com/.default", "%zz", "", "a b", "\x00", "é",
        "c0ffee00-0000-4000-8000-000000000000", "x" * 2000, "sws_x", "+", "&", "=", "/.default",
    ]  # fmt: skip
    read, statuses = 0, set()
    for _ in range(ROUNDS):
        good = "grant_type=client_credentials&client_id=c0ffee00-0000-4000-8000-000000000000"
        form = f"{good}&client_secret=x&scope=y/.default" if draw.random() < 0.5 else ""
        for _ in range(draw.randrange(3)):
            form += f"&{draw.choice(names)}={draw.choice(values)}"
        content = form.encode() + (draw.randbytes(3) if draw.random() < 0.2 else b"")
        basic = draw.choice(["", "", "Basic eDp5", "Basic ====", "Basic /////w==", "Bearer x"])
        try:
            asked = token_request_of(content, {"authorization": basic} if basic else {})
        except SignInError as error:
            statuses.add(error.status)
            continue
        read += 1
        assert asked.audience is not None
        assert "client_secret" not in repr(asked)
    assert statuses == {400, 401}
    assert read > ROUNDS / 20

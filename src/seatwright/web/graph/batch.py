"""`POST /$batch`: up to 20 calls in one (`entra-graph.md` §2.11).

Each step is a call like any other, in a transaction of its own and by whoever sent the batch; a
step that fails undoes no other. Steps wait for what they depend on, and run one after another
otherwise too: twenty calls of one script take one connection, not twenty.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import GraphError, bad_request
from seatwright.web.graph.request import UNREADABLE, JsonObject, Sent, json_answer
from seatwright.web.graph.routing import VERSIONS

STEPS_MAX: Final = 20
ID_LENGTH_MAX: Final = 128
METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})

_FAILED: Final = GraphError(
    424,
    "FailedDependency",
    "The step was not run, because a step that it depends on failed.",
    reason="failedDependency",
)


Runner = Callable[[Sent], Awaitable[Answer]]
"""What runs one step: the edge, by whoever sent the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a batch; `after` are the ids of the steps that must have succeeded."""

    id: str
    sent: Sent
    after: tuple[str, ...]


def is_batch(sent: Sent) -> bool:
    """Whether a call is a batch."""
    return tuple(segment.casefold() for segment in sent.segments) == ("$batch",)


def steps_of(sent: Sent) -> tuple[Step, ...]:
    """The steps of a batch in an order in which each comes after what it depends on.

    Raises GraphError Request_BadRequest for a batch that cannot be run as it is written.
    """
    try:
        body = msgspec.json.decode(sent.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request(UNREADABLE) from None
    requests = _member(body, "requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise bad_request("Write request content is missing: 'requests' must be a list of calls.")
    if len(requests) > STEPS_MAX:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {STEPS_MAX}."
        )
    steps = [_step(one, sent) for one in requests]
    if len({step.id for step in steps}) < len(steps):
        raise bad_request("Request ids must be unique within a batch.")
    return _in_order(steps)


def _member(holder: Mapping[str, Any], name: str) -> Any:
    """A member by its name, whatever the case."""
    return next((value for key, value in holder.items() if key.casefold() == name), None)


def _step(one: object, outer: Sent) -> Step:
    if not isinstance(one, dict):
        raise bad_request("Every request of a batch must be an object.")
    id_ = _id(_member(one, "id"))
    method = _member(one, "method")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise bad_request(f"The request '{id_}' has no method: give one of {_listed(METHODS)}.")
    url = _member(one, "url")
    if not isinstance(url, str) or not url.strip():
        raise bad_request(f"The request '{id_}' has no url.")
    headers, body = _headers(_member(one, "headers"), id_), _member(one, "body")
    if body is not None and not headers.get("content-type", "").strip():
        # As Graph says it (BAT-002): libraries look for this sentence.
        raise bad_request(f"Write request id : {id_} does not contain Content-Type header or body.")
    sent = replace(
        _located(url.strip(), outer),
        method=method.upper(),
        headers=headers,
        content=_content(body),
    )
    return Step(id=id_, sent=sent, after=_after(_member(one, "dependson"), id_))


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _id(value: object) -> str:
    """The id of a step: text, or a number, as the CLI for Microsoft 365 sends it."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    text = str(value) if is_number or isinstance(value, str) else ""
    if not text or len(text) > ID_LENGTH_MAX:
        raise bad_request(
            f"Every request of a batch needs an id: text of 1 to {ID_LENGTH_MAX} characters."
        )
    return text


def _after(value: object, id_: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= STEPS_MAX:
        return tuple(dict.fromkeys(_id(one) for one in value))
    raise bad_request(f"'dependsOn' of the request '{id_}' must be a list of ids.")


def _located(url: str, outer: Sent) -> Sent:
    """Where a step goes: its URL is relative, with its version, or absolute on any host.

    What is wrong with it is the step's own answer and not the batch's.
    """
    try:
        split = urlsplit(url)
    except ValueError:
        return replace(outer, fault=bad_request("The url of the request cannot be read."))
    path = split.path.lstrip("/")
    head, _, rest = path.partition("/")
    version, path = (head.casefold(), rest) if head.casefold() in VERSIONS else ("", path)
    step = replace(outer, version=version or outer.version, path=f"/{path}", options={})
    located = step.at(path, split.query)
    if is_batch(located):
        return replace(located, fault=bad_request("A batch cannot contain another batch."))
    return located


def _headers(value: object, id_: str) -> Mapping[str, str]:
    """A step's own headers; the outer ones say nothing about it (BAT-002)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"'headers' of the request '{id_}' must be an object.")
    return {str(name).casefold(): str(text) for name, text in value.items()}


def _content(body: object) -> bytes:
    return b"" if body is None else msgspec.json.encode(body)


def _in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps as they are written, but each after those it depends on."""
    ids = {step.id for step in steps}
    for step in steps:
        unknown = [one for one in step.after if one not in ids]
        if unknown:
            raise bad_request(
                f"The request '{step.id}' depends on '{unknown[0]}', which is not in the batch."
            )
    ordered: dict[str, Step] = {}
    while len(ordered) < len(steps):
        ready = [one for one in steps if one.id not in ordered and ordered.keys() >= {*one.after}]
        if not ready:
            raise bad_request("The requests of the batch depend on each other in a circle.")
        ordered[ready[0].id] = ready[0]
    return tuple(ordered.values())


async def run_batch(
    steps: Sequence[Step], run: Runner, *, refuse: Callable[[GraphError], Answer]
) -> Answer:
    """Run the steps; 200 with an answer for each, whatever they came to (BAT-004, BAT-007).

    `refuse` dresses an error as the edge does.
    """
    answers: dict[str, Answer] = {}
    for step in steps:
        # An answer of 3xx never comes from here.
        is_stopped = any(answers[one].status >= 400 for one in step.after)
        answers[step.id] = refuse(_FAILED) if is_stopped else await run(step.sent)
    return json_answer({"responses": [_shape(id_, one) for id_, one in answers.items()]})


def _shape(id_: str, answer: Answer) -> JsonObject:
    headers = {_title(name): value.decode("latin-1") for name, value in answer.headers}
    shape: JsonObject = {"id": id_, "status": answer.status, "headers": headers}
    if answer.body:
        shape["body"] = _body(answer, headers)
    return shape


def _title(name: bytes) -> str:
    """A header's name as Graph writes it in batches: clients read them in any case."""
    text = name.decode("latin-1")
    known = {"odata-version": "OData-Version", "request-id": "request-id"}
    return known.get(text, "-".join(word.capitalize() for word in text.split("-")))


def _body(answer: Answer, headers: Mapping[str, str]) -> Any:
    if headers.get("Content-Type", "").startswith("application/json"):
        return msgspec.Raw(answer.body)
    if headers.get("Content-Type", "").startswith("text/plain"):
        text = answer.body.decode("utf-8")
        return int(text) if text.isascii() and text.isdigit() else text
    return base64.b64encode(answer.body).decode("ascii")

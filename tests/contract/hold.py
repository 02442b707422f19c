"""A layer around the app that fails a test whose Graph answer is not what its schema says.

It is wrapped around every app that tests make, so that no test goes round it. Where Microsoft's
contract is not at hand, answers pass.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import jsonschema
from litestar.types import ASGIApp, Message

from tests.contract.schemas import TEXT, contract, validator_named, validator_of

TRIED: Final = "things"
"""The first segment of the routes that tests of the surface itself are tried with."""

ERROR: Final = "microsoft.graph.ODataErrors.ODataError"
SIGN_IN_ERROR: Final = "oauth.error"

_VERSIONS: Final = ("v1.0", "beta")
_SIGN_IN: Final = re.compile(
    r"/+[^/]{1,255}/+(oauth2/v2\.0/token|v2\.0/\.well-known/openid-configuration"
    r"|discovery/v2\.0/keys|discovery/instance)/?",
    re.IGNORECASE,
)
_CALL: Final = re.compile(r"([\w.$]+)\((.*)\)", re.DOTALL)
_HEADERS: Final = ("request-id", "client-request-id", "odata-version")


class NotAsAgreedError(AssertionError):
    """An answer that its schema does not have."""


class HeldToContract:
    """The app, with what it answers looked at; `faults` are for those who call from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app: Any = app
        self.faults: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one call, and raise NotAsAgreedError where its answer is not as agreed."""
        surface = None if scope["type"] != "http" else _surface(scope["path"])
        if surface is None or contract() is None:
            await self.app(scope, receive, send)
            return
        # The app makes GET of HEAD in the scope itself.
        answer, method = _Answer(), scope["method"]

        async def heard() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                answer.asked += message.get("body", b"")
            return message

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {
                    name.decode("latin-1").casefold(): value.decode("latin-1")
                    for name, value in message["headers"]
                }
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")
            await send(message)

        await self.app(scope, heard, told)
        if answer.status == 0:
            return
        raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        try:
            surface(method, raw.partition("?")[0], answer)
        except AssertionError as fault:
            self.faults.append(str(fault))
            raise


class _Answer:
    """What went over the wire."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.asked = b""


def _surface(path: str) -> Any:
    if path.lstrip("/").partition("/")[0].casefold() in _VERSIONS:
        return _hold_graph
    return _hold_sign_in if _SIGN_IN.fullmatch(path) else None


def _hold_graph(method: str, path: str, answer: _Answer) -> None:
    missing = [name for name in _HEADERS if name not in answer.headers]
    if missing:
        raise NotAsAgreedError(f"{method} {path}: no header {missing}")
    if method == "HEAD":
        return
    _, _, rest = path.lstrip("/").partition("/")
    kind = answer.headers.get("content-type", "")
    body: Any = None
    if answer.body:
        body = json.loads(answer.body) if kind.startswith("application/json") else answer.body
    if isinstance(body, bytes):
        body = _counted(method, path, kind, body)
    hold(method, rest, answer.status, body)
    if segments_of(rest) == ("$batch",) and answer.status == 200:
        _hold_steps(answer.asked, body["responses"])


def _counted(method: str, path: str, kind: str, body: bytes) -> int:
    text = body.decode()
    if not (kind.startswith(TEXT) and text.isascii() and text.isdigit()):
        raise NotAsAgreedError(f"{method} {path}: neither JSON nor a count, but {kind}")
    return int(text)


def _hold_steps(asked: bytes, answers: list[dict[str, Any]]) -> None:
    """Every answer in a batch is held like one alone."""
    steps = {}
    for one in next(v for k, v in json.loads(asked).items() if k.casefold() == "requests"):
        # Of members that differ in case the first counts.
        step = {key.casefold(): value for key, value in reversed(one.items())}
        steps[str(step["id"])] = step
    for one in answers:
        step = steps[one["id"]]
        method, status, body = step["method"].upper(), one["status"], one.get("body")
        if status >= 400:
            _hold_to(validator_named(ERROR), f"{method} {step['url']}", body)
            continue
        path = urlsplit(step["url"].strip()).path.lstrip("/")
        head, _, rest = path.partition("/")
        hold(method, rest if head.casefold() in _VERSIONS else path, status, body)


def _hold_sign_in(method: str, path: str, answer: _Answer) -> None:
    where = f"{method} {path}"
    if method == "HEAD":
        return
    if not answer.headers.get("content-type", "").startswith("application/json"):
        raise NotAsAgreedError(f"{where}: {answer.headers.get('content-type')}")
    body = json.loads(answer.body)
    if answer.status >= 400:
        _hold_to(validator_named(SIGN_IN_ERROR), where, body)
        return
    what = _SIGN_IN.fullmatch(unquote(path))
    assert what is not None, "asked before"
    template = f"{{tenant}}/{what[1].casefold()}"
    _hold_to(validator_of(template, method, str(answer.status)), where, body)


def hold(method: str, path: str, status: int, body: Any) -> None:
    """Hold one answer; `path` is percent-encoded and comes after the version."""
    where = f"{method} {path}: {status}"
    if status >= 400:
        _hold_to(validator_named(ERROR), where, body)
        return
    segments = segments_of(path)
    if segments[:1] == (TRIED,):
        return
    found, template = contract(), template_of(segments)
    assert found is not None, "asked before"
    answers = {} if template is None else found.paths[template].get(method, {})
    if template is None or str(status) not in answers:
        raise NotAsAgreedError(f"{where} has no schema")
    schema = answers[str(status)]
    if schema is None and body is not None:
        raise NotAsAgreedError(f"{where} has a body")
    if schema == TEXT and not (isinstance(body, int) and body >= 0):
        raise NotAsAgreedError(f"{where} is no count")
    if schema is not None and schema != TEXT:
        _hold_to(validator_of(template, method, str(status)), where, body)


def _hold_to(validator: jsonschema.protocols.Validator, where: str, body: Any) -> None:
    error = jsonschema.exceptions.best_match(validator.iter_errors(body))
    if error is not None:
        raise NotAsAgreedError(f"{where} at {error.json_path}: {error.message[:2000]}")


def segments_of(path: str) -> tuple[str, ...]:
    """A path as the templates have it: keys after what they are keys of, names in lower case."""
    segments: list[str] = []
    for raw in path.split("/"):
        text = unquote(raw, errors="replace")
        called = _CALL.fullmatch(text)
        if not called:
            segments += [text] if text else []
        else:
            segments += [called[1]] if not called[2].strip() else [called[1], called[2]]
    return tuple(one.casefold().removeprefix("microsoft.graph.") for one in segments)


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = contract()
    assert found is not None, "asked before"
    return tuple((template, segments_of(template)) for template in found.templates)


def template_of(segments: tuple[str, ...]) -> str | None:
    """The template that a path means; a literal segment beats a parameter, as `$count` does."""
    fitting = [
        (sum(part.startswith("{") for part in parts), template)
        for template, parts in _templates()
        if len(parts) == len(segments)
        and all(
            part.startswith("{") or part == one for part, one in zip(parts, segments, strict=True)
        )
    ]
    return min(fitting)[1] if fitting else None

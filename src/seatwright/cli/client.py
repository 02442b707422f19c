"""The client of the REST surface: addresses, pages, retries, and refusals as endings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias
from urllib.parse import quote, unquote
from uuid import uuid4

import httpx

from seatwright import __version__
from seatwright.cli.endings import Ending, stop
from seatwright.cli.fixes import fix_of
from seatwright.cli.screen import warn
from seatwright.settings import Settings

Json: TypeAlias = dict[str, Any]
"""One JSON object of the API: the wire's edge, so its values have any type."""

Query: TypeAlias = Mapping[str, str | int | bool | None]

TIMEOUT_SECONDS = 120.0
"""Long enough for an import of 100,000 rows to be read; connecting has its own, shorter one."""

LONG_SECONDS = 6 * 3600.0
"""A thousand million rows of history are verified in this."""

CONNECT_SECONDS = 5.0
PAGE_ROWS = 1000
"""The most the API gives at once: fewer round trips when everything is wanted."""

ROWS_TOLD = 20
"""How many rows of a refused file are told: enough to see what is wrong with it."""

HELD_HEADER = "seatwright-held-changes"
"""On every answer to a call of which the brake holds something: the ids of the held changes."""

READING = frozenset({"GET", "HEAD"})

WORLD_MOVED = "worldMoved"
"""The code of a call that would no longer do what its preview said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body that is not JSON: a file as it is, and what it is."""

    data: bytes
    media_type: str = "text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of a list, of all its pages or of the first; `next_cursor` if there are more."""

    rows: list[Json]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the writing call of a command is made: only to look, or as it was looked at.

    With `is_preview`, `previewed` gets what the call would do; with a `digest`, `moved` gets the
    refusal of a call that would now do something else. Both end the command.
    """

    is_preview: bool
    digest: str | None
    previewed: Callable[[Json], NoReturn]
    moved: Callable[[Json], NoReturn]


ASKED: Final[ContextVar[Asked | None]] = ContextVar("asked", default=None)
"""Set around a command that was typed with --preview or --apply (`preview.py`)."""


class Api:
    """Calls of one command; every refusal ends the command with its sentence."""

    __slots__ = ("_asked", "_http")

    def __init__(self, http: httpx.Client, asked: Asked | None = None) -> None:
        self._http = http
        self._asked = asked

    def read(self, path: str, query: Query | None = None, *, is_long: bool = False) -> Json:
        """GET one JSON object; what `is_long` looks at everything there is, and may take hours."""
        request = self._request("GET", path, body=None, query=query)
        if is_long:
            patience = httpx.Timeout(LONG_SECONDS, connect=CONNECT_SECONDS)
            request.extensions["timeout"] = patience.as_dict()
        return _json(self._answered(request))

    def write(
        self,
        method: str,
        path: str,
        *,
        body: Json | Content | None = None,
        query: Query | None = None,
    ) -> Json:
        """Call a writing route; an answer without a body is an empty object.

        Of removals that are held it warns, and gives what the answer would have been without.
        """
        answer = self.call(method, path, body=body, query=query)
        content = _json(answer)
        if HELD_HEADER not in answer.headers:
            return content
        warn_held(answer.headers[HELD_HEADER].split(", "))
        return (content["answer"] or {}) if "heldChanges" in content else content

    def ask(self, path: str, *, body: Json) -> Json:
        """A POST that changes nothing: what is asked is too long for a query."""
        return _json(self._answered(self._request("POST", path, body=body, query=None)))

    def finds(self, path: str) -> bool:
        """Whether there is something at a path."""
        answer = self._send(self._request("GET", path, body=None, query=None))
        if answer.status_code >= 400 and answer.status_code != 404:
            _refused(answer)
        return answer.status_code != 404

    def rows(
        self, path: str, *, query: Query | None = None, limit: int | None = None
    ) -> list[Json]:
        """All rows of a list over all its pages, or the first `limit` of them."""
        return self.listing(path, query=query, limit=limit).rows

    def listing(
        self, path: str, *, query: Query | None = None, limit: int | None = None
    ) -> Listing:
        """The same, and where the list goes on if it does."""
        rows: list[Json] = []
        cursor: str | None = None
        while True:
            size = PAGE_ROWS if limit is None else min(limit - len(rows), PAGE_ROWS)
            page = self.read(path, {**(query or {}), "limit": size, "cursor": cursor})
            rows += page["value"]
            cursor = page.get("nextCursor")
            if cursor is None or (limit is not None and len(rows) >= limit):
                return Listing(rows=rows, next_cursor=cursor)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | Content | None = None,
        query: Query | None = None,
    ) -> httpx.Response:
        """Make one call, once more if the connection is lost.

        A writing call carries one Idempotency-Key over both tries, so that the second gets the
        first one's answer when only the answer was lost. It ends the command where that is only to
        look at what it would do.
        """
        if method in READING:
            return self._answered(self._request(method, path, body=body, query=query))
        asked = self._asked
        if asked is not None and asked.is_preview:
            query = {**(query or {}), "preview": True}
        request = self._request(method, path, body=body, query=query)
        request.headers["idempotency-key"] = str(uuid4())
        if asked is None:
            return self._answered(request)
        if asked.digest is not None:
            request.headers["if-match"] = f'"{asked.digest}"'
        answer = self._answered(request)
        if asked.is_preview:
            asked.previewed(_json(answer))
        return answer

    def _answered(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request; a refusal ends the command."""
        answer = self._send(request)
        if answer.status_code >= 400:
            _refused(answer, self._asked)
        return answer

    @contextmanager
    def streaming(self, path: str, *, query: Query | None = None) -> Iterator[httpx.Response]:
        """GET something large, to be read while it comes in."""
        request = self._request("GET", path, body=None, query=query)
        request.headers["accept"] = "text/csv"
        answer = self._send(request, is_stream=True)
        try:
            if answer.status_code >= 400:
                answer.read()
                _refused(answer)
            yield answer
        finally:
            answer.close()

    def _request(
        self, method: str, path: str, *, body: Json | Content | None, query: Query | None
    ) -> httpx.Request:
        params = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        match body:
            case Content(data=data, media_type=media_type):
                return self._http.build_request(
                    method,
                    path,
                    params=params,
                    content=data,
                    headers={"content-type": media_type},
                )
            case None:
                return self._http.build_request(method, path, params=params)
            case _:
                return self._http.build_request(method, path, params=params, json=body)

    def _send(self, request: httpx.Request, *, is_stream: bool = False) -> httpx.Response:
        try:
            return self._http.send(request, stream=is_stream)
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            # Nobody is there, or somebody is who takes too long: a second try helps neither.
            refuse_unreachable(str(self._http.base_url), error)
        except httpx.TransportError:
            pass
        try:
            return self._http.send(request, stream=is_stream)
        except httpx.HTTPError as error:
            refuse_unreachable(str(self._http.base_url), error)


@contextmanager
def open_api() -> Iterator[Api]:
    """The API that the environment names, with the token that it names."""
    settings = Settings.from_environment()
    token = _token(settings)
    headers = {
        "accept": "application/json",
        # What takes long is followed as a job, with a bar, and not waited for in silence.
        "prefer": "respond-async",
        "user-agent": f"seatwright/{__version__}",
    }
    with httpx.Client(
        base_url=settings.url or settings.served_url,
        headers={**headers, "authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
        # A proxy of the environment is for the internet, not for a server on this machine; whoever
        # runs seatwright behind one reaches it by its address all the same.
        trust_env=False,
    ) as http:
        yield Api(http, ASKED.get())


def _token(settings: Settings) -> str:
    if settings.token:
        return settings.token
    try:
        return settings.token_file.read_text().strip()
    except OSError as error:
        problem = error.strerror
    return stop(
        Ending.USAGE,
        f"SEATWRIGHT_TOKEN is not set, and {settings.token_file} cannot be read: {problem}.",
        fix="→ ./run leaves a token there at its first start; or make one with `seatwright token"
        " create NAME --role global-administrator`, and set SEATWRIGHT_TOKEN to it",
    )


def path_of(*segments: str) -> str:
    """A path below `/api/identity` of names and ids, each quoted: `a/b` stays one segment."""
    return "/api/identity/" + "/".join(quote(segment, safe="@") for segment in segments)


def api_path(*segments: str) -> str:
    """The same below `/api`."""
    return "/api/" + "/".join(quote(segment, safe="@") for segment in segments)


def warn_held(ids: Sequence[str]) -> None:
    """Say that licenses stay until somebody approves that they go."""
    for id_ in ids:
        warn(
            "Licenses stay until a second administrator approves that they go:"
            f" seatwright held show {id_}"
        )


def refuse_unreachable(url: str, error: httpx.HTTPError) -> NoReturn:
    """End the command because nobody answers, or the connection was lost for good."""
    stop(
        Ending.UNREACHABLE,
        f"No seatwright answers at {url}: {str(error) or type(error).__name__}.",
        fix="→ start it with ./run, or set SEATWRIGHT_URL to where it is",
    )


def _json(answer: httpx.Response) -> Json:
    if not answer.content:
        return {}
    try:
        value: Json = answer.json()
    except ValueError:
        _not_ours(answer)
    return value


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(answer: httpx.Response, asked: Asked | None = None) -> NoReturn:
    try:
        problem = answer.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        _not_ours(answer)
    if code == WORLD_MOVED and asked is not None:
        asked.moved(problem)
    correlation = answer.headers.get("x-correlation-id")
    for row in (problem.get("rows") or ())[:ROWS_TOLD]:
        warn(f"Row {row['row']}: {row['message']}")
    steps = [fix_of(code, names=_names(answer, problem))]
    if problem.get("requestUrl"):
        steps.append(f"→ ask for a license at {problem['requestUrl']}")
    stop(
        Ending.REFUSED if answer.status_code < 500 else Ending.UNREACHABLE,
        detail,
        small=f"{code}, correlation id {correlation}" if correlation else code,
        fix="\n".join(filter(None, steps)),
    )


def _names(answer: httpx.Response, problem: Json) -> dict[str, str]:
    """What the call was about, so that the command that mends it can be typed as it stands."""
    segments = [unquote(segment) for segment in answer.request.url.path.split("/")]
    names = {
        word: segments[segments.index(noun) + 1]
        for noun, word in (("users", "PERSON"), ("groups", "GROUP"))
        if noun in segments[:-1]
    }
    if isinstance(problem.get("skuPartNumber"), str):
        names["PRODUCT"] = problem["skuPartNumber"]
    return names


def _not_ours(answer: httpx.Response) -> NoReturn:
    stop(
        Ending.UNREACHABLE,
        f"What answers at {answer.url} with {answer.status_code} is no seatwright.",
        fix="→ set SEATWRIGHT_URL to where seatwright is",
    )

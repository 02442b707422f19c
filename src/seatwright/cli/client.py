"""The client of the REST surface: addresses, pages, retries, and refusals as endings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias
from urllib.parse import quote
from uuid import uuid4

import httpx

from seatwright import __version__
from seatwright.cli.endings import Ending, stop
from seatwright.cli.fixes import fix_of
from seatwright.settings import Settings

Json: TypeAlias = dict[str, Any]
"""One JSON object of the API: the wire's edge, so its values have any type."""

Query: TypeAlias = Mapping[str, str | int | bool | None]

TIMEOUT_SECONDS = 120.0
"""Long enough for an import of 100,000 rows to be read; connecting has its own, shorter one."""

CONNECT_SECONDS = 5.0
PAGE_ROWS = 1000
"""The most the API gives at once: fewer round trips when everything is wanted."""

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body that is not JSON: a file as it is, and what it is."""

    data: bytes
    media_type: str = "text/csv"


class Api:
    """Calls of one command; every refusal ends the command with its sentence."""

    __slots__ = ("_http",)

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def read(self, path: str, query: Query | None = None) -> Json:
        """GET one JSON object."""
        return _json(self.call("GET", path, query=query))

    def write(
        self,
        method: str,
        path: str,
        *,
        body: Json | Content | None = None,
        query: Query | None = None,
    ) -> Json:
        """Call a writing route; an answer without a body is an empty object."""
        return _json(self.call(method, path, body=body, query=query))

    def rows(
        self, path: str, *, query: Query | None = None, limit: int | None = None
    ) -> list[Json]:
        """All rows of a list over all its pages, or the first `limit` of them."""
        return list(self._pages(path, query=query or {}, limit=limit))

    def _pages(self, path: str, *, query: Query, limit: int | None) -> Iterator[Json]:
        left = limit
        cursor: str | None = None
        while left is None or left > 0:
            size = PAGE_ROWS if left is None else min(left, PAGE_ROWS)
            page = self.read(path, {**query, "limit": size, "cursor": cursor})
            rows: list[Json] = page["value"]
            yield from rows
            left = None if left is None else left - len(rows)
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | Content | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make one call, once more if the connection is lost.

        A writing call carries one Idempotency-Key over both tries, so that the second gets the
        first one's answer when only the answer was lost.
        """
        request = self._request(method, path, body=body, query=query)
        request.headers.update(headers or {})
        if method not in READING:
            request.headers["idempotency-key"] = str(uuid4())
        try:
            answer = self._send(request)
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            stop(
                Ending.UNREACHABLE,
                f"No seatwright answers at {self._http.base_url}: {cause}.",
                fix="→ start it with ./run, or set SEATWRIGHT_URL to where it is",
            )
        if answer.status_code >= 400:
            _refused(answer)
        return answer

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

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except (httpx.ConnectError, httpx.TimeoutException):
            # Nobody is there, or somebody is who takes too long: a second try helps neither.
            raise
        except httpx.TransportError:
            return self._http.send(request)


@contextmanager
def open_api() -> Iterator[Api]:
    """The API that the environment names, with the token that it names."""
    settings = Settings.from_environment()
    token = _token(settings)
    headers = {"accept": "application/json", "user-agent": f"seatwright/{__version__}"}
    with httpx.Client(
        base_url=settings.url or settings.served_url,
        headers={**headers, "authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
        # A proxy of the environment is for the internet, not for a server on this machine; whoever
        # runs seatwright behind one reaches it by its address all the same.
        trust_env=False,
    ) as http:
        yield Api(http)


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
        fix="→ seatwright token create NAME --role global-administrator, then set SEATWRIGHT_TOKEN"
        " to what it prints",
    )


def path_of(*segments: str) -> str:
    """A path below `/api/identity` of names and ids, each quoted: `a/b` stays one segment."""
    return "/api/identity/" + "/".join(quote(segment, safe="@") for segment in segments)


def api_path(*segments: str) -> str:
    """The same below `/api`."""
    return "/api/" + "/".join(quote(segment, safe="@") for segment in segments)


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


def _refused(answer: httpx.Response) -> NoReturn:
    try:
        problem = answer.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        _not_ours(answer)
    correlation = answer.headers.get("x-correlation-id")
    stop(
        Ending.REFUSED if answer.status_code < 500 else Ending.UNREACHABLE,
        detail,
        small=f"{code}, correlation id {correlation}" if correlation else code,
        fix=fix_of(code),
    )


def _not_ours(answer: httpx.Response) -> NoReturn:
    stop(
        Ending.UNREACHABLE,
        f"What answers at {answer.url} with {answer.status_code} is no seatwright.",
        fix="→ set SEATWRIGHT_URL to where seatwright is",
    )

"""The bare way in for launches, beside `web/edge.py`: no framework, no transaction of its own.

A call is parsed here and handed to the desk (`app/launch/desk.py`), which runs it in one
transaction with whoever else came; it is answered after the commit of that transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import msgspec
import psycopg
import psycopg_pool
import structlog
from litestar.types import Receive, Scope, Send

from seatwright.app.launch.admission import role_missing
from seatwright.app.launch.desk import CALLERS_MAX, LaunchDesk
from seatwright.app.launch.orders import Asked, Knock, LaunchAnswer, no_launch, order_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.launch import LaunchEvent, Outcome
from seatwright.domain.roles import Permission
from seatwright.identity.secrets import digest_of
from seatwright.postgres.principals import Authenticated
from seatwright.web.answers import (
    Answer,
    answer_problem,
    internal_error,
    not_signed_in,
    too_large,
    unavailable,
)
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError
from seatwright.web.problems import STATUS_OF, problem
from seatwright.web.rest.launch import (
    EVENTS_MAX,
    EventsBody,
    EventShape,
    EventsShape,
    LaunchBody,
    event_shape,
    launch_shape,
)
from seatwright.web.who import only_for_graph

log = structlog.get_logger(__name__)

Parsed = TypeVar("Parsed")

_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", b"application/problem+json")
_READ_LAUNCH: Final = msgspec.json.Decoder(LaunchBody)
_READ_EVENTS: Final = msgspec.json.Decoder(EventsBody)
_ENCODE: Final = msgspec.json.Encoder().encode

_AS_LAUNCH: Final = frozenset(
    {
        Reason.NOT_SIGNED_IN,
        Reason.ROLE_MISSING,
        Reason.INVALID_VALUE,
        Reason.UNKNOWN_USER,
        Reason.UNKNOWN_APP,
        Reason.UNKNOWN_ENVIRONMENT,
        Reason.NO_SEAT_LEFT,
    }
)
"""On a launch these keep their status; whatever else is refused is 403 (`interfaces.md`)."""

Headers = Mapping[bytes, bytes]
Handler = Callable[["_Visit"], Awaitable[Answer]]
Told = Callable[[LaunchAnswer], Answer]
"""How an answer is put: in a body for who launches, in headers for a proxy."""


class _Visit:
    """One call: what it brought, and who it is once that is known."""

    __slots__ = ("headers", "receive", "scope", "who")

    def __init__(self, scope: Any, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.headers: Headers = dict(scope["headers"])
        self.who: Authenticated

    def digest(self) -> bytes | None:
        """The digest of the token that came with it."""
        scheme, _, token = self.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        token = token.strip()
        return digest_of(token) if scheme.lower() == "bearer" and token else None

    def knock(self, asked: Asked) -> Knock:
        """A launch by whoever called."""
        digest = self.digest()
        assert digest is not None, "who calls was recognised by their token"
        correlation: UUID = self.scope["state"].get("correlation") or uuid4()
        return Knock(order=order_of(asked), digest=digest, correlation=correlation)

    def query(self, *known: str) -> dict[str, str]:
        """What the query says.

        Raises Refusal invalidValue for a name that is not known here, or that comes twice.
        """
        query = self.scope["query_string"]
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else []
        for name, _ in pairs:
            if name not in known:
                names = ", ".join(known) or "none"
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"The query has “{name[:60]}”, which means nothing here. Known are: {names}.",
                )
        if len(dict(pairs)) < len(pairs):
            raise Refusal(Reason.INVALID_VALUE, "The query has a name twice: give it once.")
        return dict(pairs)


class LaunchDoor:
    """Answers the paths of launches; see the module's words."""

    __slots__ = ("_desk", "_routes")

    def __init__(self, desk: LaunchDesk) -> None:
        self._desk = desk
        self._routes: Mapping[str, tuple[str, Permission, Handler, Told]] = {
            "/api/launch": ("POST", Permission.LAUNCH, self._launch, _answer),
            "/api/launch/authorize": ("GET", Permission.LAUNCH, self._authorize, _verdict),
            "/api/launch/events": ("POST", Permission.LAUNCH_FOR_ANYONE, self._events, _answer),
        }

    @property
    def paths(self) -> frozenset[str]:
        """The paths that are answered here."""
        return frozenset(self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        try:
            answer = await self._serve(_Visit(scope, receive))
        except (
            psycopg_pool.PoolTimeout,
            psycopg.OperationalError,
            psycopg.InterfaceError,
        ) as error:
            log.warning("the database went away during a launch", cause=type(error).__name__)
            answer = unavailable()
        except BodyTooLargeError:
            answer = too_large()
        except CallerGoneError:
            log.info("the caller hung up before the body was complete")
            return
        except Exception:
            log.exception("unhandled error")
            answer = internal_error()
        await answer.send(send)

    async def _serve(self, visit: _Visit) -> Answer:
        path: str = visit.scope["path"]
        method, permission, handler, told = self._routes[path]
        digest = visit.digest()
        who = None if digest is None else await self._desk.recognise(digest)
        if digest is None or who is None:
            return _stranger(digest)
        visit.who = who
        visit.scope["path_template"] = path
        visit.scope["state"]["caller"] = (who.tenant.id, who.principal.id)
        if visit.scope["method"] != method:
            allow = (b"allow", b"GET, HEAD" if method == "GET" else method.encode())
            words = f"{path} does not answer {visit.scope['method']}."
            return answer_problem(405, "methodNotAllowed", words, allow)
        refused = only_for_graph(who.principal)
        if refused is not None:
            return told(no_launch(Refusal(Reason.ROLE_MISSING, refused)))
        if not who.principal.may(permission):
            # Roles may have been given since this process last asked.
            fresh = await self._desk.recognise_anew(digest)
            if fresh is None:
                return _stranger(digest)
            if not fresh.principal.may(permission):
                return told(no_launch(role_missing(fresh.principal, permission)))
            visit.who = fresh
        try:
            return await handler(visit)
        except Refusal as refusal:
            return told(no_launch(refusal))

    async def _launch(self, visit: _Visit) -> Answer:
        visit.query()
        content = await _body(visit)
        return _answer(await self._ask(visit, _read(_READ_LAUNCH, content).asked()))

    async def _ask(self, visit: _Visit, asked: Asked) -> LaunchAnswer:
        return await self._desk.launch(visit.knock(asked), visit.who)

    async def _authorize(self, visit: _Visit) -> Answer:
        query = visit.query("app", "environment")
        if "app" not in query:
            raise Refusal(
                Reason.INVALID_VALUE, "The query names no app: give app=ID, as the app is stored."
            )
        person = visit.headers.get(b"x-seatwright-user", b"").decode("latin-1").strip()
        asked = Asked(
            event=LaunchEvent.APP_LAUNCH.value,
            user=_utf8(person) or None,
            app=query["app"],
            environment=query.get("environment"),
        )
        return _verdict(await self._ask(visit, asked))

    async def _events(self, visit: _Visit) -> Answer:
        visit.query()
        events = _read(_READ_EVENTS, await _body(visit)).events
        if len(events) > EVENTS_MAX:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The call has {len(events)} events: send {EVENTS_MAX} or fewer at once.",
            )
        shapes: list[EventShape] = []
        # A few at a time: whoever opens an app meanwhile comes in between.
        for start in range(0, len(events), CALLERS_MAX):
            shapes += await self._some_events(visit, events[start : start + CALLERS_MAX])
        return _json(200, _ENCODE(_counted(shapes)), _JSON)

    async def _some_events(self, visit: _Visit, events: Sequence[LaunchBody]) -> list[EventShape]:
        async def one(event: LaunchBody) -> EventShape:
            try:
                answer = await self._ask(visit, event.asked())
            except Refusal as refusal:
                answer = no_launch(refusal)
            return event_shape(answer, event.event_id)

        return list(await asyncio.gather(*map(one, events)))


def _counted(shapes: list[EventShape]) -> EventsShape:
    outcomes = [shape.outcome for shape in shapes]
    return EventsShape(
        total=len(shapes),
        granted=outcomes.count(Outcome.GRANTED),
        already_entitled=outcomes.count(Outcome.ALREADY_ENTITLED),
        denied=outcomes.count(Outcome.DENIED),
        repeated=sum(shape.is_repeated for shape in shapes),
        value=shapes,
    )


async def _body(visit: _Visit) -> bytes:
    body = Body(visit.receive)
    await body.read_some()
    return await body.read_rest()


def _read(decoder: msgspec.json.Decoder[Parsed], content: bytes) -> Parsed:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(Reason.INVALID_VALUE, f"The body does not fit: {error}.") from None


def _utf8(header: str) -> str:
    """A header's value: names that are not ASCII come as UTF-8, whatever HTTP once said."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return header


def _stranger(digest: bytes | None) -> Answer:
    if digest is None:
        return not_signed_in(
            "This needs a token. Send it as “Authorization: Bearer TOKEN”;"
            " `seatwright token create NAME --role app-gateway` makes one."
        )
    return not_signed_in(
        "The token is unknown or was revoked."
        " `seatwright token create NAME --role app-gateway` makes a new one."
    )


def _answer(answer: LaunchAnswer) -> Answer:
    """A launch's answer: 200, or a problem that has the fields of a launch beside its own."""
    shape = launch_shape(answer)
    if answer.outcome is not Outcome.DENIED:
        return _json(200, _ENCODE(shape), _JSON)
    assert answer.reason is not None, "who is denied is told why"
    status = _status(answer)
    context = {} if answer.problem is None else answer.problem.context
    fields = {**context, **msgspec.to_builtins(shape)}
    body = problem(status=status, code=answer.reason.value, detail=answer.message, extra=fields)
    extra = [(b"www-authenticate", b"Bearer")] if status == 401 else []
    return _json(status, _ENCODE(body), _PROBLEM, *extra)


def _status(answer: LaunchAnswer) -> int:
    reason = answer.reason
    return STATUS_OF[reason] if reason in _AS_LAUNCH else 403


def _verdict(answer: LaunchAnswer) -> Answer:
    """The answer to a reverse proxy: it reads the status and the headers, nothing else.

    Proxies know 2xx, 401 and 403 only: whoever cannot be let in is 403, whatever the cause.
    """
    if answer.reason is Reason.NOT_SIGNED_IN:
        return _answer(answer)
    if answer.outcome is Outcome.DENIED:
        assert answer.reason is not None, "who is denied is told why"
        found = _answer(answer)
        found.status = 403
        found.headers.append((b"x-seatwright-reason", answer.reason.value.encode()))
        if answer.request_url is not None:
            found.headers.append((b"x-seatwright-request-url", answer.request_url.encode()))
        return found
    headers = [
        (b"x-seatwright-user", _header(answer.upn or str(answer.user_id))),
        (b"x-seatwright-outcome", answer.outcome.value.encode()),
    ]
    if answer.sku is not None:
        headers.append((b"x-seatwright-sku", _header(answer.sku.part_number)))
    return _json(200, _ENCODE(launch_shape(answer)), _JSON, *headers)


def _header(text: str) -> bytes:
    """A value that can stand in a header: no line break can be slipped in with it."""
    return "".join(letter for letter in text if letter.isprintable()).encode()


def _json(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Answer:
    length = (b"content-length", str(len(body)).encode())
    return Answer(status, [*headers, length], body)

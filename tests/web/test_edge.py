"""The edge: one transaction a call, run again when another stood in its way, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Stream

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.web.answers import BODY_BYTES_MAX, Answer
from seatwright.web.connections import RUNS_MAX
from seatwright.web.edge import Edge
from seatwright.web.entry import Entry
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.application import create_rest_application
from seatwright.web.watch import Watch
from tests.conftest import Database as DatabaseOfTest
from tests.office import HOST, Office, open_office

ANYONE = needs(Permission.READ_SETTINGS)
runs: list[UUID] = []


async def _write_name(call: TheCall, name: str) -> None:
    await call.tx.connection.execute(
        "update tenant set name = %s where tenant_id = %s", (name, call.tx.tenant_id)
    )


@post("/api/try/standoff/{times:int}", opt=ANYONE)
async def standoff(call: TheCall, times: FromPath[int]) -> dict[str, int]:
    """Writes, then is rolled back by the server as in a serialization failure, `times` times."""
    runs.append(call.correlation)
    await _write_name(call, f"run {len(runs)}")
    if len(runs) <= times:
        await call.tx.connection.execute(
            "do $$ begin raise exception 'in the way' using errcode = '40001'; end $$"
        )
    return {"runs": len(runs)}


@post("/api/try/refused", opt=ANYONE)
async def refused(call: TheCall) -> None:
    """Writes and then refuses."""
    await _write_name(call, "half done")
    raise Refusal(Reason.NO_SEAT_LEFT, "No seat is left: buy one more and try again.")


@post("/api/try/bug", opt=ANYONE)
async def bug(call: TheCall) -> None:
    """Writes and then breaks."""
    await _write_name(call, "half done")
    raise ZeroDivisionError


@post("/api/try/lost", opt=ANYONE)
async def lost(call: TheCall) -> None:
    """Loses its connection to the database."""
    await call.tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")


@get("/api/try/lost", opt=ANYONE)
async def lost_reader(call: TheCall) -> None:
    """Loses its connection to the database."""
    await call.tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")


@post("/api/try/after", opt=ANYONE)
async def after(call: TheCall, request: Request[Any, Any, Any]) -> dict[str, str]:
    """Answers once the commit is seen by others."""
    await _write_name(call, "after")
    database = request.app.state.database

    async def look(_: object) -> Answer | None:
        free = database.pool.get_stats()["pool_available"]
        async with database.transaction(call.tx.tenant_id) as tx:
            cursor = await tx.connection.execute(
                "select name from tenant where tenant_id = %s", (tx.tenant_id,)
            )
            row = await cursor.fetchone()
        assert row is not None
        return Answer(200, [(b"x-free", str(free).encode())], row[0].encode())

    request.scope["state"]["after_commit"] = look
    return {"unused": "answer"}


@post("/api/try/after-lost", opt=ANYONE)
async def after_lost(call: TheCall, request: Request[Any, Any, Any]) -> dict[str, str]:
    """Loses the database once the change is committed."""
    await _write_name(call, "kept")

    async def lose(_: object) -> Answer | None:
        raise psycopg.OperationalError("the server closed the connection unexpectedly")

    request.scope["state"]["after_commit"] = lose
    return {"own": "answer"}


@get("/api/try/stream", opt=ANYONE)
async def broken_stream(call: TheCall) -> Stream:
    """Breaks in the middle of its answer."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await call.tx.connection.execute("select 1/0")
        yield b"never"

    return Stream(pieces())


ROUTES = (standoff, refused, bug, lost, lost_reader, after, after_lost, broken_stream)


@asynccontextmanager
async def tried(database: DatabaseOfTest) -> AsyncIterator[Office]:
    """An office with the routes above in place of the product's."""
    async with open_office(database.app_url) as office:
        rest = create_rest_application(ROUTES)
        rest.state.database = office.database
        edge = Edge(rest, database=office.database, clock=office.clock)

        async def nothing(*_: object) -> None:
            """No lifespan and no other pages here."""

        office.app = Watch(
            Entry(
                surfaces={"/api": edge},
                doors={},
                fallback=nothing,
                public_host=HOST,
                lifespan=nothing,
            )
        )
        office.admin = office.client(office.made.token)
        runs.clear()
        yield office


@pytest.fixture
async def edged(database: DatabaseOfTest) -> AsyncIterator[Office]:
    async with tried(database) as office:
        yield office


async def name_of(office: Office) -> str:
    async with office.database.connection() as connection:
        cursor = await connection.execute("select name from tenant")
        row = await cursor.fetchone()
    assert row is not None
    name: str = row[0]
    return name


async def test_a_call_that_another_stood_in_the_way_of_is_run_again(edged: Office) -> None:
    answer = await edged.admin.post("/api/try/standoff/2")
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"runs": 3}
    assert await name_of(edged) == "run 3"
    assert len(set(runs)) == 1, "all runs of one call have its correlation id"


async def test_a_call_gives_up_after_its_last_run_and_says_so(edged: Office) -> None:
    answer = await edged.admin.post("/api/try/standoff/99")
    assert answer.status_code == 503
    assert answer.json()["code"] == "tooBusy"
    assert answer.headers["retry-after"] == "1"
    assert len(runs) == RUNS_MAX
    assert await name_of(edged) == "Contoso"


async def test_a_run_again_call_keeps_its_idempotency_key(edged: Office) -> None:
    headers = {"idempotency-key": "k"}
    first = await edged.admin.post("/api/try/standoff/1", headers=headers)
    second = await edged.admin.post("/api/try/standoff/1", headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() == {"runs": 2}
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(("path", "status"), [("refused", 409), ("bug", 500), ("lost", 503)])
async def test_what_a_call_wrote_is_gone_when_it_does_not_succeed(
    edged: Office, path: str, status: int
) -> None:
    answer = await edged.admin.post(f"/api/try/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert await name_of(edged) == "Contoso"
    again = await edged.admin.post("/api/try/standoff/0")
    assert again.status_code == 201, "the next call finds a working connection"


async def test_a_reader_that_loses_the_database_is_told_to_come_back(edged: Office) -> None:
    answer = await edged.admin.get("/api/try/lost")
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


async def test_work_after_the_commit_sees_it_and_holds_no_connection(edged: Office) -> None:
    answer = await edged.admin.post("/api/try/after")
    assert answer.status_code == 200
    assert answer.text == "after"
    assert int(answer.headers["x-free"]) >= 1


async def test_work_after_the_commit_that_fails_takes_back_nothing(edged: Office) -> None:
    answer = await edged.admin.post("/api/try/after-lost")
    assert (answer.status_code, answer.json()) == (201, {"own": "answer"})
    assert await name_of(edged) == "kept"


async def test_every_answer_carries_the_correlation_id_that_the_caller_sent(edged: Office) -> None:
    number = str(uuid4())
    for method, path in (
        ("GET", "/api/try/lost"),
        ("POST", "/api/try/refused"),
        ("GET", "/api/nothing"),
    ):
        answer = await edged.admin.request(method, path, headers={"x-correlation-id": number})
        assert answer.headers["x-correlation-id"] == number
    stranger = await edged.client(None).get("/api/nothing", headers={"x-correlation-id": "x"})
    assert stranger.status_code == 401
    UUID(stranger.headers["x-correlation-id"])


async def test_a_body_that_announces_too_much_is_refused_before_it_is_read(edged: Office) -> None:
    answer = await edged.admin.post(
        "/api/try/refused", headers={"content-length": str(BODY_BYTES_MAX + 1)}, content=b""
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "bodyTooLarge"


async def test_a_slow_body_of_a_stranger_is_not_waited_for(edged: Office) -> None:
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        await never.wait()
        yield b"b"

    async with asyncio.timeout(10):
        answer = await _call_raw(edged, body(), token="wrong")
    assert answer == 401


async def test_half_a_body_is_never_worked_on(edged: Office) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionResetError

    assert await _call_raw(edged, body(), token=edged.made.token) is None
    assert runs == []


def raw_scope(method: str, path: str, *, token: str) -> dict[str, Any]:
    """A call as a server hands it over, for what no well-behaved client does."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (b"host", HOST.encode()),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }


async def _call_raw(office: Office, body: AsyncIterator[bytes], *, token: str) -> int | None:
    """Call with a body that arrives piece by piece; None when there was no answer."""
    status: int | None = None

    async def receive() -> dict[str, Any]:
        try:
            return {"type": "http.request", "body": await anext(body), "more_body": True}
        except ConnectionResetError:
            return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    scope = raw_scope("POST", "/api/try/standoff/0", token=token)
    await office.app(scope, receive, send)
    return status


async def test_head_is_get_without_the_body(office: Office) -> None:
    got = await office.admin.get("/api/settings")
    head = await office.admin.head("/api/settings")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await office.admin.head("/api/nothing")).status_code == 404
    assert (await office.client(None).head("/healthz")).status_code == 200


async def test_a_stream_that_breaks_ends_the_connection_and_nothing_else(edged: Office) -> None:
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await edged.app(raw_scope("GET", "/api/try/stream", token=edged.made.token), receive, send)
    assert messages[1]["body"] == b"first"
    assert all(message["more_body"] for message in messages[1:]), "the answer never ends"
    assert (await edged.admin.post("/api/try/standoff/0")).status_code == 201


async def test_two_calls_in_a_deadlock_both_succeed(database: DatabaseOfTest) -> None:
    """Two real sessions lock the same two rows crosswise; the server ends one, which runs again."""
    met = asyncio.Barrier(2)
    first_time: set[str] = set()

    @post("/api/try/cross/{order:str}", opt=ANYONE)
    async def cross(call: TheCall, order: FromPath[str]) -> None:
        names = ("a", "b") if order == "ab" else ("b", "a")
        for name in names:
            await call.tx.connection.execute(
                "update tenant_counter set last_no = last_no + 1"
                " where tenant_id = %s and noun = %s",
                (call.tx.tenant_id, name),
            )
            if name == names[0] and order not in first_time:
                first_time.add(order)
                await met.wait()

    async with tried(database) as office:
        rest = create_rest_application((cross,))
        edge = Edge(rest, database=office.database, clock=office.clock)
        office.app._app._surfaces["/api"] = edge
        async with office.database.transaction(office.made.tenant.tenant_id) as tx:
            await tx.connection.execute(
                "insert into tenant_counter (tenant_id, noun) values (%s, 'a'), (%s, 'b')",
                (tx.tenant_id, tx.tenant_id),
            )
        answers = await asyncio.gather(
            office.admin.post("/api/try/cross/ab"), office.admin.post("/api/try/cross/ba")
        )
        assert [answer.status_code for answer in answers] == [201, 201]
        with psycopg.connect(database.owner_url) as owner:
            counts = owner.execute(
                "select last_no from tenant_counter where noun in ('a', 'b')"
            ).fetchall()
        assert counts == [(2,), (2,)], "each call counted once in each row"

"""The edge of the Graph surface: one call, one connection, one transaction, committed here.

The same way as `web/edge.py` goes, told in Graph's envelope: who calls is found out in the round
trip that opens the transaction onto their tenant, the route runs, and a success is committed. A
call that only reads is never committed; a writing one that another stood in the way of is run
again whole. A step of a batch is a call like any other (`batch.py`), with a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg
import psycopg_pool
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.settings import setting_value
from seatwright.postgres.pool import Database, is_standoff
from seatwright.postgres.principals import Authenticated
from seatwright.postgres.transaction import Transaction
from seatwright.web.answers import Answer
from seatwright.web.connections import borrowed, run_again
from seatwright.web.graph.batch import is_batch, run_batch, steps_of
from seatwright.web.graph.envelope import GraphError, bad_request, error_answer, error_of
from seatwright.web.graph.permissions import check_may
from seatwright.web.graph.request import GraphRequest, Sent
from seatwright.web.graph.routing import Router, only
from seatwright.web.graph.throttle import Throttle, Toll
from seatwright.web.held import HELD_HEADER
from seatwright.web.who import Stranger, who_calls

log = structlog.get_logger(__name__)

_RETRY_SOON = ((b"retry-after", b"1"),)


@dataclass(slots=True, kw_only=True)
class Visit:
    """One HTTP call: how its answers name it; `caller` and `template` are found on the way."""

    authorization: str
    correlation: UUID
    client_request_id: str
    caller: tuple[UUID, UUID] | None = None
    template: str | None = None


class GraphEdge:
    """Answers calls and steps of batches; see the module's words."""

    __slots__ = ("_clock", "_database", "_router", "_throttle")

    def __init__(
        self, router: Router, *, database: Database, clock: Clock, throttle: Throttle
    ) -> None:
        self._router = router
        self._database = database
        self._clock = clock
        self._throttle = throttle

    async def answer(self, sent: Sent, visit: Visit) -> Answer:
        """The answer to one call or batch; whatever goes wrong is told in the envelope."""
        return await self._guarded(self._batch if is_batch(sent) else self._answer, sent, visit)

    async def _guarded(
        self, way: Callable[[Sent, Visit], Awaitable[Answer]], sent: Sent, visit: Visit
    ) -> Answer:
        try:
            return self.dressed(await way(sent, visit), visit)
        except Refusal as refusal:
            return self.told(error_of(refusal), visit)
        except GraphError as error:
            return self.told(error, visit)
        except psycopg.DataError:
            log.warning("a value could not be stored", exc_info=True)
            return self.told(_unstorable(), visit)
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database went away during a call", exc_info=True)
            return self.told(_unavailable(), visit)
        except Exception:
            log.exception("unhandled error")
            return self.told(_bug(), visit)

    def told(self, error: GraphError, visit: Visit) -> Answer:
        """An error on the wire."""
        answer = error_answer(
            error,
            request_id=str(visit.correlation),
            client_request_id=visit.client_request_id,
            now=self._clock.now(),
        )
        return self.dressed(answer, visit)

    def dressed(self, answer: Answer, visit: Visit) -> Answer:
        """An answer with the headers that every one of Graph's has."""
        headers = [
            *answer.headers,
            (b"request-id", str(visit.correlation).encode()),
            (b"client-request-id", visit.client_request_id.encode("latin-1", "replace")),
            (b"odata-version", b"4.0"),
            (b"cache-control", b"no-cache"),
        ]
        return Answer(answer.status, headers, answer.body)

    async def _answer(self, sent: Sent, visit: Visit) -> Answer:
        if sent.method == "GET":
            return await self._run(sent, visit)
        answer = await run_again(lambda: self._run(sent, visit))
        if answer is None:
            raise _busy()
        return answer

    async def _batch(self, sent: Sent, visit: Visit) -> Answer:
        """Run a batch, for somebody who may call at all: each step asks for its own permission.

        Raises Refusal, and GraphError for a batch that cannot be run as it is written.
        """
        async with borrowed(self._database) as connection:
            await self._recognise(connection, visit, is_writing=False)
        visit.template = "/v1.0/$batch"
        if sent.method != "POST":
            raise only(sent.method, "POST")
        steps = steps_of(sent)

        async def run(step: Sent) -> Answer:
            # Marks that steps leave on the visit would name one of them for all.
            mine = replace(visit)
            return await self._guarded(self._answer, step, mine)

        return await run_batch(steps, run, refuse=lambda error: self.told(error, visit))

    async def _recognise(
        self, connection: AsyncConnection[TupleRow], visit: Visit, *, is_writing: bool
    ) -> Authenticated:
        who = await who_calls(
            connection,
            visit.authorization,
            correlation=visit.correlation if is_writing else None,
            at=self._clock.now(),
        )
        if isinstance(who, Stranger):
            raise Refusal(who.reason, who.detail)
        visit.caller = (who.tenant.id, who.principal.id)
        return who

    async def _run(self, sent: Sent, visit: Visit) -> Answer:
        """One run in a transaction of its own.

        Raises Refusal, GraphError, and whatever of the database stood in its way.
        """
        is_writing = sent.method != "GET"
        async with borrowed(self._database) as connection:
            who = await self._recognise(connection, visit, is_writing=is_writing)
            if sent.fault is not None:
                raise sent.fault
            route, keys = self._router.find(sent)
            visit.template = route.template
            check_may(who.principal, route)
            toll = self._toll(sent, who)
            call = self._call(who, connection, visit)
            answer = await route.handler(GraphRequest(call=call, sent=sent, keys=keys))
            if is_writing and answer.status < 400:
                await _commit(connection)
                call.tx.remember()
                answer = _told_held(answer, call, visit)
            return answer if toll is None else toll.on(answer)

    def _toll(self, sent: Sent, who: Authenticated) -> Toll | None:
        size = str(setting_value(who.tenant.settings, "graphThrottling"))
        return self._throttle.take(sent, tenant=who.tenant, principal=who.principal, size=size)

    def _call(
        self, who: Authenticated, connection: AsyncConnection[TupleRow], visit: Visit
    ) -> Call:
        return Call(
            tx=Transaction(connection, who.tenant.tenant_id, self._database.dictionary),
            tenant=who.tenant,
            principal=who.principal,
            now=self._clock.now(),
            correlation=visit.correlation,
        )


async def _commit(connection: AsyncConnection[TupleRow]) -> None:
    try:
        await connection.commit()
    except psycopg.OperationalError as error:
        if is_standoff(error):
            raise
        log.warning("the database went away during a commit", exc_info=True)
        raise GraphError(
            503,
            "ServiceUnavailable",
            "The database went away while the change was being stored, so it is not known whether"
            " it was. Look before you send it again.",
            reason="outcomeUnknown",
            headers=_RETRY_SOON,
        ) from error


def _told_held(answer: Answer, call: Call, visit: Visit) -> Answer:
    """The answer, or 403 where removals wait for a second administrator (`interfaces.md`).

    The rest of the change is committed: what is held needs its row to be approved.
    """
    ids = {held.held_change: held.sentence for held in call.ledger.held if held.held_change}
    if not ids:
        return answer
    error = error_of(Refusal(Reason.HELD_FOR_APPROVAL, " ".join(ids.values())))
    header = (HELD_HEADER, ", ".join(str(id_) for id_ in ids).encode())
    return error_answer(
        GraphError(
            error.status,
            error.code,
            error.message,
            reason=error.reason,
            detail=error.detail,
            headers=(header,),
        ),
        request_id=str(visit.correlation),
        client_request_id=visit.client_request_id,
        now=call.now,
    )


def _unstorable() -> GraphError:
    return bad_request(
        "A value of the call cannot be stored: a text with a NUL character, a number that is too"
        " large, or a time that is no time."
    )


def _unavailable() -> GraphError:
    return GraphError(
        503,
        "ServiceUnavailable",
        "The database cannot be reached right now. Nothing was changed: try again in a moment.",
        reason="unavailable",
        headers=_RETRY_SOON,
    )


def _busy() -> GraphError:
    return GraphError(
        503,
        "ServiceUnavailable",
        "Other calls changed the same people or products at the same moment, again and again."
        " Nothing was changed: try again in a moment.",
        reason="tooBusy",
        headers=_RETRY_SOON,
    )


def _bug() -> GraphError:
    return GraphError(
        500,
        "InternalServerError",
        "seatwright could not finish this call, and nothing was changed. The request-id finds the"
        " cause in the logs.",
        reason="internalError",
    )

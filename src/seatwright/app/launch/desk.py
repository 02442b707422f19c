"""The door of launches: callers queue here, and whatever queued meanwhile is the next batch.

Natural group commit (`architecture.md` §4): one queue for each tenant, one batch in flight for each
queue, a bounded number at once, and tenants take turns. There is no timer: under little load a
batch is one caller, who waits for nothing.

People who were entitled a while ago are only read, without a lock, in a queue of their own; so is
everybody while a tenant's launches give nothing. Who turns out to need something goes on to the
queue that holds the locks, and who needs a transaction of their own to a third, so that nobody
else waits for those.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import psycopg_pool
import structlog

from seatwright.app.launch.batch import Batches, Outcomes
from seatwright.app.launch.orders import Knock, LaunchAnswer
from seatwright.app.launch.turns import Later
from seatwright.domain.clock import Clock
from seatwright.domain.ids import TenantId
from seatwright.domain.launch import Outcome
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import Authenticated

log = structlog.get_logger(__name__)

CALLERS_MAX: Final = 256
"""In one batch: more would hold the locks of the pools longer than others should wait."""

ALONE_MAX: Final = 8
"""Served one after another, each in a transaction of their own, before the next tenant's turn."""

WAITING_MAX: Final = 20_000
"""In one queue: whoever comes then is told at once that the service is not available."""

BATCHES_MAX: Final = 4
"""At once in one process; each takes a connection, and the other calls need some too."""

ENTITLED_MAX: Final = 200_000
"""How many people a process remembers to have been entitled to something."""

Key = tuple[TenantId, str | None, str | None, str | None]


class _Way(Enum):
    """How the callers of a queue are served."""

    READING = "reading"
    CLAIMING = "claiming"
    ALONE = "alone"

    @property
    def at_once(self) -> int:
        """How many callers a batch takes."""
        return ALONE_MAX if self is _Way.ALONE else CALLERS_MAX


@dataclass(slots=True, eq=False)
class _Waiting:
    knock: Knock
    answer: asyncio.Future[LaunchAnswer]


@dataclass(slots=True, eq=False)
class _Queue:
    """The callers of one tenant who wait; `gave_nothing`: its last batch under locks did not."""

    tenant: TenantId
    way: _Way
    callers: deque[_Waiting] = field(default_factory=deque)
    is_busy: bool = False
    gave_nothing: bool = False


class LaunchDesk:
    """Where every launch of one process is asked."""

    def __init__(self, database: Database, *, clock: Clock, public_url: str) -> None:
        self.batches = Batches(database, clock=clock, public_url=public_url)
        self._queues: dict[tuple[TenantId, _Way], _Queue] = {}
        self._ready: deque[_Queue] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._is_waking = False
        self._entitled: dict[Key, None] = {}

    async def recognise(self, digest: bytes) -> Authenticated | None:
        """Whom a token belongs to, as far as this process knows; every batch asks again."""
        return await self.batches.recognise(digest)

    async def recognise_anew(self, digest: bytes) -> Authenticated | None:
        """Whom a token belongs to now."""
        return await self.batches.recognise_anew(digest)

    async def launch(self, knock: Knock, who: Authenticated) -> LaunchAnswer:
        """Answer one caller, in the next batch of their tenant.

        Raises what the database raises when it is away, or when too many wait for it.
        """
        tenant = who.tenant.tenant_id
        way = _Way.READING if self._is_reading(tenant, knock) else _Way.CLAIMING
        queue = self._queue(tenant, way)
        if len(queue.callers) >= WAITING_MAX:
            raise psycopg_pool.TooManyRequests(f"{WAITING_MAX} launches wait already")
        waiting = _Waiting(knock, asyncio.get_running_loop().create_future())
        self._enqueue(queue, [waiting])
        return await waiting.answer

    def _is_reading(self, tenant: TenantId, knock: Knock) -> bool:
        """Whether a caller is likely to need nothing; an event that carries an id is written."""
        if knock.order.event_id is not None:
            return False
        claiming = self._queues.get((tenant, _Way.CLAIMING))
        return _key(tenant, knock) in self._entitled or (
            claiming is not None and claiming.gave_nothing
        )

    def _queue(self, tenant: TenantId, way: _Way) -> _Queue:
        queue = self._queues.get((tenant, way))
        if queue is None:
            queue = self._queues[tenant, way] = _Queue(tenant, way)
        return queue

    def _enqueue(self, queue: _Queue, callers: Sequence[_Waiting]) -> None:
        is_new = not queue.callers and not queue.is_busy
        queue.callers.extend(callers)
        if is_new:
            self._ready.append(queue)
        if not self._is_waking:
            # At the end of this turn of the loop: whoever came in the same turn comes along.
            self._is_waking = True
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._is_waking = False
        while self._ready and len(self._running) < BATCHES_MAX:
            queue = self._ready.popleft()
            count = min(len(queue.callers), queue.way.at_once)
            callers = [queue.callers.popleft() for _ in range(count)]
            queue.is_busy = True
            task = asyncio.create_task(self._serve(queue, callers))
            self._running.add(task)
            task.add_done_callback(lambda done, queue=queue: self._end(done, queue))  # type: ignore[misc]  # mypy knows no default in a lambda

    def _end(self, task: asyncio.Task[None], queue: _Queue) -> None:
        self._running.discard(task)
        queue.is_busy = False
        if queue.callers:
            # Behind the other tenants: each has its turn.
            self._ready.append(queue)
        self._wake()

    async def _serve(self, queue: _Queue, callers: Sequence[_Waiting]) -> None:
        """Run one batch; if it fails, each of its callers once more by themselves.

        But while there is no connection to be had, nobody is made to wait for another one.
        """
        callers = [one for one in callers if not one.answer.done()]
        if not callers:
            return
        if queue.way is _Way.ALONE:
            await self._serve_alone(queue.tenant, callers)
            return
        failure = await self._try(queue, callers)
        if failure is not None and len(callers) > 1:
            log.warning("a batch of launches failed", callers=len(callers), cause=repr(failure))
        for place, one in enumerate(callers):
            if failure is None:
                return
            if isinstance(failure, psycopg_pool.PoolTimeout):
                _fail(callers[place:], failure)
                return
            again = await self._try(queue, [one])
            if again is not None:
                _fail([one], again)
                failure = again

    async def _try(self, queue: _Queue, callers: Sequence[_Waiting]) -> BaseException | None:
        """Run callers as one batch and answer them; what went wrong, if something did."""
        knocks = [one.knock for one in callers]
        is_reading = queue.way is _Way.READING
        work = asyncio.create_task(self.batches.run(queue.tenant, knocks, is_reading=is_reading))
        await asyncio.wait((work,))
        failure = work.exception()
        if failure is None:
            self._answer(queue, callers, work.result())
        return failure

    def _answer(self, queue: _Queue, callers: Sequence[_Waiting], outcomes: Outcomes) -> None:
        if queue.way is _Way.CLAIMING:
            queue.gave_nothing = not outcomes.has_given
        later: dict[_Way, list[_Waiting]] = {}
        for one, answer in zip(callers, outcomes.answers, strict=True):
            if answer is Later.CLAIM:
                later.setdefault(_Way.CLAIMING, []).append(one)
            elif answer is Later.ALONE:
                later.setdefault(_Way.ALONE, []).append(one)
            elif isinstance(answer, LaunchAnswer):
                self._tell(queue.tenant, one, answer)
        for way, waiting in later.items():
            self._enqueue(self._queue(queue.tenant, way), waiting)

    async def _serve_alone(self, tenant: TenantId, callers: Sequence[_Waiting]) -> None:
        """Answer callers one after another, each in a transaction of their own."""
        for place, one in enumerate(callers):
            work = asyncio.create_task(self.batches.run_alone(tenant, one.knock))
            await asyncio.wait((work,))
            failure = work.exception()
            if failure is None:
                self._tell(tenant, one, work.result())
            elif isinstance(failure, psycopg_pool.PoolTimeout):
                _fail(callers[place:], failure)
                return
            else:
                _fail([one], failure)

    def _tell(self, tenant: TenantId, one: _Waiting, answer: LaunchAnswer) -> None:
        key = _key(tenant, one.knock)
        if answer.outcome is Outcome.DENIED:
            self._entitled.pop(key, None)
        else:
            if len(self._entitled) >= ENTITLED_MAX:
                self._entitled.clear()
            self._entitled[key] = None
        if not one.answer.done():
            one.answer.set_result(answer)


def _fail(callers: Sequence[_Waiting], failure: BaseException) -> None:
    for one in callers:
        if not one.answer.done():
            one.answer.set_exception(failure)


def _key(tenant: TenantId, knock: Knock) -> Key:
    return (tenant, knock.order.user, knock.order.app, knock.order.flow)

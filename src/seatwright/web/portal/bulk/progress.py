"""Live progress of a job as server-sent events (HTML Living Standard, 9.2).

A call of its own beside the edge: it lasts while the job does, so it keeps no transaction. Each
look asks again whether the session is still there, and goes on after a second without any
connection held. It does not keep the session alive: a page that is left open is nobody at work.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
import psycopg_pool
from litestar.types import HTTPScope, Receive, Send

from seatwright.app.portal_sessions import SESSION_IDLES
from seatwright.domain.clock import Clock
from seatwright.domain.jobs import Job, JobKind, JobState
from seatwright.domain.roles import Permission
from seatwright.domain.tenants import Principal, TenantState
from seatwright.identity.secrets import digest_of
from seatwright.postgres.jobs import find_job
from seatwright.postgres.pool import Database
from seatwright.postgres.portal_sessions import authenticate_session
from seatwright.postgres.transaction import Transaction
from seatwright.web.connections import borrowed
from seatwright.web.portal.frame.cookie import SessionCookie
from seatwright.web.portal.frame.downloads import hung_up
from seatwright.web.portal.frame.pages import SECURITY_HEADERS, formats_of
from seatwright.web.portal.frame.rendering import render

LOOKS_MAX: Final = 600
"""Ten minutes; the browser then opens the stream again by itself."""

SECONDS_BETWEEN: Final = 1.0

_PATH: Final = re.compile(
    r"/(?:bulk|exports/files)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/progress"
)
_HEADERS: Final = {**SECURITY_HEADERS, "content-type": "text/event-stream"}


def job_of_stream(path: str) -> UUID | None:
    """The job whose progress a path streams; None for the path of a page."""
    found = _PATH.fullmatch(path)
    return None if found is None else UUID(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressStream:
    """Serves the events of one job after the other look."""

    database: Database
    clock: Clock
    cookie: SessionCookie
    seconds_between: float = SECONDS_BETWEEN

    async def __call__(
        self, scope: HTTPScope, receive: Receive, send: Send, *, job_id: UUID
    ) -> None:
        """Send events until the job has ended, the caller hangs up, or may look no more."""
        scope["path_template"] = "/bulk/{job_id}/progress"
        session = self.cookie.read(dict(scope["headers"]))
        first = None if session is None else await self._look(session, job_id)
        if session is None or first is None:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(hung_up(receive))
        try:
            async for event in self._events(scope, session, first):
                await send({"type": "http.response.body", "body": event, "more_body": True})
                if gone.done():
                    return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _events(self, scope: HTTPScope, session: str, job: Job) -> AsyncIterator[bytes]:
        for _ in range(LOOKS_MAX):
            yield _event("progress", _fragment(scope, job))
            if job.state.is_final:
                yield _event("end", job.state.value)
                return
            await asyncio.sleep(self.seconds_between)
            seen = await self._look(session, job.id)
            if seen is None:
                yield _event("leave", "")
                return
            job = seen

    async def _look(self, session: str, job_id: UUID) -> Job | None:
        """The job, for somebody who is signed in and may read it; None for everybody else."""
        try:
            async with borrowed(self.database) as connection:
                seen = await authenticate_session(
                    connection, digest_of(session), at=self.clock.now(), idle=SESSION_IDLES
                )
                if seen is None or seen.who.tenant.state is TenantState.SUSPENDED:
                    return None
                tenant = seen.who.tenant.tenant_id
                tx = Transaction(connection, tenant, self.database.dictionary)
                job = await find_job(tx, job_id)
                return job if job is not None and _may_look(seen.who.principal, job) else None
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
            return None


def _may_look(principal: Principal, job: Job) -> bool:
    """The file of a list is nobody's but whose it is; other jobs are for all who may read jobs."""
    if job.kind is JobKind.EXPORT:
        return job.principal_no == principal.principal_no
    return principal.may(Permission.READ_JOBS)


def _fragment(scope: HTTPScope, job: Job) -> str:
    template = "export_progress.html" if job.kind is JobKind.EXPORT else "bulk_progress.html"
    context = {"job": job, "formats": formats_of(scope), "rate": rate_of(job)}
    return render(template, context).decode()


def rate_of(job: Job) -> int | None:
    """Rows a second over the whole of an ended job; None while it runs or for a short one."""
    if job.started_at is None or job.finished_at is None or job.state is not JobState.COMPLETED:
        return None
    seconds = (job.finished_at - job.started_at).total_seconds()
    return round(job.done / seconds) if seconds >= 1 else None


def _event(name: str, data: str) -> bytes:
    """One event; each line of its data is a line of its own."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()

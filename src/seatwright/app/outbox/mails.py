"""Handing mails in, several over one connection."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from seatwright.app.outbox.attachments import attachment_of
from seatwright.app.outbox.sending import Chunk, Stopwatch, take_chunk
from seatwright.app.telling.channels import Mailer, MailSession
from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId
from seatwright.domain.outgoing import (
    AWAY_PAUSE,
    Channel,
    Delivery,
    Mail,
    NotTaken,
    ServerAway,
)
from seatwright.postgres.deliveries import show_mails

log = structlog.get_logger(__name__)

MAILS_AT_ONCE: Final = 50
"""On one lease and over one connection; many servers close a connection after a hundred."""

FILE_SECONDS: Final = 60.0
"""For the file that goes with a mail; with what sending takes it is within the lease's reserve."""

SHOWN_AT_ONCE: Final = 2_000
CHUNKS_MAX: Final = 2_000


async def send_mails(workshop: Workshop, tenant_id: TenantId) -> None:
    """Send every mail that is due; while the server is away they stay where they are."""
    if workshop.mailer is None:
        await _show(workshop, tenant_id)
        return
    for _ in range(CHUNKS_MAX):
        chunk = await take_chunk(workshop, tenant_id, Channel.MAIL, limit=MAILS_AT_ONCE)
        if not chunk.deliveries or not await _send_chunk(workshop.mailer, chunk):
            return


async def _show(workshop: Workshop, tenant_id: TenantId) -> None:
    """Without a server, mails are there to be looked at."""
    for _ in range(CHUNKS_MAX):
        async with workshop.database.transaction(tenant_id) as tx:
            shown = await show_mails(tx, now=workshop.clock.now(), limit=SHOWN_AT_ONCE)
        if shown < SHOWN_AT_ONCE:
            return


async def _send_chunk(mailer: Mailer, chunk: Chunk) -> bool:
    """Send one chunk; False when the server is away."""
    try:
        async with mailer.session() as session:
            for one in chunk.deliveries:
                if chunk.is_over:
                    break
                await _send(session, chunk, one)
    except ServerAway as away:
        log.warning("the mail server takes nothing", error=str(away), tenant=chunk.tenant_id)
        await chunk.give_back(pause=AWAY_PAUSE, error=str(away)[:500])
        return False
    await chunk.give_back()
    return True


async def _send(session: MailSession, chunk: Chunk, one: Delivery) -> None:
    """Send one mail and keep what became of it.

    Raises ServerAway; the mail then has been tried, and is no worse than those behind it.
    """
    watch = Stopwatch(chunk.workshop)
    try:
        await session.send(await _mail_of(chunk, one))
    except NotTaken as refused:
        await chunk.keep_failed(one, watch.failure(refused), is_final=refused.is_final)
    except ServerAway as away:
        await chunk.keep_failed(one, watch.attempt(error=str(away)), is_final=False)
        raise
    else:
        await chunk.keep_sent(one, watch.attempt())


async def _mail_of(chunk: Chunk, one: Delivery) -> Mail:
    assert one.subject is not None, "every mail has a subject"
    try:
        async with asyncio.timeout(FILE_SECONDS):
            attachment = await attachment_of(chunk.workshop, chunk.tenant_id, one)
    except TimeoutError as error:
        raise NotTaken("The file of the report was not made in time.") from error
    return Mail(
        id=one.id,
        to=one.address,
        subject=one.subject,
        body=one.body,
        html=one.html or "",
        attachment=attachment,
    )

"""From what happened to what is sent: the mails and webhook calls of a telling, worded once.

They are written with the words, choices and addresses that hold at that moment, in one transaction
with the mark that says so: whoever is killed in between leaves the telling as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final
from uuid import UUID, uuid4

import structlog

from seatwright.app.call import Call
from seatwright.app.telling.scene import Scene, UnwordedError, read_scene
from seatwright.app.telling.tell import tell
from seatwright.domain.mail_preferences import next_digest
from seatwright.domain.outgoing import Channel, NewDelivery
from seatwright.domain.telling import EventKind, FieldValue, Telling
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.deliveries import insert_deliveries
from seatwright.postgres.report_mail import Recipients, recipients_of_runs
from seatwright.postgres.tellings import (
    StoredTelling,
    hold_unrouted,
    mark_routed,
    mark_unworded,
)

log = structlog.get_logger(__name__)

ROUTED_AT_ONCE: Final = 500
"""Tellings worded in one transaction: a second of work at most, and others want the worker too."""

Runs = Mapping[UUID, Recipients]


async def route_page(call: Call) -> bool:
    """Write mails and calls of one page of tellings; False when there were none."""
    page = await hold_unrouted(call.tx, limit=ROUTED_AT_ONCE)
    if not page:
        return False
    scene = await read_scene(call)
    runs = await _runs_of(call, page)
    waiting = [one.telling_no for one in page if _waits(scene, one)]
    new: list[NewDelivery] = []
    unworded: dict[int, str] = {}
    for one in page:
        new += _calls_of(call, scene, one)
        try:
            new += [] if one.telling_no in waiting else _mails_of(scene, one, runs)
        except UnwordedError as error:
            unworded[one.telling_no] = str(error)
    await insert_deliveries(call.tx, new, at=call.now)
    if unworded:
        await _set_aside(call, page, unworded)
    await mark_routed(
        call.tx,
        [one.telling_no for one in page],
        at=call.now,
        waiting=waiting,
        digest_at=next_digest(call.now, hour=scene.digest_hour, zone=scene.zone),
    )
    return True


async def _set_aside(
    call: Call, page: Sequence[StoredTelling], unworded: Mapping[int, str]
) -> None:
    """Keep what could not be worded apart, and say so once a day for each kind of mail."""
    await mark_unworded(call.tx, unworded)
    said = []
    for one in page:
        why = unworded.get(one.telling_no)
        if why is None:
            continue
        log.error("a telling has no words", tenant=call.tx.tenant_id, telling=one.telling_no)
        if one.kind is EventKind.MAIL_NOT_WORDED:
            continue
        said.append(
            Telling(
                kind=EventKind.MAIL_NOT_WORDED,
                key=f"{one.kind.value}:{call.now:%Y-%m-%d}",
                user=None,
                data={"mailKind": one.kind.value, "tellingId": str(one.id), "error": why},
            )
        )
    await tell(call, said)


def _waits(scene: Scene, one: StoredTelling) -> bool:
    """Whether it goes into somebody's daily mail."""
    reader = one.reader
    return (
        reader is not None
        and scene.is_mailed(one.kind)
        and reader.preference.wants(one.kind)
        and reader.preference.waits(one.kind)
    )


async def _runs_of(call: Call, page: tuple[StoredTelling, ...]) -> Runs:
    ids = [_run_id(one.data) for one in page if one.kind is EventKind.REPORT_READY]
    known = [id_ for id_ in ids if id_ is not None]
    return await recipients_of_runs(call.tx, known) if known else {}


def _run_id(data: Mapping[str, FieldValue]) -> UUID | None:
    try:
        return UUID(str(data.get("runId")))
    except ValueError:
        return None


def _mails_of(scene: Scene, one: StoredTelling, runs: Runs) -> list[NewDelivery]:
    if not scene.is_mailed(one.kind):
        return []
    reader = one.reader
    if reader is not None:
        if reader.address is None or not reader.preference.wants(one.kind):
            return []
        return [mail(scene, one, reader.address, name=reader.name)]
    if one.kind is EventKind.REPORT_READY:
        run_id = _run_id(one.data)
        return _report_mails(scene, one, None if run_id is None else runs.get(run_id))
    return [mail(scene, one, address, name="administrators") for address in scene.administrators]


def _report_mails(
    scene: Scene, one: StoredTelling, recipients: Recipients | None
) -> list[NewDelivery]:
    """A report goes to those whom its schedule names, and to nobody else."""
    if recipients is None:
        return []
    return [
        mail(scene, one, address, name=address, run=recipients) for address in recipients.addresses
    ]


def mail(
    scene: Scene,
    one: StoredTelling,
    address: str,
    *,
    name: str,
    run: Recipients | None = None,
) -> NewDelivery:
    """The mail of a telling to an address."""
    rendered = scene.rendered(one.kind, one.data, recipient=name)
    return NewDelivery(
        id=uuid4(),
        channel=Channel.MAIL,
        kind=one.kind.value,
        key=one.key,
        address=address,
        user=None if one.reader is None else one.reader.user,
        subject=rendered.subject,
        body=rendered.body,
        html=rendered.html,
        run_id=None if run is None or run.file is None else run.run_id,
        run_file=None if run is None else run.file,
    )


def _calls_of(call: Call, scene: Scene, one: StoredTelling) -> list[NewDelivery]:
    if not one.is_posted:
        return []
    return [_call_of(call, hook, one) for hook in scene.webhooks if hook.wants(one.kind.value)]


def _call_of(call: Call, hook: Webhook, one: StoredTelling) -> NewDelivery:
    return webhook_call(
        call,
        hook,
        kind=one.kind.value,
        key=one.key,
        body={"timestamp": one.at.astimezone(UTC).isoformat(), "data": dict(one.data)},
    )


def webhook_call(
    call: Call, hook: Webhook, *, kind: str, key: str, body: Mapping[str, object]
) -> NewDelivery:
    """One event to be posted: its exact body, which every try signs and sends again."""
    payload = {"type": kind, "tenantId": str(call.tenant.id), **body}
    return NewDelivery(
        id=uuid4(),
        channel=Channel.WEBHOOK,
        kind=kind,
        key=key,
        address=hook.host,
        webhook_no=hook.webhook_no,
        body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
    )

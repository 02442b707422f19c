"""From what happened to what is sent: the mails and webhook calls of a telling, worded once.

They are written with the words, choices and addresses that hold at that moment, in one transaction
with the mark that says so: whoever is killed in between leaves the telling as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.telling.scene import Scene, read_scene
from seatwright.domain.mail_preferences import next_digest
from seatwright.domain.outgoing import Channel, NewDelivery
from seatwright.domain.telling import EventKind, FieldValue
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.deliveries import insert_deliveries
from seatwright.postgres.report_mail import Recipients, recipients_of_runs
from seatwright.postgres.tellings import StoredTelling, hold_unrouted, mark_routed

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
    for one in page:
        new += [_call_of(call, hook, one) for hook in scene.webhooks if hook.wants(one.kind.value)]
        if one.telling_no not in waiting:
            new += _mails_of(scene, one, runs)
    await insert_deliveries(call.tx, new, at=call.now)
    await mark_routed(
        call.tx,
        [one.telling_no for one in page],
        at=call.now,
        waiting=waiting,
        digest_at=next_digest(call.now, hour=scene.digest_hour, zone=scene.zone),
    )
    return True


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
    return await recipients_of_runs(call.tx, ids) if ids else {}


def _run_id(data: Mapping[str, FieldValue]) -> UUID:
    return UUID(str(data["runId"]))


def _mails_of(scene: Scene, one: StoredTelling, runs: Runs) -> list[NewDelivery]:
    if not scene.is_mailed(one.kind):
        return []
    reader = one.reader
    if reader is not None:
        if reader.address is None or not reader.preference.wants(one.kind):
            return []
        return [mail(scene, one, reader.address, name=reader.name)]
    if one.kind is EventKind.REPORT_READY:
        return _report_mails(scene, one, runs.get(_run_id(one.data)))
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

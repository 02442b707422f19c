"""One mail a day about decisions that wait, for those who want it so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.requests.routing import keys_of, policies_of
from seatwright.app.telling.scene import Scene, read_scene
from seatwright.domain.ids import UserNo
from seatwright.domain.mail_templates import as_html, one_line
from seatwright.domain.outgoing import Channel, NewDelivery
from seatwright.postgres.deliveries import insert_deliveries
from seatwright.postgres.tellings import (
    StoredTelling,
    end_digest,
    hold_digest,
    next_for_digest,
    pending_behind,
    roles_of_person,
)

DIGEST_KIND: Final = "dailyDigest"
LINES_MAX: Final = 50
"""Decisions named in one mail; it says how many more there are."""
GATHERED_MAX: Final = 10_000


async def send_one_digest(call: Call) -> bool:
    """Write the daily mail of one person whose hour has come; False when there is none."""
    user = await next_for_digest(call.tx, now=call.now)
    if user is None:
        return False
    page = await hold_digest(call.tx, user, now=call.now, limit=GATHERED_MAX)
    await end_digest(call.tx, [one.telling_no for one in page])
    reader = page[0].reader
    assert reader is not None, "only people have a daily mail"
    page = await _still_before(call, user, page)
    if page and reader.address is not None and reader.preference.is_on:
        scene = await read_scene(call)
        subject, body = _worded(scene, page, name=reader.name)
        new = NewDelivery(
            id=uuid4(),
            channel=Channel.MAIL,
            kind=DIGEST_KIND,
            key=f"{user}:{call.now.isoformat()}",
            address=reader.address,
            user=user,
            subject=subject,
            body=body,
            html=as_html(body),
        )
        await insert_deliveries(call.tx, [new], at=call.now)
    return True


async def _still_before(
    call: Call, user: UserNo, page: Sequence[StoredTelling]
) -> tuple[StoredTelling, ...]:
    """Without what was decided since, and what is before somebody else by now."""
    pending = await pending_behind(call.tx, [one.telling_no for one in page])
    roles = await roles_of_person(call.tx, user)
    keys = await keys_of(call, await policies_of(call), user=user, roles=roles)
    theirs = {one.telling_no for one in pending if one.deciders & keys}
    over = {one.telling_no for one in pending} - theirs
    return tuple(one for one in page if one.telling_no not in over)


def _worded(scene: Scene, page: Sequence[StoredTelling], *, name: str) -> tuple[str, str]:
    count = len(page)
    what = "1 decision waits for you" if count == 1 else f"{count:,} decisions wait for you"
    lines = [
        f"- {scene.shown(one.kind, one.data, recipient=name).subject}" for one in page[:LINES_MAX]
    ]
    if count > LINES_MAX:
        lines.append(f"- and {count - LINES_MAX:,} more")
    body = "\n".join([f"Hello {one_line(name)},", "", f"{what}:", "", *lines, ""])
    return f"{one_line(scene.organization)}: {what}"[:250], body

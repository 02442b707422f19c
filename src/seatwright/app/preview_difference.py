"""Why a call may no longer be what its preview said: what is new, what is gone, who was there.

The preview kept its lines. They are compared with those of the call as it has just run, before it
is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from seatwright.app.call import Call
from seatwright.app.preview import Foreseen, Names, foreseen_in, names_for
from seatwright.domain.history import HistoryEvent, HistoryFilter
from seatwright.domain.reconcile import ChangeSet
from seatwright.domain.reconcile.changes import change_set_of
from seatwright.postgres.history_read import read_history
from seatwright.postgres.previews import KeptPreview, find_preview, keep_preview
from seatwright.postgres.transaction import Transaction

LINES_MAX: Final = 100
"""Lines of each kind in a difference; who wants all of them previews again."""

EVENTS_MAX: Final = 10
PRODUCTS_ASKED_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a call would do now against what its preview said.

    `appeared` and `vanished` are whole; `is_known` is false where the preview is not kept (any
    more), or had too many lines, and then both are empty. `meanwhile` is what others did since to
    the products concerned, newest first.
    """

    now: Foreseen
    is_known: bool
    appeared: ChangeSet
    vanished: ChangeSet
    names: Names
    meanwhile: tuple[HistoryEvent, ...] = ()


async def remember_preview(tx: Transaction, call: Call, foreseen: Foreseen) -> None:
    """Keep what a preview said; in a transaction of its own, for the call's is rolled back."""
    kept = KeptPreview(
        digest=foreseen.digest,
        lines=sorted(foreseen.named.lines()),
        new_people=foreseen.new_people,
        at=call.now,
    )
    await keep_preview(tx, kept, principal=call.principal.principal_no)


async def difference_to(call: Call, digest: str) -> Difference | None:
    """How a call differs from the preview with this digest; None: not at all."""
    now = await foreseen_in(call)
    if now.digest == digest:
        return None
    kept = await find_preview(call.tx, digest, principal=call.principal.principal_no, now=call.now)
    if kept is None or kept.lines is None:
        nothing = ChangeSet()
        names = await names_for(call, changes=(), errors=())
        return Difference(now=now, is_known=False, appeared=nothing, vanished=nothing, names=names)
    return await _known_difference(call, now, kept, lines=frozenset(kept.lines))


async def difference_of_refused(call: Call, digest: str) -> Difference | None:
    """How a call that is refused now differs from its preview; None where none is kept.

    All that was previewed is gone.
    """
    kept = await find_preview(call.tx, digest, principal=call.principal.principal_no, now=call.now)
    if kept is None or kept.lines is None:
        return None
    nothing = Foreseen(net=ChangeSet(), named=ChangeSet(), new_people={})
    return await _known_difference(call, nothing, kept, lines=frozenset(kept.lines))


async def _known_difference(
    call: Call, now: Foreseen, kept: KeptPreview, *, lines: frozenset[str]
) -> Difference:
    present = frozenset(now.named.lines())
    appeared = change_set_of(sorted(present - lines))
    vanished = change_set_of(sorted(lines - present))
    names = await names_for(
        call,
        changes=[*appeared.changes[:LINES_MAX], *vanished.changes[:LINES_MAX]],
        errors=[*appeared.error_changes[:LINES_MAX], *vanished.error_changes[:LINES_MAX]],
        new_people={**now.new_people, **kept.new_people},
    )
    return Difference(
        now=now,
        is_known=True,
        appeared=appeared,
        vanished=vanished,
        names=names,
        meanwhile=await _meanwhile(call, (appeared, vanished), since=kept.at),
    )


async def _meanwhile(
    call: Call, both: tuple[ChangeSet, ChangeSet], *, since: datetime
) -> tuple[HistoryEvent, ...]:
    """What others did to the products that make the difference, since the preview."""
    skus = {line.sku for one in both for line in one.seat_changes}
    skus |= {line.sku for one in both for line in one.changes}
    skus |= {line.sku for one in both for line in one.error_changes}
    events: list[HistoryEvent] = []
    for sku in sorted(skus)[:PRODUCTS_ASKED_MAX]:
        wanted = HistoryFilter(sku=sku, since=since)
        # The call's own rows are there too: they are not committed, and not the cause.
        found = await read_history(call.tx, wanted, before=None, limit=2 * EVENTS_MAX)
        events += [event for event in found if event.correlation != call.correlation]
    events.sort(key=lambda event: (event.place.at, event.place.event_no), reverse=True)
    return tuple(events[:EVENTS_MAX])

"""412 worldMoved: what a call would do now that its preview did not say, by name."""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg.pq import TransactionStatus

from seatwright.app.call import Call
from seatwright.app.preview import Names
from seatwright.app.preview_difference import (
    LINES_MAX,
    Difference,
    difference_of_refused,
    difference_to,
)
from seatwright.domain.errors import Reason
from seatwright.domain.history import HistoryEvent
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet
from seatwright.web.answers import Answer
from seatwright.web.problems import STATUS_OF, problem
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.preview import (
    ErrorLine,
    LicenseLine,
    PreviewCounts,
    counts_of,
    error_line,
    license_line,
)

CONFLICT = 409

NAMED_MAX = 3
"""Lines that the sentence itself names; the answer has more."""

_VERBS = {Action.GRANT: "gets", Action.UPDATE: "has changed", Action.REVOKE: "loses"}


class SeatsMoved(Shape, kw_only=True, frozen=True):
    """Seats of a product in use before and after the call, then and now; null: not moved."""

    display_name: str
    previewed: list[int] | None
    now: list[int] | None


class Lines(Shape, kw_only=True, frozen=True):
    """The first 100 lines of each kind, and how many there are."""

    changes: list[LicenseLine]
    errors: list[ErrorLine]
    changes_total: int
    errors_total: int


class Meanwhile(Shape, kw_only=True, frozen=True):
    """Something that another call did since, to a product that makes the difference."""

    at: datetime
    action: str
    user: str | None
    product: str | None
    principal: str


class RefusedNow(Shape, kw_only=True, frozen=True):
    """Why the call cannot be done at all any more."""

    code: str
    detail: str


class MovedShape(Shape, kw_only=True, frozen=True):
    """The facts of a 412. `isKnown` false: the preview is not kept (any more).

    `counts` are of what the call would do now, under `digest`; null where it is `refused` now.
    """

    digest: str | None
    refused: RefusedNow | None
    is_known: bool
    counts: PreviewCounts
    appeared: Lines
    vanished: Lines
    seats: list[SeatsMoved]
    meanwhile: list[Meanwhile]


async def answer_if_same(call: Call, digest: str, answer: Answer) -> Answer:
    """The call's own answer if it still is what its preview said; else what has moved.

    A call that was previewed and conflicts with what is now (the last seat is gone) is told so too;
    any other refusal is answered as itself.
    """
    refused = None
    if answer.status == CONFLICT and not _is_broken(call):
        told = msgspec.json.decode(answer.body)
        refused = RefusedNow(code=told["code"], detail=told["detail"])
        found = await difference_of_refused(call, digest)
    elif answer.status >= 400:
        found = None
    else:
        found = await difference_to(call, digest)
    return answer if found is None else _moved_answer(found, refused)


def _is_broken(call: Call) -> bool:
    """Whether an error of the database lets nothing more be asked in the call's transaction."""
    return call.tx.connection.info.transaction_status is TransactionStatus.INERROR


def _moved_answer(found: Difference, refused: RefusedNow | None) -> Answer:
    status = STATUS_OF[Reason.WORLD_MOVED]
    body = problem(
        status=status,
        code=Reason.WORLD_MOVED.value,
        detail=_detail(found, refused),
        extra=msgspec.to_builtins(_shape(found, refused)),
    )
    encoded = msgspec.json.encode(body)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(encoded)).encode()),
    ]
    return Answer(status, headers, encoded)


def _shape(found: Difference, refused: RefusedNow | None) -> MovedShape:
    return MovedShape(
        digest=found.now.digest if refused is None else None,
        refused=refused,
        is_known=found.is_known,
        counts=counts_of(found.now.net),
        appeared=_lines(found.appeared, found.names),
        vanished=_lines(found.vanished, found.names),
        seats=_seats(found),
        meanwhile=[_event(one, found.names) for one in found.meanwhile],
    )


def _lines(changes: ChangeSet, names: Names) -> Lines:
    return Lines(
        changes=[license_line(one, names) for one in changes.changes[:LINES_MAX]],
        errors=[error_line(one, names) for one in changes.error_changes[:LINES_MAX]],
        changes_total=len(changes.changes),
        errors_total=len(changes.error_changes),
    )


def _seats(found: Difference) -> list[SeatsMoved]:
    now = {
        one.sku: [one.consumed_before, one.consumed_after] for one in found.appeared.seat_changes
    }
    then = {
        one.sku: [one.consumed_before, one.consumed_after] for one in found.vanished.seat_changes
    }
    return [
        SeatsMoved(
            display_name=found.names.catalog.sku_name(sku),
            previewed=then.get(sku),
            now=now.get(sku),
        )
        for sku in sorted(now.keys() | then.keys())
    ]


def _event(event: HistoryEvent, names: Names) -> Meanwhile:
    who = event.user
    return Meanwhile(
        at=event.place.at,
        action=event.action.wire,
        user=None if who is None else who.display_name or who.name,
        product=None if event.sku is None else names.catalog.sku_name(event.sku),
        principal=event.principal.name,
    )


def _detail(found: Difference, refused: RefusedNow | None) -> str:
    if not found.is_known:
        counts = counts_of(found.now.net)
        return (
            "The If-Match names a change set that is not what this call comes to now, and no"
            " preview of yours with that digest is kept (for 24 hours). Now it would give"
            f" {counts.grants}, change {counts.updates} and take {counts.revokes} licenses."
            " Nothing was changed: preview again, and apply the digest that it answers."
        )
    new, gone = _said(found.appeared, found.names), _said(found.vanished, found.names)
    parts = ["The world has moved since the preview, and nothing was changed."]
    parts += [f"The call is refused now: {refused.detail}"] if refused else []
    parts += [f"New: {new}."] if new else []
    parts += [f"Gone: {gone}."] if gone else []
    if not (new or gone or refused):
        is_other = found.now.beside and not found.now.net.seat_changes
        parts += [
            "What it changes is something else than then."
            if is_other
            else "Other seats of its products are in use than then."
        ]
    parts += [f"Meanwhile {_told(one, found.names)}." for one in found.meanwhile[:1]]
    parts += [] if refused else ["Preview again, and apply the digest that it answers."]
    return " ".join(parts)


def _said(changes: ChangeSet, names: Names) -> str:
    said = [_license_said(one, names) for one in changes.changes[:NAMED_MAX]]
    errors = changes.error_changes[: NAMED_MAX - len(said)]
    said += [error_line(one, names).sentence.rstrip(".") for one in errors]
    more = len(changes.changes) + len(changes.error_changes) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more and said else "")


def _license_said(change: Change, names: Names) -> str:
    product = names.catalog.sku_name(change.sku)
    return f"{names.person(change.user_no)} {_VERBS[change.action]} {product}"


def _told(event: HistoryEvent, names: Names) -> str:
    product = "a license" if event.sku is None else names.catalog.sku_name(event.sku)
    who = event.user
    person = "" if who is None else f" for {who.display_name or who.name}"
    return f"“{event.principal.name}” did this: {event.action.wire} {product}{person}"

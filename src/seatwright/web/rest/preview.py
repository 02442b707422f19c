"""The answer of a preview, the same for every writing route: who gains and loses what.

Sums are whole; of lines there are at most 1,000 of each kind, and `truncated` says when there are
more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request

from seatwright.app.ledger import HeldBack
from seatwright.app.preview import LINES_MAX, Names, Preview, SeatForecast
from seatwright.app.preview_words import sentence_of
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet, ErrorChange
from seatwright.web.answers import Answer
from seatwright.web.rest.bodies import Shape

Told = TypeVar("Told", bound=Shape)


class PersonName(Shape, kw_only=True, frozen=True):
    """A person; `id` is null for one whom the call would make."""

    id: UUID | None
    user_principal_name: str | None
    display_name: str | None


class ProductName(Shape, kw_only=True, frozen=True):
    """A product."""

    sku_id: UUID | None
    sku_part_number: str | None
    display_name: str


class SourceName(Shape, kw_only=True, frozen=True):
    """What gives a license: `kind` is direct, group, policy, request or hold."""

    kind: str
    id: UUID | None
    display_name: str | None


class LicenseLine(Shape, kw_only=True, frozen=True):
    """A license that begins (`grant`), changes (`update`) or ends (`revoke`)."""

    user: PersonName
    product: ProductName
    action: str
    gains: list[str]
    loses: list[str]
    source: SourceName | None
    reason: str | None


class ErrorLine(Shape, kw_only=True, frozen=True):
    """An error that comes, or goes (`isComing` false); `code` is of the list of reasons."""

    user: PersonName
    product: ProductName
    code: str
    is_coming: bool
    sentence: str
    source: SourceName


class SeatLine(Shape, kw_only=True, frozen=True):
    """The seats of a product before and after; `seatsToBuy` would serve everybody who waits.

    `endsAt` is there where somebody gets the product although every purchase of it ends within 30
    days and none renews: when the last one does. Who may not read purchases is not told.
    """

    sku_id: UUID
    sku_part_number: str
    display_name: str
    assignable_before: int
    assignable: int
    consumed_before: int
    consumed_after: int
    free_before: int
    free_after: int
    waiting_before: int
    waiting_after: int
    seats_to_buy: int
    ends_at: datetime | None


class CostLine(Shape, kw_only=True, frozen=True):
    """What the licenses in use of the products concerned cost a month, in one currency."""

    currency: str
    before: Decimal
    after: Decimal
    difference: Decimal


class CostShape(Shape, kw_only=True, frozen=True):
    """Costs a month; currencies are never added up, and `unpriced` products have no price."""

    months: list[CostLine]
    unpriced: list[str]


class HeldLine(Shape, kw_only=True, frozen=True):
    """Removals of a product that the brake would hold until somebody else approves them."""

    product: ProductName
    people: int
    users: list[PersonName]
    sentence: str


class PreviewCounts(Shape, kw_only=True, frozen=True):
    """How many there are of each, however many lines are shown."""

    people: int
    grants: int
    updates: int
    revokes: int
    errors_coming: int
    errors_going: int
    held: int


class PreviewShape(Shape, kw_only=True, frozen=True):
    """What the call would do now; nothing of it was kept.

    Send the same call without `preview`, with `If-Match: "DIGEST"`: it is done if it still comes
    to the same, and answered with 412 and the difference if not. `result` is what bulk
    assignments and imports tell of their rows; null for every other call.
    """

    preview: bool
    digest: str
    counts: PreviewCounts
    changes: list[LicenseLine]
    errors: list[ErrorLine]
    seats: list[SeatLine]
    cost: CostShape
    held: list[HeldLine]
    truncated: bool
    result: Any


def tell_result(request: Request[Any, Any, Any], result: Told) -> Told:
    """Have a preview of this call tell this too; gives it back, to be the call's own answer."""
    request.scope["state"]["result"] = result
    return result


def preview_answer(preview: Preview, result: object) -> Answer:
    """The preview as it goes over the wire; its digest is its entity tag."""
    shape = preview_shape(preview, result)
    body = msgspec.json.encode(shape)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"etag", f'"{shape.digest}"'.encode()),
        (b"cache-control", b"no-store"),
    ]
    return Answer(200, headers, body)


def preview_shape(preview: Preview, result: object) -> PreviewShape:
    """The preview as an answer."""
    net, names = preview.foreseen.net, preview.names
    shown_changes = net.changes[:LINES_MAX]
    shown_errors = net.error_changes[:LINES_MAX]
    return PreviewShape(
        preview=True,
        digest=preview.foreseen.digest,
        counts=counts_of(net, held=sum(len(one.users) for one in preview.held)),
        changes=[
            license_line(one, names, reason=preview.reasons.get((one.user_no, one.sku)))
            for one in shown_changes
        ],
        errors=[error_line(one, names) for one in shown_errors],
        seats=[
            _seat_line(one, names, ends_at=preview.ending.get(one.sku)) for one in preview.seats
        ],
        cost=CostShape(
            months=[
                CostLine(
                    currency=one.currency,
                    before=one.before,
                    after=one.after,
                    difference=one.after - one.before,
                )
                for one in preview.costs
            ],
            unpriced=[names.catalog.sku_name(sku) for sku in preview.unpriced],
        ),
        held=[_held_line(one, names) for one in preview.held],
        truncated=(len(shown_changes), len(shown_errors))
        < (len(net.changes), len(net.error_changes)),
        result=result,
    )


def counts_of(net: ChangeSet, *, held: int = 0) -> PreviewCounts:
    """How many lines of each kind a change set has, and how many people they are about."""
    actions = [one.action for one in net.changes]
    people = {one.user_no for one in net.changes} | {one.user_no for one in net.error_changes}
    coming = sum(one.after is not None for one in net.error_changes)
    return PreviewCounts(
        people=len(people),
        grants=actions.count(Action.GRANT),
        updates=actions.count(Action.UPDATE),
        revokes=actions.count(Action.REVOKE),
        errors_coming=coming,
        errors_going=len(net.error_changes) - coming,
        held=held,
    )


def license_line(
    change: Change, names: Names, *, reason: ChangeReason | None = None
) -> LicenseLine:
    """One license as an answer shows it."""
    before, after = change.before or 0, change.after or 0
    return LicenseLine(
        user=_person(change.user_no, names),
        product=_product(change.sku, names),
        action=change.action.value,
        gains=list(names.catalog.plan_names(ServicePlanBits(after & ~before))),
        loses=list(names.catalog.plan_names(ServicePlanBits(before & ~after))),
        source=None if change.source is None else _source(change.source, names),
        reason=None if reason is None else reason.value,
    )


def error_line(error: ErrorChange, names: Names) -> ErrorLine:
    """One error as an answer shows it; one that becomes another is shown as the one that comes."""
    code = error.after or error.before
    assert code is not None, "an error change has a reason before or after"
    return ErrorLine(
        user=_person(error.user_no, names),
        product=_product(error.sku, names),
        code=code.value,
        is_coming=error.after is not None,
        sentence=sentence_of(
            error,
            person=names.person(error.user_no),
            product=names.catalog.sku_name(error.sku),
        ),
        source=_source(error.source, names),
    )


def _seat_line(one: SeatForecast, names: Names, *, ends_at: datetime | None) -> SeatLine:
    sku = names.catalog.skus[one.sku]
    return SeatLine(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        assignable_before=one.before.assignable,
        assignable=one.after.assignable,
        consumed_before=one.before.consumed,
        consumed_after=one.after.consumed,
        free_before=one.free_before,
        free_after=one.free_after,
        waiting_before=one.waiting_before,
        waiting_after=one.waiting_after,
        seats_to_buy=one.seats_to_buy,
        ends_at=ends_at,
    )


def _held_line(one: HeldBack, names: Names) -> HeldLine:
    return HeldLine(
        product=_product(one.sku, names),
        people=len(one.users),
        users=_people(one.users[:LINES_MAX], names),
        sentence=one.sentence,
    )


def _people(users: Iterable[UserNo], names: Names) -> list[PersonName]:
    return [_person(user, names) for user in users]


def _person(user: UserNo, names: Names) -> PersonName:
    label = names.people.get(user)
    if label is None:
        upn = names.new_people.get(user)
        return PersonName(id=None, user_principal_name=upn, display_name=upn)
    return PersonName(
        id=None if user in names.made else label.id,
        user_principal_name=label.upn,
        display_name=label.display_name,
    )


def _product(sku_no: SkuNo, names: Names) -> ProductName:
    sku = names.catalog.skus.get(sku_no)
    return ProductName(
        sku_id=None if sku is None else sku.sku_id,
        sku_part_number=None if sku is None else sku.part_number,
        display_name=names.catalog.sku_name(sku_no),
    )


def _source(source: Source, names: Names) -> SourceName:
    group = None
    if source.kind is SourceKind.GROUP:
        group = next((one for no, one in names.groups.items() if no == source.no), None)
    return SourceName(
        kind=source.kind.name.lower(),
        id=None if group is None else group.id,
        display_name=None if group is None else group.display_name,
    )

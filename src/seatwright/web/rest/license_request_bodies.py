"""The bodies and shapes of license requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from seatwright.app.call import Call
from seatwright.app.requests.asking import Asked
from seatwright.app.requests.desk import Verdict
from seatwright.app.requests.foretelling import Foretold
from seatwright.app.requests.orders import AskOrder, DecisionOrder
from seatwright.app.requests.queue import LineSeen, see_lines
from seatwright.app.requests.routing import policies_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.requests.lines import LicenseRequest
from seatwright.domain.requests.states import LineState
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.labels import UserLabel, user_labels
from seatwright.web.rest.bodies import Body
from seatwright.web.rest.license_request_shapes import (
    AskedShape,
    BlockedShape,
    DecidedShape,
    DecisionsShape,
    GivenShape,
    HoldShape,
    LeftOutShape,
    LineShape,
    ProcessShape,
    RequestPerson,
    RequestProduct,
    RequestShape,
    VerdictShape,
)


class AskBody(Body, kw_only=True, frozen=True):
    """What is asked; without `people` and `group` it is for oneself.

    `extends`: more time for what one has and that ends, until `expiresAt` if it is said.
    """

    sku_id: str | None = None
    sku_part_number: str | None = None
    people: list[str] | None = None
    group: str | None = None
    justification: str | None = None
    disabled_service_plans: list[str] | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    extends: bool = False


class DecisionBody(Body, kw_only=True, frozen=True):
    """`decision` is approve or deny; without `people` about all who are pending.

    `group`: those approved get it as members of this group, which gives it. `skuId` or
    `skuPartNumber`: another product than was asked for.
    """

    decision: str
    people: list[str] | None = None
    message: str | None = None
    group: str | None = None
    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None


class OneDecision(DecisionBody, kw_only=True, frozen=True):
    """A decision about one request of many."""

    request: str


class DecisionsBody(Body, kw_only=True, frozen=True):
    """Either `decisions`, one by one, or one `decision` about all of `requests`."""

    decisions: list[OneDecision] | None = None
    requests: list[str] | None = None
    decision: str | None = None
    message: str | None = None
    group: str | None = None


class EndBody(Body, kw_only=True, frozen=True):
    """Whom it is about, and a message to them; without `people` all of them."""

    people: list[str] | None = None
    message: str | None = None


class ShareBody(Body, kw_only=True, frozen=True):
    """Who is asked what they think, what one wants to know, and a message."""

    people: list[str]
    subject: str | None = None
    message: str | None = None


def _product_text(sku_id: str | None, part_number: str | None) -> str | None:
    if sku_id is not None and part_number is not None:
        raise Refusal(Reason.INVALID_VALUE, "Give skuId or skuPartNumber, not both.")
    return sku_id or part_number


def ask_order(body: AskBody) -> AskOrder:
    """What a body asks.

    Raises Refusal invalidValue without a product.
    """
    sku = _product_text(body.sku_id, body.sku_part_number)
    if sku is None:
        raise Refusal(Reason.INVALID_VALUE, "Name the product in skuId or skuPartNumber.")
    return AskOrder(
        sku=sku,
        people=body.people or (),
        group=body.group,
        justification=body.justification,
        disabled=body.disabled_service_plans or (),
        starts_at=body.starts_at,
        expires_at=body.expires_at,
        extends=body.extends,
    )


def decision_order(request: str, body: DecisionBody) -> DecisionOrder:
    """What a body decides."""
    return DecisionOrder(
        request=request,
        people=body.people,
        approves=_approves(body.decision),
        message=body.message,
        group=body.group,
        sku=_product_text(body.sku_id, body.sku_part_number),
        disabled=body.disabled_service_plans,
    )


def decision_orders(body: DecisionsBody) -> list[DecisionOrder]:
    """All that a body decides, each about one request."""
    if body.decisions is not None:
        if body.requests is not None:
            raise Refusal(Reason.INVALID_VALUE, "Give decisions or requests, not both.")
        return [decision_order(one.request, one) for one in body.decisions]
    approves = _approves(body.decision or "")
    return [
        DecisionOrder(request=id_, approves=approves, message=body.message, group=body.group)
        for id_ in dict.fromkeys(body.requests or ())
    ]


def _approves(text: str) -> bool:
    if text not in {"approve", "deny"}:
        raise Refusal(Reason.INVALID_VALUE, f"decision is “{text[:40]}”: give approve or deny.")
    return text == "approve"


def _cents(price: Decimal | None) -> Decimal | None:
    """An average price as people pay it."""
    return None if price is None else price.quantize(Decimal("0.01"))


def product_shape(sku: CatalogSku) -> RequestProduct:
    """A product as answers name it."""
    return RequestProduct(
        sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
    )


def person_shape(label: UserLabel | None) -> RequestPerson | None:
    """A person as answers name them."""
    if label is None:
        return None
    return RequestPerson(
        id=label.id, user_principal_name=label.upn, display_name=label.display_name
    )


def line_shape(call: Call, seen: LineSeen) -> LineShape:
    """A line as answers show it."""
    line, request = seen.line, seen.request
    blocked = None
    if line.blocked is not None:
        blocked = BlockedShape(reason=line.blocked.value, detail=line.blocked_detail or "")
    return LineShape(
        request_id=request.id,
        product=product_shape(seen.sku),
        person=person_shape(seen.person),
        requested_by=seen.requested_by,
        justification=request.justification,
        state=line.state_at(call.now).value,
        asked_at=line.created_at,
        age_seconds=max(0, int((call.now - line.created_at).total_seconds())),
        due_at=line.due_at,
        approvers=list(seen.approvers),
        escalates_at=line.escalates_at,
        is_escalated=line.alternate.kind > 0,
        is_extension=request.is_extension,
        starts_at=request.starts_at,
        expires_at=request.expires_at,
        price=_cents(seen.price),
        currency=seen.currency,
        seats_free=seen.seats_free,
        hold=HoldShape(state=line.hold.value, until=seen.held_until, place=seen.place),
        holds=list(seen.holds),
        decided=_decided(seen),
        blocked=blocked,
    )


def _decided(seen: LineSeen) -> DecidedShape | None:
    line, given = seen.line, seen.line.given
    if line.decided_at is None or line.how is None:
        return None
    shown = None
    if given is not None:
        shown = GivenShape(
            product=None if seen.given_sku is None else product_shape(seen.given_sku),
            group=None if seen.group is None else seen.group.display_name,
            expires_at=given.until,
        )
    return DecidedShape(
        by=seen.decided_by or "",
        at=line.decided_at,
        how=line.how.value,
        message=line.message,
        given=shown,
        after_seconds=max(0, int((line.decided_at - line.created_at).total_seconds())),
    )


def request_shape(call: Call, request: LicenseRequest, lines: Sequence[LineSeen]) -> RequestShape:
    """A request as answers show it."""
    is_open = any(seen.line.state_at(call.now) is LineState.PENDING for seen in lines)
    return RequestShape(
        id=request.id,
        product=product_shape(lines[0].sku),
        requested_by=lines[0].requested_by,
        justification=request.justification,
        asked_at=request.created_at,
        state="pending" if is_open else "completed",
        people=[line_shape(call, seen) for seen in lines],
    )


async def asked_shape(call: Call, asked: Asked) -> AskedShape:
    """A request that was made."""
    lines = await see_lines(call, asked.lines, policies=await policies_of(call))
    labels = await user_labels(call.tx, [one.user for one in asked.left_out])
    shape = request_shape(call, asked.request, lines)
    return AskedShape(
        id=shape.id,
        product=shape.product,
        requested_by=shape.requested_by,
        justification=shape.justification,
        asked_at=shape.asked_at,
        state=shape.state,
        people=shape.people,
        left_out=[
            LeftOutShape(person=person_shape(labels.get(one.user)), reason=one.reason.value)
            for one in asked.left_out
        ],
    )


async def decisions_shape(call: Call, verdicts: Sequence[Verdict]) -> DecisionsShape:
    """What became of everybody."""
    labels = await user_labels(call.tx, [one.line.user for one in verdicts])
    people = {user: person_shape(label) for user, label in labels.items()}
    done = sum(one.refusal is None for one in verdicts)
    return DecisionsShape(
        done=done,
        not_done=len(verdicts) - done,
        results=[
            VerdictShape(
                request_id=one.request.id,
                person=people.get(one.line.user),
                state=one.state.value,
                reason=None if one.refusal is None else one.refusal.reason.value,
                detail=one.detail(call.now),
            )
            for one in verdicts
        ],
    )


def process_shape(told: Foretold) -> ProcessShape:
    """What a person is told before they ask."""
    return ProcessShape(
        way=told.way.value,
        message=told.words,
        url=told.url,
        product=product_shape(told.sku),
        needs_justification=told.policy.needs_justification,
        approvers=list(told.approvers),
        decided_by_at_latest=told.due_at,
        alternate_after_hours=told.policy.alternate_after_hours,
        license_days=told.policy.license_days,
        price=_cents(told.price),
        currency=told.currency,
        seats_free=told.seats_free,
        held_until=told.held_until,
        place_in_line=told.place,
    )

"""Carrying out an approval, whoever or whatever approved: giving, keeping, telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.requests.giving import Approval, Delivery, give_directly
from seatwright.app.requests.joining import give_through_group
from seatwright.app.requests.routing import Policies, policies_of
from seatwright.app.requests.words import Said, tell_of_ends
from seatwright.app.reservations import give_back
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.directory import Group
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.requests.lines import Hold, How, LicenseRequest, Line
from seatwright.domain.requests.states import LineState
from seatwright.domain.reservations import ReservationKind
from seatwright.domain.telling import EventKind
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.request_people import ending_assignments
from seatwright.postgres.requests import Ruling, store_blocks, store_rulings


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What whoever approves chose; `disabled` None: as it was asked."""

    sku: CatalogSku
    disabled: ServicePlanBits | None = None
    group: Group | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An approval with the choice behind it."""

    approval: Approval
    choice: Choice


def approval_of(
    call: Call, line: Line, request: LicenseRequest, *, policies: Policies, choice: Choice
) -> Chosen:
    """What approving a line gives: for as long as was asked, and as the product's policy allows.

    Raises Refusal invalidValue for an extension by another product.
    """
    sku = choice.sku
    if request.is_extension and sku.sku_no != line.sku:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{request.id} asks for more time, which another product cannot give: leave the"
            " product out.",
            context={"requestId": str(request.id)},
        )
    begins = max(call.now, request.starts_at or call.now)
    until = policies.of(sku.sku_no).ends_at(begins, request.expires_at)
    # Service plans that another product does not have cannot be left off in it.
    asked = ServicePlanBits(request.disabled & sku.service_plans)
    approval = Approval(
        line=line,
        request=request,
        sku=sku.sku_no,
        disabled=asked if choice.disabled is None else choice.disabled,
        until=until,
        group=None if choice.group is None else choice.group.group_no,
    )
    return Chosen(approval=approval, choice=choice)


async def with_ends(
    call: Call, chosen: Sequence[Chosen]
) -> tuple[list[Chosen], dict[int, tuple[Reason, str]]]:
    """What is given until when: more time counts from the present end; and what is over already.

    Nothing is approved that would give nothing, or less than the person has.
    """
    able, late = [], dict[int, tuple[Reason, str]]()
    present = await _present_ends(call, chosen)
    policies = await policies_of(call) if present else None
    for one in chosen:
        line, request, until = one.approval.line, one.approval.request, one.approval.until
        has_until = present.get((line.user, one.approval.sku))
        if request.is_extension and has_until is not None and policies is not None:
            begins = max(call.now, has_until)
            until = policies.of(one.approval.sku).ends_at(begins, request.expires_at)
        starts = max(call.now, request.starts_at or call.now)
        after = max(starts, has_until or starts) if request.is_extension else starts
        if until is not None and request.is_extension and has_until is None:
            late[line.line_no] = _endless(one)
        elif until is not None and until <= after:
            late[line.line_no] = _over(one, until)
        else:
            able.append(replace(one, approval=replace(one.approval, until=until)))
    return able, late


async def _present_ends(
    call: Call, chosen: Sequence[Chosen]
) -> Mapping[tuple[UserNo, SkuNo], datetime]:
    """When what somebody wants more time for ends now."""
    users: dict[SkuNo, list[UserNo]] = {}
    for one in chosen:
        if one.approval.request.is_extension:
            users.setdefault(one.approval.sku, []).append(one.approval.line.user)
    return {
        (user, sku): at
        for sku, of_sku in users.items()
        for user, at in (await ending_assignments(call.tx, sku, of_sku)).items()
    }


def _endless(chosen: Chosen) -> tuple[Reason, str]:
    said = (
        f"There is no {chosen.choice.sku.display_name} of the person's own that ends any more:"
        " nothing is to be extended. Deny it."
    )
    return Reason.NOT_ASSIGNED, said


def _over(chosen: Chosen, until: datetime) -> tuple[Reason, str]:
    wish = "what is there ends later" if chosen.approval.request.is_extension else "that is over"
    said = (
        f"{chosen.choice.sku.display_name} was asked for until {until:%Y-%m-%d %H:%M} UTC, and"
        f" {wish}: deny it, or let it be asked for again with a later end."
    )
    return Reason.INVALID_VALUE, said


async def deliver(call: Call, chosen: Sequence[Chosen], *, how: How) -> Delivery:
    """Give what was approved, keep what became of each line, and tell the people.

    All of one call are delivered in one way, and their lines are held.
    """
    group = chosen[0].choice.group
    chosen, late = await with_ends(call, chosen)
    approvals = [one.approval for one in chosen]
    if group is None or not approvals:
        done = await give_directly(call, approvals)
    else:
        done = await give_through_group(call, approvals, group)
    rulings = [
        Ruling(
            line_no=one.approval.line.line_no,
            state=LineState.APPROVED,
            message=one.choice.message,
            given=done.given[one.approval.line.line_no],
        )
        for one in chosen
        if one.approval.line.line_no in done.given
    ]
    done.blocked |= late
    await _free_other_seats(call, approvals, done)
    await store_rulings(call.tx, rulings, at=call.now, by=call.principal.principal_no, how=how)
    await store_blocks(call.tx, done.blocked)
    said = [
        Said(line=one.approval.line, word="approved", message=one.choice.message)
        for one in chosen
        if one.approval.line.line_no in done.given
    ]
    requests = {one.request.request_no: one.request for one in approvals}
    await tell_of_ends(call, EventKind.LICENSE_REQUEST_DECIDED, said, requests, how=how)
    return done


async def _free_other_seats(call: Call, approvals: Sequence[Approval], done: Delivery) -> None:
    """The seat held of the product that was asked for, where another product was given."""
    kept = [
        one.line
        for one in approvals
        if one.line.hold is Hold.HELD and not one.uses_hold and one.line.line_no in done.given
    ]
    await give_back_holds(call, kept)


async def give_back_holds(call: Call, lines: Sequence[Line]) -> None:
    """End the holds of lines that end; the waiting list gets the seats."""
    held = [line.line_no for line in lines if line.hold is Hold.HELD]
    if held:
        await give_back(call, ReservationKind.LICENSE_REQUEST, held)


def line_of(action: HistoryAction, line: Line, request: LicenseRequest) -> HistoryLine:
    """What the history says of a line."""
    return HistoryLine(
        action=action,
        strategy=Strategy.REQUEST,
        user=line.user,
        sku=line.sku,
        source=Source(kind=SourceKind.REQUEST, no=request.request_no),
        detail={"request": str(request.id)},
    )

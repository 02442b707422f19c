"""Assigning to one person, effective in the same call: what it answers is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seatwright.app.assign.fulfil import Fulfilled, fulfil
from seatwright.app.assign.overview import PersonLicense, license_in, licenses_of
from seatwright.app.assign.people import require_user
from seatwright.app.assign.refusals import refusals_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import PRIORITY_MAX, Strategy
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.locations import parse_location
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.domain.wants import Want, WantKind

NOTE_LENGTH_MAX = 500
YEAR_MIN, YEAR_MAX = 1970, 9998


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignOrder:
    """What one person should get. Texts are as the caller gave them.

    `disabled` None keeps the choice of service plans where the person has the product already.
    `replaces` names products that go in the same change, without a gap (GBL-047).
    `usage_location` is given to a person who has none; another than they have is refused.
    """

    sku: str
    disabled: Sequence[str] | None = None
    usage_location: str | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    priority: int | None = None
    reason: str | None = None
    replaces: Sequence[str] = ()
    clears_start: bool = False
    clears_expiry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An assignment that now stands; `is_new` when the person had none of their own before."""

    license: PersonLicense
    is_new: bool


async def assign(call: Call, person: str, order: AssignOrder) -> Assigned:
    """Assign a product to a person.

    Raises Refusal: unknownUser, unknownSku, servicePlanNotInSku, notAssignableToUsers,
    invalidValue, and whatever rule of the engine denies it; nothing is changed then.
    """
    user = await require_user(call, person)
    catalog = await catalog_of(call)
    sku = catalog.require_sku(order.sku, is_in_body=True)
    check_assignable(sku)
    replaced = [catalog.require_sku(text, is_in_body=True) for text in order.replaces]
    disabled = None if order.disabled is None else catalog.disabled_bits(sku, order.disabled)
    want = Want(
        key=0,
        user=user.user_no,
        sku=sku.sku_no,
        kind=WantKind.REPLACE if replaced else WantKind.ADD,
        disabled=disabled,
        replaces=frozenset(other.sku_no for other in replaced) or None,
        usage_location=_location(order.usage_location),
        priority=_priority(order.priority),
        starts_at=_moment("startsAt", order.starts_at),
        expires_at=_expiry(call, order),
        strategy=Strategy.MANUAL,
        note=_note(order.reason),
    )
    done = await _fulfil_one(call, want, person=user.upn)
    return await _assigned(call, done)


async def update_license(call: Call, person: str, sku_text: str, order: AssignOrder) -> Assigned:
    """Change service plans, dates or priority of a person's own assignment.

    Raises Refusal inheritedAssignment when only groups give the product, notAssigned when
    nothing does.
    """
    user = await require_user(call, person)
    catalog = await catalog_of(call)
    sku = catalog.require_sku(sku_text)
    disabled = None if order.disabled is None else catalog.disabled_bits(sku, order.disabled)
    want = Want(
        key=0,
        user=user.user_no,
        sku=sku.sku_no,
        kind=WantKind.CHANGE,
        disabled=disabled,
        priority=_priority(order.priority),
        starts_at=_moment("startsAt", order.starts_at),
        expires_at=_expiry(call, order),
        clears_start=order.clears_start,
        clears_expiry=order.clears_expiry,
        note=_note(order.reason),
    )
    return await _assigned(call, await _fulfil_one(call, want, person=user.upn))


async def unassign(call: Call, person: str, sku_text: str, *, reason: str | None = None) -> None:
    """Take a person's own assignment of a product away; groups may still give it.

    Raises Refusal inheritedAssignment when only groups give it, notAssigned when nothing does,
    dependencyMissing when something else the person holds needs it.
    """
    user = await require_user(call, person)
    sku = (await catalog_of(call)).require_sku(sku_text)
    want = Want(key=0, user=user.user_no, sku=sku.sku_no, kind=WantKind.REMOVE, note=_note(reason))
    await _fulfil_one(call, want, person=user.upn)


async def _fulfil_one(call: Call, want: Want, *, person: str) -> Fulfilled:
    done = await fulfil(call, (want,))
    result = done.results[0]
    if result.reason is not None:
        raise (await refusals_of(call, [(result, person)], snapshot=done.snapshot))[0]
    return done


async def _assigned(call: Call, done: Fulfilled) -> Assigned:
    """What stands now: what was just written, unless freed seats went on to people who wait."""
    result = done.results[0]
    user, sku = result.want.user, result.want.sku
    if done.has_freed_seats:
        licenses = await licenses_of(call, user)
        found = next(one for one in licenses if one.sku.sku_no == sku)
    else:
        is_changed = any(change.sku == sku for change in done.changes.changes)
        state = next(done.states())
        found = await license_in(call, state, sku, since=call.now if is_changed else None)
    return Assigned(license=found, is_new=not result.had)


def check_assignable(sku: CatalogSku) -> None:
    """Raises Refusal notAssignableToUsers for a product of the whole organisation."""
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organisation and cannot be"
            " assigned to people. It takes effect by being bought.",
            context={"skuId": str(sku.sku_id)},
        )


def _location(text: str | None) -> str | None:
    if text is None:
        return None
    location = parse_location(text)
    if location is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text}” is no usage location: give a two-letter ISO 3166-1 code such as NO.",
        )
    return location


def _priority(priority: int | None) -> int | None:
    if priority is not None and not 0 <= priority <= PRIORITY_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"priority is {priority}: give a number from 0 (first) to {PRIORITY_MAX}.",
        )
    return priority


def _expiry(call: Call, order: AssignOrder) -> datetime | None:
    starts, expires = order.starts_at, _moment("expiresAt", order.expires_at)
    if expires is not None and expires <= max(call.now, starts or call.now):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"expiresAt {expires.isoformat()} is not after the start: give a later time.",
        )
    return expires


def _moment(name: str, at: datetime | None) -> datetime | None:
    """A time that every database and calendar can keep, whatever its time zone."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} {at.isoformat()} has no time zone: add Z or an offset such as +01:00.",
        )
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} {at.isoformat()} is no time of a license: give a year from {YEAR_MIN} to"
            f" {YEAR_MAX}.",
        )
    return at.astimezone(UTC)


def _note(text: str | None) -> str | None:
    if text is not None and len(text) > NOTE_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"reason has {len(text)} characters: give at most {NOTE_LENGTH_MAX}.",
        )
    return text or None

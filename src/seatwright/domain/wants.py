"""Wants: what people's own assignments should become, and the person as they would then be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from seatwright.domain.assignments import DIRECT, PRIORITY_DEFAULT, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Change,
    ChangeSet,
    ErrorChange,
    Held,
    StoredError,
    UserState,
    Wish,
)


class WantKind(StrEnum):
    """What a want does to a person's own assignments."""

    ADD = "add"
    """Give the product, or change its service plans."""

    CHANGE = "change"
    """Change what is there already."""

    REMOVE = "remove"
    """Take the product away."""

    REPLACE = "replace"
    """Give the product and take away the others named (all other own ones when none is named)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One change to one person's own assignments; `key` is the caller's name for it.

    `disabled` is None where the choice of service plans stays as it is. `may_wait`: where no seat
    is left the assignment is stored and the person waits; else the want is refused. Wants of one
    `bundle` happen all together or not at all.
    """

    key: int
    user: UserNo
    sku: SkuNo
    kind: WantKind = WantKind.ADD
    disabled: ServicePlanBits | None = None
    replaces: frozenset[SkuNo] | None = None
    usage_location: str | None = None
    priority: int | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    strategy: Strategy = Strategy.MANUAL
    may_wait: bool = False
    note: str | None = None
    bundle: int | None = None


def wanted_state(user: UserState, wants: Iterable[Want], *, now: datetime) -> UserState:
    """The person with their own assignments as the wants would have them."""
    own = own_wishes(user)
    location = user.usage_location
    for want in wants:
        location = want.usage_location or location
        _fold(own, want, now)
    inherited = tuple(w for w in user.wishes if w.source.kind is SourceKind.GROUP)
    taken = own_wishes(user).keys() - own.keys()
    return replace(
        user,
        wishes=(*inherited, *own.values()),
        held=tuple(_given_directly(one) if one.sku in taken else one for one in user.held),
        usage_location=location,
    )


def _given_directly(held: Held) -> Held:
    """A license whose own assignment is taken away: what blocks that is told of this want.

    Without it the block would be told of whatever source the license was first given by (CON-01).
    """
    return replace(held, given_by=DIRECT)


def own_wishes(user: UserState) -> dict[SkuNo, Wish]:
    """The assignments that stand on the person themselves, by SKU; direct ones win."""
    own: dict[SkuNo, Wish] = {}
    for wish in user.wishes:
        if wish.source.kind is SourceKind.GROUP:
            continue
        if wish.source == DIRECT or wish.sku not in own:
            own[wish.sku] = wish
    return own


def own_errors(user: UserState, changes: Iterable[ErrorChange]) -> dict[SkuNo, Reason]:
    """Errors on the person's own assignments once these error changes are written, by SKU."""
    errors = {e.sku: e.reason for e in user.errors if e.source.kind is not SourceKind.GROUP}
    for change in changes:
        if change.source.kind is SourceKind.GROUP:
            continue
        if change.after is None:
            errors.pop(change.sku, None)
        else:
            errors[change.sku] = change.after
    return errors


def settled_states(users: Iterable[UserState], changes: ChangeSet) -> Iterator[UserState]:
    """These people as they are once the change set is written."""
    held: dict[UserNo, list[Change]] = defaultdict(list)
    for change in changes.changes:
        held[change.user_no].append(change)
    errors: dict[UserNo, list[ErrorChange]] = defaultdict(list)
    for error in changes.error_changes:
        errors[error.user_no].append(error)
    for user in users:
        yield replace(
            user,
            held=_held_after(user, held.get(user.user_no, ())),
            errors=_errors_after(user, errors.get(user.user_no, ())),
        )


def _held_after(user: UserState, changes: Iterable[Change]) -> tuple[Held, ...]:
    held = {one.sku: one for one in user.held}
    for change in changes:
        held.pop(change.sku, None)
        if change.after is not None:
            held[change.sku] = Held(sku=change.sku, enabled=change.after, given_by=change.source)
    return tuple(held.values())


def _errors_after(user: UserState, changes: Iterable[ErrorChange]) -> tuple[StoredError, ...]:
    errors = {(one.sku, one.source): one for one in user.errors}
    for change in changes:
        errors.pop((change.sku, change.source), None)
        if change.after is not None and change.waiting_since is not None:
            errors[change.sku, change.source] = StoredError(
                sku=change.sku,
                source=change.source,
                reason=change.after,
                waiting_since=change.waiting_since,
            )
    return tuple(errors.values())


def _fold(own: dict[SkuNo, Wish], want: Want, now: datetime) -> None:
    """Change the person's own wishes as the want says."""
    if want.kind is WantKind.REMOVE:
        own.pop(want.sku, None)
        return
    if want.kind is WantKind.REPLACE:
        for sku in [s for s in own if s != want.sku]:
            if want.replaces is None or sku in want.replaces:
                del own[sku]
    held = own.get(want.sku)
    if held is None:
        own[want.sku] = Wish(
            sku=want.sku,
            source=DIRECT,
            strategy=want.strategy,
            disabled=want.disabled or ServicePlanBits(0),
            priority=PRIORITY_DEFAULT if want.priority is None else want.priority,
            assigned_at=now,
            starts_at=want.starts_at,
            expires_at=want.expires_at,
        )
        return
    own[want.sku] = replace(
        held,
        disabled=held.disabled if want.disabled is None else want.disabled,
        priority=held.priority if want.priority is None else want.priority,
        starts_at=want.starts_at or held.starts_at,
        expires_at=want.expires_at or held.expires_at,
    )


def replaced_by(want: Want, before: UserState) -> frozenset[SkuNo]:
    if want.kind is not WantKind.REPLACE:
        return frozenset()
    others = frozenset(own_wishes(before)) - {want.sku}
    return others if want.replaces is None else others & want.replaces

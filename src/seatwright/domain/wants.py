"""Wants: what people's own assignments should become, and the person as they would then be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from seatwright.domain.assignments import DIRECT, PRIORITY_DEFAULT, Source, SourceKind, Strategy
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

    What is None stays as it is, unless `clears_start` or `clears_expiry` take that date away.
    `usage_location` is for a person who has none; it never overwrites one. `may_wait`: where no
    seat is left the assignment is stored and the person waits; else the want is refused. Wants of
    one `bundle` happen all together or not at all. `source`: what is added is an assignment of that
    source (a license request), beside those of others; `detail` is what the history says of it.
    `spares_inherited`: who has all of it through a group is left as they are.
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
    clears_start: bool = False
    clears_expiry: bool = False
    strategy: Strategy = Strategy.MANUAL
    may_wait: bool = False
    note: str | None = None
    bundle: int | None = None
    source: Source = DIRECT
    detail: Mapping[str, object] | None = None
    spares_inherited: bool = False


def is_spared(user: UserState | None, want: Want, every: ServicePlanBits) -> bool:
    """Whether a want is left out because a group gives the person all that it asks for already.

    `every` are the service plans of the product.
    """
    if user is None or not want.spares_inherited or want.sku in own_wishes(user):
        return False
    held = next((one.enabled for one in user.held if one.sku == want.sku), None)
    is_inherited = any(
        wish.sku == want.sku and wish.source.kind is SourceKind.GROUP for wish in user.wishes
    )
    return held is not None and is_inherited and not every & ~(want.disabled or 0) & ~held


def wanted_state(user: UserState, wants: Iterable[Want], *, now: datetime) -> UserState:
    """The person with their own assignments as the wants would have them."""
    own = own_wishes(user)
    location = user.usage_location
    for want in wants:
        location = location or want.usage_location
        _fold(own, want, now)
    taken = own_wishes(user).keys() - own.keys()
    changed = {(wish.sku, wish.source) for wish in own.values()}
    kept = tuple(
        wish
        for wish in user.wishes
        if not wish.source.kind.is_own
        or (wish.sku not in taken and (wish.sku, wish.source) not in changed)
    )
    return replace(
        user,
        wishes=(*kept, *own.values()),
        held=tuple(_given_directly(one) if one.sku in taken else one for one in user.held),
        usage_location=location,
    )


def impossible(
    user: UserState | None, wants: Iterable[Want], *, now: datetime
) -> dict[int, Reason]:
    """Which wants of one person need no engine to be refused, by key.

    Those for nobody, removals and changes of nothing, another usage location than the person has,
    and dates between which there is no time.
    """
    if user is None or user.is_deleted:
        return {want.key: Reason.UNKNOWN_USER for want in wants}
    own, location = own_wishes(user), user.usage_location
    kept = {wish.sku for wish in user.wishes if wish.source.kind is SourceKind.HOLD}
    inherited = {w.sku for w in user.wishes if w.source.kind is SourceKind.GROUP} - own.keys()
    denied: dict[int, Reason] = {}
    for want in wants:
        if want.kind in {WantKind.CHANGE, WantKind.REMOVE} and want.sku not in own:
            if want.kind is WantKind.REMOVE and want.sku in kept - inherited:
                continue  # It was removed before, and that waits for approval: so does this.
            is_inherited = want.sku in inherited
            denied[want.key] = Reason.INHERITED_ASSIGNMENT if is_inherited else Reason.NOT_ASSIGNED
        elif moves(want, location) or _leaves_no_time(own.get(want.sku), want, now):
            denied[want.key] = Reason.INVALID_VALUE
        elif want.kind is not WantKind.REMOVE:
            location = location or want.usage_location
            own[want.sku] = _wish(own.get(want.sku), want, now)
    return denied


def moves(want: Want, location: str | None) -> bool:
    """Whether a want says another usage location than the one there is.

    An assignment gives a location to who has none (WF-09). One that overwrote it could take other
    products of the person away without a word: a move is a change of the person.
    """
    return None not in {want.usage_location, location} and want.usage_location != location


def _leaves_no_time(held: Wish | None, want: Want, now: datetime) -> bool:
    if want.kind is WantKind.REMOVE:
        return False
    wish = _wish(held, want, now)
    return (
        wish.starts_at is not None
        and wish.expires_at is not None
        and wish.expires_at <= wish.starts_at
    )


def _given_directly(held: Held) -> Held:
    """A license whose own assignment is taken away: what blocks that is told of this want.

    Without it the block would be told of whatever source the license was first given by (CON-01).
    """
    return replace(held, given_by=DIRECT)


def own_wishes(user: UserState) -> dict[SkuNo, Wish]:
    """The assignments that stand on the person themselves, by SKU; direct ones win.

    A product that was given by name beside a claim has two: what is changed is the former, and a
    removal takes both.
    """
    own: dict[SkuNo, Wish] = {}
    for wish in user.wishes:
        if not wish.source.kind.is_own:
            continue
        if wish.source == DIRECT or wish.sku not in own:
            own[wish.sku] = wish
    return own


def wish_from(user: UserState, sku: SkuNo, source: Source) -> Wish | None:
    """The person's assignment of a product by one source."""
    return next((one for one in user.wishes if (one.sku, one.source) == (sku, source)), None)


def own_errors(user: UserState, changes: Iterable[ErrorChange]) -> dict[SkuNo, Reason]:
    """Errors on the person's own assignments once these error changes are written, by SKU."""
    errors = {e.sku: e.reason for e in user.errors if e.source.kind.is_own}
    for change in changes:
        if not change.source.kind.is_own:
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
    own[want.sku] = _wish(own.get(want.sku), want, now)


def _wish(held: Wish | None, want: Want, now: datetime) -> Wish:
    """The person's own assignment as the want would have it.

    One that has expired, and that nobody has seen to yet, is not there for who assigns again. What
    was claimed or requested stays as it is beside what is given by name (T-077, T-115), which
    begins with the same service plans.
    """
    has_ended = held is not None and held.expires_at is not None and held.expires_at <= now
    is_beside = held is not None and held.source != want.source
    if held is None or ((has_ended or is_beside) and want.kind is not WantKind.CHANGE):
        kept = ServicePlanBits(0) if held is None or has_ended else held.disabled
        return Wish(
            sku=want.sku,
            source=want.source,
            strategy=want.strategy,
            disabled=kept if want.disabled is None else want.disabled,
            priority=PRIORITY_DEFAULT if want.priority is None else want.priority,
            assigned_at=now,
            starts_at=want.starts_at,
            expires_at=want.expires_at,
        )
    return replace(
        held,
        disabled=held.disabled if want.disabled is None else want.disabled,
        priority=held.priority if want.priority is None else want.priority,
        starts_at=None if want.clears_start else want.starts_at or held.starts_at,
        expires_at=None if want.clears_expiry else want.expires_at or held.expires_at,
    )


def replaced_by(want: Want, before: UserState) -> frozenset[SkuNo]:
    """The person's own products whose place the want takes."""
    if want.kind is not WantKind.REPLACE:
        return frozenset()
    others = frozenset(own_wishes(before)) - {want.sku}
    return others if want.replaces is None else others & want.replaces

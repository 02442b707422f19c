"""One person's part in a move: what they would be wished, and whether they would lack anything.

Nothing is taken before its place is filled: a step stands only if the engine, asked about the
person as they would be, gives them what they move to (`move_proof.py`). Else they stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo
from seatwright.domain.moves import MoveKind, MoveOrder, Surplus
from seatwright.domain.reconcile import Catalog, UserState, Wish

_OWN_WAYS = frozenset({Strategy.MANUAL, Strategy.BULK})
_OWN_KINDS = frozenset({SourceKind.DIRECT, SourceKind.POLICY, SourceKind.REQUEST})


@unique
class Finding(StrEnum):
    """What there is to say of a person beside the engine's reasons."""

    DONE_BEFORE = "doneBefore"
    NO_OWN_ASSIGNMENT = "noOwnAssignment"
    ONLY_INHERITED = "onlyInherited"
    ONLY_HELD = "onlyHeld"
    NOT_A_MEMBER = "notAMember"
    OTHER_STRATEGY = "otherStrategy"
    SURPLUS = "surplus"
    KEEPS_OWN = "keepsOwn"
    LEFT_MEANWHILE = "leftMeanwhile"
    STILL_INHERITS = "stillInherits"
    LOSES = "loses"
    NOTHING_GIVEN = "nothingGiven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A person as a move finds them.

    `is_in_new` and `is_in_old` say of which of the move's two groups they are a member;
    `inherited` is what groups would wish them once they had moved between them. `is_bridged`: the
    move itself gave them an assignment of the old product, for as long as it runs.
    """

    user: UserState
    is_in_new: bool = False
    is_in_old: bool = False
    inherited: tuple[Wish, ...] = ()
    is_bridged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a move does to a person: `after` is wished as they would be then.

    They must hold `must_hold` for it to stand, from the group that they join where `joins`, and
    keep nothing of `gives_up`.
    """

    after: UserState
    must_hold: frozenset[SkuNo]
    gives_up: frozenset[SkuNo] = frozenset()
    joins: bool = False
    leaves: bool = False
    finding: Finding | None = None
    bits: ServicePlanBits = NO_SERVICE_PLANS
    lost: frozenset[SkuNo] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A person whom the move does not touch; `reason` None when all is as wanted already."""

    finding: Finding
    reason: Reason | None = None
    bits: ServicePlanBits = NO_SERVICE_PLANS


def step_of(order: MoveOrder, mover: Mover, *, catalog: Catalog, now: datetime) -> Step | Stay:
    """What the move does to one person, or why it leaves them as they are."""
    match order.kind:
        case MoveKind.DIRECT_TO_GROUP:
            return _into_group(order, mover, catalog=catalog, now=now)
        case MoveKind.GROUP_TO_GROUP:
            return _between_groups(order, mover, catalog=catalog, now=now)
        case MoveKind.PRODUCT_TO_PRODUCT:
            return _to_product(order, mover, catalog=catalog, now=now)


def _into_group(order: MoveOrder, mover: Mover, *, catalog: Catalog, now: datetime) -> Step | Stay:
    sku, user = _given(order.old_sku), mover.user
    own = _own(user, sku, now)
    if not own:
        if mover.is_in_new:
            return Stay(finding=Finding.DONE_BEFORE)
        return _only_held(user, sku) or _NOTHING_OWN
    if not _are_chosen(own, order):
        return Stay(finding=Finding.OTHER_STRATEGY, reason=Reason.STRATEGY_NOT_CHOSEN)
    if not any(w.sku == sku and _is_of(w, order) for w in mover.inherited):
        return Stay(finding=Finding.NOTHING_GIVEN, reason=Reason.NOT_ASSIGNED)
    others = tuple(
        w for w in user.wishes if not _is_inherited(w) and not (_is_own(w) and w.sku == sku)
    )
    after = replace(user, wishes=(*mover.inherited, *others))
    surplus = _surplus(user, after, sku, catalog=catalog, now=now)
    if not surplus:
        return Step(after=after, must_hold=frozenset({sku}), joins=not mover.is_in_new)
    if order.surplus is not Surplus.KEEP_DIRECT:
        return Stay(finding=Finding.SURPLUS, reason=Reason.SURPLUS_SERVICE_PLANS, bits=surplus)
    return Step(
        after=replace(user, wishes=(*mover.inherited, *others, *own)),
        must_hold=frozenset({sku}),
        joins=not mover.is_in_new,
        finding=Finding.KEEPS_OWN,
        bits=surplus,
    )


def _between_groups(
    order: MoveOrder, mover: Mover, *, catalog: Catalog, now: datetime
) -> Step | Stay:
    user = mover.user
    if not mover.is_in_old:
        if mover.is_in_new:
            return Stay(finding=Finding.DONE_BEFORE)
        return Stay(finding=Finding.NOT_A_MEMBER, reason=Reason.NOT_ASSIGNED)
    own = tuple(w for w in user.wishes if not _is_inherited(w))
    after = replace(user, wishes=(*mover.inherited, *own))
    given = {w.sku for w in mover.inherited if _is_of(w, order) and w.counts_at(now)}
    if not given:
        return Stay(finding=Finding.NOTHING_GIVEN, reason=Reason.NOT_ASSIGNED)
    surplus = 0
    for sku in given:
        surplus |= _surplus(user, after, sku, catalog=catalog, now=now)
    if surplus:
        return Stay(
            finding=Finding.SURPLUS,
            reason=Reason.SURPLUS_SERVICE_PLANS,
            bits=ServicePlanBits(surplus),
        )
    lost = {one.sku for one in user.held} - {wish.sku for wish in after.wishes}
    return Step(
        after=after,
        must_hold=frozenset(given),
        joins=not mover.is_in_new,
        leaves=True,
        finding=Finding.LOSES if lost else None,
        lost=frozenset(lost),
    )


def _to_product(order: MoveOrder, mover: Mover, *, catalog: Catalog, now: datetime) -> Step | Stay:
    old, new, user = _given(order.old_sku), _given(order.new_sku), mover.user
    own = _own(user, old, now)
    given_new = [w for w in user.wishes if w.sku == new and w.counts_at(now)]
    from_scope = [w for w in given_new if _is_inherited(w) and w.source.no in order.groups]
    if not own and not from_scope:
        return _without_own(user, old, given_new)
    others = tuple(w for w in user.wishes if w.sku != old or not _is_own(w))
    if mover.is_bridged and own and not from_scope:
        # Whoever was taken out of the group meanwhile was meant to lose what it gave.
        return Step(
            after=replace(user, wishes=others),
            must_hold=frozenset(),
            gives_up=frozenset({old}),
            finding=Finding.LEFT_MEANWHILE,
        )
    if own and not mover.is_bridged and not _are_chosen(own, order):
        if not from_scope:
            return Stay(finding=Finding.OTHER_STRATEGY, reason=Reason.STRATEGY_NOT_CHOSEN)
        return Step(after=user, must_hold=frozenset({new}), finding=Finding.OTHER_STRATEGY)
    after = others
    if own and not given_new:
        after = (*others, _in_its_place(own, order, catalog=catalog, now=now))
    keeps = any(w.sku == old for w in others)
    return Step(
        after=replace(user, wishes=after),
        must_hold=frozenset({new}),
        gives_up=frozenset() if keeps else frozenset({old}),
        finding=Finding.STILL_INHERITS if keeps else None,
    )


def _without_own(user: UserState, old: SkuNo, given_new: list[Wish]) -> Stay:
    if any(wish.sku == old and _is_inherited(wish) for wish in user.wishes):
        return Stay(finding=Finding.ONLY_INHERITED, reason=Reason.INHERITED_ASSIGNMENT)
    if given_new:
        return Stay(finding=Finding.DONE_BEFORE)
    return _only_held(user, old) or _NOTHING_OWN


_NOTHING_OWN = Stay(finding=Finding.NO_OWN_ASSIGNMENT, reason=Reason.NOT_ASSIGNED)


def _only_held(user: UserState, sku: SkuNo) -> Stay | None:
    """Whoever has a product only because the brake holds its removal has nothing to move."""
    if any(wish.sku == sku and wish.source.kind is SourceKind.HOLD for wish in user.wishes):
        return Stay(finding=Finding.ONLY_HELD, reason=Reason.HELD_FOR_APPROVAL)
    return None


def _in_its_place(
    own: tuple[Wish, ...], order: MoveOrder, *, catalog: Catalog, now: datetime
) -> Wish:
    """The assignment of the new product that takes the old one's place, dates and priority."""
    new = _given(order.new_sku)
    old = min(own, key=lambda wish: wish.source)
    return replace(
        old,
        sku=new,
        source=DIRECT,
        strategy=old.strategy if old.strategy in _OWN_WAYS else Strategy.BULK,
        disabled=carried(order, old.disabled, catalog=catalog),
        assigned_at=now,
    )


def carried(order: MoveOrder, disabled: ServicePlanBits, *, catalog: Catalog) -> ServicePlanBits:
    """The service plans to leave off in the new product: as ordered, else those off in the old."""
    if order.disabled is not None:
        return order.disabled
    return ServicePlanBits(disabled & catalog.skus[_given(order.new_sku)].service_plans)


def bridge_of(user: UserState, order: MoveOrder, *, catalog: Catalog, now: datetime) -> Wish | None:
    """The assignment of their own that keeps the old product for a member of a changing group.

    None for who does not hold it, or has an assignment of their own.
    """
    old = _given(order.old_sku)
    held = next((one.enabled for one in user.held if one.sku == old), None)
    lent = [w for w in user.wishes if _is_inherited(w) and w.sku == old]
    lent = [w for w in lent if w.source.no in order.groups]
    if held is None or not lent or _own(user, old, now):
        return None
    return Wish(
        sku=old,
        source=DIRECT,
        strategy=Strategy.BULK,
        disabled=ServicePlanBits(catalog.skus[old].service_plans & ~held),
        priority=min(wish.priority for wish in lent),
        assigned_at=now,
    )


def with_groups_changed(
    user: UserState, order: MoveOrder, *, catalog: Catalog, now: datetime
) -> UserState:
    """The person once the groups of the order give the new product, as a foresight sees them."""
    old, new = _given(order.old_sku), _given(order.new_sku)
    bridge = bridge_of(user, order, catalog=catalog, now=now)
    has_new = {w.source for w in user.wishes if w.sku == new}
    wishes = [
        wish
        for wish in user.wishes
        if not (_is_changing(wish, order, old) and wish.source in has_new)
    ]
    wishes = [
        replace(wish, sku=new, disabled=carried(order, wish.disabled, catalog=catalog))
        if _is_changing(wish, order, old)
        else wish
        for wish in wishes
    ]
    return replace(user, wishes=tuple(wishes) + (() if bridge is None else (bridge,)))


def _is_changing(wish: Wish, order: MoveOrder, old: SkuNo) -> bool:
    return _is_inherited(wish) and wish.sku == old and wish.source.no in order.groups


def _surplus(
    before: UserState, after: UserState, sku: SkuNo, *, catalog: Catalog, now: datetime
) -> ServicePlanBits:
    """Service plans that are on now and that no assignment after the move would give (GBL-076)."""
    plans = catalog.skus[sku].service_plans
    given = 0
    for wish in after.wishes:
        if wish.sku == sku and wish.counts_at(now):
            given |= plans & ~wish.disabled
    held = next((one.enabled for one in before.held if one.sku == sku), NO_SERVICE_PLANS)
    return ServicePlanBits(held & ~given)


def _own(user: UserState, sku: SkuNo, now: datetime) -> tuple[Wish, ...]:
    """The person's own assignments of a product, without those that have ended."""
    return tuple(
        wish
        for wish in user.wishes
        if wish.sku == sku and _is_own(wish) and (wish.expires_at is None or wish.expires_at > now)
    )


def _are_chosen(own: Iterable[Wish], order: MoveOrder) -> bool:
    return all(wish.strategy in order.strategies for wish in own)


def _is_inherited(wish: Wish) -> bool:
    return wish.source.kind is SourceKind.GROUP


def _is_own(wish: Wish) -> bool:
    """Whether it stands on the person; what the brake keeps back is neither own nor inherited."""
    return wish.source.kind in _OWN_KINDS


def _is_of(wish: Wish, order: MoveOrder) -> bool:
    return wish.source == Source(kind=SourceKind.GROUP, no=_number(order.new_group))


def _given(sku: SkuNo | None) -> SkuNo:
    assert sku is not None, "a move of this kind names its products"
    return sku


def _number(group: int | None) -> int:
    assert group is not None, "a move of this kind names its groups"
    return group

"""Adopting what people hold already: it becomes theirs by hand, with or without a free seat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from seatwright.domain.assignments import DIRECT, Strategy
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Action,
    Catalog,
    Change,
    ChangeSet,
    Held,
    SeatChange,
    Snapshot,
    UserState,
    Wish,
)

Pair = tuple[UserNo, SkuNo]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One product that somebody holds; `disabled` None: all on, or as it is known already."""

    user: UserNo
    sku: SkuNo
    disabled: ServicePlanBits | None = None
    since: datetime | None = None


def with_holdings(snapshot: Snapshot, holdings: Sequence[Holding]) -> Snapshot:
    """The world in which these people are wished, and hold, what the holdings say.

    What is adopted counts as held, because holders are never dropped for lack of seats, and as
    consumed, so that it takes no seat from anyone who is counted.
    """
    by_user: dict[UserNo, list[Holding]] = {}
    for holding in holdings:
        by_user.setdefault(holding.user, []).append(holding)
    users = tuple(
        _adopting(user, by_user.get(user.user_no, ()), catalog=snapshot.catalog, now=snapshot.now)
        for user in snapshot.users
    )
    before = Counter(held.sku for user in snapshot.users for held in user.held)
    after = Counter(held.sku for user in users for held in user.held)
    pools = tuple(
        replace(pool, consumed=pool.consumed + after[pool.sku] - before[pool.sku])
        for pool in snapshot.pools
    )
    return replace(snapshot, users=users, pools=pools)


def _adopting(
    user: UserState, holdings: Iterable[Holding], *, catalog: Catalog, now: datetime
) -> UserState:
    wishes = {(wish.sku, wish.source): wish for wish in user.wishes}
    held = {one.sku: one for one in user.held}
    for holding in holdings:
        key = (holding.sku, DIRECT)
        wish = wishes[key] = _wish(wishes.get(key), holding, now)
        if holding.sku not in held:
            plans = catalog.skus[holding.sku].service_plans & ~wish.disabled
            held[holding.sku] = Held(
                sku=holding.sku, enabled=ServicePlanBits(plans), given_by=DIRECT
            )
    return replace(user, wishes=tuple(wishes.values()), held=tuple(held.values()))


def _wish(known: Wish | None, holding: Holding, now: datetime) -> Wish:
    if known is not None:
        return known if holding.disabled is None else replace(known, disabled=holding.disabled)
    return Wish(
        sku=holding.sku,
        source=DIRECT,
        strategy=Strategy.MANUAL,
        disabled=holding.disabled or ServicePlanBits(0),
        assigned_at=holding.since or now,
    )


def adopted_changes(changes: ChangeSet, *, before: Snapshot, adopting: Snapshot) -> ChangeSet:
    """What is to be written: the engine's changes in the adopting world, seen from the real one.

    What was adopted and stays begins; what was adopted and may not stay never was.
    """
    by_pair: dict[Pair, Change] = {(c.user_no, c.sku): c for c in changes.changes}
    for user, real in zip(adopting.users, before.users, strict=True):
        real_skus = {held.sku for held in real.held}
        for held in user.held:
            if held.sku not in real_skus:
                pair = (user.user_no, held.sku)
                begun = _begun(user.user_no, held, by_pair.pop(pair, None))
                if begun is not None:
                    by_pair[pair] = begun
    written = tuple(by_pair[pair] for pair in sorted(by_pair))
    return replace(changes, changes=written, seat_changes=_seats(written, before))


def _begun(user: UserNo, held: Held, change: Change | None) -> Change | None:
    if change is None:
        return Change(
            user_no=user,
            sku=held.sku,
            action=Action.GRANT,
            before=None,
            after=held.enabled,
            source=DIRECT,
            strategy=Strategy.MANUAL,
        )
    if change.after is None:
        return None
    return replace(change, action=Action.GRANT, before=None)


def _seats(changes: Iterable[Change], before: Snapshot) -> tuple[SeatChange, ...]:
    moved: Counter[SkuNo] = Counter()
    for change in changes:
        moved[change.sku] += (change.before is None) - (change.after is None)
    consumed: Mapping[SkuNo, int] = {pool.sku: pool.consumed for pool in before.pools}
    return tuple(
        SeatChange(sku=sku, consumed_before=consumed[sku], consumed_after=consumed[sku] + seats)
        for sku, seats in sorted(moved.items())
        if seats
    )

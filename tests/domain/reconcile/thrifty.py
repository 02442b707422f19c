"""Seeded worlds of plain people in which products need each other and seats are few."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from seatwright.domain.assignments import DIRECT
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Catalog,
    Dependency,
    Held,
    SkuFacts,
    Snapshot,
    StoredError,
    UserState,
)
from seatwright.domain.semantics import NATIVE
from tests.domain.reconcile.crowds import (
    Crowd,
    licenses_of,
    memberships_of,
    pools,
    some_past,
    wish_of,
)
from tests.domain.reconcile.worlds import NOW


def thrifty_crowd(seed: int) -> Crowd:
    """Give a world of plain people in which products need each other and seats are few.

    No rule has anything to say about most of them until a seat is denied, and then often.
    """
    rng = random.Random(seed)
    skus = tuple(SkuNo(n) for n in range(1, rng.randint(3, 6) + 1))
    one_each = {sku: ServicePlanBits(1 << sku) for sku in skus}
    catalog = Catalog(
        skus={
            sku: SkuFacts(sku=sku, part_number=f"SKU{sku}", service_plans=one_each[sku])
            for sku in skus
        },
        dependencies=tuple(
            Dependency(
                service_plans=one_each[sku],
                any_of=ServicePlanBits(one_each[rng.choice(skus)] | one_each[rng.choice(skus)]),
            )
            for sku in skus
            if rng.random() < 0.6
        ),
    )
    group = GroupNo(1)
    users = tuple(_thrifty_user(rng, UserNo(n), skus=skus) for n in range(1, rng.randint(4, 12)))
    return Crowd(
        snapshot=Snapshot(
            now=NOW,
            semantics=replace(
                NATIVE,
                seats_refill_by_themselves=rng.random() < 0.8,
                prerequisite_in_same_group=rng.random() < 0.2,
            ),
            default_usage_location="NO",
            catalog=catalog,
            pools=tuple(pools(rng, users, skus=skus)),
            users=users,
            retry_users=frozenset(u.user_no for u in users if rng.random() < 0.7),
        ),
        licenses={group: licenses_of(rng, group, skus=skus)},
        memberships=memberships_of(rng, users, (group,)),
    )


def _thrifty_user(rng: random.Random, user_no: UserNo, *, skus: Sequence[SkuNo]) -> UserState:
    return UserState(
        user_no=user_no,
        usage_location="NO",
        wishes=tuple(
            replace(wish_of(rng, sku, DIRECT), disabled=ServicePlanBits(0), starts_at=None)
            for sku in skus
            if rng.random() < 0.7
        ),
        held=tuple(
            Held(sku=sku, enabled=ServicePlanBits(1 << sku)) for sku in skus if rng.random() < 0.1
        ),
        errors=tuple(
            StoredError(sku=sku, source=DIRECT, reason=reason, waiting_since=some_past(rng))
            for sku in skus
            for reason in (rng.choice([Reason.NO_SEAT_LEFT, Reason.DEPENDENCY_MISSING]),)
            if rng.random() < 0.15
        ),
    )

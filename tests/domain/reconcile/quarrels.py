"""Seeded worlds in which products exclude each other, and seats are few: the rules always speak."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from seatwright.domain.assignments import DIRECT, Source, SourceKind
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
from seatwright.domain.semantics import NATIVE, ExclusionOrder
from tests.domain.reconcile.crowds import (
    Crowd,
    licenses_of,
    memberships_of,
    pools,
    some_past,
    wish_of,
)
from tests.domain.reconcile.worlds import NOW

_SOURCES = (DIRECT, Source(kind=SourceKind.POLICY, no=3), Source(kind=SourceKind.REQUEST, no=7))


def quarrelsome_crowd(seed: int) -> Crowd:
    """Give a world whose people are in conflicts, or lack what they depend on, seldom both.

    Most of what is held is held as it is wished, as in a tenant that has been looked at before.
    """
    rng = random.Random(seed)
    skus = tuple(SkuNo(n) for n in range(1, rng.randint(3, 7) + 1))
    catalog = _catalog(rng, skus)
    groups = (GroupNo(1), GroupNo(2))
    users = tuple(_user(rng, UserNo(n), catalog) for n in range(1, rng.randint(3, 12)))
    return Crowd(
        snapshot=Snapshot(
            now=NOW,
            semantics=replace(
                NATIVE,
                seats_refill_by_themselves=rng.random() < 0.8,
                exclusion_order=rng.choice(list(ExclusionOrder)),
            ),
            default_usage_location="NO",
            catalog=catalog,
            pools=tuple(pools(rng, users, skus=skus)),
            users=users,
            retry_users=frozenset(u.user_no for u in users if rng.random() < 0.7),
        ),
        licenses={group: licenses_of(rng, group, skus=skus) for group in groups},
        memberships=memberships_of(rng, users, groups),
    )


def _catalog(rng: random.Random, skus: Sequence[SkuNo]) -> Catalog:
    """Each product has a service plan of its own, some another; pairs of them exclude each other.

    Some worlds need a second word of 64 service plans.
    """
    apart = rng.choice([1, 1, 30])
    own = {sku: ServicePlanBits(1 << sku * apart) for sku in skus}
    shared = ServicePlanBits(1 << (len(skus) + 1) * apart)
    quarrels, needs = rng.choice([(4, 0), (3, 1), (0, 3), (2, 2)])
    return Catalog(
        skus={
            sku: SkuFacts(
                sku=sku,
                part_number=f"SKU{sku}",
                service_plans=ServicePlanBits(own[sku] | (shared if rng.random() < 0.3 else 0)),
            )
            for sku in skus
        },
        exclusions=tuple(
            (own[rng.choice(skus)], ServicePlanBits(own[rng.choice(skus)] | own[rng.choice(skus)]))
            for _ in range(rng.randint(0, quarrels))
        ),
        dependencies=tuple(
            Dependency(service_plans=own[rng.choice(skus)], any_of=own[rng.choice(skus)])
            for _ in range(rng.randint(0, needs))
        ),
    )


def _user(rng: random.Random, user_no: UserNo, catalog: Catalog) -> UserState:
    skus = tuple(catalog.skus)
    reasons = [
        Reason.NO_SEAT_LEFT,
        Reason.CONFLICTING_SERVICE_PLANS,
        Reason.DEPENDENCY_MISSING,
    ]
    return UserState(
        user_no=user_no,
        usage_location="NO",
        wishes=tuple(
            replace(wish_of(rng, sku, source), disabled=ServicePlanBits(0), starts_at=None)
            for sku in skus
            for source in _SOURCES
            if rng.random() < 0.3
        ),
        held=tuple(
            Held(
                sku=sku,
                enabled=catalog.skus[sku].service_plans
                if rng.random() < 0.9
                else ServicePlanBits(1 << rng.randrange(8)),
            )
            for sku in skus
            if rng.random() < 0.25
        ),
        errors=tuple(
            StoredError(
                sku=sku, source=source, reason=rng.choice(reasons), waiting_since=some_past(rng)
            )
            for sku in skus
            for source in _SOURCES
            if rng.random() < 0.15
        ),
    )

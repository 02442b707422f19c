"""Small random worlds for the engine, and what a world looks like after a change set.

Few service plans, SKUs and seats, so that everything touches everything: dependency chains,
suites that need each other, exclusions, prohibited locations, freed seats, ended wishes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Catalog,
    ChangeSet,
    Dependency,
    Held,
    Pool,
    SkuFacts,
    Snapshot,
    StoredError,
    UserState,
    Wish,
)
from seatwright.domain.semantics import ENTRA, NATIVE, Semantics

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLANS = 6
SOURCES = (
    DIRECT,
    Source(kind=SourceKind.GROUP, no=1),
    Source(kind=SourceKind.GROUP, no=2),
    Source(kind=SourceKind.REQUEST, no=7),
)
STRATEGY_OF = {
    SourceKind.DIRECT: Strategy.MANUAL,
    SourceKind.GROUP: Strategy.GROUP,
    SourceKind.POLICY: Strategy.ON_DEMAND,
    SourceKind.REQUEST: Strategy.REQUEST,
}

plan_sets = st.integers(0, 2**PLANS - 1).map(ServicePlanBits)
some_plans = st.integers(1, 2**PLANS - 1).map(ServicePlanBits)
single_plans = st.integers(0, PLANS - 1).map(lambda n: ServicePlanBits(1 << n))
locations = st.sampled_from([None, "NO", "XX"])
moments = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
pasts = st.integers(-3, 0).map(lambda days: NOW + timedelta(days=days))


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Up to four SKUs over six service plans, with rules among them."""
    sku_numbers = [SkuNo(n) for n in range(1, draw(st.integers(1, 4)) + 1)]
    facts = {
        sku: SkuFacts(
            sku=sku,
            part_number=f"SKU{sku}",
            service_plans=draw(some_plans),
            is_assignable_to_users=draw(st.integers(0, 9)) > 0,
            prohibited_locations=frozenset({"XX"}) if draw(st.integers(0, 5)) == 0 else frozenset(),
        )
        for sku in sku_numbers
    }
    dependencies = st.builds(
        lambda plans, any_of: Dependency(service_plans=plans, any_of=any_of),
        single_plans,
        some_plans,
    )
    prohibited = {"XX": draw(single_plans)} if draw(st.booleans()) else {}
    return Catalog(
        skus=facts,
        exclusions=tuple(draw(st.lists(st.tuples(single_plans, single_plans), max_size=3))),
        dependencies=tuple(draw(st.lists(dependencies, max_size=4))),
        prohibited_service_plans=prohibited,
    )


@st.composite
def wishes(draw: st.DrawFn, skus: tuple[SkuNo, ...]) -> tuple[Wish, ...]:
    """At most one wish per SKU and source, most of them counting now."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(skus), st.sampled_from(SOURCES)), unique=True, max_size=6
        )
    )
    return tuple(
        Wish(
            sku=sku,
            source=source,
            strategy=STRATEGY_OF[source.kind],
            disabled=draw(plan_sets) if draw(st.booleans()) else ServicePlanBits(0),
            priority=draw(st.sampled_from([0, 128, 128, 255])),
            assigned_at=draw(pasts),
            starts_at=draw(moments) if draw(st.integers(0, 5)) == 0 else None,
            expires_at=draw(moments) if draw(st.integers(0, 5)) == 0 else None,
        )
        for sku, source in keys
    )


@st.composite
def users(draw: st.DrawFn, user_no: UserNo, *, skus: tuple[SkuNo, ...]) -> UserState:
    """A person who may hold anything and have any old errors, consistent or not."""
    held = draw(st.lists(st.sampled_from(skus), unique=True, max_size=2))
    stale = draw(
        st.lists(
            st.tuples(st.sampled_from(skus), st.sampled_from(SOURCES)), unique=True, max_size=2
        )
    )
    reasons = st.sampled_from([Reason.NO_SEAT_LEFT, Reason.DEPENDENCY_MISSING])
    return UserState(
        user_no=user_no,
        usage_location=draw(locations),
        is_deleted=draw(st.integers(0, 9)) == 0,
        wishes=draw(wishes(skus)),
        held=tuple(Held(sku=sku, enabled=draw(plan_sets)) for sku in held),
        errors=tuple(
            StoredError(sku=sku, source=source, reason=draw(reasons), waiting_since=draw(pasts))
            for sku, source in stale
        ),
    )


@st.composite
def snapshots(draw: st.DrawFn, *, semantics: Semantics | None = None) -> Snapshot:
    """A whole world under either preset, with few seats, some of them held by people outside."""
    catalog = draw(catalogs())
    skus = tuple(catalog.skus)
    people = tuple(draw(users(UserNo(n), skus=skus)) for n in range(1, draw(st.integers(1, 5)) + 1))
    pools = []
    for sku in skus:
        consumed = sum(1 for p in people for h in p.held if h.sku == sku) + draw(st.integers(0, 1))
        free = draw(st.integers(-1, 3))
        pools.append(Pool(sku=sku, assignable=max(0, consumed + free), consumed=consumed))
    return Snapshot(
        now=NOW,
        semantics=semantics or draw(st.sampled_from([NATIVE, ENTRA])),
        default_usage_location=draw(locations),
        catalog=catalog,
        pools=tuple(pools),
        users=people,
        retry_users=frozenset(p.user_no for p in people if draw(st.booleans())),
    )


def applied(snapshot: Snapshot, change_set: ChangeSet) -> Snapshot:
    """Give the world after the change set was written, as the store would show it."""
    consumed = {c.sku: c.consumed_after for c in change_set.seat_changes}
    return replace(
        snapshot,
        users=tuple(_applied_to(user, change_set) for user in snapshot.users),
        pools=tuple(
            replace(pool, consumed=consumed.get(pool.sku, pool.consumed)) for pool in snapshot.pools
        ),
        retry_users=frozenset(),
    )


def _applied_to(user: UserState, change_set: ChangeSet) -> UserState:
    held = {h.sku: h for h in user.held}
    for change in (c for c in change_set.changes if c.user_no == user.user_no):
        if change.after is None:
            del held[change.sku]
        else:
            held[change.sku] = Held(sku=change.sku, enabled=change.after)
    errors = {(e.sku, e.source): e for e in user.errors}
    for error in (e for e in change_set.error_changes if e.user_no == user.user_no):
        if error.after is None or error.waiting_since is None:
            del errors[error.sku, error.source]
        else:
            errors[error.sku, error.source] = StoredError(
                sku=error.sku,
                source=error.source,
                reason=error.after,
                waiting_since=error.waiting_since,
            )
    return replace(user, held=tuple(held.values()), errors=tuple(errors.values()))

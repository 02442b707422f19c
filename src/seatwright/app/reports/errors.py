"""Reports of errors: each with its sentence, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reports.scene import (
    BLOCK_PEOPLE,
    SCANS_MAX,
    Scene,
    labels_of,
    source_cells,
    whole,
)
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Names,
    Pool,
    Shortfall,
    Snapshot,
    UserState,
    refusal,
)
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.fixes import fix_of
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres.groups import find_groups
from seatwright.postgres.labels import GroupLabel
from seatwright.postgres.reports.errors import ErrorPlace, ReportError, read_errors
from seatwright.postgres.reports.totals import error_totals
from seatwright.postgres.subscriptions import read_pools
from seatwright.postgres.world_read import read_people


async def errors(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Everybody who does not get what they are meant to have, with why and what mends it."""
    only, reason = scene.sku, _reason(scene)
    group = await _group(scene)
    place = _place(after)
    size = min(limit + 1, BLOCK_PEOPLE)
    found: list[ReportError] = []
    for _ in range(SCANS_MAX):
        block = await read_errors(scene.call.tx, after=place, limit=size, group=group)
        for one in block:
            is_wanted = only in {None, one.sku} and reason in {None, one.reason}
            if is_wanted and len(found) == limit:
                return await _slice(scene, found, place)
            if is_wanted:
                found.append(one)
            place = one.place
        if len(block) < size:
            return await _slice(scene, found, None)
        size = BLOCK_PEOPLE
    return await _slice(scene, found, place)


def _place(after: Place | None) -> ErrorPlace:
    if after is None:
        return ErrorPlace()
    user, sku, kind, no = map(int, after)
    return ErrorPlace(user_no=user, sku=sku, source_kind=kind, source_no=no)


def _reason(scene: Scene) -> str | None:
    text = scene.asked["reason"]
    if text is None:
        return None
    codes = {reason.lower(): reason.value for reason in Reason}
    code = codes.get(str(text).lower())
    if code is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"reason is “{str(text)[:60]}”, which is no code of a reason: give noSeatLeft, say, or"
            " another of /docs/errors.",
        )
    return code


async def _group(scene: Scene) -> GroupNo | None:
    text = scene.asked["group"]
    if text is None:
        return None
    found = (await find_groups(scene.call.tx, [str(text)])).get(str(text))
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"There is no group “{str(text)[:60]}”: give its id, external id, or the name of"
            " exactly one.",
            is_in_body=True,
        )
    return found


async def _slice(
    scene: Scene, found: Sequence[ReportError], place: ErrorPlace | None
) -> ReportSlice:
    keys = None
    if place is not None:
        keys = (place.user_no, place.sku, place.source_kind, place.source_no)
    labels = await labels_of(scene.call, ((one.source_kind, one.source_no) for one in found))
    teller = await _teller(scene.call, found)
    rows = tuple(_row(scene, one, labels, sentence=teller.sentence(one)) for one in found)
    return ReportSlice(rows=rows, place=keys)


def _row(
    scene: Scene,
    one: ReportError,
    labels: Mapping[GroupNo, GroupLabel],
    *,
    sentence: str | None,
) -> Cells:
    source = source_cells(one.source_kind, one.source_no, labels)
    return (
        one.reason,
        *scene.product(one.sku),
        one.user_id,
        one.display_name,
        one.upn,
        *source,
        one.since,
        sentence,
        fix_of(
            one.reason,
            product=scene.catalog.sku_name(one.sku),
            group=None if source[1] is None else str(source[1]),
        ),
    )


class _Teller:
    """Says of each error what the engine would say of it, with the names of everything."""

    def __init__(self, snapshot: Snapshot, states: Sequence[UserState], names: Names) -> None:
        self._snapshot = snapshot
        self._states: Mapping[UserNo, UserState] = {state.user_no: state for state in states}
        self._names = names

    def sentence(self, one: ReportError) -> str | None:
        """Why this person does not get this; None where no rule of the engine says so."""
        state = self._states.get(one.user_no)
        if state is None:
            return None
        shortfall = Shortfall(
            user=state,
            sku=one.sku,
            bits=self._wished(state, one),
            snapshot=self._snapshot,
            names=Names(
                user=one.display_name,
                products=self._names.products,
                service_plans=self._names.service_plans,
            ),
        )
        try:
            return refusal(shortfall, Reason(one.reason)).detail
        except ValueError:
            return None

    def _wished(self, state: UserState, one: ReportError) -> ServicePlanBits:
        """The service plans that the source leaves on; none if its wish is gone (CON-01)."""
        source = Source(kind=SourceKind(one.source_kind), no=one.source_no)
        facts = self._snapshot.catalog.skus.get(one.sku)
        for wish in state.wishes:
            if wish.source == source and wish.sku == one.sku and facts is not None:
                return ServicePlanBits(facts.service_plans & ~wish.disabled)
        return ServicePlanBits(0)


async def _teller(call: Call, found: Sequence[ReportError]) -> _Teller:
    semantics = semantics_in(call.tenant.settings)
    catalog = await catalog_of(call)
    users = sorted({one.user_no for one in found})
    states = await read_people(call.tx, users, nested=semantics.nested_groups_count)
    pools = await read_pools(call.tx, sorted({one.sku for one in found}))
    snapshot = Snapshot(
        now=call.now,
        semantics=semantics,
        default_usage_location=usage_location_in(call.tenant.settings),
        catalog=catalog.engine,
        pools=tuple(
            Pool(
                sku=SkuNo(pool.sku_no),
                assignable=pool.assignable,
                consumed=pool.consumed,
                reserved=pool.reserved,
            )
            for pool in pools.values()
        ),
        users=(),
    )
    names = Names(
        user="",
        products={no: sku.display_name for no, sku in catalog.skus.items()},
        service_plans={no: plan.display_name for no, plan in catalog.service_plans.items()},
    )
    return _Teller(snapshot, states, names)


async def totals(scene: Scene, after: Place | None, limit: int) -> ReportSlice:
    """Errors by reason, product and source."""
    found = await error_totals(scene.call.tx)
    labels = await labels_of(scene.call, ((one.source_kind, one.source_no) for one in found))
    rows: list[Cells] = []
    for one in found:
        source = source_cells(one.source_kind, one.source_no, labels)
        fix = fix_of(
            one.reason,
            product=scene.catalog.sku_name(one.sku),
            group=None if source[1] is None else str(source[1]),
        )
        product = scene.product(one.sku)
        rows.append((one.reason, *product, *source, one.people, one.since, fix))
    return whole(rows, after=after, limit=limit)

"""The brake: large removals wait for a second administrator, and nobody loses anything meanwhile.

What was stored stays stored: memberships, removed assignments, licenses of groups. Only the
revocations that follow are held, each by a wish of its own (`SourceKind.HOLD`) that gives exactly
what the person has. So no reader of the world needs to know of the brake.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import structlog

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.ledger import HeldBack
from seatwright.app.record import record
from seatwright.app.telling.tell import tell
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.brake import (
    ALWAYS_LET_THROUGH,
    EXEMPT,
    GroupLoss,
    HeldChange,
    HeldOutcome,
    exceeding,
    held_sentence,
    limits_in,
)
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import Action, ChangeSet, Snapshot, UserState, Wish
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres import held as rows
from seatwright.postgres.labels import group_labels

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a call changes licenses, and which of them may go without being counted.

    `swapped` are products that others replace in this change; `only_lent` are licenses that came by
    the very change that is undone, so that nobody relied on them before.
    """

    reason: ChangeReason
    swapped: frozenset[tuple[UserNo, SkuNo]] = frozenset()
    only_lent: frozenset[tuple[UserNo, SkuNo]] = frozenset()


async def braked(call: Call, snapshot: Snapshot, changes: ChangeSet, *, cause: Cause) -> Snapshot:
    """The snapshot with a wish for everything that the brake holds; the caller decides again.

    It is the same object once nothing is held any more and nothing that was held comes back by
    another way. Pools and people are locked, so that two calls of one principal count each other.
    """
    snapshot, has_ended = await _end_moot_holds(call, snapshot)
    if has_ended:
        return snapshot
    revoked = _revoked(snapshot, changes, cause)
    if not revoked:
        return snapshot
    holders = {pool.sku: pool.consumed for pool in snapshot.pools}
    counts = {sku: len(users) for sku, users in revoked.items()}
    over = await too_many(call, counts, holders=holders, cause=cause)
    over |= await emptying(call, revoked, cause=cause)
    if not over:
        await note_removals(call, revoked=counts, cause=cause)
        return snapshot
    await note_removals(call, held={sku: counts[sku] for sku in over}, cause=cause)
    wishes: dict[UserNo, list[Wish]] = defaultdict(list)
    for sku in sorted(over):
        held = await hold(call, sku, revoked[sku], reason=cause.reason)
        for user, wish in _wishes(call, snapshot, held, revoked[sku]):
            wishes[user].append(wish)
    users = tuple(
        replace(user, wishes=(*user.wishes, *wishes[user.user_no]))
        if user.user_no in wishes
        else user
        for user in snapshot.users
    )
    return replace(snapshot, users=users)


async def too_many(
    call: Call,
    revoked: Mapping[SkuNo, int],
    *,
    holders: Mapping[SkuNo, int],
    cause: Cause,
) -> frozenset[SkuNo]:
    """The products of which so many removals by this principal must wait; nothing is written.

    `holders` is how many hold each product before the change. The pools of the products are locked,
    so that the answer stays true until the caller has told what it did (`note_removals`).
    """
    limits = limits_in(call.tenant.settings)
    if limits is None or cause.reason in EXEMPT or not revoked:
        return frozenset()
    by = call.principal.principal_no
    counted = await rows.removals_counted(call.tx, by, sorted(revoked), now=call.now)
    return exceeding(limits, revoked, holders=holders, counted=counted)


async def emptying(
    call: Call, revoked: Mapping[SkuNo, Collection[UserNo]], *, cause: Cause
) -> frozenset[SkuNo]:
    """The products that people lose because a group was emptied; these wait whatever the limit.

    A source that vanished empties groups, and a large tenant's limit would let small ones through.
    """
    if limits_in(call.tenant.settings) is None or cause.reason in EXEMPT:
        return frozenset()
    many = {sku: users for sku, users in revoked.items() if len(users) > ALWAYS_LET_THROUGH}
    caught = set()
    for sku, users in many.items():
        lost = await rows.most_lost_by_emptied_group(call.tx, call.correlation, list(users))
        if lost > ALWAYS_LET_THROUGH:
            caught.add(sku)
    return frozenset(caught)


async def note_removals(
    call: Call,
    *,
    revoked: Mapping[SkuNo, int] = MappingProxyType({}),
    held: Mapping[SkuNo, int] = MappingProxyType({}),
    cause: Cause,
) -> None:
    """Count removals that were let through, and those that wait, towards the hour's limit."""
    if limits_in(call.tenant.settings) is None or cause.reason in EXEMPT:
        return
    await rows.count_removals(
        call.tx, call.principal.principal_no, revoked=revoked, held=held, now=call.now
    )


async def hold(
    call: Call,
    sku: SkuNo,
    people: Mapping[UserNo, ServicePlanBits],
    *,
    reason: ChangeReason,
) -> HeldChange:
    """Store that these people keep what they hold of a product until somebody decides.

    `people` gives the service plans that each holds. One held change for a call or job and product.
    """
    catalog = await catalog_of(call)
    product = catalog.skus[sku]
    new = rows.NewHold(
        correlation=call.correlation,
        principal_no=call.principal.principal_no,
        at=call.now,
        reason=reason.value,
    )
    held, is_new = await rows.pending_change(call.tx, sku, new)
    off = {bits: ServicePlanBits(product.service_plans & ~bits) for bits in set(people.values())}
    sets = await call.tx.plan_set_ids(off.values())
    total = await rows.store_holds(
        call.tx,
        held,
        users=list(people),
        disabled_sets=[sets[off[bits]] for bits in people.values()],
        at=call.now,
    )
    sentence = await _sentence(call, held, product.display_name, total)
    await rows.set_sentence(call.tx, held.held_no, sentence)
    detail = {"heldChange": str(held.id), "people": total, "sentence": sentence}
    await record(
        call,
        HistoryLine(
            action=HistoryAction.REMOVAL_HELD,
            reason=reason.value,
            sku=sku,
            source=Source(kind=SourceKind.HOLD, no=held.held_no),
            detail=detail,
        ),
    )
    await tell(call, [_told(call, held, product=product.display_name, people=total)])
    call.ledger.held.append(
        HeldBack(sku=sku, users=tuple(people), sentence=sentence, held_change=held.id)
    )
    log.info(
        "removals are held for approval",
        held_change=str(held.id),
        sku=sku,
        people=total,
        is_new=is_new,
    )
    return replace(held, people=total, sentence=sentence)


def _told(call: Call, held: HeldChange, *, product: str, people: int) -> Telling:
    """To the administrators, once, when something is held first; more may join it later."""
    return Telling(
        kind=EventKind.HELD_FOR_APPROVAL,
        key=str(held.id),
        user=None,
        data={
            "heldId": str(held.id),
            "product": product,
            "people": people,
            "heldBy": call.principal.name,
        },
    )


def _revoked(
    snapshot: Snapshot, changes: ChangeSet, cause: Cause
) -> dict[SkuNo, dict[UserNo, ServicePlanBits]]:
    """Who loses which product by these changes, without what never waits."""
    users: dict[UserNo, UserState] = {}
    revoked: dict[SkuNo, dict[UserNo, ServicePlanBits]] = defaultdict(dict)
    spared = cause.swapped | cause.only_lent
    if cause.reason is ChangeReason.UNDONE:
        spared |= exchanged(changes)
    for change in changes.changes:
        if change.action is not Action.REVOKE or (change.user_no, change.sku) in spared:
            continue
        users = users or {user.user_no: user for user in snapshot.users}
        if change.before is not None and not _must_go(snapshot, users[change.user_no], change.sku):
            revoked[change.sku][change.user_no] = change.before
    return dict(revoked)


def exchanged(changes: ChangeSet) -> frozenset[tuple[UserNo, SkuNo]]:
    """Licenses of people who get as many products by these changes as they lose."""
    gone: dict[UserNo, list[SkuNo]] = defaultdict(list)
    come: Counter[UserNo] = Counter()
    for change in changes.changes:
        if change.action is Action.REVOKE:
            gone[change.user_no].append(change.sku)
        elif change.action is Action.GRANT:
            come[change.user_no] += 1
    return frozenset(
        (user, sku) for user, skus in gone.items() if len(skus) <= come[user] for sku in skus
    )


def _must_go(snapshot: Snapshot, user: UserState, sku: SkuNo) -> bool:
    """Whether a product may not stay: the person is deleted, or is where it is prohibited."""
    if user.is_deleted:
        return True
    location = user.usage_location or snapshot.default_usage_location
    return location in snapshot.catalog.skus[sku].prohibited_locations


def _wishes(
    call: Call,
    snapshot: Snapshot,
    held: HeldChange,
    people: Mapping[UserNo, ServicePlanBits],
) -> Iterable[tuple[UserNo, Wish]]:
    plans = snapshot.catalog.skus[held.sku].service_plans
    source = Source(kind=SourceKind.HOLD, no=held.held_no)
    for user, bits in people.items():
        yield (
            user,
            Wish(
                sku=held.sku,
                source=source,
                strategy=Strategy.MANUAL,
                disabled=ServicePlanBits(plans & ~bits),
                assigned_at=call.now,
            ),
        )


async def _end_moot_holds(call: Call, snapshot: Snapshot) -> tuple[Snapshot, bool]:
    """End the holds of products that people are wished by another way again."""
    moot: list[tuple[UserNo, int]] = []
    users: list[UserState] = []
    for user in snapshot.users:
        ended = _moot(snapshot, user)
        if ended:
            moot += [(user.user_no, wish.source.no) for wish in ended]
            user = replace(user, wishes=tuple(w for w in user.wishes if w not in ended))  # noqa: PLW2901
        users.append(user)
    if not moot:
        return snapshot, False
    await rows.end_holds(call.tx, moot, HeldOutcome.KEPT)
    return replace(snapshot, users=tuple(users)), True


def _moot(snapshot: Snapshot, user: UserState) -> Sequence[Wish]:
    holds = [wish for wish in user.wishes if wish.source.kind is SourceKind.HOLD]
    if not holds:
        return ()
    wished = Counter(
        wish.sku
        for wish in user.wishes
        if wish.source.kind is not SourceKind.HOLD and wish.counts_at(snapshot.now)
    )
    return [wish for wish in holds if wished[wish.sku]]


async def _sentence(call: Call, held: HeldChange, product: str, people: int) -> str:
    """What was done and what it would take, with the groups by name."""
    losses = await rows.group_losses(call.tx, held)
    numbers = {loss.group for loss in losses} | {one.outer for one in losses if one.outer}
    labels = await group_labels(call.tx, sorted(numbers))
    told = [
        GroupLoss(
            name=labels[loss.group].display_name,
            removed=loss.removed,
            left=loss.left,
            is_deleted=loss.is_deleted,
            stopped_giving=loss.stopped_giving,
            taken_out_of=None if loss.outer is None else labels[loss.outer].display_name,
        )
        for loss in losses
    ]
    by_name = await rows.count_own_losses(call.tx, held)
    return held_sentence(product, people, losses=told, by_name=by_name)

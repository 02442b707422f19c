"""A launch in a transaction of its own: through a group, or where other licenses must move too.

The same decisions as in a batch, over the ordinary door of the engine, so that the brake, the
waiting list and the history are as they are for every other change.
"""

from __future__ import annotations

from collections.abc import Iterable

from seatwright.app.call import Call
from seatwright.app.dynamic.follow import follow_members_later
from seatwright.app.launch.admission import refusal_of, refusal_of_owner
from seatwright.app.launch.book import Book, named_by
from seatwright.app.launch.orders import Knock, LaunchAnswer, no_launch
from seatwright.app.launch.sentences import (
    Given,
    Speaker,
    claims_of,
    is_use_of_claim,
    policy_by_number,
)
from seatwright.app.launch.turns import (
    claim_detail,
    event_of,
    try_offer,
    verdict_of,
    what_is_left,
    wish_of,
)
from seatwright.app.reconcile import Edit, World, lock_world, settle_world
from seatwright.app.record import record
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.auto_claim import Policy
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.launch import (
    Attempts,
    Entitled,
    Launch,
    Offer,
    Outcome,
    Refused,
    counted_person,
    policy_apps_of,
)
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenants import TenantState
from seatwright.postgres.assignments import UserAssignment, store_user_assignments
from seatwright.postgres.auto_claim_use import note_uses
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_write import Membership, add_members
from seatwright.postgres.labels import group_labels
from seatwright.postgres.launch_read import Questions, Scene, Someone, read_scene
from seatwright.postgres.launch_write import (
    ClaimRow,
    take_events,
    try_joining,
    undo_joining,
    write_claim,
)
from seatwright.postgres.world_read import licensed_groups_above


async def launch_alone(
    call: Call, knock: Knock, user: UserNo | None, *, speaker: Speaker, must_be_true: bool
) -> LaunchAnswer | None:
    """Answer one caller; everything that follows from what they are given is done in this call.

    None where under the locks the tenant is not as the book says, and `must_be_true`, or where the
    token is good no more: begin again with what is so now.
    """
    book, order = speaker.book, knock.order
    target = book.targets[named_by(order)]
    if user is None or isinstance(target, Refusal):
        refused = refusal_of(order, call.principal, None) if user is None else target
        assert isinstance(refused, Refusal), "nobody is refused"
        return no_launch(refused)
    launch = book.launch_of(order, target)
    apps = policy_apps_of(order.event, target)
    policies = [book.policies[app] for app in apps if app in book.policies]
    counted = counted_person(order.event, target) or user
    # Groups before pools: a group that is given a product meanwhile must see who joins, or be seen.
    await hold_groups(call.tx, _groups_of(policies))
    world = await lock_world(call, [counted], skus=await _skus(call, policies))
    asked = _questions(call, knock, {user, counted}, policies)
    scene = await read_scene(call.tx, asked, at=call.now)
    if scene.tenant is None or scene.tenant.state is TenantState.SUSPENDED:
        return None
    if must_be_true and not book.is_of(scene.tenant, scene.versions):
        return None
    refusal = refusal_of(order, call.principal, scene.people.get(user))
    someone = scene.people.get(counted)
    if refusal is None and counted != user:
        refusal = refusal_of_owner(call.principal, someone, target)
    if refusal is not None or someone is None:
        assert refusal is not None, "who is not there is refused"
        return no_launch(refusal)
    seen = None if order.event_id is None else scene.seen.get(order.event_id)
    if seen is not None:
        answer = speaker.repeated(launch, someone, seen)
    else:
        answer = await _Alone(call, world, launch, someone=someone, speaker=speaker).answer(scene)
    if answer.outcome is Outcome.ALREADY_ENTITLED:
        await _note_use(call, book, someone, answer)
    if seen is None and order.event_id is not None:
        event = event_of(book, order.event_id, someone, answer)
        await take_events(call.tx, (event,), at=call.now)
    return answer


async def lock_asked(call: Call, policy: Policy, user: UserNo) -> World:
    """Lock one person and every pool that a claim of theirs can move; its groups are held."""
    return await lock_world(call, [user], skus=await _skus(call, (policy,)))


async def take_asked(
    call: Call, launch: Launch, offer: Offer, *, someone: Someone, speaker: Speaker
) -> bool:
    """Give somebody what a policy offers who asked for it by its product; False: it cannot be.

    The caller has `lock_asked` them, and read `someone` after that.
    """
    world = await lock_asked(call, offer.policy, someone.state.user_no)
    alone = _Alone(call, world, launch, someone=someone, speaker=speaker)
    found = await alone.take(offer)
    return isinstance(found, LaunchAnswer) and found.outcome is Outcome.GRANTED


async def _note_use(call: Call, book: Book, someone: Someone, answer: LaunchAnswer) -> None:
    assert answer.sku is not None, "who is entitled has a product"
    sku, state = answer.sku.sku_no, someone.state
    if is_use_of_claim(book, state, sku):
        await note_uses(call.tx, [(state.user_no, sku)], at=call.now)


class _Alone:
    """One caller's launch while it is decided and written."""

    def __init__(
        self, call: Call, world: World, launch: Launch, *, someone: Someone, speaker: Speaker
    ) -> None:
        self.call = call
        self.world = world
        self.launch = launch
        self.someone = someone
        self.speaker = speaker

    async def answer(self, scene: Scene) -> LaunchAnswer:
        """Decide, and take the first offer that the engine lets through."""
        book = self.speaker.book
        verdict = verdict_of(
            self.launch, self.someone, book=book, claimed=scene.claimed, now=self.call.now
        )
        match verdict:
            case Entitled(sku=sku):
                return self._entitled(sku)
            case Refused():
                return self.speaker.denied(self.launch, self.someone, verdict)
        attempts = Attempts()
        for offer in verdict:
            if attempts.has_ended(offer.policy):
                continue
            found = await self.take(offer)
            if isinstance(found, LaunchAnswer):
                return found
            attempts.fail(offer, found)
        return self.speaker.denied(self.launch, self.someone, attempts.refused())

    async def take(self, offer: Offer) -> LaunchAnswer | Reason:
        """Take one offer, or say why it cannot be had."""
        if offer.policy.group is not None:
            return await self._join(offer, offer.policy.group)
        tried = try_offer(self.world.snapshot, offer)
        if tried.reason is not None:
            return tried.reason
        if tried.changes.is_empty:
            return self._entitled(offer.product.sku)
        call, sku, user = self.call, offer.product.sku, self.someone.state.user_no
        wish = wish_of(offer, call.now)
        row = UserAssignment(
            user=user,
            sku=sku,
            source=wish.source,
            strategy=wish.strategy,
            disabled=wish.disabled,
        )
        await store_user_assignments(call.tx, (row,), at=call.now, by=call.principal.principal_no)
        world = await lock_world(call, [user], skus=self.world.locked)
        edit = Edit(
            user=user,
            sku=sku,
            action=HistoryAction.ASSIGNED,
            reason=ChangeReason.CLAIMED,
            strategy=Strategy.ON_DEMAND,
            source=wish.source,
            detail=claim_detail(self.launch, offer),
        )
        await settle_world(call, world, reason=ChangeReason.RECONCILED, edits=(edit,))
        return await self._claimed(offer)

    async def _join(self, offer: Offer, group: GroupNo) -> LaunchAnswer | Reason:
        """Put the person into the policy's group, if its license then really is theirs."""
        call, user = self.call, self.someone.state.user_no
        await try_joining(call.tx)
        added = await add_members(call.tx, [Membership(user, group)], since=call.now)
        world = await lock_world(call, [user], skus=self.world.locked)
        source = Source(kind=SourceKind.GROUP, no=group)
        left = what_is_left(world.snapshot, offer.product.sku, source)
        if left is not None:
            await undo_joining(call.tx)
            return left
        if not added:
            # In the group already, by somebody's hand: theirs, and no claim that could be taken.
            await settle_world(call, world, reason=ChangeReason.RECONCILED)
            return self._entitled(offer.product.sku)
        line = HistoryLine(
            action=HistoryAction.MEMBER_ADDED,
            reason=ChangeReason.CLAIMED.value,
            strategy=Strategy.ON_DEMAND,
            user=user,
            group=group,
            source=Source(kind=SourceKind.POLICY, no=offer.policy.policy_no),
            detail=claim_detail(self.launch, offer),
        )
        await record(call, line)
        await settle_world(call, world, reason=ChangeReason.CLAIMED)
        await follow_members_later(call, (user,), (group,))
        labels = await group_labels(call.tx, [group])
        label = labels.get(group)
        return await self._claimed(
            offer, group=group, name=None if label is None else label.display_name
        )

    async def _claimed(
        self, offer: Offer, *, group: GroupNo | None = None, name: str | None = None
    ) -> LaunchAnswer:
        policy, sku = offer.policy, offer.product.sku
        row = ClaimRow(
            policy=policy.policy_no,
            user=self.someone.state.user_no,
            sku=sku,
            backup=offer.backup,
            event=self.launch.event,
            group=group,
        )
        await write_claim(self.call.tx, row, at=self.call.now)
        given = Given(policy=policy, backup=offer.backup, sku=sku, group=name)
        return self.speaker.granted(self.launch, self.someone, given)

    def _entitled(self, sku: SkuNo) -> LaunchAnswer:
        number = claims_of(self.someone.state).get(sku)
        policy = policy_by_number(self.speaker.book, number)
        return self.speaker.entitled(self.launch, self.someone, sku, policy=policy)


async def _skus(call: Call, policies: Iterable[Policy]) -> frozenset[SkuNo]:
    """Every product whose seats a claim under these policies can move."""
    own = {product.sku for policy in policies for product in policy.products}
    groups = _groups_of(policies)
    through = await licensed_groups_above(call.tx, groups) if groups else {}
    return frozenset(own) | frozenset(through)


def _groups_of(policies: Iterable[Policy]) -> list[GroupNo]:
    return sorted({policy.group for policy in policies if policy.group is not None})


def _questions(
    call: Call, knock: Knock, users: Iterable[UserNo], policies: Iterable[Policy]
) -> Questions:
    """Everything about one person; the locks are held already."""
    event_id = knock.order.event_id
    return Questions(
        tenant=call.tenant.tenant_id,
        digests=[knock.digest],
        users=list(users),
        pools=None,
        nested=semantics_in(call.tenant.settings).nested_groups_count,
        with_groups=True,
        caps={p.policy_no: p.claims_max for p in policies if p.claims_max is not None},
        events=() if event_id is None else (event_id,),
    )

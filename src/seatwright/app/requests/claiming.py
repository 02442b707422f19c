"""A request that an auto-claim policy grants at once: asking is a launch event (A-48, R-26).

The same rules and the same engine as for a launch that says `licenseRequested`. Only the product
that was asked for is given this way: who asks for one is not handed another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.launch.alone import lock_asked, take_asked
from seatwright.app.launch.book import Book, open_book
from seatwright.app.launch.sentences import Speaker, launcher_of
from seatwright.domain.auto_claim import Policy
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.launch import Launch, LaunchEvent, Offer, Rulebook, decide
from seatwright.domain.platform import LaunchTarget, Need
from seatwright.domain.settings import semantics_in
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.launch_read import Questions, Scene, read_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """The policy that grants requests for a product, and the book it stands in."""

    book: Book
    policy: Policy
    launch: Launch

    def disabled(self, sku: SkuNo) -> ServicePlanBits:
        """The service plans that a claim of a product leaves off."""
        return next(one.disabled for one in self.policy.products if one.sku == sku)


async def granting_of(call: Call, sku: SkuNo) -> Granting | None:
    """The active policy that grants a product to whoever asks for it; None where there is none."""
    book = await open_book(call.tx, call.tenant, at=call.now)
    if not book.is_on:
        return None
    for policy in book.policies.values():
        is_active = policy.is_on and policy.grants_requests and policy.effective_from <= call.now
        if is_active and policy.backup_of(sku) is not None:
            catalog = await catalog_of(call)
            target = LaunchTarget(
                id=UUID(int=0),
                name=catalog.sku_name(sku),
                is_premium=True,
                auto_claim_apps=(policy.app,),
            )
            launch = Launch(
                event=LaunchEvent.LICENSE_REQUESTED, target=target, needs=(Need(sku=sku),)
            )
            return Granting(book=book, policy=policy, launch=launch)
    return None


async def who_claims(
    call: Call, granting: Granting, sku: SkuNo, users: Sequence[UserNo]
) -> frozenset[UserNo]:
    """Whom the policy would give the product, as long as there are seats; nothing is locked."""
    scene = await _scene(call, granting, users)
    return frozenset(user for user in users if _offer(call, granting, scene, sku, user=user))


async def claim(
    call: Call, granting: Granting, sku: SkuNo, users: Sequence[UserNo]
) -> frozenset[UserNo]:
    """Give the product to those of these people whom the policy gives it; who they are.

    Who is not among them (no seat, a cap, a rule) is asked for by the policy of requests.
    """
    if granting.policy.group is not None:
        await hold_groups(call.tx, (granting.policy.group,))
    speaker = Speaker(book=granting.book, public_url="")
    given = set()
    # In one order for all calls, so that no two wait for each other; each person sees the seats and
    # the cap as those before have left them.
    for user in sorted(users):
        await lock_asked(call, granting.policy, user)
        scene = await _scene(call, granting, (user,))
        offer = _offer(call, granting, scene, sku, user=user)
        if offer is not None and await take_asked(
            call, granting.launch, offer, someone=scene.people[user], speaker=speaker
        ):
            given.add(user)
    return frozenset(given)


async def _scene(call: Call, granting: Granting, users: Sequence[UserNo]) -> Scene:
    policy = granting.policy
    caps = {} if policy.claims_max is None else {policy.policy_no: policy.claims_max}
    questions = Questions(
        tenant=call.tenant.tenant_id,
        digests=(),
        users=list(users),
        pools=None,
        nested=semantics_in(call.tenant.settings).nested_groups_count,
        with_groups=True,
        caps=caps,
    )
    return await read_scene(call.tx, questions, at=call.now)


def _offer(
    call: Call, granting: Granting, scene: Scene, sku: SkuNo, *, user: UserNo
) -> Offer | None:
    """The product as the policy offers it to somebody; None when it does not."""
    someone = scene.people.get(user)
    if someone is None or someone.state.is_deleted:
        return None
    policy = granting.policy
    rules = Rulebook(is_on=True, policies={policy.app: policy}, claimed=scene.claimed)
    # What else they hold is no reason not to give what was asked for by name.
    person = replace(launcher_of(someone), held={})
    verdict = decide(granting.launch, person=person, rules=rules, now=call.now)
    offers = verdict if isinstance(verdict, tuple) else ()
    return next((one for one in offers if one.product.sku == sku), None)

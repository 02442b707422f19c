"""The callers of one batch, decided one after another in the order in which they came.

Each is decided by the engine as it would decide about them alone, in a world in which everybody
before them has been served. Nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from seatwright.app.launch.admission import refusal_of, refusal_of_owner
from seatwright.app.launch.book import Book, Targets, named_by
from seatwright.app.launch.orders import Knock, LaunchAnswer, no_launch
from seatwright.app.launch.sentences import (
    Given,
    Speaker,
    claims_of,
    is_use_of_claim,
    launcher_of,
    policy_by_number,
)
from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.launch import (
    Attempts,
    Entitled,
    Launch,
    Offer,
    Outcome,
    Refused,
    Rulebook,
    Verdict,
    counted_person,
    decide,
)
from seatwright.domain.reconcile import (
    Action,
    ChangeSet,
    Held,
    Snapshot,
    UserState,
    Wish,
    one_more,
    reconcile,
    rules_of,
)
from seatwright.domain.settings import usage_location_in
from seatwright.postgres.launch_read import Scene, SeenEvent, Someone
from seatwright.postgres.launch_write import GivenLine, TakenEvent


class Later(Enum):
    """Why a caller is not answered by this batch."""

    CLAIM = "claim"
    """Nothing was locked, and something may be given: to a batch that holds the locks."""

    ALONE = "alone"
    """More than one plain license must move: in a transaction of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the engine says to one offer; `reason` is None where it gives the product."""

    reason: Reason | None
    changes: ChangeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A license that begins: by which offer, for whom, with which service plans."""

    offer: Offer
    someone: Someone
    enabled: ServicePlanBits


class Turns:
    """A batch while it is decided; it knows what everybody before got."""

    def __init__(
        self, scene: Scene, *, speaker: Speaker, targets: Targets, now: datetime, is_reading: bool
    ) -> None:
        self.book = speaker.book
        self.targets = targets
        self.scene = scene
        self.speaker = speaker
        self.now = now
        self.is_reading = is_reading
        self.people = dict(scene.people)
        self.free = {p.sku: p.assignable - p.reserved - p.consumed for p in scene.pools.values()}
        self.rules = rules_of(self._snapshot())
        self.claimed: dict[PolicyNo, int] = dict(scene.claimed)
        self.seen: dict[str, SeenEvent] = dict(scene.seen)
        self.given: list[GivenLine] = []
        self.taken: list[TakenEvent] = []
        self.uses: set[tuple[UserNo, SkuNo]] = set()
        self._wishes: dict[tuple[PolicyNo, int], Wish] = {}
        self._gained: dict[UserNo, list[tuple[Wish, Held]]] = {}

    def take(self, knock: Knock, user_no: UserNo | None) -> LaunchAnswer | Later:
        """Answer one caller, or say why not here."""
        order, principal = knock.order, self.scene.principals[knock.digest]
        someone = self._person(user_no)
        target = self.targets[named_by(order)]
        refusal = refusal_of(order, principal, someone)
        if refusal is None and isinstance(target, Refusal):
            refusal = target
        if refusal is not None or someone is None or isinstance(target, Refusal):
            assert refusal is not None, "who or what is not known was refused"
            return no_launch(refusal)
        launch = self.book.launch_of(order, target)
        counted = counted_person(order.event, target)
        if counted is not None and counted != user_no:
            someone = self._person(counted)
            refusal = refusal_of_owner(principal, someone, target)
            if refusal is not None or someone is None:
                assert refusal is not None, "an owner who is not there is refused"
                return no_launch(refusal)
        seen = None if order.event_id is None else self.seen.get(order.event_id)
        if seen is not None:
            answer = self.speaker.repeated(launch, someone, seen)
            if answer.outcome is Outcome.ALREADY_ENTITLED and answer.sku is not None:
                self._note_use(someone, answer.sku.sku_no)
            return answer
        decided = self._decided(knock, launch, someone)
        if isinstance(decided, LaunchAnswer) and order.event_id is not None:
            self._keep_event(order.event_id, someone, decided)
        return decided

    def _person(self, user_no: UserNo | None) -> Someone | None:
        """Somebody with what they were given in this batch; None for nobody who is known."""
        someone = None if user_no is None else self.people.get(user_no)
        if someone is None or user_no not in self._gained:
            return someone
        wishes, held = zip(*self._gained.pop(user_no), strict=True)
        state = someone.state
        state = replace(state, wishes=(*state.wishes, *wishes), held=(*state.held, *held))
        self.people[user_no] = replace(someone, state=state)
        return self.people[user_no]

    def _decided(self, knock: Knock, launch: Launch, someone: Someone) -> LaunchAnswer | Later:
        verdict = verdict_of(launch, someone, book=self.book, claimed=self.claimed, now=self.now)
        match verdict:
            case Entitled(sku=sku):
                return self._entitled(launch, someone, sku)
            case Refused():
                return self.speaker.denied(launch, someone, verdict)
            case _:
                return self._first_of(verdict, knock, launch, someone=someone)

    def _entitled(self, launch: Launch, someone: Someone, sku: SkuNo) -> LaunchAnswer:
        self._note_use(someone, sku)
        policy = policy_by_number(self.book, claims_of(someone.state).get(sku))
        return self.speaker.entitled(launch, someone, sku, policy=policy)

    def _note_use(self, someone: Someone, sku: SkuNo) -> None:
        if is_use_of_claim(self.book, someone.state, sku):
            self.uses.add((someone.state.user_no, sku))

    def _first_of(
        self, offers: tuple[Offer, ...], knock: Knock, launch: Launch, *, someone: Someone
    ) -> LaunchAnswer | Later:
        """Give the first product that the engine lets through, or say why none could be given."""
        if self.is_reading:
            return Later.CLAIM
        attempts = Attempts()
        for offer in offers:
            if attempts.has_ended(offer.policy):
                continue
            if offer.policy.group is not None:
                return Later.ALONE
            found = self._try(offer, someone.state)
            match found:
                case Reason():
                    attempts.fail(offer, found)
                case Later():
                    return found
                case None:
                    return self._entitled(launch, someone, offer.product.sku)
                case _:
                    begun = Begun(offer=offer, enabled=found, someone=someone)
                    return self._give(begun, knock, launch)
        return self.speaker.denied(launch, someone, attempts.refused())

    def _try(self, offer: Offer, state: UserState) -> ServicePlanBits | Reason | Later | None:
        """The service plans that an offer gives somebody, or why not; None: they have it."""
        sku, wish = offer.product.sku, self._wish(offer)
        if sku in self.free:
            begun = one_more(state, wish, rules=self.rules)
            if begun is not None:
                return begun if self.free[sku] > 0 else Reason.NO_SEAT_LEFT
        tried = try_offer(self._snapshot(state), offer)
        if tried.reason is not None:
            return tried.reason
        if tried.changes.is_empty:
            return None
        enabled = tried.changes.changes[0].after
        if not _is_plain(tried.changes, offer) or sku not in self.free or enabled is None:
            return Later.ALONE
        return enabled

    def _wish(self, offer: Offer) -> Wish:
        """The assignment that a claim is, the same for everybody in the batch."""
        key = (offer.policy.policy_no, offer.backup)
        known = self._wishes.get(key)
        if known is None:
            known = self._wishes[key] = wish_of(offer, self.now)
        return known

    def _snapshot(self, *states: UserState) -> Snapshot:
        return Snapshot(
            now=self.now,
            semantics=self.book.semantics,
            default_usage_location=usage_location_in(self.book.tenant.settings),
            catalog=self.book.catalog.engine,
            pools=tuple(
                replace(pool, consumed=pool.assignable - pool.reserved - self.free[pool.sku])
                for pool in self.scene.pools.values()
            ),
            users=states,
            retry_users=frozenset(state.user_no for state in states),
        )

    def _give(self, begun: Begun, knock: Knock, launch: Launch) -> LaunchAnswer:
        """Note what is to be written, and let the next callers see it."""
        offer, someone = begun.offer, begun.someone
        policy, sku, user = offer.policy, offer.product.sku, someone.state.user_no
        assert self.free[sku] > 0, f"no seat of {sku} is left"
        self.free[sku] -= 1
        if policy.policy_no in self.claimed:
            self.claimed[policy.policy_no] += 1
        wish = self._wish(offer)
        held = Held(sku=sku, enabled=begun.enabled, given_by=wish.source)
        self._gained.setdefault(user, []).append((wish, held))
        self.given.append(
            GivenLine(
                user=user,
                sku=sku,
                disabled=offer.product.disabled,
                enabled=begun.enabled,
                policy=policy.policy_no,
                backup=offer.backup,
                event=launch.event,
                principal=self.scene.principals[knock.digest].principal_no,
                correlation=knock.correlation,
                detail=claim_detail(launch, offer),
            )
        )
        given = Given(policy=policy, backup=offer.backup, sku=sku)
        return self.speaker.granted(launch, someone, given)

    def _keep_event(self, event_id: str, someone: Someone, answer: LaunchAnswer) -> None:
        event = event_of(self.book, event_id, someone, answer)
        self.taken.append(event)
        self.seen[event_id] = SeenEvent(
            user_no=event.user,
            outcome=event.outcome,
            reason=event.reason,
            sku=event.sku,
            policy=event.policy,
            backup=event.backup,
        )


def verdict_of(
    launch: Launch,
    someone: Someone,
    *,
    book: Book,
    claimed: Mapping[PolicyNo, int],
    now: datetime,
) -> Verdict:
    """What the rules of launches say about one person."""
    rules = Rulebook(is_on=book.is_on, policies=book.policies, claimed=claimed)
    return decide(launch, person=launcher_of(someone), rules=rules, now=now)


def try_offer(snapshot: Snapshot, offer: Offer) -> Tried:
    """Let the engine say what one person would have with one more claim."""
    state, wish = snapshot.users[0], wish_of(offer, snapshot.now)
    key = (wish.sku, wish.source)
    others = tuple(one for one in state.wishes if (one.sku, one.source) != key)
    changes = reconcile(replace(snapshot, users=(replace(state, wishes=(*others, wish)),)))
    return Tried(reason=_errors_after(state, changes).get(key), changes=changes)


def what_is_left(snapshot: Snapshot, sku: SkuNo, source: Source) -> Reason | None:
    """Why one source would not give one person a product once all is settled; None if it does."""
    state = snapshot.users[0]
    if not any((one.sku, one.source) == (sku, source) for one in state.wishes):
        return Reason.POLICY_OFF  # The group has no license of the product any more.
    return _errors_after(state, reconcile(snapshot)).get((sku, source))


def _errors_after(state: UserState, changes: ChangeSet) -> dict[tuple[SkuNo, Source], Reason]:
    errors = {(one.sku, one.source): one.reason for one in state.errors}
    for one in changes.error_changes:
        if one.after is None:
            errors.pop((one.sku, one.source), None)
        else:
            errors[one.sku, one.source] = one.after
    return errors


def wish_of(offer: Offer, now: datetime) -> Wish:
    """The assignment that a claim is."""
    return Wish(
        sku=offer.product.sku,
        source=Source(kind=SourceKind.POLICY, no=offer.policy.policy_no),
        strategy=Strategy.ON_DEMAND,
        disabled=offer.product.disabled,
        assigned_at=now,
    )


def _is_plain(changes: ChangeSet, offer: Offer) -> bool:
    """Whether exactly one license begins and nothing else moves."""
    return (
        len(changes.changes) == 1
        and not changes.error_changes
        and changes.changes[0].sku == offer.product.sku
        and changes.changes[0].action is Action.GRANT
    )


def claim_detail(launch: Launch, offer: Offer) -> dict[str, object]:
    """What the history says of a claim beside product, policy and person."""
    what = "flow" if launch.target.flow is not None else "app"
    return {"event": launch.event.value, what: str(launch.target.id), "backup": offer.backup}


def event_of(book: Book, event_id: str, someone: Someone, answer: LaunchAnswer) -> TakenEvent:
    """An event with what it came to, to be kept."""
    policy = next((p for p in book.policies.values() if p.policy_id == answer.policy_id), None)
    return TakenEvent(
        event_id=event_id,
        user=someone.state.user_no,
        outcome=answer.outcome,
        reason=answer.reason,
        sku=None if answer.sku is None else answer.sku.sku_no,
        policy=None if policy is None else policy.policy_no,
        backup=answer.backup,
    )

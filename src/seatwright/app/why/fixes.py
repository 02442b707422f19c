"""From moves to calls: each is a call of our own API that can be sent with `?preview=true`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from seatwright.app.call import Call
from seatwright.app.why.reading import Reading
from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo
from seatwright.domain.reconcile import Wish
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.domain.why import Move, MoveKind
from seatwright.domain.why.search import wishes_at
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels
from seatwright.postgres.subscriptions import subscriptions_by_sku

_ORDER = (
    MoveKind.SET_LOCATION,
    MoveKind.ADD_SEATS,
    MoveKind.END_HOLD,
    MoveKind.LEAVE_GROUP,
    MoveKind.REMOVE,
    MoveKind.SWITCH_OFF,
    MoveKind.JOIN_GROUP,
    MoveKind.ASSIGN,
    MoveKind.REPROCESS,
)
"""Room is made before anything comes, and what depends on it comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsBought:
    """What a fix that buys seats comes to; `price` is of one seat a month, None if not known."""

    sku: SkuNo
    more: int
    before: int
    price: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One call that mends something: previewable, and in words.

    `names` says what the ids in it stand for: `user`, `group`, `product`, and `replaced` for
    products that go in the same call, where it names them. `buys` is set where it buys seats.
    """

    method: str
    path: str
    body: Mapping[str, object] | None
    words: str
    names: Mapping[str, str] = field(default_factory=dict)
    buys: SeatsBought | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixNames:
    """What fixes call people and things."""

    user: UserLabel
    catalog: TenantCatalog
    groups: Mapping[GroupNo, GroupLabel]
    subscriptions: Mapping[SkuNo, Sequence[Subscription]]
    helds: Mapping[int, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the person is."""
        return f"/api/identity/users/{self.user.id}"

    def sku(self, number: SkuNo | None) -> CatalogSku:
        """A product."""
        assert number is not None, "a move that concerns a product names it"
        return self.catalog.skus[number]

    def at(self, sku: CatalogSku) -> str:
        """Where the person's license of a product is."""
        return f"{self.path}/licenses/{sku.sku_id}"


async def fix_names(
    call: Call,
    reading: Reading,
    user: UserLabel,
    moves: Sequence[Move],
) -> FixNames:
    """Look up everything that these moves name."""
    groups = {move.group for move in moves if move.group is not None}
    groups |= {GroupNo(m.source.no) for m in moves if m.is_at_group and m.source is not None}
    bought = [move.sku for move in moves if move.kind is MoveKind.ADD_SEATS and move.sku]
    return FixNames(
        user=user,
        catalog=reading.catalog,
        groups=await group_labels(call.tx, sorted(groups)),
        subscriptions=await subscriptions_by_sku(call.tx, bought) if bought else {},
        helds={number: str(held.id) for number, held in reading.helds.items()},
    )


def fixes_of(reading: Reading, moves: Sequence[Move], names: FixNames) -> tuple[Fix, ...]:
    """The calls that make these moves, in an order in which each can be done.

    What is switched off in a product that is given in the same answer goes into that call, and
    what is taken away for a product that is given directly is exchanged, without a gap.
    """
    writer = _Writer(reading, moves, names)
    target = reading.question.sku
    ordered = sorted(
        moves, key=lambda move: (_ORDER.index(move.kind), move.sku == target, move.order)
    )
    fixes = (writer.fix(move) for move in ordered)
    return tuple(fix for fix in fixes if fix is not None)


class _Writer:
    """The moves of one answer while they become calls."""

    def __init__(self, reading: Reading, moves: Sequence[Move], names: FixNames) -> None:
        self.question = reading.question
        self.moves = moves
        self.names = names
        self.given = {move.sku for move in moves if move.kind is MoveKind.ASSIGN}
        self.swapped = self._swapped()
        self.written: set[tuple[SkuNo | None, Source | None]] = set()

    def _swapped(self) -> tuple[SkuNo, ...]:
        """Products that the call which gives the product asked about takes away (ASN-004)."""
        if self.question.sku not in self.given or self._direct(self.question.sku) is not None:
            return ()
        return tuple(m.sku for m in self.moves if m.kind is MoveKind.REMOVE and m.sku is not None)

    def fix(self, move: Move) -> Fix | None:
        """The call of one move; None if another call does it too."""
        writers: Mapping[MoveKind, Callable[[Move], Fix | None]] = {
            MoveKind.SET_LOCATION: self._set_location,
            MoveKind.ADD_SEATS: self._add_seats,
            MoveKind.END_HOLD: self._end_hold,
            MoveKind.LEAVE_GROUP: self._leave,
            MoveKind.REMOVE: self._remove,
            MoveKind.SWITCH_OFF: self._switch_off,
            MoveKind.JOIN_GROUP: self._join,
            MoveKind.ASSIGN: self._assign,
            MoveKind.REPROCESS: self._reprocess,
        }
        return writers[move.kind](move)

    def _add_seats(self, move: Move) -> Fix:
        sku = self.names.sku(move.sku)
        return add_seats(sku, move.seats, self.names.subscriptions.get(sku.sku_no, ()))

    def _leave(self, move: Move) -> Fix:
        return leave_group(self.names, move.group)

    def _remove(self, move: Move) -> Fix | None:
        is_swapped = move.sku in self.swapped
        return None if is_swapped else remove_own(self.names.user, self.names.sku(move.sku))

    def _set_location(self, move: Move) -> Fix:
        user = self.names.user
        return Fix(
            method="PATCH",
            path=self.names.path,
            body={"usageLocation": move.location},
            words=f"Set the usage location of {user.display_name} to {move.location}, if that is"
            " where they work.",
            names={"user": user.upn},
        )

    def _end_hold(self, move: Move) -> Fix:
        assert move.source is not None, "a hold has a number"
        others = self.question.touched.get(move.source, 0)
        also = f", for {others:,} other people too" if others else ""
        return Fix(
            method="POST",
            path=f"/api/held-changes/{self.names.helds[move.source.no]}/approve",
            body={},
            words=f"Approve the removal that is held back{also}.",
        )

    def _join(self, move: Move) -> Fix:
        user, group = self.names.user, _group(self.names, move.group)
        joined = next(one for one in self.question.joinable if one.group == move.group)
        more = sorted({w.sku for w in joined.wishes} - {self.question.sku})
        also = _listed([self.names.sku(sku).display_name for sku in more])
        return Fix(
            method="POST",
            path=f"/api/identity/groups/{group.id}/members",
            body={"users": [str(user.id)]},
            words=f"Add {user.display_name} to the group {group.display_name}"
            + (f", which also gives {also}." if more else "."),
            names={"user": user.upn, "group": group.display_name},
        )

    def _reprocess(self, _move: Move) -> Fix:
        user = self.names.user
        return Fix(
            method="POST",
            path=f"{self.names.path}/reprocess",
            body=None,
            words=f"Look at {user.display_name} again: what is free now is theirs then.",
            names={"user": user.upn},
        )

    def _assign(self, move: Move) -> Fix:
        sku = self.names.sku(move.sku)
        off = self._switched(sku.sku_no, DIRECT)
        names, user = self.names, self.names.user
        disabled = [plan.name for plan in names.catalog.plans_of(off)]
        taken = self.swapped if sku.sku_no == self.question.sku else ()
        words = f"Assign {sku.display_name} to {user.display_name}"
        if taken:
            others = _listed([names.sku(one).display_name for one in taken])
            words += f" in place of {others}"
        if off:
            words += f", without {_listed(names.catalog.plan_names(off))}"
        known = {"user": user.upn, "product": sku.part_number}
        there = self._direct(sku.sku_no)
        if there is not None:
            body: dict[str, object] = {"disabledServicePlans": disabled}
            if there.starts_at is not None:
                body["startsAt"] = None
            words = f"Let {sku.display_name} of {user.display_name} begin now, with everything on"
            words += f" but {_listed(names.catalog.plan_names(off))}" if off else ""
            return Fix(
                method="PATCH", path=names.at(sku), body=body, words=f"{words}.", names=known
            )
        body = {"skuId": str(sku.sku_id)}
        body |= {"disabledServicePlans": disabled} if disabled else {}
        if taken:
            body["replaces"] = [str(names.sku(one).sku_id) for one in taken]
            known["replaced"] = " ".join(names.sku(one).part_number for one in taken)
        path = f"{names.path}/licenses"
        return Fix(method="POST", path=path, body=body, words=f"{words}.", names=known)

    def _direct(self, sku: SkuNo) -> Wish | None:
        """The direct assignment that is there and has not expired."""
        now = self.question.snapshot.now
        for wish in self.question.user.wishes:
            is_over = wish.expires_at is not None and wish.expires_at <= now
            if wish.sku == sku and wish.source == DIRECT and not is_over:
                return wish
        return None

    def _switched(self, sku: SkuNo | None, source: Source | None) -> ServicePlanBits:
        """All that this answer switches off in one assignment."""
        bits = 0
        for move in self.moves:
            is_here = (move.sku, move.source) == (sku, source)
            bits |= move.service_plan if move.kind is MoveKind.SWITCH_OFF and is_here else 0
        return ServicePlanBits(bits)

    def _switch_off(self, move: Move) -> Fix | None:
        key = (move.sku, move.source)
        is_in_assign = move.source == DIRECT and move.sku in self.given
        if is_in_assign or key in self.written or move.source is None:
            return None
        self.written.add(key)
        sku = self.names.sku(move.sku)
        wish = next(w for w in wishes_at(self.question, move.source) if w.sku == move.sku)
        newly = self._switched(*key)
        return switch_off(
            self.names,
            sku,
            wish,
            newly=newly,
            others=self.question.touched.get(move.source, 0),
        )


def switch_off(
    names: FixNames, sku: CatalogSku, wish: Wish, *, newly: ServicePlanBits, others: int
) -> Fix:
    """Switch service plans off in one assignment, the person's own or a group's."""
    off = ServicePlanBits((wish.disabled | newly) & sku.service_plans)
    disabled = [plan.name for plan in names.catalog.plans_of(off)]
    plans = _listed(names.catalog.plan_names(newly))
    if wish.source.kind is not SourceKind.GROUP:
        return Fix(
            method="PATCH",
            path=names.at(sku),
            body={"disabledServicePlans": disabled},
            words=f"Switch {plans} off in {sku.display_name} of {names.user.display_name}.",
            names={"user": names.user.upn, "product": sku.part_number},
        )
    group = _group(names, GroupNo(wish.source.no))
    many = "1 other member" if others == 1 else f"{others:,} other members"
    also = f", for its {many} too" if others else ""
    return Fix(
        method="POST",
        path=f"/api/identity/groups/{group.id}/licenses",
        body={"skuId": str(sku.sku_id), "disabledServicePlans": disabled},
        words=f"Switch {plans} off in {sku.display_name} of the group {group.display_name}{also}.",
        names={"group": group.display_name, "product": sku.part_number},
    )


def remove_own(user: UserLabel, sku: CatalogSku) -> Fix:
    """Take a person's own assignment away."""
    return Fix(
        method="DELETE",
        path=f"/api/identity/users/{user.id}/licenses/{sku.sku_id}",
        body=None,
        words=f"Take {sku.display_name} from {user.display_name}.",
        names={"user": user.upn, "product": sku.part_number},
    )


def leave_group(names: FixNames, number: GroupNo | None) -> Fix:
    """Take a person out of a group."""
    group, user = _group(names, number), names.user
    return Fix(
        method="DELETE",
        path=f"/api/identity/groups/{group.id}/members/{user.id}",
        body=None,
        words=f"Take {user.display_name} out of the group {group.display_name}.",
        names={"user": user.upn, "group": group.display_name},
    )


def add_seats(sku: CatalogSku, seats: int, purchases: Sequence[Subscription]) -> Fix:
    """Buy seats: more of the largest purchase that is running, or a first one."""
    more = "1 more seat" if seats == 1 else f"{seats:,} more seats"
    words, known = f"Buy {more} of {sku.display_name}.", {"product": sku.part_number}
    running = [one for one in purchases if one.status is SubscriptionStatus.ENABLED]
    if not running:
        body: dict[str, object] = {"skuId": str(sku.sku_id), "units": seats}
        first = SeatsBought(sku=sku.sku_no, more=seats, before=0, price=None, currency=None)
        return Fix(
            method="POST",
            path="/api/subscriptions",
            body=body,
            words=words,
            names=known,
            buys=first,
        )
    largest = max(running, key=lambda one: (one.units, str(one.subscription_id)))
    return Fix(
        method="PATCH",
        path=f"/api/subscriptions/{largest.subscription_id}",
        body={"units": largest.units + seats},
        words=words,
        names=known,
        buys=SeatsBought(
            sku=sku.sku_no,
            more=seats,
            before=largest.units,
            price=largest.unit_price,
            currency=largest.currency,
        ),
    )


def _group(names: FixNames, number: GroupNo | None) -> GroupLabel:
    assert number is not None, "a move that concerns a group names it"
    return names.groups[number]


def _listed(texts: Sequence[str]) -> str:
    *head, last = texts or ("",)
    return f"{', '.join(head)} and {last}" if head else last

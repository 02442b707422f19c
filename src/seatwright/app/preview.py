"""What a call would do, told before it is committed: who gains and loses what, seats and cost.

The call has run and its transaction is still open; whoever asks rolls it back, or compares the
digest and commits. So nothing here decides anything: it reads the ledger, and gives names to it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.ledger import HeldBack
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.catalog import seats_free
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile import ChangeSet, Pool, SeatChange
from seatwright.domain.reconcile.changes import Action, Change, ErrorChange
from seatwright.domain.reports.prices import NO_PRICE, ProductPrice, price_of
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription, last_end
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.labels import GroupLabel, UserLabel, group_labels, user_labels
from seatwright.postgres.pools import read_pools
from seatwright.postgres.subscriptions import subscriptions_by_sku
from seatwright.postgres.tally import count_waiting

ENDS_SOON: Final = timedelta(days=30)
"""Whoever gives a product that ends sooner is told so, as the overview tells it."""

LINES_MAX: Final = 1_000
"""Lines of each kind that a preview shows; the totals beside them are always whole."""

_CENTS: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Seats, waiting people and prices before the call did anything."""

    pools: Mapping[SkuNo, Pool]
    waiting: Mapping[SkuNo, int]
    prices: Mapping[SkuNo, ProductPrice]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatForecast:
    """The seats of one product before and after; waiting people count each once."""

    sku: SkuNo
    before: Pool
    after: Pool
    waiting_before: int
    waiting_after: int

    @property
    def free_before(self) -> int:
        """Seats that nobody has before; below zero when the product is over-assigned."""
        return _free(self.before)

    @property
    def free_after(self) -> int:
        """The same after."""
        return _free(self.after)

    @property
    def seats_to_buy(self) -> int:
        """How many more seats would then give everybody one who waits (T-182, T-208)."""
        return max(0, self.waiting_after - self.free_after)

    @property
    def is_moved(self) -> bool:
        """Whether anything about it changes."""
        return (self.before, self.waiting_before) != (self.after, self.waiting_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostForecast:
    """What the licenses in use of the products concerned cost a month, in one currency."""

    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the people, groups and products of some lines are called.

    `new_people` are those whom the call itself makes, by the number that the digest knows them
    under, and `made` the same by their own, which is only theirs once it is committed.
    """

    people: Mapping[UserNo, UserLabel]
    groups: Mapping[GroupNo, GroupLabel]
    catalog: TenantCatalog
    new_people: Mapping[UserNo, str] = field(default_factory=dict)
    made: frozenset[UserNo] = frozenset()

    def person(self, user: UserNo) -> str:
        """What to call a person in a sentence."""
        label = self.people.get(user)
        if label is not None:
            return label.display_name or label.upn
        return self.new_people.get(user, "Somebody who is no longer there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The change set of a call, with what its digest is made of.

    `net` has the real numbers. `named` is the same with numbers that the next run of the call will
    give again, although somebody else may have made a person meanwhile. `beside` is what the call
    changes that is no license.
    """

    net: ChangeSet
    named: ChangeSet
    new_people: Mapping[UserNo, str]
    beside: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The name of the change set, and of what goes with it."""
        if not self.beside:
            return self.named.digest()
        text = "\n".join((self.named.digest(), *self.beside))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Everything a preview shows; lines are whole, and names are there for the first of them.

    `ending` has the products that somebody gets although every purchase of them ends soon, each
    with the moment when the last one does.
    """

    foreseen: Foreseen
    reasons: Mapping[tuple[UserNo, SkuNo], ChangeReason]
    held: tuple[HeldBack, ...]
    seats: tuple[SeatForecast, ...]
    costs: tuple[CostForecast, ...]
    unpriced: tuple[SkuNo, ...]
    names: Names
    ending: Mapping[SkuNo, datetime] = field(default_factory=dict)


async def look_before(call: Call) -> Before:
    """What a preview compares with, read before the call does anything."""
    return Before(
        pools={pool.sku: pool for pool in await read_pools(call.tx)},
        waiting=await count_waiting(call.tx),
        prices=await _prices(call),
    )


async def foreseen_in(call: Call) -> Foreseen:
    """What a call has done and what its jobs will do, under a digest that outlives a rollback."""
    net = call.ledger.net()
    groups, skus = _renumbered(call, "group"), _renumbered(call, "sku")
    made = made_by(call)
    touched = made & {one.user_no for one in net.changes}
    touched |= made & {one.user_no for one in net.error_changes}
    labels = await user_labels(call.tx, sorted(touched)) if touched else {}
    users = {no: _number_of_upn(label.upn) for no, label in labels.items()}
    named = _with_numbers(net, users=users, groups=groups, skus=skus)
    new_people = {users[no]: label.upn for no, label in labels.items()}
    beside = tuple(call.ledger.beside)
    return Foreseen(net=net, named=named, new_people=new_people, beside=beside)


def made_by(call: Call) -> frozenset[UserNo]:
    """The people whom a call has made."""
    return frozenset(UserNo(no) for taken in call.tx.taken.get("user", ()) for no in taken)


async def preview_of(call: Call, before: Before) -> Preview:
    """Tell what a call has done, while it can still be rolled back."""
    foreseen = await foreseen_in(call)
    held = tuple(call.ledger.held)
    seats = await _seats(call, foreseen.net, before)
    purchases = await subscriptions_by_sku(call.tx)
    prices = {sku: price_of(bought) for sku, bought in purchases.items()}
    moved = [one for one in seats if one.is_moved]
    return Preview(
        foreseen=foreseen,
        reasons=call.ledger.reasons,
        held=held,
        seats=seats,
        costs=_costs(moved, before.prices, prices),
        unpriced=tuple(one.sku for one in moved if not prices.get(one.sku, NO_PRICE).is_priced),
        names=await names_for(
            call,
            changes=foreseen.net.changes[:LINES_MAX],
            errors=foreseen.net.error_changes[:LINES_MAX],
            also=[user for one in held for user in one.users[:LINES_MAX]],
        ),
        ending=_ending(call, foreseen.net, purchases),
    )


def _ending(
    call: Call, net: ChangeSet, purchases: Mapping[SkuNo, Sequence[Subscription]]
) -> Mapping[SkuNo, datetime]:
    """What is given and ends soon, as far as the caller may know what was bought."""
    if not call.principal.may(Permission.READ_SUBSCRIPTIONS):
        return {}
    given = {one.sku for one in net.changes if one.action is Action.GRANT}
    ends = {sku: last_end(purchases.get(sku, ())) for sku in sorted(given)}
    soon = call.now + ENDS_SOON
    return {sku: at for sku, at in ends.items() if at is not None and at <= soon}


async def names_for(
    call: Call,
    *,
    changes: Iterable[Change],
    errors: Iterable[ErrorChange],
    also: Iterable[UserNo] = (),
    new_people: Mapping[UserNo, str] | None = None,
) -> Names:
    """The names that these lines need, read at once."""
    lines: list[Change | ErrorChange] = [*changes, *errors]
    people = {line.user_no for line in lines} | set(also)
    groups = {no for line in lines if (no := _group_of(line.source)) is not None}
    return Names(
        people=await user_labels(call.tx, sorted(people)) if people else {},
        groups=await group_labels(call.tx, sorted(groups)),
        catalog=await catalog_of(call),
        new_people=new_people or {},
        made=made_by(call),
    )


def _group_of(source: Source | None) -> GroupNo | None:
    is_group = source is not None and source.kind is SourceKind.GROUP
    return GroupNo(source.no) if source is not None and is_group else None


def _number_of_upn(upn: str) -> UserNo:
    """A number that only this name has, whatever row the person gets; no person's is below 0."""
    digest = hashlib.sha256(upn.casefold().encode()).digest()
    return UserNo(-1 - int.from_bytes(digest[:7], "big"))


def _renumbered(call: Call, noun: str) -> dict[int, int]:
    """Numbers by the order in which the call gave them to what it made: -1 for the first."""
    numbers = [number for taken in call.tx.taken.get(noun, ()) for number in taken]
    return {number: -1 - place for place, number in enumerate(numbers)}


def _with_numbers(
    net: ChangeSet,
    *,
    users: Mapping[UserNo, UserNo],
    groups: Mapping[int, int],
    skus: Mapping[int, int],
) -> ChangeSet:
    def user(number: UserNo) -> UserNo:
        return users.get(number, number)

    def sku(number: SkuNo) -> SkuNo:
        return SkuNo(skus.get(number, number))

    def source(one: Source) -> Source:
        if one.kind is SourceKind.HOLD:
            return replace(one, no=0)  # Its number is given anew with each run.
        is_made = one.kind is SourceKind.GROUP and one.no in groups
        return replace(one, no=groups[one.no]) if is_made else one

    return replace(
        net,
        changes=tuple(
            replace(
                one,
                user_no=user(one.user_no),
                sku=sku(one.sku),
                source=None if one.source is None else source(one.source),
            )
            for one in net.changes
        ),
        error_changes=tuple(
            replace(one, user_no=user(one.user_no), sku=sku(one.sku), source=source(one.source))
            for one in net.error_changes
        ),
        seat_changes=tuple(replace(one, sku=sku(one.sku)) for one in net.seat_changes),
    )


async def _prices(call: Call) -> Mapping[SkuNo, ProductPrice]:
    purchases = await subscriptions_by_sku(call.tx)
    return {sku: price_of(bought) for sku, bought in purchases.items()}


async def _seats(call: Call, net: ChangeSet, before: Before) -> tuple[SeatForecast, ...]:
    """The seats of every product that the call moves, or that it is about."""
    stored = {pool.sku: pool for pool in await read_pools(call.tx)}
    moved = {seats.sku: seats for seats in net.seat_changes}
    waits = _waits(net)
    skus = {sku for sku, pool in stored.items() if _bought(before, sku) != pool.assignable}
    skus |= moved.keys() | waits.keys() | call.ledger.concerned
    return tuple(
        _forecast(stored[sku], moved.get(sku), waits.get(sku, 0), before)
        for sku in sorted(skus & stored.keys())
    )


def _bought(before: Before, sku: SkuNo) -> int:
    pool = before.pools.get(sku)
    return 0 if pool is None else pool.assignable


def _forecast(stored: Pool, moved: SeatChange | None, waits: int, before: Before) -> SeatForecast:
    """One product: what was read before the call, and what will be, jobs included.

    The stored pool holds what the call itself wrote; the ledger also what its jobs will.
    """
    sku = stored.sku
    was = before.pools.get(sku, Pool(sku=sku, assignable=0, consumed=0))
    after = stored
    if moved is not None:
        was = replace(was, consumed=moved.consumed_before)
        after = replace(stored, consumed=moved.consumed_after)
    waited = before.waiting.get(sku, 0)
    return SeatForecast(
        sku=sku,
        before=was,
        after=after,
        waiting_before=waited,
        waiting_after=max(0, waited + waits),
    )


def _waits(net: ChangeSet) -> Counter[SkuNo]:
    """How many more people wait for each product; one who waits by two sources waits once."""
    begin, end = set[tuple[UserNo, SkuNo]](), set[tuple[UserNo, SkuNo]]()
    for line in net.error_changes:
        pair = (line.user_no, line.sku)
        if line.after is Reason.NO_SEAT_LEFT:
            begin.add(pair)
        elif line.before is Reason.NO_SEAT_LEFT:
            end.add(pair)
    waits = Counter(sku for _, sku in begin - end)
    waits.subtract(Counter(sku for _, sku in end - begin))
    return waits


def _costs(
    seats: Iterable[SeatForecast],
    before: Mapping[SkuNo, ProductPrice],
    after: Mapping[SkuNo, ProductPrice],
) -> tuple[CostForecast, ...]:
    """What the licenses in use of these products cost a month, each currency by itself."""
    was, will = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for one in seats:
        for currency, price in before.get(one.sku, NO_PRICE).seat_prices.items():
            was[currency] += price * one.before.consumed
        for currency, price in after.get(one.sku, NO_PRICE).seat_prices.items():
            will[currency] += price * one.after.consumed
    return tuple(
        CostForecast(
            currency=currency,
            before=was[currency].quantize(_CENTS),
            after=will[currency].quantize(_CENTS),
        )
        for currency in sorted(was.keys() | will.keys())
    )


def _free(pool: Pool) -> int:
    return seats_free(assignable=pool.assignable, consumed=pool.consumed, reserved=pool.reserved)

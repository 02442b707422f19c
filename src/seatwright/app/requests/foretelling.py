"""What will happen to a request, said before it is made (C-33): who decides, by when, the price.

Nothing is locked and nothing is written, so that the answer is as of this moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, unique

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.requests.asking import LeftOut, who_needs
from seatwright.app.requests.automatic import approvable, price_now
from seatwright.app.requests.claiming import granting_of, who_claims
from seatwright.app.requests.own_process import own_process
from seatwright.app.requests.routing import (
    Policies,
    known_people,
    people_behind,
    policies_of,
    route,
)
from seatwright.app.requests.words import ERASED
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.requests.policy import (
    Decider,
    DeciderKind,
    RequestPolicy,
    deciding_roles,
    hold_share,
    hold_time,
)
from seatwright.domain.reservations import ReservationKind, Room
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.labels import user_labels
from seatwright.postgres.pools import free_seats
from seatwright.postgres.request_queue import count_in_line
from seatwright.postgres.reservations import held_seats


@unique
class Way(StrEnum):
    """What becomes of a request for a product."""

    AUTO_CLAIM = "autoClaim"
    OWN_PROCESS = "ownProcess"
    APPROVAL = "approval"
    BY_ITSELF = "byItself"
    CLOSED = "closed"
    HELD_ALREADY = "heldAlready"
    PENDING_ALREADY = "pendingAlready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What a person is told before they ask.

    `seats_free` are those that nobody uses and nobody is held. `held_until` says that a seat would
    be held and until when; `place` the place in line for one, where none is free to hold.
    """

    way: Way
    words: str
    sku: CatalogSku
    url: str | None = None
    policy: RequestPolicy
    approvers: tuple[str, ...] = ()
    due_at: datetime | None = None
    price: Decimal | None = None
    currency: str | None = None
    seats_free: int = 0
    held_until: datetime | None = None
    place: int | None = None


async def foretell(call: Call, product: str, person: str | None) -> Foretold:
    """What would happen if a product were asked for now, for oneself or for somebody.

    Raises Refusal unknownSku, unknownUser, notAssignableToUsers, invalidValue.
    """
    catalog = await catalog_of(call)
    sku = catalog.require_sku(product)
    user = await _person(call, person)
    policies = await policies_of(call)
    policy = policies.of(sku.sku_no)
    price = await price_now(call, sku.sku_no)
    free = (await free_seats(call.tx, [sku.sku_no])).get(sku.sku_no, 0)
    plain = Foretold(
        way=Way.APPROVAL,
        words="",
        sku=sku,
        policy=policy,
        price=price.one_price,
        currency=price.currencies,
        seats_free=max(0, free),
    )
    return await _Teller(call, plain, policies=policies, user=user, free=free).tell()


async def _person(call: Call, person: str | None) -> UserNo:
    if person is not None:
        return (await require_user(call, person)).user_no
    if call.principal.user_no is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{call.principal.name}” is no person of the directory: say for whom in person.",
        )
    return call.principal.user_no


class _Teller:
    """One answer while it is put together."""

    def __init__(
        self, call: Call, plain: Foretold, *, policies: Policies, user: UserNo, free: int
    ) -> None:
        self.call = call
        self.plain = plain
        self.policies = policies
        self.user = user
        self.free = free

    @property
    def sku_no(self) -> SkuNo:
        return self.plain.sku.sku_no

    async def tell(self) -> Foretold:
        """The first way that there is, in the order in which a request goes."""
        name = self.plain.sku.display_name
        for one in await self._without_cause():
            if one.reason is Reason.ALREADY_REQUESTED:
                return self._said(Way.PENDING_ALREADY, f"{name} was asked for, and is pending.")
            return self._said(Way.HELD_ALREADY, f"{name} is held already.")
        granting = await granting_of(self.call, self.sku_no)
        if granting is not None and self.free > 0:
            claiming = await who_claims(self.call, granting, self.sku_no, [self.user])
            if claiming:
                return self._said(
                    Way.AUTO_CLAIM,
                    f"{name} is granted at once, without anybody's approval, by the auto-claim"
                    f" policy “{granting.policy.name}”.",
                )
        process = own_process(self.call)
        if process is not None:
            return self._said(Way.OWN_PROCESS, process.message, url=process.url)
        if not self.plain.policy.is_open:
            return self._said(Way.CLOSED, f"{name} cannot be asked for.")
        if await self._approves_by_itself():
            return self._said(
                Way.BY_ITSELF, f"{name} is approved at once, by the request policy of the product."
            )
        return await self._decided()

    async def _without_cause(self) -> Sequence[LeftOut]:
        """That they hold it or asked for it, said to themselves and to who may know of it."""
        users = [self.user]
        if not await known_people(self.call, self.policies, self.sku_no, users):
            return ()
        _, left_out = await who_needs(self.call, self.plain.sku, users, extends=False)
        return left_out

    def _said(self, way: Way, words: str, *, url: str | None = None) -> Foretold:
        return replace(self.plain, way=way, words=words, url=url)

    async def _approves_by_itself(self) -> bool:
        policy, price = self.plain.policy, self.plain.price
        if policy.approves_while_free is None and policy.approves_within is None:
            return False
        most = await approvable(self.call, policy, self.sku_no, free=self.free, price=price)
        return most > 0

    async def _decided(self) -> Foretold:
        call, policy = self.call, self.plain.policy
        requestor = call.principal.user_no or self.user
        routed = await route(call, policy, [self.user], requestor=requestor)
        decider = routed[self.user]
        people = await people_behind(call, self.policies, [decider])
        approvers = (await approver_names(call, self.policies, people))[decider]
        due = policy.due_at(call.now)
        held_until, place = await self._seat(due)
        words = f"{approvers[0]}{' and others' if len(approvers) > 1 else ''} decides"
        if len(approvers) > 1:
            words = f"{', '.join(approvers[:3])} decide: one of them is enough"
        seat = _seat_words(held_until, place)
        return replace(
            self.plain,
            way=Way.APPROVAL,
            words=f"{words}, by {due:%Y-%m-%d} at the latest.{seat}",
            approvers=approvers,
            due_at=due,
            held_until=held_until,
            place=place,
        )

    async def _seat(self, due: datetime) -> tuple[datetime | None, int | None]:
        """Until when a seat would be held, or the place in line for one."""
        settings = self.call.tenant.settings
        time, kind = hold_time(settings), ReservationKind.LICENSE_REQUEST
        if not time:
            return None, None
        held = (await held_seats(self.call.tx, kind, [self.sku_no])).get(self.sku_no, 0)
        ahead = await count_in_line(self.call.tx, self.sku_no)
        room = Room(free=self.free, held=held).seats(hold_share(settings))
        if room > ahead:
            return min(due, self.call.now + time), None
        return None, ahead + 1


def _seat_words(held_until: datetime | None, place: int | None) -> str:
    if held_until is not None:
        return f" A seat is held until {held_until:%Y-%m-%d %H:%M} UTC."
    if place is not None:
        return f" No seat can be held now: it would be number {place} in line for one."
    return ""


async def approver_names(
    call: Call, policies: Policies, people: Mapping[Decider, Sequence[UserNo]]
) -> dict[Decider, tuple[str, ...]]:
    """Who decides, in words: names of people; for roles and administrators what they are."""
    labels = await user_labels(call.tx, sorted({one for some in people.values() for one in some}))
    found: dict[Decider, tuple[str, ...]] = {}
    for decider, some in people.items():
        approvers = policies.behind(decider) if decider.kind is DeciderKind.POLICY else None
        if not some:
            roles = deciding_roles() if approvers is None else approvers.roles
            found[decider] = (f"whoever is {' or '.join(role.value for role in roles)}",)
        elif approvers is not None and len(some) > 3 and not _may_see_people(call):
            found[decider] = ("the approvers of the product",)
        else:
            found[decider] = tuple(
                labels[one].display_name if one in labels else ERASED for one in some
            )
    return found


def _may_see_people(call: Call) -> bool:
    return call.principal.may(Permission.READ_DIRECTORY)

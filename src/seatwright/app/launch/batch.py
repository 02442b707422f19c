"""One batch of launches: one transaction with two round trips.

The first locks the pools in SKU order and reads what the callers hold, wish and are; the second
writes what was given, and commits. What a process keeps (who is called how, what can be launched,
the policies) is only a guess at what to lock: the first round trip says whether it still is true,
and if not the batch begins again with what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.app.launch.addressed import Addressed
from seatwright.app.launch.alone import launch_alone
from seatwright.app.launch.book import TARGETS_MAX, Book, Targets, learn_target, named_by, open_book
from seatwright.app.launch.orders import Knock, LaunchAnswer, no_launch
from seatwright.app.launch.sentences import Speaker
from seatwright.app.launch.turns import Later, Turns
from seatwright.domain.auto_claim import Policy
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, TenantId, UserNo
from seatwright.domain.launch import counted_person, policy_apps_of
from seatwright.domain.platform import LaunchTarget
from seatwright.domain.tenants import Principal, Tenant, TenantState
from seatwright.postgres.auto_claim_use import note_uses
from seatwright.postgres.launch_read import Questions, Scene, read_scene
from seatwright.postgres.launch_write import take_events, write_given
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.principals import Authenticated, authenticate
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.users import find_users

TRIES_MAX: Final = 4
"""What a batch guesses is wrong at most once for each change that is made meanwhile.

The last try believes what it has read itself: administrators who change policies again and again
keep nobody out, and each of these launches began before the change that it does not know.
"""

KEPT_MAX: Final = 200_000
"""So many callers, and uses of a day, does a process remember over all tenants: some 40 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of each caller of a batch, in their order; `has_given`: anything at all."""

    answers: Sequence[LaunchAnswer | Later]
    has_given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Callers of one tenant who are answered in one transaction.

    `is_reading` locks nothing, and so gives nothing.
    """

    tx: Transaction
    knocks: Sequence[Knock]
    people: Addressed
    is_reading: bool


class Batches:
    """Runs batches, and keeps between them what makes the next one quick."""

    def __init__(self, database: Database, *, clock: Clock, public_url: str) -> None:
        self.database = database
        self.clock = clock
        self.public_url = public_url
        self._books: dict[TenantId, Book] = {}
        self._callers: dict[bytes, Authenticated] = {}
        self._used: dict[tuple[TenantId, UserNo, SkuNo], int] = {}

    async def recognise(self, digest: bytes) -> Authenticated | None:
        """Whom a token belongs to, as far as this process knows; the batch asks again."""
        known = self._callers.get(digest)
        if known is None:
            known = await self.look_up(digest)
            if known is not None:
                _make_room(self._callers)
                self._callers[digest] = known
        return known

    async def recognise_anew(self, digest: bytes) -> Authenticated | None:
        """Whom a token belongs to now, whatever this process knew."""
        self._callers.pop(digest, None)
        return await self.recognise(digest)

    async def look_up(self, digest: bytes) -> Authenticated | None:
        """Whom a token belongs to now."""
        async with self.database.connection() as connection:
            return await authenticate(connection, digest, at=self.clock.now())

    async def run(self, tenant: TenantId, knocks: Sequence[Knock], *, is_reading: bool) -> Outcomes:
        """Answer every caller; `is_reading` locks nothing, and so gives nothing."""
        people = Addressed(knocks, callers=self._callers)
        async with self.database.pool.connection() as connection:
            for left in reversed(range(TRIES_MAX)):
                tx = Transaction(connection, tenant, self.database.dictionary)
                batch = Batch(tx=tx, knocks=knocks, people=people, is_reading=is_reading)
                outcomes = await self._try(batch, tries_left=left)
                if outcomes is not None:
                    return outcomes
                await connection.rollback()
        raise AssertionError("callers turned into others again and again")

    async def _try(self, batch: Batch, *, tries_left: int) -> Outcomes | None:
        """Run a batch once; None if what this process kept was not true any more."""
        tx, knocks, people = batch.tx, batch.knocks, batch.people
        kept = self._books.get(tx.tenant_id)
        prepared = await self._prepare(tx, knocks)
        if prepared is None:
            return Outcomes(answers=[self._stranger(k, None) for k in knocks], has_given=False)
        book, targets = prepared
        now = self.clock.now()
        scene = await read_scene(tx, _questions(book, batch, targets), at=now)
        if scene.tenant is None or scene.tenant.state is TenantState.SUSPENDED:
            return Outcomes(answers=[self._stranger(k, scene) for k in knocks], has_given=False)
        if not book.is_of(scene.tenant, scene.versions):
            self._books.pop(tx.tenant_id, None)
            if tries_left or book is kept:
                return None
        if not people.are_themselves(scene) or await people.learn_mails(tx, scene):
            return None
        speaker = Speaker(book=book, public_url=self.public_url)
        turns = Turns(scene, speaker=speaker, targets=targets, now=now, is_reading=batch.is_reading)
        answers = [
            turns.take(knock, people.number_of(knock, scene))
            if knock.digest in scene.principals
            else self._stranger(knock, scene)
            for knock in knocks
        ]
        await self._write(tx, turns)
        return Outcomes(answers=answers, has_given=bool(turns.given))

    async def _write(self, tx: Transaction, turns: Turns) -> None:
        day = turns.now.toordinal()
        uses = [
            (user, sku)
            for user, sku in turns.uses
            if self._used.get((tx.tenant_id, user, sku)) != day
        ]
        async with tx.together():
            await write_given(tx, turns.given, at=turns.now)
            await take_events(tx, turns.taken, at=turns.now)
            await note_uses(tx, uses, at=turns.now)
            await tx.connection.commit()
        tx.remember()
        if uses:
            _make_room(self._used)
            self._used.update(((tx.tenant_id, user, sku), day) for user, sku in uses)

    async def _prepare(
        self, tx: Transaction, knocks: Sequence[Knock]
    ) -> tuple[Book, Targets] | None:
        """Learn what this process does not know yet of the things that are launched.

        Known things cost nothing here: a batch of them goes straight to its first round trip. Gives
        what this batch names too, for the process may forget it meanwhile; None for a tenant that
        is there no more.
        """
        tenant = tx.tenant_id
        book = self._books.get(tenant)
        orders = {named_by(knock.order): knock.order for knock in knocks}
        targets = {} if book is None else {n: book.targets[n] for n in orders if n in book.targets}
        unknown = [order for named, order in orders.items() if named not in targets]
        if book is None or unknown:
            await see_tenant(tx.connection, tenant)
        if book is None:
            now = await read_tenant(tx.connection, tenant)
            if now is None:
                return None
            book = self._books[tenant] = await open_book(tx, now, at=self.clock.now())
        if len(book.targets) + len(unknown) > TARGETS_MAX:
            book.targets.clear()
        for order in unknown:
            targets[named_by(order)] = await learn_target(tx, book, order)
        return book, targets

    def _stranger(self, knock: Knock, scene: Scene | None) -> LaunchAnswer:
        """The answer to somebody whose token is good no more, or whose tenant is suspended."""
        self._callers.pop(knock.digest, None)
        if scene is not None and scene.tenant is not None and knock.digest in scene.principals:
            return no_launch(suspended(scene.tenant))
        return no_launch(unknown_token())

    async def run_alone(self, tenant: TenantId, knock: Knock) -> LaunchAnswer:
        """Answer one caller in a transaction of their own, with everything that must move."""
        async with self.database.pool.connection() as connection:
            for left in reversed(range(TRIES_MAX)):
                tx = Transaction(connection, tenant, self.database.dictionary)
                answer = await self._try_alone(tx, knock, tries_left=left)
                if answer is not None:
                    await connection.commit()
                    tx.remember()
                    return answer
                await connection.rollback()
        raise AssertionError("a caller turned into another again and again")

    async def _try_alone(
        self, tx: Transaction, knock: Knock, *, tries_left: int
    ) -> LaunchAnswer | None:
        """Answer one caller; None if what was read before the locks was not true under them."""
        now = self.clock.now()
        who = await authenticate(tx.connection, knock.digest, correlation=knock.correlation, at=now)
        if who is None:
            self._callers.pop(knock.digest, None)
            return no_launch(unknown_token())
        if who.tenant.state is TenantState.SUSPENDED:
            return no_launch(suspended(who.tenant))
        book = await open_book(tx, who.tenant, at=now)
        await learn_target(tx, book, knock.order)
        number = await _number_of(tx, knock, who.principal)
        call = Call(
            tx=tx,
            tenant=who.tenant,
            principal=who.principal,
            now=now,
            correlation=knock.correlation,
        )
        speaker = Speaker(book=book, public_url=self.public_url)
        return await launch_alone(
            call, knock, number, speaker=speaker, must_be_true=bool(tries_left)
        )


def unknown_token() -> Refusal:
    """The refusal of a token that nobody has."""
    return Refusal(
        Reason.NOT_SIGNED_IN,
        "The token is unknown or was revoked."
        " `seatwright token create NAME --role app-gateway` makes a new one.",
    )


def suspended(tenant: Tenant) -> Refusal:
    """The refusal of every call to a suspended tenant."""
    return Refusal(
        Reason.ROLE_MISSING,
        f"The tenant “{tenant.name}” is suspended: every call is refused until the operator lets it"
        " work again with `seatwright tenant resume`.",
        context={"rolesNeeded": []},
    )


async def _number_of(tx: Transaction, knock: Knock, principal: Principal) -> UserNo | None:
    """Whom a caller names, themselves where they name nobody; None for nobody who is known."""
    user = knock.order.user
    return principal.user_no if user is None else (await find_users(tx, [user])).get(user)


def _questions(book: Book, batch: Batch, targets: Targets) -> Questions:
    knocks, people = batch.knocks, batch.people
    named = {(knock.order.event, named_by(knock.order)) for knock in knocks}
    known = [
        (event, target)
        for event, name in named
        if isinstance(target := targets[name], LaunchTarget)
    ]
    apps = {app for event, target in known for app in policy_apps_of(event, target)}
    policies = [book.policies[app] for app in apps if app in book.policies]
    owners = {counted_person(event, target) for event, target in known}
    return Questions(
        tenant=book.tenant.tenant_id,
        digests={knock.digest for knock in knocks},
        pools=None if batch.is_reading else _skus_of(policies),
        nested=book.semantics.nested_groups_count,
        users=people.numbers | {number for number in owners if number is not None},
        ids=people.ids.values(),
        keys=people.keys.values(),
        with_groups=any(one.limited_to for one in policies)
        or any(target.sharing.groups for _, target in known),
        caps={one.policy_no: one.claims_max for one in policies if one.claims_max is not None},
        events=sorted({k.order.event_id for k in knocks if k.order.event_id is not None}),
    )


def _skus_of(policies: Iterable[Policy]) -> frozenset[SkuNo]:
    return frozenset(product.sku for policy in policies for product in policy.products)


def _make_room(kept: dict[Any, Any]) -> None:
    """Forget everything when there is too much of it: what is used is learnt again at once."""
    if len(kept) >= KEPT_MAX:
        kept.clear()

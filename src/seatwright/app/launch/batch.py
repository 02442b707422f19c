"""One batch of launches: one transaction with two round trips.

The first locks the pools in SKU order and reads what the callers hold, wish and are; the second
writes what was given, and commits. What a process keeps (who is called how, what can be launched,
the policies) is only a guess at what to lock: the first round trip says whether it still is true,
and if not the batch begins again with what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.app.launch.alone import launch_alone
from seatwright.app.launch.book import Book, learn_target, named_by, open_book
from seatwright.app.launch.orders import Knock, LaunchAnswer, no_launch
from seatwright.app.launch.sentences import Speaker
from seatwright.app.launch.turns import Later, Turns
from seatwright.domain.auto_claim import Policy
from seatwright.domain.clock import Clock
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo, TenantId, UserNo
from seatwright.domain.launch import counted_person, policy_apps_of
from seatwright.domain.platform import LaunchTarget
from seatwright.domain.tenants import Tenant, TenantState
from seatwright.postgres.auto_claim_use import note_uses
from seatwright.postgres.launch_read import Questions, Scene, Someone, read_scene
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

NAMES_MAX: Final = 200_000
"""How many people a process knows by name, over all tenants: some 40 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of each caller of a batch, in their order; `has_given`: anything at all."""

    answers: Sequence[LaunchAnswer | Later]
    has_given: bool


class Batches:
    """Runs batches, and keeps between them what makes the next one quick."""

    def __init__(self, database: Database, *, clock: Clock, public_url: str) -> None:
        self.database = database
        self.clock = clock
        self.public_url = public_url
        self._books: dict[TenantId, Book] = {}
        self._names: dict[tuple[TenantId, str], UserNo] = {}
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
            return await authenticate(connection, digest)

    async def run(self, tenant: TenantId, knocks: Sequence[Knock], *, is_reading: bool) -> Outcomes:
        """Answer every caller; `is_reading` locks nothing, and so gives nothing."""
        async with self.database.pool.connection() as connection:
            for left in reversed(range(TRIES_MAX)):
                tx = Transaction(connection, tenant, self.database.dictionary)
                outcomes = await self._try(tx, knocks, is_reading=is_reading, tries_left=left)
                if outcomes is not None:
                    return outcomes
                await connection.rollback()
        raise AssertionError("people were renamed again and again")

    async def _try(
        self, tx: Transaction, knocks: Sequence[Knock], *, is_reading: bool, tries_left: int
    ) -> Outcomes | None:
        """Run the batch once; None if what this process kept was not true any more."""
        kept = self._books.get(tx.tenant_id)
        callers = {knock.digest: self._callers.get(knock.digest) for knock in knocks}
        prepared = await self._prepare(tx, knocks, callers)
        if prepared is None:
            return Outcomes(answers=[self._stranger(k, None) for k in knocks], has_given=False)
        book, numbers = prepared
        now = self.clock.now()
        asked = _questions(tx.tenant_id, book, knocks, numbers=numbers, is_reading=is_reading)
        scene = await read_scene(tx, asked)
        if scene.tenant is None or scene.tenant.state is TenantState.SUSPENDED:
            return Outcomes(answers=[self._stranger(k, scene) for k in knocks], has_given=False)
        if not book.is_of(scene.tenant, scene.versions):
            self._books.pop(tx.tenant_id, None)
            if tries_left or book is kept:
                return None
        if not self._are_still_called_so(tx.tenant_id, knocks, numbers, scene):
            return None
        speaker = Speaker(book=book, public_url=self.public_url)
        turns = Turns(scene, speaker=speaker, now=now, is_reading=is_reading)
        answers = [
            turns.take(knock, number)
            if knock.digest in scene.principals
            else self._stranger(knock, scene)
            for knock, number in zip(knocks, numbers, strict=True)
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
        self,
        tx: Transaction,
        knocks: Sequence[Knock],
        callers: Mapping[bytes, Authenticated | None],
    ) -> tuple[Book, list[UserNo | None]] | None:
        """Learn whatever this process does not know yet of what the callers name.

        Known names cost nothing here: a batch of them goes straight to its first round trip. Gives
        whom each caller names too, and None for a tenant that is there no more.
        """
        tenant = tx.tenant_id
        book = self._books.get(tenant)
        # Looked at once: another batch may forget everybody while this one waits.
        texts = {knock.order.user for knock in knocks if knock.order.user is not None}
        names = {text: self._names[tenant, text] for text in texts if (tenant, text) in self._names}
        unknown = [
            knock.order
            for knock in knocks
            if book is None or named_by(knock.order) not in book.targets
        ]
        if book is None or len(names) < len(texts) or unknown:
            await see_tenant(tx.connection, tenant)
        if book is None:
            now = await read_tenant(tx.connection, tenant)
            if now is None:
                return None
            book = self._books[tenant] = await open_book(tx, now, at=self.clock.now())
        for order in unknown:
            if named_by(order) not in book.targets:
                await learn_target(tx, book, order)
        if len(names) < len(texts):
            found = await find_users(tx, sorted(texts - names.keys()))
            _make_room(self._names)
            self._names.update(((tenant, text), number) for text, number in found.items())
            names.update(found)
        return book, [_number_of(knock, names, callers) for knock in knocks]

    def _are_still_called_so(
        self,
        tenant: TenantId,
        knocks: Sequence[Knock],
        numbers: Sequence[UserNo | None],
        scene: Scene,
    ) -> bool:
        """Whether everybody still bears the name by which this process knows them."""
        is_true = True
        for knock, number in zip(knocks, numbers, strict=True):
            text = knock.order.user
            if text is None:
                is_true &= self._is_still_self(knock, number, scene)
                continue
            if number is None:
                continue
            someone = scene.people.get(number)
            if someone is None or someone.state.is_deleted or not _is_called(someone, text):
                # Forgotten at once, so that the next try finds who is called so now, or nobody.
                self._names.pop((tenant, text), None)
                is_true = False
        return is_true

    def _is_still_self(self, knock: Knock, number: UserNo | None, scene: Scene) -> bool:
        """Whether whoever calls is the person whom this process takes them for."""
        principal = scene.principals.get(knock.digest)
        if principal is None or principal.user_no == number or scene.tenant is None:
            return True
        self._callers[knock.digest] = Authenticated(tenant=scene.tenant, principal=principal)
        return False

    def _stranger(self, knock: Knock, scene: Scene | None) -> LaunchAnswer:
        """The answer to somebody whose token is good no more, or whose tenant is suspended."""
        self._callers.pop(knock.digest, None)
        if scene is not None and scene.tenant is not None and knock.digest in scene.principals:
            return no_launch(suspended(scene.tenant))
        return no_launch(unknown_token())

    async def run_alone(self, tenant: TenantId, knock: Knock) -> LaunchAnswer:
        """Answer one caller in a transaction of their own, with everything that must move."""
        now = self.clock.now()
        async with self.database.pool.connection() as connection:
            who = await authenticate(
                connection, knock.digest, correlation=knock.correlation, at=now
            )
            if who is None:
                self._callers.pop(knock.digest, None)
                return no_launch(unknown_token())
            if who.tenant.state is TenantState.SUSPENDED:
                return no_launch(suspended(who.tenant))
            tx = Transaction(connection, tenant, self.database.dictionary)
            book = await open_book(tx, who.tenant, at=now)
            await learn_target(tx, book, knock.order)
            text = knock.order.user
            names = {} if text is None else await find_users(tx, [text])
            number = _number_of(knock, names, {knock.digest: who})
            call = Call(
                tx=tx,
                tenant=who.tenant,
                principal=who.principal,
                now=now,
                correlation=knock.correlation,
            )
            speaker = Speaker(book=book, public_url=self.public_url)
            answer = await launch_alone(call, knock, number, speaker=speaker)
            await connection.commit()
            tx.remember()
            return answer


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


def _number_of(
    knock: Knock,
    names: Mapping[str, UserNo],
    callers: Mapping[bytes, Authenticated | None],
) -> UserNo | None:
    """Whom a caller names, themselves where they name nobody; None for nobody who is known."""
    if knock.order.user is not None:
        return names.get(knock.order.user)
    who = callers[knock.digest]
    return None if who is None else who.principal.user_no


def _is_called(someone: Someone, text: str) -> bool:
    id_ = parse_id(text)
    if id_ is not None:
        return someone.id == id_
    return text_key(text) in {someone.upn_key, someone.mail_key}


def _questions(
    tenant: TenantId,
    book: Book,
    knocks: Sequence[Knock],
    *,
    numbers: Sequence[UserNo | None],
    is_reading: bool,
) -> Questions:
    targets = [
        (knock.order.event, target)
        for knock in knocks
        if isinstance(target := book.targets[named_by(knock.order)], LaunchTarget)
    ]
    apps = {app for event, target in targets for app in policy_apps_of(event, target)}
    policies = [book.policies[app] for app in apps if app in book.policies]
    return Questions(
        tenant=tenant,
        digests=[knock.digest for knock in knocks],
        users=[
            number
            for number in (*numbers, *(counted_person(*one) for one in targets))
            if number is not None
        ],
        pools=None if is_reading else _skus_of(policies),
        nested=book.semantics.nested_groups_count,
        with_groups=any(one.limited_to for one in policies)
        or any(target.sharing.groups for _, target in targets),
        caps={one.policy_no: one.claims_max for one in policies if one.claims_max is not None},
        events=sorted({k.order.event_id for k in knocks if k.order.event_id is not None}),
    )


def _skus_of(policies: Iterable[Policy]) -> frozenset[SkuNo]:
    return frozenset(product.sku for policy in policies for product in policy.products)


def _make_room(kept: dict[Any, Any]) -> None:
    """Forget everything when there is too much of it: what is used is learnt again at once."""
    if len(kept) >= NAMES_MAX:
        kept.clear()

"""Licenses, and memberOf rules, follow memberships: what surrounds every change of who is where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.dynamic.facts import facts_of_few
from seatwright.app.dynamic.reading import trees_of
from seatwright.app.jobs import Scope, enqueue_reconcile
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, reconcile_users
from seatwright.app.record import record_all
from seatwright.domain.directory import RuleStatus
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.rules.one import takes_in
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.tree import MemberOf
from seatwright.postgres.dynamic_read import (
    StoredRule,
    groups_fed_by,
    memberships_among,
    rules_that_are_on,
)
from seatwright.postgres.dynamic_write import hold_rules, note_moves, store_status
from seatwright.postgres.group_licenses import hold_groups, set_processing
from seatwright.postgres.group_read import members_within
from seatwright.postgres.group_write import (
    Membership,
    add_members,
    hold_nesting,
    remove_members,
)
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.world_read import licensed_groups_above

WRITTEN_AT_ONCE = 100_000
"""Memberships in one statement: arrays beyond this only cost memory."""


async def people_within(call: Call, groups: Sequence[GroupNo]) -> tuple[UserNo, ...]:
    """Everybody in these groups and in the groups inside them, by number."""
    return await members_within(call.tx, groups)


async def hold_members(
    call: Call,
    groups: Sequence[GroupNo],
    *,
    is_exclusive: bool = False,
    with_nesting: bool = False,
) -> None:
    """Hold groups whose members are about to change, and before them the rules.

    Whoever has a group already and only then asks for the rules could wait for somebody who has
    the rules alone and asks for that group. `with_nesting`: groups come or go too, and two such
    calls could close a circle, each seeing half of it.
    """
    await hold_rules(call.tx)
    if with_nesting:
        await hold_nesting(call.tx)
    await hold_groups(call.tx, groups, is_exclusive=is_exclusive)


@asynccontextmanager
async def follow_memberships(
    call: Call,
    people: Sequence[UserNo],
    *,
    groups: Collection[GroupNo],
    reason: ChangeReason,
) -> AsyncIterator[None]:
    """Lock before memberships of these people are written, and make their licenses right after.

    `groups` are those whose members change, which the caller holds (`hold_members`); groups that
    take in their members by a memberOf rule, and what groups above them give, are found here. Up to
    500 people are done in this call, more as a job that shows the groups as being processed. Where
    no group gives anything there is nothing to do.
    """
    fed = await groups_fed_by(call.tx, groups) if people else ()
    if fed:
        await hold_groups(call.tx, fed)
    touched = sorted({*groups, *fed})
    skus = frozenset(await licensed_groups_above(call.tx, touched)) if people and touched else ()
    if not skus:
        yield
        await _feed(call, people, fed)
        return
    if len(people) > USERS_AT_ONCE_MAX:
        yield
        await _feed(call, people, fed)
        await set_processing(call.tx, touched, "queued")
        scope: Scope = {"users": sorted(people), "groups": touched}
        await enqueue_reconcile(call, scope, reason=reason)
        return
    locked = frozenset(skus) | await _held(call, people)
    await lock_world(call, people, skus=locked)
    yield
    await _feed(call, people, fed)
    await reconcile_users(call, people, reason=reason, skus=locked | await _held(call, people))


async def _held(call: Call, people: Sequence[UserNo]) -> frozenset[SkuNo]:
    """What these people hold: any of it may go when what it depends on goes."""
    return frozenset(await held_skus_of(call.tx, people))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Who joins and who leaves dynamic groups."""

    joining: tuple[Membership, ...] = ()
    leaving: tuple[Membership, ...] = ()

    @property
    def users(self) -> tuple[UserNo, ...]:
        """Everybody who moves, by number."""
        return tuple(sorted({one.user for one in (*self.joining, *self.leaving)}))

    @property
    def groups(self) -> tuple[GroupNo, ...]:
        """Every group that gains or loses somebody, by number."""
        return tuple(sorted({one.group for one in (*self.joining, *self.leaving)}))


async def moves_of_few(call: Call, users: Sequence[UserNo], rules: Sequence[StoredRule]) -> Moves:
    """Where these people belong by these rules and are not, and the other way about."""
    parsed = await trees_of(rules)
    facts = await facts_of_few(call, users, list(parsed.values()))
    present = await memberships_among(call.tx, users, parsed.keys())
    joining: list[Membership] = []
    leaving: list[Membership] = []
    for user, one in facts.items():
        for group, rule in parsed.items():
            is_in = (user, group) in present
            if takes_in(rule, one, now=call.now) is not is_in:
                (leaving if is_in else joining).append(Membership(user, group))
    return Moves(joining=tuple(joining), leaving=tuple(leaving))


async def _feed(call: Call, people: Sequence[UserNo], fed: Sequence[GroupNo]) -> None:
    """Move people in and out of the groups whose memberOf rules look at what was just written."""
    if not fed or not people:
        return
    rules = await rules_that_are_on(call.tx, asking=("memberOf",))
    mine = [one for one in rules if one.group in fed and isinstance(parse_rule(one.text), MemberOf)]
    await write_moves(call, await moves_of_few(call, people, mine))


async def write_moves(call: Call, moves: Moves) -> Moves:
    """Write memberships of dynamic groups with their history; answers what was not so before.

    The caller holds the groups, and sees to the licenses.
    """
    joined: list[Membership] = []
    left: list[Membership] = []
    for start in range(0, len(moves.joining), WRITTEN_AT_ONCE):
        page = moves.joining[start : start + WRITTEN_AT_ONCE]
        joined += await add_members(call.tx, page, since=call.now)
    for start in range(0, len(moves.leaving), WRITTEN_AT_ONCE):
        left += await remove_members(call.tx, moves.leaving[start : start + WRITTEN_AT_ONCE])
    done = Moves(joining=_sorted(joined), leaving=_sorted(left))
    await record_all(call, _lines(HistoryAction.MEMBER_ADDED, done.joining))
    await record_all(call, _lines(HistoryAction.MEMBER_REMOVED, done.leaving))
    if done.groups:
        await note_moves(call.tx, done.groups, at=call.now)
    return done


def _sorted(members: Sequence[Membership]) -> tuple[Membership, ...]:
    return tuple(sorted(members, key=lambda one: (one.group, one.user)))


def _lines(action: HistoryAction, members: Sequence[Membership]) -> list[HistoryLine]:
    reason = ChangeReason.RULE_FOLLOWED.value
    return [
        HistoryLine(action=action, reason=reason, user=one.user, group=one.group) for one in members
    ]


async def settle_moves(call: Call, moves: Moves) -> Moves:
    """Write memberships of dynamic groups, and what follows from them."""
    if not moves.groups:
        return moves
    await hold_groups(call.tx, moves.groups)
    async with follow_memberships(
        call, moves.users, groups=moves.groups, reason=ChangeReason.RULE_FOLLOWED
    ):
        return await write_moves(call, moves)


async def tell_complete(call: Call, groups: Sequence[GroupNo]) -> None:
    """Say that these groups hold whom their rules take in, as of now."""
    await store_status(call.tx, groups, RuleStatus.COMPLETE, evaluated_at=call.now)

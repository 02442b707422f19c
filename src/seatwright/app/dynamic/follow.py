"""Memberships follow people: when what a rule asks of somebody changes, they move with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from seatwright.app.call import Call
from seatwright.app.dynamic.facts import facts_of_few
from seatwright.app.dynamic.memberships import moves_of_few, settle_moves
from seatwright.app.dynamic.reading import trees_of
from seatwright.app.jobs import start_job
from seatwright.domain.directory import UserField, UserFields
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.jobs import JobKind
from seatwright.domain.rules.one import takes_in
from seatwright.postgres.dynamic_read import (
    StoredRule,
    groups_fed_by,
    has_rules,
    memberships_among,
    rules_that_are_on,
)
from seatwright.postgres.dynamic_write import (
    hold_and_find_rules,
    hold_rules_if_free,
    may_feed,
)
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.world_read import licensed_groups_above


def asked_by(fields: Iterable[UserField]) -> frozenset[str]:
    """What rules call a change of these fields."""
    return frozenset(field.value for field in fields)


async def products_at_stake(call: Call, user: UserNo, fields: UserFields) -> frozenset[SkuNo]:
    """The products of groups that a person would join or leave by a change of these fields.

    Their pools are locked before the person is, in the order that every seat mover keeps. What it
    finds is a guess, because nothing is locked yet: a wrong one costs a retry, never the truth.
    From here on no rule is edited until the call ends, and none is the tenant's first.
    """
    if not await hold_and_find_rules(call.tx):
        return frozenset()
    rules = await rules_that_are_on(call.tx, asking=asked_by(fields))
    return await _at_stake(call, user, rules, changed=fields)


async def products_at_return(call: Call, user: UserNo) -> frozenset[SkuNo]:
    """The same for a deleted person who is restored, whom every rule judges anew."""
    if not await hold_and_find_rules(call.tx):
        return frozenset()
    return await _at_stake(call, user, await rules_that_are_on(call.tx), changed={})


async def _at_stake(
    call: Call, user: UserNo, rules: Sequence[StoredRule], *, changed: UserFields
) -> frozenset[SkuNo]:
    if not rules:
        return frozenset()
    parsed = await trees_of(rules)
    facts = await facts_of_few(
        call, (user,), list(parsed.values()), changed=changed, with_deleted=True
    )
    present = await memberships_among(call.tx, (user,), parsed.keys())
    moved = {
        group
        for group, rule in parsed.items()
        if user in facts
        and takes_in(rule, facts[user], now=call.now) is not ((user, group) in present)
    }
    if not moved:
        return frozenset()
    moved |= set(await groups_fed_by(call.tx, moved))
    await hold_groups(call.tx, sorted(moved))
    return frozenset(await licensed_groups_above(call.tx, sorted(moved)))


async def follow_people(
    call: Call, users: Sequence[UserNo], *, asking: Collection[str] | None = None
) -> None:
    """Move these few people by the rules that ask what changed of them; by all without `asking`.

    What they are now was written by this call; their licenses follow in it.
    """
    rules = await _rules_about(call, users, asking)
    if rules:
        await settle_moves(call, await moves_of_few(call, users, rules))


async def follow_later(
    call: Call, users: Sequence[UserNo], *, asking: Collection[str] | None = None
) -> None:
    """Have a worker move people once the call is committed, however many they are.

    It reads the rules anew then, so that a rule that is edited meanwhile misses nobody; one that
    is being stored at this very moment, whatever it asks, has the worker look too. Where somebody
    looks before the call is committed, all of it is done in the call. Whoever calls has written
    everything else by then.
    """
    if not users:
        return
    is_free = await hold_rules_if_free(call.tx)
    if call.is_foreseen and is_free:
        await follow_people(call, users, asking=asking)
    elif not is_free or await _are_asked(call, asking):
        asked = None if asking is None else sorted(asking)
        params = {"users": sorted(users), "asking": asked}
        await start_job(call, JobKind.RULES, params=params, total=len(users))


async def follow_members_later(
    call: Call, users: Sequence[UserNo], groups: Collection[GroupNo]
) -> None:
    """The same for people who came into these groups, or left them, where no rule was waited for.

    Groups whose members do so by hand are followed at once (`follow_memberships`).
    """
    if users and groups and await may_feed(call.tx, groups):
        await follow_later(call, users, asking=("memberOf",))


async def _are_asked(call: Call, asking: Collection[str] | None) -> bool:
    return await has_rules(call.tx) and bool(await rules_that_are_on(call.tx, asking=asking))


async def _rules_about(
    call: Call, users: Sequence[UserNo], asking: Collection[str] | None
) -> tuple[StoredRule, ...]:
    """The rules to judge people by; they stay as they are until the call ends."""
    if not users or not await hold_and_find_rules(call.tx):
        return ()
    return await rules_that_are_on(call.tx, asking=asking)

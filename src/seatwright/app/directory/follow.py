"""Licenses follow memberships: what every change of who is in a group does around its writing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from seatwright.app.call import Call
from seatwright.app.jobs import Scope, enqueue_reconcile
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, reconcile_users
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.postgres.group_licenses import set_processing
from seatwright.postgres.group_read import members_within
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.world_read import licensed_groups_above


async def people_within(call: Call, groups: Sequence[GroupNo]) -> tuple[UserNo, ...]:
    """Everybody in these groups and in the groups inside them, by number."""
    return await members_within(call.tx, groups)


@asynccontextmanager
async def follow_memberships(
    call: Call,
    people: Sequence[UserNo],
    *,
    groups: Collection[GroupNo],
    reason: ChangeReason,
) -> AsyncIterator[None]:
    """Lock before memberships of these people are written, and make their licenses right after.

    `groups` are those whose members change; what groups above them give is found here. Up to 500
    people are done in this call, more as a job that shows the groups as being processed. Where no
    group gives anything there is nothing to do.
    """
    skus = frozenset(await licensed_groups_above(call.tx, sorted(groups))) if groups else ()
    if not skus or not people:
        yield
        return
    if len(people) > USERS_AT_ONCE_MAX:
        yield
        await set_processing(call.tx, sorted(groups), "queued")
        scope: Scope = {"users": sorted(people), "groups": sorted(groups)}
        await enqueue_reconcile(call, scope, reason=reason)
        return
    locked = frozenset(skus) | await _held(call, people)
    await lock_world(call, people, skus=locked)
    yield
    await reconcile_users(call, people, reason=reason, skus=locked | await _held(call, people))


async def _held(call: Call, people: Sequence[UserNo]) -> frozenset[SkuNo]:
    """What these people hold: any of it may go when what it depends on goes."""
    return frozenset(await held_skus_of(call.tx, people))

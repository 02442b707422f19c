"""The door to the engine for many: whole tenants, and groups of any size.

`app/reconcile.py` stays the door for few. Both decide the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.reconcile import ChangeSet, Snapshot, reconcile
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres import jobs as rows
from seatwright.postgres.pools import read_pools
from seatwright.postgres.world_read import read_people

Scope = Mapping[str, Sequence[int]]
"""Whom it is about: `users`, `groups`, `skus`, or nothing named for everyone."""

PEOPLE_MAX = 10_000_000
"""A bound for the list of a scope's people, which is never reached."""


async def foresee_many(call: Call, scope: Scope) -> ChangeSet:
    """Give what a reconcile of a scope's people would change, and change nothing.

    Reads in the call's own transaction, so that it sees what the call has written, and takes no
    locks.
    """
    semantics = semantics_in(call.tenant.settings)
    users = await rows.users_in_scope(call.tx, scope, after=-1, limit=PEOPLE_MAX)
    people = await read_people(call.tx, users, nested=semantics.nested_groups_count)
    return reconcile(
        Snapshot(
            now=call.now,
            semantics=semantics,
            default_usage_location=usage_location_in(call.tenant.settings),
            catalog=(await catalog_of(call)).engine,
            pools=await read_pools(call.tx),
            users=people,
            retry_users=frozenset(users),
        )
    )

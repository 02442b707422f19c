"""Deleting, restoring and purging people, and erasing the names of those who are gone."""

from __future__ import annotations

from datetime import timedelta

from seatwright.app.call import Call
from seatwright.app.directory.users import find_user
from seatwright.app.dynamic.follow import follow_people, products_at_return
from seatwright.app.reconcile import World, lock_world, reconcile_users, write_outcome
from seatwright.app.record import record, record_all
from seatwright.domain.assignments import Source, Strategy
from seatwright.domain.directory import User, parse_id, text_key
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile import Action, Change, ChangeSet, SeatChange, Wish
from seatwright.domain.settings import setting_value
from seatwright.postgres.user_lives import (
    KeptLicense,
    erase_names,
    find_remembered,
    forget_kept_licenses,
    held_skus_of,
    kept_licenses,
    mark_deleted,
    purge_users,
    unmark_deleted,
    users_deleted_before,
)
from seatwright.postgres.user_read import find_any_user, numbers_taken, read_user

PURGED_AT_ONCE_MAX = 2000
"""People in one transaction of the purge; the scheduler calls again until none are left."""


async def delete_user(call: Call, text: str) -> None:
    """Delete a person so that they can be restored; their seats are free at once.

    Assignments and memberships stay as they are and count for nothing until a restore
    (`architecture.md`, "Soft delete").

    Raises Refusal unknownUser.
    """
    user = await find_user(call, text)
    held = frozenset(await held_skus_of(call.tx, (user.user_no,)))
    await lock_world(call, (user.user_no,), skus=held)
    await find_user(call, str(user.id))
    held |= frozenset(await held_skus_of(call.tx, (user.user_no,)))
    await mark_deleted(call.tx, user.user_no, at=call.now)
    await record(call, HistoryLine(action=HistoryAction.USER_DELETED, user=user.user_no))
    await reconcile_users(call, (user.user_no,), reason=ChangeReason.USER_DELETED, skus=held)


async def restore_user(call: Call, text: str) -> User:
    """Bring a deleted person back with their assignments, memberships and licenses.

    They hold what they held even where no seat is free: the pool then says that it is
    over-assigned. A license whose every source is gone meanwhile does not come back.

    Raises Refusal unknownUser, noChange for somebody who is not deleted, and addressNotUnique
    when another person has taken the UPN or the external id.
    """
    user = await _deleted_user(call, text)
    await _refuse_taken_names(call, user)
    at_stake = await products_at_return(call, user.user_no)
    kept = await kept_licenses(call.tx, user.user_no)
    skus = at_stake | frozenset(license_.sku for license_ in kept)
    await lock_world(call, (user.user_no,), skus=skus)
    await _deleted_user(call, str(user.id))
    await unmark_deleted(call.tx, user.user_no)
    await record(call, HistoryLine(action=HistoryAction.USER_RESTORED, user=user.user_no))
    world = await lock_world(call, (user.user_no,), skus=skus)
    await write_outcome(
        call,
        world,
        _given_back(world, user, kept),
        reason=ChangeReason.USER_RESTORED,
        may_exceed=True,
    )
    await forget_kept_licenses(call.tx, user.user_no)
    await reconcile_users(call, (user.user_no,), reason=ChangeReason.USER_RESTORED, skus=skus)
    # Rules may have changed while they were gone, and what they ask of people too.
    await follow_people(call, (user.user_no,))
    restored = await read_user(call.tx, user.user_no)
    assert restored is not None, "the person is locked"
    return restored


async def _deleted_user(call: Call, text: str) -> User:
    user = await find_any_user(call.tx, id_=parse_id(text), upn_key=text_key(text))
    if user is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{text}” to restore: who was purged is gone for good. GET"
            " /api/identity/users?deleted=true lists those who can come back.",
            context={"user": text},
        )
    if user.deleted_at is None:
        raise Refusal(
            Reason.NO_CHANGE,
            f"{user.user_principal_name} is not deleted: there is nothing to restore.",
        )
    remembered = await find_remembered(call.tx, user.id)
    if remembered is not None and remembered.is_erased:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"The names of “{text}” were erased, so nobody could be restored under them. Create"
            " a new person.",
            context={"user": text},
        )
    return user


async def _refuse_taken_names(call: Call, user: User) -> None:
    by_upn, by_external = await numbers_taken(
        call.tx,
        upn_keys=[text_key(user.user_principal_name)],
        external_ids=[user.external_id] if user.external_id else [],
    )
    if by_upn or by_external:
        what = f"user principal name {user.user_principal_name}"
        if not by_upn:
            what = f"external id {user.external_id}"
        raise Refusal(
            Reason.ADDRESS_NOT_UNIQUE,
            f"The {what} belongs to another person by now: change theirs first, then restore.",
        )


def _given_back(world: World, user: User, kept: tuple[KeptLicense, ...]) -> ChangeSet:
    """The licenses that a restored person is still wished, with a seat for each."""
    state = world.user(user.user_no)
    assert state is not None, "the person was locked with the world"
    wishes: dict[SkuNo, list[Wish]] = {}
    for wish in state.wishes:
        if wish.expires_at is None or wish.expires_at > world.snapshot.now:
            wishes.setdefault(wish.sku, []).append(wish)
    back = [license_ for license_ in kept if license_.sku in wishes]
    consumed = {pool.sku: pool.consumed for pool in world.snapshot.pools}
    changes: list[Change] = []
    for license_ in back:
        source, strategy = _source(license_, wishes[license_.sku])
        changes.append(
            Change(
                user_no=user.user_no,
                sku=license_.sku,
                action=Action.GRANT,
                before=None,
                after=license_.enabled,
                source=source,
                strategy=strategy,
            )
        )
    seats = [
        SeatChange(
            sku=license_.sku,
            consumed_before=consumed[license_.sku],
            consumed_after=consumed[license_.sku] + 1,
        )
        for license_ in back
    ]
    return ChangeSet(changes=tuple(changes), seat_changes=tuple(seats))


def _source(license_: KeptLicense, wishes: list[Wish]) -> tuple[Source, Strategy]:
    """The source that gave it, or the first of those that are left."""
    if any(wish.source == license_.source for wish in wishes):
        return license_.source, license_.strategy
    first = min(wishes, key=lambda wish: (wish.assigned_at, wish.source))
    return first.source, first.strategy


async def purge_user(call: Call, text: str) -> None:
    """Remove a deleted person for good before their time; the history keeps what they had.

    Raises Refusal unknownUser, and noChange for somebody who is not deleted.
    """
    user = await _deleted_user(call, text)
    await lock_world(call, (user.user_no,), skus=frozenset())
    await _deleted_user(call, str(user.id))
    await purge_users(call.tx, (user.user_no,))
    await record(call, HistoryLine(action=HistoryAction.USER_PURGED, user=user.user_no))


async def purge_deleted_users(call: Call) -> int:
    """Remove people for good who were deleted longer ago than the tenant keeps them.

    Returns how many; at most `PURGED_AT_ONCE_MAX`, so a scheduler calls until it is fewer.
    """
    days = setting_value(call.tenant.settings, "deletedUsersKeptDays")
    assert isinstance(days, int), "the setting is a number"
    users = await users_deleted_before(
        call.tx, call.now - timedelta(days=days), limit=PURGED_AT_ONCE_MAX
    )
    if users:
        await purge_users(call.tx, users)
        await record_all(
            call, [HistoryLine(action=HistoryAction.USER_PURGED, user=user) for user in users]
        )
    return len(users)


async def erase_person_names(call: Call, text: str) -> None:
    """Blank the names and addresses of somebody who was deleted or purged; ids and facts stay.

    Raises Refusal unknownUser, and invalidValue while the person is in the directory.
    """
    id_ = parse_id(text)
    person = None if id_ is None else await find_remembered(call.tx, id_)
    if person is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"Nobody with the id “{text}” is, or ever was, in the directory. Give the id: a name"
            " may have passed to somebody else.",
            context={"user": text},
        )
    if person.is_living:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{text} is a person of the directory: delete them first, then erase their names.",
        )
    if person.is_erased:
        return
    await erase_names(call.tx, person.user_no, id_=person.id, at=call.now)
    await record(call, HistoryLine(action=HistoryAction.NAMES_ERASED, user=person.user_no))

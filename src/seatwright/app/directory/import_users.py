"""Importing people from a file: matched by external id, then UPN; safe to run again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.directory.imports import (
    ImportChoices,
    ImportMode,
    ImportResult,
    record_import,
    stop_large_removals,
)
from seatwright.app.directory.named import people_named
from seatwright.app.directory.users import with_defaults
from seatwright.app.dynamic.follow import asked_by, follow_later
from seatwright.app.jobs import enqueue_reconcile
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, reconcile_users
from seatwright.app.record import record_all
from seatwright.domain.csv_text import Table
from seatwright.domain.directory import UserField
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import UserNo
from seatwright.domain.people_file import PeopleFile, read_people
from seatwright.domain.people_match import ChangedPerson, ManagerOf, PeopleMatch, match_people
from seatwright.domain.person_changes import history_of_change
from seatwright.postgres.people_import import enabled_people, people_of_keys, people_of_numbers
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.user_write import (
    NAME_FIELDS,
    UserRecord,
    disable_users,
    insert_users,
    lock_users,
    update_users,
)
from seatwright.postgres.users import find_users

DECISIONS_MAX = 3
"""Whoever is locked after a first try can change no more, so a third is hardly ever needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import:
    """An import that was decided and not yet written; `missing` are whom `replace` disables."""

    match: PeopleMatch
    missing: tuple[UserNo, ...]
    result: ImportResult


async def import_users(call: Call, table: Table, choices: ImportChoices) -> ImportResult:
    """Create, change, rename and disable people as a file says.

    Rows with errors are told and do not stop the others. People keep what the file has no column
    for. With `replace`, whoever may sign in and is in no row is disabled; nobody is deleted.

    Raises Refusal importStopped where more would be disabled than the tenant allows.
    """
    file = await asyncio.to_thread(read_people, table)
    decided = await _decide(call, table, file, choices)
    decided = await _decide_locked(call, table, file, choices=choices, decided=decided)
    there_are = len(await enabled_people(call.tx)) if decided.result.disabled else 0
    result = stop_large_removals(call, decided.result, choices, there_are=there_are)
    await _write(call, decided)
    await record_import(call, result, missing=decided.missing)
    return result


async def _decide_locked(
    call: Call, table: Table, file: PeopleFile, *, choices: ImportChoices, decided: _Import
) -> _Import:
    """The decision about people who are locked and still as they were when it was made.

    Reading 100,000 rows takes seconds, in which somebody else may change a person; what they
    wrote must not be lost.
    """
    for _ in range(DECISIONS_MAX):
        await _lock(call, decided)
        changed = {one.stored.user_no: one.stored for one in decided.match.changed}
        if await people_of_numbers(call.tx, list(changed)) == changed:
            return decided
        decided = await _decide(call, table, file, choices)
    raise _overtaken()


async def _lock(call: Call, decided: _Import) -> None:
    moved = _moved(decided.match)
    if len(moved) <= USERS_AT_ONCE_MAX:
        # Pools come before people in the order of locks, so this comes before every write.
        await lock_world(call, moved, skus=await held_skus_of(call.tx, moved))
    changed = [one.stored.user_no for one in decided.match.changed]
    await lock_users(call.tx, [*changed, *decided.missing])


def _moved(match: PeopleMatch) -> list[UserNo]:
    """Whose usage location changes: what they may hold depends on it."""
    return [one.stored.user_no for one in match.changed if UserField.USAGE_LOCATION in one.changed]


async def _decide(call: Call, table: Table, file: PeopleFile, choices: ImportChoices) -> _Import:
    stored = await people_of_keys(
        call.tx,
        upn_keys={row.upn_key for row in file.rows},
        external_ids={row.external_id for row in file.rows if row.external_id},
    )
    texts = {row.manager for row in file.rows if row.manager}
    managers = await find_users(call.tx, sorted(texts), by_mail=False)
    match = await asyncio.to_thread(match_people, file.rows, stored, managers=managers)
    missing: tuple[UserNo, ...] = ()
    if choices.mode is ImportMode.REPLACE:
        missing = tuple(
            person.user_no
            for person in await enabled_people(call.tx)
            if person.upn_key not in file.named_upns
            and person.external_id not in file.named_external_ids
        )
    result = ImportResult(
        kind="users",
        total=len(table.rows),
        created=len(match.created),
        updated=len(match.changed),
        renamed=match.renamed,
        unchanged=len(match.unchanged),
        disabled=len(match.disabled) + len(missing),
        errors=(*file.errors, *match.errors),
        warnings=tuple(match.warnings),
        ignored_columns=table.ignored_columns,
        is_preview=call.is_preview,
        named=await people_named(call, match, missing),
    )
    return _Import(match=match, missing=missing, result=result)


async def _write(call: Call, decided: _Import) -> None:
    """Write the people; those who moved get their licenses right, at once or as a job."""
    match, moved = decided.match, _moved(decided.match)
    numbers = await _create(call, match)
    await _change(call, match.changed, numbers)
    if decided.missing:
        await disable_users(call.tx, decided.missing)
        await record_all(
            call,
            [
                HistoryLine(action=HistoryAction.USER_DISABLED, user=user)
                for user in decided.missing
            ],
        )
    await _follow(call, decided, numbers.values())
    if len(moved) > USERS_AT_ONCE_MAX:
        await enqueue_reconcile(call, {"users": sorted(moved)}, reason=ChangeReason.IMPORTED)
    elif moved:
        skus = await held_skus_of(call.tx, moved)
        await reconcile_users(call, moved, reason=ChangeReason.IMPORTED, skus=skus)


async def _follow(call: Call, decided: _Import, created: Collection[UserNo]) -> None:
    """Have rules look at everybody whom the file made or changed in what a rule may ask.

    As a job, because the people are locked by now and pools come before people; where somebody
    looks before it is committed, here.
    """
    match = decided.match
    changed = {field for one in match.changed for field in one.changed}
    changed |= {UserField.ACCOUNT_ENABLED} if decided.missing else set()
    users = [*(one.stored.user_no for one in match.changed), *decided.missing, *created]
    await follow_later(call, sorted(users), asking=None if created else asked_by(changed))


async def _create(call: Call, match: PeopleMatch) -> dict[int, UserNo]:
    """Store the new people; answers their numbers by row, for whom they manage."""
    if not match.created:
        return {}
    first = await take_numbers(call.tx, "user", len(match.created))
    numbers = {new.row.row_no: UserNo(first + place) for place, new in enumerate(match.created)}
    records = [
        UserRecord(
            user_no=numbers[new.row.row_no],
            id=uuid4(),
            fields=with_defaults(new.row.fields),
            manager=_number(new.manager, numbers),
        )
        for new in match.created
    ]
    if not await insert_users(call.tx, records, at=call.now):
        raise _overtaken()
    await record_all(
        call,
        [
            HistoryLine(
                action=HistoryAction.USER_CREATED,
                reason=ChangeReason.IMPORTED.value,
                user=record.user_no,
            )
            for record in records
        ],
    )
    return numbers


async def _change(call: Call, changed: Sequence[ChangedPerson], numbers: dict[int, UserNo]) -> None:
    if not changed:
        return
    records: list[UserRecord] = []
    lines: list[HistoryLine] = []
    for one in changed:
        after = {**one.stored.fields, **one.row.fields}
        manager = one.stored.manager
        if one.manager is not None:
            manager = _number(one.manager, numbers)
        records.append(
            UserRecord(user_no=one.stored.user_no, id=one.stored.id, fields=after, manager=manager)
        )
        lines += history_of_change(
            one.stored.user_no, before=one.stored.fields, after=after, changed=one.changed
        )
    names = set(NAME_FIELDS)
    renamed = [one.stored.user_no for one in changed if one.changed & names]
    if not await update_users(call.tx, records, renamed=renamed):
        raise _overtaken()
    await record_all(call, lines)


def _number(manager: ManagerOf, numbers: dict[int, UserNo]) -> UserNo | None:
    return manager.user if manager.row_no is None else numbers[manager.row_no]


def _overtaken() -> Refusal:
    return Refusal(
        Reason.ADDRESS_NOT_UNIQUE,
        "While the file was being read somebody else gave one of its user principal names or"
        " external ids to another person. Nothing was changed: send the file again.",
    )

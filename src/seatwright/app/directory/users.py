"""People of the directory: finding, creating and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.directory.filtered import in_time, people_filter
from seatwright.app.dynamic.follow import asked_by, follow_people, products_at_stake
from seatwright.app.reconcile import lock_world, reconcile_users
from seatwright.app.record import record, record_all
from seatwright.domain.directory import (
    FieldValue,
    User,
    UserField,
    UserFields,
    UserQuery,
    parse_id,
    text_key,
)
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import UserNo
from seatwright.domain.person_changes import differences, fields_of, history_of_change
from seatwright.domain.person_fields import user_field
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.user_lives import held_skus_of
from seatwright.postgres.user_read import (
    find_any_user,
    list_users,
    numbers_taken,
    read_user,
    upns_of,
)
from seatwright.postgres.user_write import (
    NAME_FIELDS,
    UserRecord,
    insert_users,
    lock_users,
    update_users,
)
from seatwright.postgres.users import find_users


async def find_user(call: Call, text: str) -> User:
    """The living person with this id or UPN, whatever its case.

    Raises Refusal unknownUser; for a deleted person it says how they come back.
    """
    user = await find_any_user(call.tx, id_=parse_id(text), upn_key=text_key(text))
    if user is not None and user.deleted_at is None:
        return user
    if user is not None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"“{text}” was deleted on {user.deleted_at:%Y-%m-%d}. POST"
            f" /api/identity/users/{user.id}/restore brings them back.",
            context={"user": text, "deletedUserId": str(user.id)},
        )
    raise Refusal(
        Reason.UNKNOWN_USER,
        f"There is no person “{text}”. Give an id or a user principal name; GET"
        " /api/identity/users?search= finds people by name or mail.",
        context={"user": text},
    )


async def page_of_users(
    call: Call, query: UserQuery, *, after: tuple[str, int] | None, limit: int
) -> tuple[User, ...]:
    """People by display name, one more than `limit` if there are more.

    Raises Refusal for a filter that cannot be read, is not supported, or takes too long.
    """
    conditions = await people_filter(call, query.filter)
    found = list_users(call.tx, query, conditions=conditions, after=after, limit=limit + 1)
    return await (in_time(call, found) if conditions or query.looks_far else found)


async def names_matching(call: Call, query: UserQuery, *, limit: int) -> list[str]:
    """The user principal names of everybody whom a list would show, in its order.

    Raises Refusal as `page_of_users` does.
    """
    conditions = await people_filter(call, query.filter)
    # The limit of time goes with the savepoint: what the call does next may take longer.
    async with call.tx.tried():
        return await in_time(call, upns_of(call.tx, query, conditions=conditions, limit=limit))


def parse_user_fields(given: Mapping[UserField, str | bool | None]) -> dict[UserField, FieldValue]:
    """The values of fields as a caller gave them.

    Raises Refusal invalidValue for the first one that does not fit.
    """
    return {field: user_field(field, value) for field, value in given.items()}


def with_defaults(fields: UserFields) -> dict[UserField, FieldValue]:
    """The fields of a new person: a Member, enabled, named by what there is of a name."""
    full = {UserField.USER_TYPE: "Member", UserField.ACCOUNT_ENABLED: True, **fields}
    if not full.get(UserField.DISPLAY_NAME):
        parts = (full.get(UserField.GIVEN_NAME), full.get(UserField.SURNAME))
        name = " ".join(str(part) for part in parts if part)
        upn = str(full[UserField.USER_PRINCIPAL_NAME])
        full[UserField.DISPLAY_NAME] = name or upn.partition("@")[0]
    return full


async def create_user(call: Call, fields: UserFields) -> User:
    """Make a person.

    Raises Refusal addressNotUnique for a UPN or external id that somebody has (T-142), and
    unknownUser for a manager who is not there.
    """
    full = with_defaults(fields)
    await _refuse_taken(call, full, of=None)
    manager = await _manager(call, full, of=None)
    user_no = UserNo(await take_numbers(call.tx, "user", 1))
    record_ = UserRecord(user_no=user_no, id=uuid4(), fields=full, manager=manager)
    if not await insert_users(call.tx, (record_,), at=call.now):
        raise _taken_meanwhile(full)
    await record(call, HistoryLine(action=HistoryAction.USER_CREATED, user=user_no))
    await follow_people(call, (user_no,))
    return await _stored(call, user_no)


async def change_user(call: Call, text: str, fields: UserFields) -> User:
    """Change a person; a field that is not given stays, one that is None is cleared.

    Raises Refusal unknownUser, addressNotUnique, invalidValue (one's own manager), and
    roleMissing for fields beyond the usage location without the permission for people.
    """
    user = await find_user(call, text)
    _may_change(call, fields)
    at_stake = await products_at_stake(call, user.user_no, fields)
    if at_stake or UserField.USAGE_LOCATION in fields:
        # What they hold depends on it: pools are locked before people, always.
        held = frozenset(await held_skus_of(call.tx, (user.user_no,)))
        await lock_world(call, (user.user_no,), skus=held | at_stake)
    else:
        await lock_users(call.tx, (user.user_no,))
    locked = await read_user(call.tx, user.user_no)
    if locked is None or locked.deleted_at is not None:
        return await find_user(call, text)
    return await _write_change(call, locked, fields)


async def _write_change(call: Call, user: User, fields: UserFields) -> User:
    before = fields_of(user)
    manager = await _manager(call, fields, of=user)
    wanted = dict(fields)
    if UserField.MANAGER in wanted and manager is not None:
        wanted[UserField.MANAGER] = str((await _stored(call, manager)).id)
    changed = differences(before, wanted)
    if not changed:
        return user
    after = {**before, **wanted}
    if changed & {UserField.USER_PRINCIPAL_NAME, UserField.EXTERNAL_ID}:
        await _refuse_taken(call, after, of=user)
    kept = None if user.manager is None else user.manager.user_no
    new = UserRecord(
        user_no=user.user_no,
        id=user.id,
        fields=after,
        manager=manager if UserField.MANAGER in wanted else kept,
    )
    renamed = (user.user_no,) if changed & set(NAME_FIELDS) else ()
    if not await update_users(call.tx, (new,), renamed=renamed):
        raise _taken_meanwhile(after)
    lines = history_of_change(user.user_no, before=before, after=after, changed=changed)
    await record_all(call, lines)
    if UserField.USAGE_LOCATION in changed:
        await reconcile_users(
            call,
            (user.user_no,),
            reason=ChangeReason.RECONCILED,
            skus=await held_skus_of(call.tx, (user.user_no,)),
        )
    await follow_people(call, (user.user_no,), asking=asked_by(changed))
    return await _stored(call, user.user_no)


def _may_change(call: Call, fields: UserFields) -> None:
    others = sorted(field.value for field in fields if field is not UserField.USAGE_LOCATION)
    if others and not call.principal.may(Permission.WRITE_USERS):
        needed = [role.value for role in roles_permitting(Permission.WRITE_USERS)]
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{call.principal.name}” may change a person's usageLocation only, not"
            f" {', '.join(others)}: use a principal with one of: {', '.join(needed)}.",
            context={"rolesNeeded": needed},
        )


async def _refuse_taken(call: Call, fields: UserFields, *, of: User | None) -> None:
    """Refuse a UPN or external id that another living person has (T-142)."""
    upn = str(fields[UserField.USER_PRINCIPAL_NAME])
    external = fields.get(UserField.EXTERNAL_ID)
    by_upn, by_external = await numbers_taken(
        call.tx,
        upn_keys=[text_key(upn)],
        external_ids=[external] if isinstance(external, str) else [],
    )
    mine = None if of is None else of.user_no
    if any(owner != mine for owner in by_upn.values()):
        raise Refusal(
            Reason.ADDRESS_NOT_UNIQUE,
            f"The user principal name {upn} belongs to another person: choose another, or change"
            " theirs first.",
            context={"field": UserField.USER_PRINCIPAL_NAME.value, "value": upn},
        )
    if any(owner != mine for owner in by_external.values()):
        raise Refusal(
            Reason.ADDRESS_NOT_UNIQUE,
            f"The external id {external} belongs to another person: every account needs its own.",
            context={"field": UserField.EXTERNAL_ID.value, "value": external},
        )


def _taken_meanwhile(fields: UserFields) -> Refusal:
    upn = str(fields[UserField.USER_PRINCIPAL_NAME])
    return Refusal(
        Reason.ADDRESS_NOT_UNIQUE,
        f"The user principal name {upn}, or the external id that came with it, was given to"
        " somebody else at this very moment: choose another.",
        context={"field": UserField.USER_PRINCIPAL_NAME.value, "value": upn},
    )


async def _manager(call: Call, fields: UserFields, *, of: User | None) -> UserNo | None:
    """Who is named as manager; nobody is their own, but a circle of managers is no error."""
    text = fields.get(UserField.MANAGER)
    if not isinstance(text, str):
        return None
    found = (await find_users(call.tx, (text,), by_mail=False)).get(text)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"The manager “{text}” is no person of the directory: give the id or user principal"
            " name of one who is, or leave the manager out.",
            context={"user": text},
            is_in_body=True,
        )
    if of is not None and found == of.user_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{of.user_principal_name} cannot be their own manager: name somebody else, or null.",
            context={"field": UserField.MANAGER.value},
        )
    return found


async def _stored(call: Call, user_no: UserNo) -> User:
    user = await read_user(call.tx, user_no)
    assert user is not None, "a row that this transaction wrote or locked is there"
    return user

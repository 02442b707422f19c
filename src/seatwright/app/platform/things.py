"""Environments, apps and flows: listed, made, changed and forgotten in one way.

They differ in what can be set about them and in what follows from it; `kinds.py` has that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Generic, NoReturn
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.naming import record_platform
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.platform_edits import Known, ThingEdit
from seatwright.domain.platform_things import Facts, Fields, Thing
from seatwright.postgres.platform_environments import find_environments
from seatwright.postgres.platform_things import (
    ThingPlace,
    ThingRecord,
    ThingTable,
    Written,
    delete_thing,
    find_things,
    insert_things,
    list_things,
    lock_things,
    raise_platform_version,
    things_by_number,
    update_things,
)
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.users import find_users


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Fields, Facts]):
    """One of the three kinds: its table, and what is its own about it.

    `blank` is what an edit that makes one starts from. `in_use` says why one cannot be deleted.
    `check` refuses a change that what is about the thing does not allow. `settle` does what
    follows from a change, told the numbers of those that are new.
    """

    noun: str
    table: ThingTable[Fields, Facts]
    unknown: Reason
    blank: Fields
    in_use: Callable[[Thing[Fields, Facts]], str] = lambda one: f"Something needs {one.name}."
    check: Callable[[Thing[Fields, Facts], Fields], None] = lambda _one, _after: None
    settle: Callable[[Call, Sequence[int]], Awaitable[None]] | None = None

    @property
    def path(self) -> str:
        """Where the API lists them."""
        return f"/api/platform/{self.noun}s"


async def page_of(
    call: Call,
    kind: Kind[Fields, Facts],
    *,
    after: ThingPlace,
    limit: int,
    only: tuple[str, object] | None = None,
) -> list[Thing[Fields, Facts]]:
    """Things by name, one more than `limit` if there are more; `only`: with a value in a column."""
    return await list_things(call.tx, kind.table, after=after, limit=limit + 1, only=only)


async def require(call: Call, kind: Kind[Fields, Facts], text: str) -> Thing[Fields, Facts]:
    """The thing with this id, outer id, or a name that only it has.

    Raises Refusal unknownEnvironment, unknownApp or unknownFlow, and invalidValue for a name that
    several have.
    """
    number = (await find_things(call.tx, kind.table, (text,))).named(text)
    found = await things_by_number(call.tx, kind.table, () if number is None else (number,))
    if not found:
        raise Refusal(
            kind.unknown,
            f"There is no {kind.noun} “{text[:60]}”: GET {kind.path} lists which there are.",
            context={kind.noun: text[:200]},
        )
    return found.popitem()[1]


async def require_held(call: Call, kind: Kind[Fields, Facts], text: str) -> Thing[Fields, Facts]:
    """The same, and nobody else changes or deletes it until the transaction ends."""
    found = await require(call, kind, text)
    await lock_things(call.tx, kind.table, (found.number,))
    # Whoever was here first may have changed it or deleted it.
    return await require(call, kind, str(found.id))


async def add(
    call: Call, kind: Kind[Fields, Facts], edit: ThingEdit[Fields]
) -> Thing[Fields, Facts]:
    """Store a thing.

    Raises Refusal invalidValue, and of what it names unknownEnvironment, unknownUser, unknownSku.
    """
    after = edit.over(kind.blank, await look_up(call, (edit,)))
    number = await take_numbers(call.tx, kind.noun, 1)
    record = ThingRecord(number=number, id=uuid4(), fields=after)
    written = await insert_things(call.tx, kind.table, (record,), at=call.now)
    if written is not Written.DONE:
        _refuse(kind, after, written)
    await record_platform(call, HistoryAction.PLATFORM_ADDED, kind.noun, record.id)
    return await _settled(call, kind, number, is_new=True)


async def change(
    call: Call, kind: Kind[Fields, Facts], text: str, edit: ThingEdit[Fields]
) -> Thing[Fields, Facts]:
    """Change a thing; what is not given stays.

    Raises Refusal for a thing that is unknown, and what `add` raises.
    """
    found = await require_held(call, kind, text)
    after = edit.over(found.fields, await look_up(call, (edit,)))
    if after == found.fields:
        return found
    kind.check(found, after)
    record = ThingRecord(number=found.number, id=found.id, fields=after)
    written = await update_things(call.tx, kind.table, (record,))
    if written is not Written.DONE:
        _refuse(kind, after, written)
    await record_platform(
        call,
        HistoryAction.PLATFORM_UPDATED,
        kind.noun,
        found.id,
        changed=_changed(found.fields, after),
    )
    return await _settled(call, kind, found.number)


async def remove(call: Call, kind: Kind[Fields, Facts], text: str) -> None:
    """Forget a thing.

    Raises Refusal for a thing that is unknown, and stillInUse while something else needs it.
    """
    found = await require(call, kind, text)
    if not await delete_thing(call.tx, kind.table, found.number):
        found = await require(call, kind, str(found.id))
        raise Refusal(Reason.STILL_IN_USE, kind.in_use(found), context={"id": str(found.id)})
    await raise_platform_version(call.tx)
    await record_platform(call, HistoryAction.PLATFORM_REMOVED, kind.noun, found.id)


async def look_up(call: Call, edits: Iterable[ThingEdit[Fields]]) -> Known:
    """What some edits name, looked up all at once."""
    edits = tuple(edits)
    environments = {edit.environment_text for edit in edits} - {""}
    people = {edit.owner_text for edit in edits} - {""}
    return Known(
        environments=await find_environments(call.tx, sorted(environments)),
        people=await find_users(call.tx, sorted(people)) if people else {},
        catalog=await catalog_of(call),
    )


async def _settled(
    call: Call, kind: Kind[Fields, Facts], number: int, *, is_new: bool = False
) -> Thing[Fields, Facts]:
    await raise_platform_version(call.tx)
    if kind.settle is not None:
        await kind.settle(call, (number,) if is_new else ())
    return (await things_by_number(call.tx, kind.table, (number,)))[number]


def _changed(before: Fields, after: Fields) -> list[str]:
    """The names of what differs, sorted."""
    names = sorted(field.name for field in fields(before))
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _refuse(kind: Kind[Fields, Facts], fields_: Fields, written: Written) -> NoReturn:
    if written is Written.OVERTAKEN:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"What the {kind.noun} {fields_.name} names was deleted meanwhile, or something needs"
            " it to stay as it is. Nothing was changed: look at it, and send it again.",
        )
    outer = f"the externalId “{fields_.external_id}”" if fields_.external_id else ""
    name = f"the name “{fields_.name}”" if kind.table.environment is None else ""
    raise Refusal(
        Reason.INVALID_VALUE,
        f"Another {kind.noun} has {' or '.join(filter(None, (name, outer)))} already: choose"
        " another.",
        context={"value": fields_.external_id or fields_.name},
    )

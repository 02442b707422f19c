"""The inbox: everything a person was told, and everything the administrators were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.telling.scene import Scene, read_scene
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.mail_templates import Rendered
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.postgres.inbox import (
    InboxRow,
    count_unread,
    list_inbox,
    mark_all_read,
    mark_read,
    owner_of,
)

ME: Final = "me"
ADMINISTRATORS: Final = "administrators"
UNREAD_COUNTED_MAX: Final = 1_000
MARKED_AT_ONCE_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A row of an inbox, in the words that the organization has now."""

    row: InboxRow
    words: Rendered


async def inbox_page(
    call: Call, of: str | None, *, only_unread: bool, before: int | None, limit: int
) -> list[InboxItem]:
    """Rows of an inbox, newest first; one more than `limit` if there are more.

    Raises Refusal invalidValue and roleMissing for an inbox that is not the caller's.
    """
    owner = _owner(call, of)
    rows = await list_inbox(call.tx, owner, only_unread=only_unread, before=before, limit=limit + 1)
    scene = await read_scene(call)
    return [InboxItem(row=row, words=_words(scene, row)) for row in rows]


def _words(scene: Scene, row: InboxRow) -> Rendered:
    return scene.shown(row.kind, row.data, recipient=row.name or "administrators")


async def unread(call: Call, of: str | None) -> int:
    """How many rows nobody has read yet, up to 1,000.

    Raises Refusal invalidValue and roleMissing for an inbox that is not the caller's.
    """
    return await count_unread(call.tx, _owner(call, of), most=UNREAD_COUNTED_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """How many rows were marked as read just now, and whether there are more that are not."""

    count: int
    has_more: bool


async def read_all(call: Call, of: str | None) -> Marked:
    """Mark what is in an inbox as read, the newest first, as many as one call may.

    Raises Refusal invalidValue, roleMissing, and unknownNotice for an inbox that is not the
    caller's to mark.
    """
    owner = _owner(call, of)
    _may_mark(call, owner)
    count = await mark_all_read(
        call.tx,
        owner,
        at=call.now,
        by=call.principal.principal_no,
        limit=MARKED_AT_ONCE_MAX,
    )
    return Marked(count=count, has_more=count == MARKED_AT_ONCE_MAX)


async def read_one(call: Call, telling_id: UUID) -> None:
    """Mark one row as read; the administrators' are read once one of them has.

    Raises Refusal unknownNotice for one that is not in an inbox of the caller.
    """
    owner = await owner_of(call.tx, telling_id)
    is_own = owner is not None and owner.user == call.principal.user_no
    is_shared = owner is not None and owner.user is None
    sees_shared = call.principal.may(Permission.READ_TELLING)
    if owner is None or not ((is_own and not is_shared) or (is_shared and sees_shared)):
        raise Refusal(
            Reason.UNKNOWN_NOTICE,
            f"There is nothing with the id {telling_id} in your inbox: GET /api/inbox lists it.",
        )
    _may_mark(call, owner.user)
    await mark_read(call.tx, telling_id, at=call.now, by=call.principal.principal_no)


def _owner(call: Call, of: str | None) -> UserNo | None:
    """Whose inbox is meant; None: the administrators'. Without a word people mean their own."""
    own = call.principal.user_no
    is_reader = call.principal.may(Permission.READ_TELLING)
    wanted = of or (ADMINISTRATORS if own is None and is_reader else ME)
    if wanted == ME:
        if own is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{call.principal.name}” is no person of the directory and has no inbox of its"
                " own: ask for of=administrators.",
            )
        return own
    if wanted != ADMINISTRATORS:
        raise Refusal(
            Reason.INVALID_VALUE, f"of is “{wanted[:60]}”: give {ME} or {ADMINISTRATORS}."
        )
    if not is_reader:
        raise _closed(call)
    return None


def _may_mark(call: Call, owner: UserNo | None) -> None:
    """The administrators' inbox is marked by those who could act on it, not by readers."""
    if owner is None and not call.principal.may(Permission.ASSIGN_TO_USERS):
        raise Refusal(
            Reason.UNKNOWN_NOTICE,
            f"“{call.principal.name}” reads the administrators' inbox, and has none of its own to"
            " mark.",
        )


def _closed(call: Call) -> Refusal:
    needed = [role.value for role in roles_permitting(Permission.READ_TELLING)]
    return Refusal(
        Reason.ROLE_MISSING,
        f"“{call.principal.name}” may not {Permission.READ_TELLING.value}."
        f" Use a principal with one of: {', '.join(needed)}.",
        context={"rolesNeeded": needed},
    )

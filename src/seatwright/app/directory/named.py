"""Whom a file or form is about, by name: the first of those that it makes, changes or takes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from seatwright.app.call import Call
from seatwright.app.directory.members import Joined
from seatwright.app.directory.users import with_defaults
from seatwright.domain.directory import GroupField, UserField, UserFields, parse_id, text_key
from seatwright.domain.group_changes import ChangedGroup, fields_of_group
from seatwright.domain.ids import UserNo
from seatwright.domain.members_file import Nesting, Pair
from seatwright.domain.people_match import ChangedPerson, PeopleMatch
from seatwright.postgres.group_write import GroupRecord
from seatwright.postgres.labels import (
    find_group_label,
    find_user_label,
    group_labels,
    user_labels,
)
from seatwright.postgres.users import find_users

NAMED_MAX: Final = 20
"""Of each kind: whom somebody reads through before they trust the rest."""


class NamedKind(StrEnum):
    """What it is that has the name."""

    PERSON = "person"
    GROUP = "group"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person or group of a file or form, or another thing that has a name and a page.

    `key` finds their page; `beside` tells what is worth telling of them: an address, the columns
    that change, or the group that they join or leave. `is_new` says that they are there only once
    the change is done.
    """

    name: str
    key: str
    beside: str = ""
    kind: NamedKind = NamedKind.PERSON
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChange:
    """What becomes of some of a file: `what` names their count, `first` are the first of them."""

    what: str
    count: int
    first: tuple[Named, ...]


def change_of(what: str, count: int, named: Iterable[Named]) -> NamedChange:
    """A part with the first of those whom it is about."""
    return NamedChange(what=what, count=count, first=tuple(islice(named, NAMED_MAX)))


def _with_some(*changes: NamedChange) -> tuple[NamedChange, ...]:
    return tuple(one for one in changes if one.count)


async def people_named(
    call: Call, match: PeopleMatch, missing: Sequence[UserNo]
) -> tuple[NamedChange, ...]:
    """Who is new, changed and disabled; `missing` are whom no row names."""
    labels = await user_labels(call.tx, missing[:NAMED_MAX])
    gone = [
        Named(name=labels[no].display_name, key=str(labels[no].id), beside=labels[no].upn)
        for no in missing[:NAMED_MAX]
        if no in labels
    ]
    disabled = match.disabled
    return _with_some(
        change_of("created", len(match.created), (_new(one.row.fields) for one in match.created)),
        change_of("updated", len(match.changed), (_changed(one) for one in match.changed)),
        change_of(
            "disabled",
            len(disabled) + len(missing),
            [*map(_as_they_are, islice(disabled, NAMED_MAX)), *gone],
        ),
    )


def _new(fields: UserFields) -> Named:
    full = with_defaults(fields)
    upn = str(full[UserField.USER_PRINCIPAL_NAME])
    return Named(name=str(full[UserField.DISPLAY_NAME]), key=upn, beside=upn, is_new=True)


def _changed(one: ChangedPerson) -> Named:
    columns = ", ".join(sorted(field.value for field in one.changed))
    name = one.stored.fields[UserField.DISPLAY_NAME]
    return Named(name=str(name), key=str(one.stored.id), beside=columns)


def _as_they_are(one: ChangedPerson) -> Named:
    fields = one.stored.fields
    upn = str(fields[UserField.USER_PRINCIPAL_NAME])
    return Named(name=str(fields[UserField.DISPLAY_NAME]), key=str(one.stored.id), beside=upn)


def groups_named(
    created: Sequence[GroupRecord], changed: Sequence[ChangedGroup]
) -> tuple[NamedChange, ...]:
    """Which groups are new, and which are changed in which columns."""
    return _with_some(
        change_of(
            "created",
            len(created),
            (
                Named(
                    name=str(one.fields[GroupField.DISPLAY_NAME]),
                    key=str(one.id),
                    kind=NamedKind.GROUP,
                    is_new=True,
                )
                for one in created
            ),
        ),
        change_of("updated", len(changed), (_changed_group(one) for one in changed)),
    )


def _changed_group(one: ChangedGroup) -> Named:
    before = fields_of_group(one.group)
    columns = sorted(field.value for field in before if before[field] != one.after[field])
    return Named(
        name=one.group.display_name,
        key=str(one.group.id),
        beside=", ".join(columns),
        kind=NamedKind.GROUP,
    )


async def members_named(
    call: Call, *, joining: Sequence[Pair], nesting: Sequence[Nesting], leaving: Sequence[Pair]
) -> tuple[NamedChange, ...]:
    """Who joins which group, and who is taken out of which."""
    pairs = [*joining[:NAMED_MAX], *leaving[:NAMED_MAX]]
    inner = nesting[:NAMED_MAX]
    users = await user_labels(call.tx, [user for user, _ in pairs])
    groups = await group_labels(
        call.tx, sorted({group for _, group in pairs} | {no for pair in inner for no in pair})
    )

    def person(pair: Pair) -> Named:
        user, group = users[pair[0]], groups[pair[1]]
        return Named(name=user.display_name, key=str(user.id), beside=group.display_name)

    def group(pair: Nesting) -> Named:
        child, parent = groups[pair[0]], groups[pair[1]]
        return Named(
            name=child.display_name,
            key=str(child.id),
            beside=parent.display_name,
            kind=NamedKind.GROUP,
        )

    return _with_some(
        change_of(
            "created",
            len(joining) + len(nesting),
            [*map(person, joining[:NAMED_MAX]), *map(group, inner)],
        ),
        change_of("removed", len(leaving), map(person, leaving[:NAMED_MAX])),
    )


async def joined_named(call: Call, joined: Joined) -> tuple[NamedChange, ...]:
    """Who was not yet in a group that a form puts people into."""
    users = await find_users(call.tx, joined.added)
    labels = await user_labels(call.tx, list(users.values()))
    people = sorted(labels.values(), key=lambda one: (text_key(one.display_name), one.user_no))
    return _with_some(
        change_of(
            "created",
            len(people),
            (Named(name=one.display_name, key=str(one.id), beside=one.upn) for one in people),
        )
    )


async def left_named(call: Call, member: str) -> tuple[NamedChange, ...]:
    """The person, or inner group, that a button takes out of a group."""
    person = await find_user_label(call.tx, member)
    if person is not None:
        named = Named(name=person.display_name, key=str(person.id), beside=person.upn)
        return (change_of("removed", 1, (named,)),)
    id_ = parse_id(member)
    group = None if id_ is None else await find_group_label(call.tx, id_)
    if group is None:
        return ()
    named = Named(name=group.display_name, key=str(group.id), kind=NamedKind.GROUP)
    return (change_of("removed", 1, (named,)),)

"""Who is in which group, as the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.people_file import RowNote

MEMBER_ROWS_MAX: Final = 1_000_000

GROUP: Final = "group"
GROUP_ID: Final = "groupId"
MEMBER: Final = "userPrincipalName"
MEMBER_GROUP: Final = "memberGroupId"

MEMBER_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    GROUP_ID: ("Group object id",),
    GROUP: ("Group name", "Group external id", "Group display name"),
    MEMBER: ("UPN", "User", "Member", "User email", "User external id"),
    MEMBER_GROUP: ("Nested group", "Member group"),
}
"""A row puts a person, or a group, into the group with this id, else with this name."""

Pair = tuple[UserNo, GroupNo]
Nesting = tuple[GroupNo, GroupNo]
"""A group and the group that it is put into."""


def group_texts(table: Table) -> set[str]:
    """Every text of the file that may name a group."""
    columns = [column for column in (GROUP_ID, GROUP, MEMBER_GROUP) if column in table.columns]
    return {row.values[column] for row in table.rows for column in columns} - {""}


def member_texts(table: Table) -> set[str]:
    """Every text of the file that names a person."""
    return {row.values.get(MEMBER, "") for row in table.rows} - {""}


@dataclass(slots=True, kw_only=True)
class MembersWanted:
    """What the rows ask for, by numbers, and the rows that cannot be.

    `in_doubt` are groups with a row that names nobody: whom it meant may be a member.
    """

    pairs: set[Pair] = field(default_factory=set)
    nestings: set[Nesting] = field(default_factory=set)
    groups: set[GroupNo] = field(default_factory=set)
    in_doubt: set[GroupNo] = field(default_factory=set)
    errors: list[RowNote] = field(default_factory=list)

    def leaving(self, present: frozenset[Pair]) -> list[Pair]:
        """Members whom no row names, in groups where every row could be read."""
        return sorted(
            pair for pair in present if pair not in self.pairs and pair[1] not in self.in_doubt
        )


def resolve_members(
    table: Table, *, groups: Mapping[str, GroupNo], users: Mapping[str, UserNo]
) -> MembersWanted:
    """Turn rows into numbers; a row that names nothing known becomes an error."""
    wanted = MembersWanted()
    for row in table.rows:
        _resolve(row, wanted, groups, users)
    return wanted


def _resolve(
    row: TableRow,
    wanted: MembersWanted,
    groups: Mapping[str, GroupNo],
    users: Mapping[str, UserNo],
) -> None:
    # An id from another tenant means nothing here, and then the name decides.
    names = [row.values[column] for column in (GROUP_ID, GROUP) if row.values.get(column)]
    group = next((groups[name] for name in names if name in groups), None)
    if group is None:
        text = names[-1] if names else ""
        _error(wanted, row, text, f"“{text}” is no group, or a name that several groups have.")
        return
    wanted.groups.add(group)
    person, child = row.values.get(MEMBER, ""), row.values.get(MEMBER_GROUP, "")
    if bool(person) == bool(child):
        wanted.in_doubt.add(group)
        _error(wanted, row, person, f"The row needs either {MEMBER} or {MEMBER_GROUP}.")
    elif person and person in users:
        wanted.pairs.add((users[person], group))
    elif child and child in groups:
        wanted.nestings.add((groups[child], group))
    else:
        wanted.in_doubt.add(group)
        text, noun = (person, "person") if person else (child, "group")
        _error(wanted, row, text, f"“{text}” is no {noun} of the directory.")


def _error(wanted: MembersWanted, row: TableRow, value: str, message: str) -> None:
    wanted.errors.append(RowNote(row_no=row.row_no, value=value, message=message))

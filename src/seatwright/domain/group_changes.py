"""What a group is made of, and matching the groups of a file with those of the directory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from seatwright.domain.directory import Group, GroupField, GroupFields, GroupKind, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.groups_file import GroupRow
from seatwright.domain.ids import GroupNo
from seatwright.domain.people_file import RowNote


def complete_group(fields: GroupFields) -> dict[GroupField, str | bool | None]:
    """Every field of a new group; a Microsoft 365 group is not security enabled by itself.

    Raises Refusal invalidValue for a security group that would not be security enabled.
    """
    kind = fields.get(GroupField.KIND) or GroupKind.SECURITY.value
    is_security = fields.get(GroupField.SECURITY_ENABLED)
    if is_security is None:
        is_security = kind == GroupKind.SECURITY.value
    if kind == GroupKind.SECURITY.value and not is_security:
        raise Refusal(
            Reason.INVALID_VALUE,
            "securityEnabled cannot be false for a group of the kind security: leave it out, or"
            " make a group of the kind microsoft365.",
            context={"field": GroupField.SECURITY_ENABLED.value},
        )
    return {**fields, GroupField.KIND: kind, GroupField.SECURITY_ENABLED: is_security}


def fields_of_group(group: Group) -> dict[GroupField, str | bool | None]:
    """Every field of a group."""
    return {
        GroupField.DISPLAY_NAME: group.display_name,
        GroupField.DESCRIPTION: group.description,
        GroupField.MAIL_NICKNAME: group.mail_nickname,
        GroupField.KIND: group.kind.value,
        GroupField.SECURITY_ENABLED: group.is_security,
        GroupField.EXTERNAL_ID: group.external_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedGroup:
    """A row that changes a group; `after` has every field."""

    group: Group
    after: GroupFields


@dataclass(slots=True, kw_only=True)
class GroupMatch:
    """What an import of groups will do; `created` has every field of each."""

    created: list[GroupFields] = field(default_factory=list)
    changed: list[ChangedGroup] = field(default_factory=list)
    unchanged: int = 0
    errors: list[RowNote] = field(default_factory=list)


def match_groups(
    rows: Sequence[GroupRow],
    *,
    by_external: Mapping[str, Group],
    by_name: Mapping[str, Sequence[Group]],
    licensed: Collection[GroupNo],
) -> GroupMatch:
    """Match by external id, then by a name that one group alone has; else the group is new.

    `by_name` has the groups of a name by the name's key. A group that gives licenses stays
    security enabled (GBL-002).
    """
    match = GroupMatch()
    row_of: dict[object, int] = {}
    for row in rows:
        try:
            group = _group_of(row, by_external, by_name)
            _refuse_repeated(row, group, row_of)
            _take(match, row, group, licensed)
        except Refusal as refusal:
            match.errors.append(RowNote(row_no=row.row_no, value=row.name, message=refusal.detail))
    return match


def _group_of(
    row: GroupRow, by_external: Mapping[str, Group], by_name: Mapping[str, Sequence[Group]]
) -> Group | None:
    if row.external_id is not None and row.external_id in by_external:
        return by_external[row.external_id]
    named = [
        group
        for group in by_name.get(text_key(row.name), ())
        if row.external_id is None or group.external_id is None
    ]
    if len(named) > 1:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(named)} groups are named “{row.name}”: give the external id of the one meant.",
        )
    return named[0] if named else None


def _refuse_repeated(row: GroupRow, group: Group | None, row_of: dict[object, int]) -> None:
    keys: set[object] = {("external", row.external_id)} if row.external_id else set()
    if group is not None:
        keys.add(("group", group.group_no))
    elif not keys:
        keys.add(("name", text_key(row.name)))
    for key in keys:
        if key in row_of:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"Row {row_of[key]} is about the same group: keep one of the two.",
            )
    row_of.update(dict.fromkeys(keys, row.row_no))


def _take(
    match: GroupMatch, row: GroupRow, group: Group | None, licensed: Collection[GroupNo]
) -> None:
    if group is None:
        match.created.append(complete_group(row.fields))
        return
    before = fields_of_group(group)
    after = {**before, **row.fields}
    if after == before:
        match.unchanged += 1
        return
    if after[GroupField.KIND] != before[GroupField.KIND]:
        raise Refusal(
            Reason.INVALID_VALUE, f"The group is of the kind {group.kind.value} for good."
        )
    complete_group(after)
    if group.group_no in licensed and not after[GroupField.SECURITY_ENABLED]:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The group gives licenses and stays security enabled while it does.",
        )
    match.changed.append(ChangedGroup(group=group, after=after))

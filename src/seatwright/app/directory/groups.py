"""Groups of the directory: finding, creating, changing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.filtered import groups_filter, in_time
from seatwright.app.dynamic.memberships import follow_memberships, hold_members, people_within
from seatwright.app.record import record
from seatwright.domain.directory import Group, GroupField, GroupFields, parse_id
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.group_changes import complete_group, fields_of_group
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo
from seatwright.domain.person_fields import group_field
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.assignments import group_assignments
from seatwright.postgres.dynamic_write import drop_rule
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_read import (
    find_group_by_id,
    group_totals,
    groups_above,
    list_groups,
    read_groups,
)
from seatwright.postgres.group_write import (
    GroupRecord,
    insert_groups,
    lock_groups,
    mark_group_deleted,
    update_groups,
)
from seatwright.postgres.groups import groups_by_external_id
from seatwright.postgres.tenants import take_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSeen:
    """A group with what a list shows of it; `member_count` counts people as licensing does."""

    group: Group
    skus: tuple[CatalogSku, ...]
    member_count: int
    error_count: int

    @property
    def status(self) -> str:
        """Processing, or how many members have errors, or Active (source 004's column)."""
        if self.group.is_processing:
            return "Processing"
        if self.error_count:
            return "1 Error" if self.error_count == 1 else f"{self.error_count} Errors"
        return "Active"


async def find_group(call: Call, text: str) -> Group:
    """The living group with this id; names are no ids, because several groups may share one.

    Raises Refusal unknownGroup (T-216).
    """
    id_ = parse_id(text)
    group = None if id_ is None else await find_group_by_id(call.tx, id_)
    if group is None:
        raise Refusal(
            Reason.UNKNOWN_GROUP,
            f"There is no group “{text}”. Give the id of one; GET"
            " /api/identity/groups?search= finds groups by name.",
            context={"group": text},
        )
    return group


async def see_groups(call: Call, groups: tuple[Group, ...]) -> tuple[GroupSeen, ...]:
    """What a list shows of these groups."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    totals = await group_totals(call.tx, [group.group_no for group in groups], nested=nested)
    skus = (await catalog_of(call)).skus
    return tuple(
        GroupSeen(
            group=group,
            skus=tuple(skus[sku] for sku in totals[group.group_no].skus),
            member_count=totals[group.group_no].member_count,
            error_count=totals[group.group_no].error_count,
        )
        for group in groups
    )


async def page_of_groups(
    call: Call,
    *,
    search: str | None,
    is_licensed: bool | None,
    filter_text: str | None = None,
    after: tuple[str, int] | None,
    limit: int,
) -> tuple[GroupSeen, ...]:
    """Groups by display name, one more than `limit` if there are more.

    Raises Refusal for a filter that cannot be read, is not supported, or takes too long.
    """
    conditions = await groups_filter(call, filter_text)
    found = list_groups(
        call.tx,
        search=search,
        is_licensed=is_licensed,
        conditions=conditions,
        after=after,
        limit=limit + 1,
    )
    return await see_groups(call, await (in_time(call, found) if conditions else found))


def parse_group_fields(
    given: Mapping[GroupField, str | bool | None],
) -> dict[GroupField, str | bool | None]:
    """The values of fields as a caller gave them.

    Raises Refusal invalidValue for the first one that does not fit.
    """
    return {field: group_field(field, value) for field, value in given.items()}


async def create_group(call: Call, fields: GroupFields) -> Group:
    """Make a group. Several may have one name, but none the external id of another.

    Raises Refusal addressNotUnique.
    """
    full = complete_group(fields)
    await _refuse_taken(call, full, of=None)
    group_no = GroupNo(await take_numbers(call.tx, "group", 1))
    new = GroupRecord(group_no=group_no, id=uuid4(), fields=full)
    if not await insert_groups(call.tx, (new,), at=call.now):
        raise _taken(full)
    await record(call, HistoryLine(action=HistoryAction.GROUP_CREATED, group=group_no))
    return await _stored(call, group_no)


async def change_group(call: Call, text: str, fields: GroupFields) -> Group:
    """Change a group; a field that is not given stays, one that is None is cleared.

    Raises Refusal unknownGroup, addressNotUnique, invalidValue for another kind, and
    groupHasLicenses where a licensed group would lose what lets it have licenses (GBL-002).
    """
    group = await find_group(call, text)
    await lock_groups(call.tx, (group.group_no,))
    group = await find_group(call, text)
    before = fields_of_group(group)
    after = {**before, **fields}
    changed = sorted(field.value for field in after if after[field] != before[field])
    if not changed:
        return group
    if GroupField.KIND.value in changed:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The group {group.display_name} is of the kind {group.kind.value} for good: make a"
            " new one of the other kind.",
            context={"field": GroupField.KIND.value},
        )
    complete_group(after)
    if group.is_security and not after[GroupField.SECURITY_ENABLED]:
        await _refuse_licensed(call, group, "lose securityEnabled")
    await _refuse_taken(call, after, of=group)
    new = GroupRecord(group_no=group.group_no, id=group.id, fields=after)
    if not await update_groups(call.tx, (new,)):
        raise _taken(after)
    await record(
        call,
        HistoryLine(
            action=HistoryAction.GROUP_UPDATED, group=group.group_no, detail={"changed": changed}
        ),
    )
    return await _stored(call, group.group_no)


async def delete_group(call: Call, text: str) -> None:
    """Delete a group for good; what its members had through groups above it goes with it.

    Raises Refusal unknownGroup, and groupHasLicenses while it is licensed (GBL-048).
    """
    group = await find_group(call, text)
    await hold_members(call, (group.group_no,), is_exclusive=True)
    await hold_groups(call.tx, tuple(await groups_above(call.tx, group.group_no)))
    await find_group(call, text)
    await _refuse_licensed(call, group, "be deleted")
    above = await groups_above(call.tx, group.group_no)
    people = await people_within(call, (group.group_no,))
    left = (*above, group.group_no)
    async with follow_memberships(call, people, groups=left, reason=ChangeReason.GROUP_LEFT):
        await mark_group_deleted(call.tx, group.group_no, at=call.now)
        await drop_rule(call.tx, group.group_no)
    await record(call, HistoryLine(action=HistoryAction.GROUP_DELETED, group=group.group_no))


async def _refuse_licensed(call: Call, group: Group, what: str) -> None:
    rows = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    if rows:
        skus = (await catalog_of(call)).skus
        names = ", ".join(skus[row.sku].display_name for row in rows)
        raise Refusal(
            Reason.GROUP_HAS_LICENSES,
            f"The group {group.display_name} gives {names} to its members and cannot {what}:"
            f" take its licenses away first with DELETE /api/identity/groups/{group.id}"
            "/licenses/SKU.",
            context={"skuIds": [str(skus[row.sku].sku_id) for row in rows]},
        )


async def _refuse_taken(call: Call, fields: GroupFields, *, of: Group | None) -> None:
    external = fields.get(GroupField.EXTERNAL_ID)
    if not isinstance(external, str):
        return
    owner = (await groups_by_external_id(call.tx, (external,))).get(external)
    if owner is not None and (of is None or owner != of.group_no):
        raise _taken(fields)


def _taken(fields: GroupFields) -> Refusal:
    external = fields.get(GroupField.EXTERNAL_ID)
    return Refusal(
        Reason.ADDRESS_NOT_UNIQUE,
        f"The external id {external} belongs to another group: every group needs its own.",
        context={"field": GroupField.EXTERNAL_ID.value, "value": external},
    )


async def _stored(call: Call, group_no: GroupNo) -> Group:
    return (await read_groups(call.tx, (group_no,)))[group_no]

"""Groups as files: all of them, and of one its members, its licenses and its errors."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import GroupSeen, page_of_groups
from seatwright.app.directory.members import page_of_members
from seatwright.app.exports.lists import (
    COUNT,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    name_after,
    needed,
    number_after,
    page_of_list,
    whole,
)
from seatwright.app.group_licenses import errors_of_group, products_of_group, require_group
from seatwright.domain.directory import text_key
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres.group_licenses import GroupError


async def _groups(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await page_of_groups(
        call,
        search=asked.get("search"),
        is_licensed={"yes": True, "no": False}.get(asked.get("licensed", "")),
        after=name_after(after),
        limit=limit,
    )

    def cells(one: GroupSeen) -> Cells:
        return (
            str(one.group.id),
            one.group.display_name,
            " ".join(sku.part_number for sku in one.skus),
            one.member_count,
            one.error_count,
            one.status,
        )

    return page_of_list(
        found,
        limit,
        cells=cells,
        place=lambda one: (text_key(one.group.display_name), one.group.group_no),
    )


async def _members(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await page_of_members(
        call, needed(asked, "group"), transitive=False, after=name_after(after), limit=limit
    )
    people = page_of_list(
        found.people,
        limit,
        cells=lambda one: (one.user_principal_name, one.display_name, None),
        place=lambda one: (text_key(one.display_name), one.user_no),
    )
    if after is not None:
        return people
    inner = tuple((None, one.display_name, str(one.id)) for one in found.groups)
    return ReportSlice(rows=inner + people.rows, place=people.place)


async def _group_licenses(
    call: Call, asked: Asked, _after: Place | None, _limit: int
) -> ReportSlice:
    catalog = await catalog_of(call)
    group = await require_group(call, needed(asked, "group"))
    return whole(
        (
            one.sku.part_number,
            one.sku.display_name,
            " ".join(plan.name for plan in catalog.plans_of(one.disabled)),
            one.priority,
            one.since,
        )
        for one in await products_of_group(call, group)
    )


async def _group_errors(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    skus = (await catalog_of(call)).skus
    keys = (number_after(after), number_after(after, 1))
    found = await errors_of_group(call, needed(asked, "group"), after=keys, limit=limit)

    def cells(one: GroupError) -> Cells:
        return (one.upn, one.display_name, skus[one.sku].part_number, one.reason, one.since)

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.user_no, one.sku))


_OF_GROUP: Final = ("group",)

GROUP_LISTS: Final = (
    ListFile(
        name=ListName.GROUPS,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of(
            "id", "displayName", "licenses", ("members", COUNT), ("errors", COUNT), "status"
        ),
        filters=("search", "licensed"),
        read=_groups,
    ),
    ListFile(
        name=ListName.MEMBERS,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of("userPrincipalName", "displayName", "groupId"),
        filters=_OF_GROUP,
        read=_members,
    ),
    ListFile(
        name=ListName.GROUP_LICENSES,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of(
            "skuPartNumber",
            "displayName",
            "disabledPlans",
            ("priority", COUNT),
            ("since", MOMENT),
        ),
        filters=_OF_GROUP,
        read=_group_licenses,
    ),
    ListFile(
        name=ListName.GROUP_ERRORS,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of(
            "userPrincipalName", "displayName", "skuPartNumber", "reason", ("since", MOMENT)
        ),
        filters=_OF_GROUP,
        read=_group_errors,
    ),
)

"""People as a file, with the filters of their page."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import page_of_users
from seatwright.app.exports.lists import (
    FLAG,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    name_after,
    page_of_list,
)
from seatwright.app.people_filter import FILTER_NAMES, people_filter_of
from seatwright.domain.directory import User, text_key
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres.user_read import held_by


async def _users(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    query = (await people_filter_of(call, asked)).query
    skus = (await catalog_of(call)).skus
    found = await page_of_users(call, query, after=name_after(after), limit=limit)
    held = await held_by(call.tx, [one.user_no for one in found[:limit]])

    def cells(one: User) -> Cells:
        return (
            one.user_principal_name,
            one.display_name,
            one.mail,
            one.department,
            one.job_title,
            one.usage_location,
            one.account_enabled,
            None if one.manager is None else one.manager.user_principal_name,
            " ".join(skus[sku].part_number for sku in held.get(one.user_no, ())),
            one.last_sign_in_at,
        )

    return page_of_list(
        found, limit, cells=cells, place=lambda one: (text_key(one.display_name), one.user_no)
    )


PEOPLE_LISTS: Final = (
    ListFile(
        name=ListName.USERS,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of(
            "userPrincipalName",
            "displayName",
            "mail",
            "department",
            "jobTitle",
            "usageLocation",
            ("accountEnabled", FLAG),
            "manager",
            "products",
            ("lastSignInAt", MOMENT),
        ),
        filters=FILTER_NAMES,
        read=_users,
    ),
)

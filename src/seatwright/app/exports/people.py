"""People as a file, with the filters of their page."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user, page_of_users
from seatwright.app.exports.lists import (
    FLAG,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    moment_of_number,
    name_after,
    needed,
    number_of_moment,
    page_of_list,
)
from seatwright.app.idle_people import idle_people
from seatwright.app.people_filter import FILTER_NAMES, people_filter_of
from seatwright.app.platform.reach import apps_of_person
from seatwright.domain.directory import User, text_key
from seatwright.domain.exports import ListName
from seatwright.domain.ids import UserNo
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres.idle import LONGEST_AGO, IdlePlace
from seatwright.postgres.platform_things import ThingPlace
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


async def _idle(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    catalog = await catalog_of(call)
    product = asked.get("product")
    sku = None if product is None else catalog.require_sku(product).sku_no
    place = LONGEST_AGO
    if after is not None:
        place = IdlePlace(at=moment_of_number(after[0]), user_no=UserNo(int(after[1])))
    found = await idle_people(call, sku=sku, after=place, limit=limit)
    last = found.goes_on_after
    return ReportSlice(
        rows=tuple(
            (
                one.user_principal_name,
                one.display_name,
                one.department,
                " ".join(catalog.skus[held].part_number for held in one.skus),
                one.last_sign_in_at,
            )
            for one in found.people
        ),
        place=None if last is None else (number_of_moment(last.at), last.user_no),
    )


async def _apps(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    person = await find_user(call, needed(asked, "user"))
    place = ThingPlace()
    if after is not None:
        place = ThingPlace(name_key=str(after[0]), number=int(after[1]))
    found = await apps_of_person(call, person, after=place, limit=limit)
    last = found.goes_on_after
    return ReportSlice(
        rows=tuple(
            (
                one.target.name,
                one.target.environment_name,
                one.is_licensed,
                one.has_role,
                ", ".join(one.ways),
            )
            for one in found.apps
        ),
        place=None if last is None else (last.name_key, last.number),
    )


PEOPLE_LISTS: Final = (
    ListFile(
        name=ListName.APPS,
        permission=Permission.READ_PLATFORM,
        columns=columns_of(
            "app", "environment", ("licensed", FLAG), ("hasSecurityRole", FLAG), "needsOneOf"
        ),
        filters=("user",),
        read=_apps,
    ),
    ListFile(
        name=ListName.IDLE_PEOPLE,
        permission=Permission.READ_DIRECTORY,
        columns=columns_of(
            "userPrincipalName",
            "displayName",
            "department",
            "products",
            ("lastSignInAt", MOMENT),
        ),
        filters=("product",),
        read=_idle,
    ),
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

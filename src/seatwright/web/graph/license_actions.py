"""`assignLicense`, `licenseDetails` and `reprocessLicenseAssignment` (`entra-graph.md` §2.5)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from seatwright.app.assign.people import require_user
from seatwright.app.catalog import catalog_of
from seatwright.app.graph.assign_license import (
    LicenseToAdd,
    assign_license,
    owned_skus,
    refuse_no_change,
)
from seatwright.app.group_licenses import GroupOrder, change_group_licenses, reprocess_user
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.ids import UserNo
from seatwright.domain.roles import Permission
from seatwright.postgres.graph_licenses import licenses_of_person
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.group_shapes import GROUP, shape_groups
from seatwright.web.graph.group_shapes import columns_for as group_columns
from seatwright.web.graph.license_shapes import license_details
from seatwright.web.graph.lists import group_row
from seatwright.web.graph.request import GraphRequest, json_answer
from seatwright.web.graph.routing import route
from seatwright.web.graph.selection import cut
from seatwright.web.graph.users import MAY_READ_USERS, MAY_WRITE_USERS, shape_of_user

_ASSIGNED_MAX: Final = 100
"""Products in one call: more than any tenant sells."""

_AFTER: Final = ("accountEnabled", "assignedLicenses", "usageLocation", "userType")

_MAY_ASSIGN: Final = (GraphPermission.LICENSE_ASSIGNMENT_READ_WRITE_ALL, *MAY_WRITE_USERS)
_MAY_ASSIGN_TO_GROUPS: Final = (
    GraphPermission.LICENSE_ASSIGNMENT_READ_WRITE_ALL,
    GraphPermission.GROUP_READ_WRITE_ALL,
    GraphPermission.DIRECTORY_READ_WRITE_ALL,
)
_MAY_READ: Final = (
    GraphPermission.LICENSE_ASSIGNMENT_READ_ALL,
    GraphPermission.LICENSE_ASSIGNMENT_READ_WRITE_ALL,
    *MAY_READ_USERS,
)


def _orders(request: GraphRequest) -> tuple[list[LicenseToAdd], list[UUID]]:
    """What an `assignLicense` says: both lists are required, and may be empty (ASN-001)."""
    body = request.json()
    missing = [
        name for name in ("addLicenses", "removeLicenses") if body.get(name.casefold()) is None
    ]
    if missing:
        raise bad_request(
            "One or more parameters of the operation 'assignLicense' are missing from the request"
            f" payload. The missing parameters are: {', '.join(missing)}."
        )
    added, removed = body["addlicenses"], body["removelicenses"]
    for value in (added, removed):
        if not isinstance(value, list) or len(value) > _ASSIGNED_MAX:
            raise bad_request(f"addLicenses and removeLicenses are lists of up to {_ASSIGNED_MAX}.")
    orders = [_order(one) for one in added]
    return orders, [_guid(one) for one in removed]


def _order(one: Any) -> LicenseToAdd:
    if not isinstance(one, dict):
        raise bad_request("Each of addLicenses is an object with skuId and disabledPlans.")
    plans = one.get("disabledplans")
    plans = [] if plans is None else plans
    if not isinstance(plans, list):
        raise bad_request("disabledPlans is a list of GUIDs.")
    disabled = tuple(dict.fromkeys(_guid(plan) for plan in plans))
    return LicenseToAdd(sku_id=_guid(one.get("skuid")), disabled_plans=disabled)


def _guid(value: object) -> UUID:
    id_ = parse_id(value) if isinstance(value, str) else None
    if id_ is None:
        raise bad_request(
            f"Cannot convert the literal '{value!s:.60}' to the expected type 'Edm.Guid'."
        )
    return id_


@route(
    "POST",
    "users/{user}/assignLicense",
    needs=Permission.ASSIGN_TO_USERS,
    accepts=_MAY_ASSIGN,
)
async def assign_to_user(request: GraphRequest) -> Answer:
    """Give and take a person's own products in one change (ASN-002, ASN-004)."""
    add, remove = _orders(request)
    user = await assign_license(request.call, request.keys["user"], add=add, remove=remove)
    return request.entity(await _changed(request, user), "users/$entity")


async def _changed(request: GraphRequest, user: UserNo) -> dict[str, Any]:
    """The person with what the action is about, which a plain read leaves out."""
    return await shape_of_user(request, user, more=_AFTER)


@route(
    "POST",
    "groups/{group}/assignLicense",
    needs=Permission.ASSIGN_TO_GROUPS,
    accepts=_MAY_ASSIGN_TO_GROUPS,
)
async def assign_to_group(request: GraphRequest) -> Answer:
    """Give products to whoever is in a group: accepted, and worked on (ASN-003, GBL-040)."""
    add, remove = _orders(request)
    call = request.call
    refuse_no_change(add, remove)
    row = await group_row(request, request.keys["group"], ("id",))
    await _refuse_not_owned(request, [order.sku_id for order in add])
    orders = [
        GroupOrder(sku=str(one.sku_id), disabled=[str(plan) for plan in one.disabled_plans])
        for one in add
    ]
    await change_group_licenses(
        call, str(row.values["id"]), add=orders, remove=[str(one) for one in remove]
    )
    select = (*GROUP.shown, "assignedLicenses", "licenseProcessingState")
    row = await group_row(request, request.keys["group"], group_columns(select))
    (shape,) = await shape_groups(call, [row], select)
    body = {"@odata.context": request.context("groups/$entity"), **shape}
    answer = json_answer(body, status=202)
    answer.headers.append((b"location", request.url("groups", str(shape["id"])).encode()))
    return answer


async def _refuse_not_owned(request: GraphRequest, ids: list[UUID]) -> None:
    owned, catalog = await owned_skus(request.call), await catalog_of(request.call)
    for sku_id in ids:
        sku = catalog.require_sku(str(sku_id), is_in_body=True)
        if sku.sku_no not in owned:
            raise Refusal(
                Reason.UNKNOWN_SKU,
                f"Nobody bought {sku.display_name} for this tenant: add a subscription first.",
                context={"skuId": str(sku_id)},
                is_in_body=True,
            )


@route(
    "POST",
    "users/{user}/reprocessLicenseAssignment",
    needs=Permission.REPROCESS,
    accepts=MAY_WRITE_USERS,
)
async def reprocess(request: GraphRequest) -> Answer:
    """Look at one person's licenses again (GBL-121, ASN-011)."""
    user = await require_user(request.call, request.keys["user"])
    await reprocess_user(request.call, user.user_no)
    return request.entity(await _changed(request, user.user_no), "users/$entity")


@route(
    "GET",
    "users/{user}/licenseDetails",
    needs=(Permission.READ_LICENSES, Permission.READ_DIRECTORY),
    accepts=_MAY_READ,
)
async def list_details(request: GraphRequest) -> Answer:
    """What a person holds, service plan by service plan (USR-009, USR-010)."""
    request.refuse_options("$filter", "$orderby", "$search", "$expand", "$top", "$skip")
    fragment = f"users('{request.keys['user']}')/licenseDetails"
    return request.collection(await _details(request), fragment)


@route(
    "GET",
    "users/{user}/licenseDetails/{license}",
    needs=(Permission.READ_LICENSES, Permission.READ_DIRECTORY),
    accepts=_MAY_READ,
)
async def get_details(request: GraphRequest) -> Answer:
    """One product of a person."""
    wanted = parse_id(request.keys["license"])
    call = request.call
    sku = (await catalog_of(call)).sku_by_text(str(wanted)) if wanted else None
    found = [one for one in await _held(request) if sku is not None and one.sku == sku.sku_no]
    if not found:
        raise resource_missing(request.keys["license"])
    (details,) = await license_details(call, found)
    return request.entity(msgspec.json.decode(details), "licenseDetails/$entity")


async def _held(request: GraphRequest) -> list[Any]:
    key = request.keys["user"]
    held = await licenses_of_person(request.call.tx, id_=parse_id(key), upn_key=text_key(key))
    if held is None:
        raise resource_missing(key, Reason.UNKNOWN_USER)
    return list(held)


async def _details(request: GraphRequest) -> list[Any]:
    details = await license_details(request.call, await _held(request))
    if not request.option("$select"):
        return list(details)
    return list(cut(request, map(msgspec.json.decode, details), kind="licenseDetails"))


LICENSE_ROUTES: Final = (
    assign_to_user,
    assign_to_group,
    reprocess,
    list_details,
    get_details,
)

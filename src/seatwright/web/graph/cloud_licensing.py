"""Beta `cloudLicensing`: the pools, wishes, rights and errors of the announced model (§2.12).

Read only. A pool is an allotment under its product's id; wishes are made by `assignLicense`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from seatwright.app.cloud_licensing import (
    Allotment,
    CloudAssignment,
    CloudError,
    UsageRight,
    allotments,
    assignment_errors,
    assignments,
    usage_rights,
)
from seatwright.app.seats import list_waiting
from seatwright.domain.catalog import AppliesTo, seats_assignable
from seatwright.domain.errors import Reason
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import Subscription, parse_moment
from seatwright.domain.tenant_catalog import CatalogServicePlan
from seatwright.postgres.seats import Waiting
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import BETA, Route, route
from seatwright.web.graph.skus import MAY_READ_LICENSES
from seatwright.web.reasons import MEANINGS

Row = TypeVar("Row")

_ROOT: Final = "admin/cloudLicensing"
_ACCEPTS: Final = (GraphPermission.CLOUD_LICENSING_READ_ALL, *MAY_READ_LICENSES)
_PEOPLE_TOO: Final = (
    *_ACCEPTS,
    GraphPermission.USER_READ_ALL,
    GraphPermission.USER_READ_WRITE_ALL,
)
_PAGE_ROWS: Final = 100
_TOP_MAX: Final = 999
_NO_OPTIONS: Final = ("$filter", "$expand", "$orderby", "$search", "$skip")

_CODES: Final[Mapping[str, str]] = {
    Reason.NO_SEAT_LEFT: "noAvailableLicenses",
    Reason.CONFLICTING_SERVICE_PLANS: "mutuallyExclusiveServicePlans",
    Reason.DEPENDENCY_MISSING: "MissingDependency",
    Reason.USAGE_LOCATION_MISSING: "invalidUsageLocation",
    Reason.USAGE_LOCATION_PROHIBITED: "invalidUsageLocation",
    Reason.ADDRESS_NOT_UNIQUE: "proxyAddressConflict",
}
"""Our reasons by the codes of the design (MCL-009); any other is told by its own name."""


def _service(plan: CatalogServicePlan) -> dict[str, Any]:
    is_for_users = plan.applies_to is AppliesTo.USER
    return {
        "planId": plan.service_plan_id,
        "planName": plan.name,
        "assignableTo": "user,group" if is_for_users else "none",
    }


def _purchase(one: Subscription) -> dict[str, Any]:
    state = one.status.value
    return {
        "subscriptionId": one.subscription_id,
        "startDate": one.starts_at,
        "nextLifecycleDate": one.next_lifecycle_at,
        "state": state[0].lower() + state[1:] if state != "Enabled" else "active",
        "tags": "trial" if one.is_trial else "none",
    }


def _allotment(one: Allotment) -> dict[str, Any]:
    bought = one.units.units
    return {
        "id": one.sku.sku_id,
        "allottedUnits": seats_assignable(enabled=bought.enabled, warning=bought.warning),
        "consumedUnits": one.units.consumed,
        "assignableTo": "user,group" if one.sku.is_assignable_to_users else "none",
        "skuId": one.sku.sku_id,
        "skuPartNumber": one.sku.part_number,
        "services": [_service(plan) for plan in one.service_plans],
        "subscriptions": [_purchase(purchase) for purchase in one.subscriptions],
    }


def _assignment(one: CloudAssignment) -> dict[str, Any]:
    kind = "user" if one.group_id is None else "group"
    return {
        "id": str(one.assignment_no),
        "disabledServicePlanIds": one.disabled,
        "allotment": {"id": one.sku.sku_id, "skuPartNumber": one.sku.part_number},
        "assignedTo": {
            "@odata.type": f"#microsoft.graph.{kind}",
            "id": one.user_id or one.group_id,
        },
    }


def _right(one: UsageRight) -> dict[str, Any]:
    return {
        "id": f"{one.user_id}_{one.sku.sku_id}",
        "skuId": one.sku.sku_id,
        "skuPartNumber": one.sku.part_number,
        "services": [_service(plan) for plan in one.enabled],
    }


def _error(one: CloudError) -> dict[str, Any]:
    return {
        "id": f"{one.row.user_id}_{one.sku.sku_id}",
        "code": _CODES.get(one.row.reason, one.row.reason),
        "message": f"{one.sku.display_name}: {MEANINGS[Reason(one.row.reason)].meaning}",
        "occurrenceDateTime": one.row.since,
        "skuId": one.sku.sku_id,
        "assignedTo": {"@odata.type": "#microsoft.graph.user", "id": one.row.user_id},
    }


def _waiting(one: Waiting) -> dict[str, Any]:
    return {
        "id": one.person.user_id,
        "waitingSinceDateTime": one.waiting_since,
        "assignedTo": {"@odata.type": "#microsoft.graph.user", "id": one.person.user_id},
    }


def _top(request: GraphRequest) -> int:
    request.refuse_options(*_NO_OPTIONS)
    text = request.option("$top")
    if text is None:
        return _PAGE_ROWS
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _TOP_MAX):
        raise bad_request(f"Invalid page size specified: '{text[:20]}'. Must be 1 to {_TOP_MAX}.")
    return int(text)


def _keys(request: GraphRequest, *kinds: type) -> list[Any] | None:
    """The sort keys behind a `$skiptoken`; None without one."""
    token = request.option("$skiptoken")
    if token is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        keys: list[Any] = msgspec.json.decode(raw, type=list[Any])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        keys = []
    # Not isinstance: true would be a number, which the database compares with none.
    if [type(key) for key in keys] != list(kinds):
        raise bad_request("The value of $skiptoken is not one that a link of this list had.")
    return keys


def _page(
    request: GraphRequest,
    rows: Sequence[Row],
    shape: Callable[[Row], dict[str, Any]],
    *,
    fragment: str,
    keys: Callable[[Row], Sequence[object]],
) -> Answer:
    """One page of rows that were read with one more than fits."""
    size = _top(request)
    link = None
    if len(rows) > size:
        token = base64.urlsafe_b64encode(msgspec.json.encode(keys(rows[size - 1]))).decode()
        link = request.next_link(token.rstrip("="))
    return request.collection([shape(row) for row in rows[:size]], fragment, next_link=link)


def _get(
    path: str, *, accepts: tuple[GraphPermission, ...] = _ACCEPTS
) -> Callable[[Callable[[GraphRequest], Any]], Route]:
    return route("GET", path, needs=Permission.READ_LICENSES, accepts=accepts, versions=(BETA,))


@_get(f"{_ROOT}/allotments")
async def list_allotments(request: GraphRequest) -> Answer:
    """Every pool of units (MCL-002)."""
    request.refuse_options(*_NO_OPTIONS)
    rows = await allotments(request.call)
    return request.collection(map(_allotment, rows), f"{_ROOT}/allotments")


@_get(f"{_ROOT}/allotments/{{allotment}}")
async def get_allotment(request: GraphRequest) -> Answer:
    """One pool, by its product's id."""
    one = await _named(request)
    return request.entity(_allotment(one), f"{_ROOT}/allotments/$entity")


async def _named(request: GraphRequest) -> Allotment:
    key = request.keys["allotment"]
    for one in await allotments(request.call):
        if str(one.sku.sku_id) == key.casefold():
            return one
    raise resource_missing(key)


@_get(f"{_ROOT}/allotments/{{allotment}}/waitingMembers")
async def list_waiting_members(request: GraphRequest) -> Answer:
    """Who waits for a unit, in the order in which units are given out (MCL-007)."""
    one, size = await _named(request), _top(request)
    keys = _keys(request, int, str, int)
    after = None if keys is None else (keys[0], parse_moment(keys[1], name="token"), keys[2])
    page = await list_waiting(request.call, str(one.sku.sku_id), after=after, limit=size)
    return _page(
        request,
        page.waiting,
        _waiting,
        fragment=f"{_ROOT}/allotments('{one.sku.sku_id}')/waitingMembers",
        keys=lambda row: (row.priority, row.waiting_since, row.person.user_no),
    )


@_get(f"{_ROOT}/assignments")
async def list_assignments(request: GraphRequest) -> Answer:
    """Every wish, of people and of groups (MCL-004)."""
    keys = _keys(request, int)
    rows = await assignments(request.call, after=keys[0] if keys else 0, limit=_top(request))
    fragment = f"{_ROOT}/assignments"
    return _page(
        request, rows, _assignment, fragment=fragment, keys=lambda row: (row.assignment_no,)
    )


@_get(f"{_ROOT}/assignmentErrors")
async def list_assignment_errors(request: GraphRequest) -> Answer:
    """Why people do not have what somebody wished for them (MCL-008)."""
    keys = _keys(request, int, int)
    after = (keys[0], keys[1]) if keys else (0, 0)
    rows = await assignment_errors(request.call, after=after, limit=_top(request))
    fragment = f"{_ROOT}/assignmentErrors"
    return _page(
        request, rows, _error, fragment=fragment, keys=lambda row: (row.row.user, row.row.sku)
    )


@_get("users/{user}/cloudLicensing/usageRights", accepts=_PEOPLE_TOO)
async def list_usage_rights(request: GraphRequest) -> Answer:
    """What a person may use, whatever gives it (MCL-006)."""
    request.refuse_options(*_NO_OPTIONS)
    rows = await usage_rights(request.call, request.keys["user"])
    return request.collection(
        map(_right, rows), f"users('{request.keys['user']}')/cloudLicensing/usageRights"
    )


@_get("users/{user}/cloudLicensing/assignments", accepts=_PEOPLE_TOO)
async def list_own_assignments(request: GraphRequest) -> Answer:
    """The wishes for one person alone (MCL-001)."""
    keys, person = _keys(request, int), request.keys["user"]
    rows = await assignments(
        request.call, after=keys[0] if keys else 0, limit=_top(request), person=person
    )
    fragment = f"users('{person}')/cloudLicensing/assignments"
    return _page(
        request, rows, _assignment, fragment=fragment, keys=lambda row: (row.assignment_no,)
    )


CLOUD_LICENSING_ROUTES = (
    list_allotments,
    get_allotment,
    list_waiting_members,
    list_assignments,
    list_assignment_errors,
    list_usage_rights,
    list_own_assignments,
)

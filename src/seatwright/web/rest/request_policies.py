"""`/api/license-request-policies`: who decides about which product."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.requests import policies
from seatwright.app.requests.policies import ApproversOrder, PolicyOrder, PolicySeen
from seatwright.app.requests.routing import TOLD_MAX
from seatwright.domain.requests.policy import PENDING_DAYS_DEFAULT, ApproverKind, Approvers
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, page_of
from seatwright.web.rest.license_request_bodies import person_shape, product_shape
from seatwright.web.rest.license_request_shapes import RequestPerson, RequestProduct
from seatwright.web.rest.preview import tell_result


class ApproversBody(Body, kw_only=True, frozen=True):
    """`kind` is manager (with `level`), people, group or roles."""

    kind: str
    level: int = 1
    people: list[str] | None = None
    group: str | None = None
    roles: list[str] | None = None


class RequestPolicyBody(Body, kw_only=True, frozen=True):
    """A whole policy; what is left out is as in the policy that is shipped.

    `approvesWhileFree`: nobody needs to decide while more seats than this are free;
    `approvesWithin`: nor while what requests gave costs no more than this a month.
    """

    open: bool = True
    needs_justification: bool = True
    approvers: ApproversBody
    fallback: ApproversBody | None = None
    alternate: ApproversBody | None = None
    alternate_after_hours: int | None = None
    approves_while_free: int | None = None
    approves_within: Decimal | None = None
    pending_days: int = PENDING_DAYS_DEFAULT
    license_days: int | None = None


class GroupName(Shape, kw_only=True, frozen=True):
    """A group by its names."""

    id: UUID
    display_name: str


class ApproversShape(Shape, kw_only=True, frozen=True):
    """Who decides; `toldAtMost`: so many of a group are told."""

    kind: str
    level: int | None
    people: list[RequestPerson]
    group: GroupName | None
    roles: list[str]
    told_at_most: int | None


class RequestPolicyShape(Shape, kw_only=True, frozen=True):
    """A policy; `product` null: that of all products without one. `isStored`: somebody set it.

    `isBeingApplied`: so much is pending that it is still being put under the policy.
    """

    product: RequestProduct | None
    is_stored: bool
    is_being_applied: bool
    open: bool
    needs_justification: bool
    approvers: ApproversShape
    fallback: ApproversShape | None
    alternate: ApproversShape | None
    alternate_after_hours: int | None
    approves_while_free: int | None
    approves_within: Decimal | None
    pending_days: int
    license_days: int | None
    changed_at: datetime | None


@get(
    "/api/license-request-policies",
    opt=needs(Permission.READ_ANY_REQUEST),
    summary="List request policies",
)
async def list_request_policies(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[RequestPolicyShape]:
    """The default first, then each product that has one of its own."""
    rows = [_shape(one) for one in await policies.list_request_policies(call)]
    return page_of(rows, cursor=cursor, limit=limit)


@get(
    "/api/license-request-policies/{product:str}",
    opt=needs(Permission.READ_ANY_REQUEST),
    summary="Read the request policy of a product",
)
async def get_request_policy(call: TheCall, product: FromPath[str]) -> RequestPolicyShape:
    """What counts for a product, or with `default` for all without a policy of their own."""
    return _shape(await policies.see_request_policy(call, product))


@put(
    "/api/license-request-policies/{product:str}",
    opt=needs(Permission.MANAGE_REQUEST_POLICIES),
    summary="Set the request policy of a product",
)
async def put_request_policy(
    call: TheCall,
    request: Request[Any, Any, Any],
    product: FromPath[str],
    data: JSONBody[RequestPolicyBody],
) -> RequestPolicyShape:
    """The whole policy, for a product or with `default` for all others; pending requests follow."""
    stored = await policies.put_request_policy(call, product, _order(data))
    return tell_result(request, _shape(stored))


@delete(
    "/api/license-request-policies/{product:str}",
    opt=needs(Permission.MANAGE_REQUEST_POLICIES),
    summary="Delete the request policy of a product",
)
async def delete_request_policy(call: TheCall, product: FromPath[str]) -> None:
    """The default counts for it again."""
    await policies.drop_request_policy(call, product)


def _order(body: RequestPolicyBody) -> PolicyOrder:
    return PolicyOrder(
        is_open=body.open,
        needs_justification=body.needs_justification,
        approvers=_approvers(body.approvers),
        fallback=None if body.fallback is None else _approvers(body.fallback),
        alternate=None if body.alternate is None else _approvers(body.alternate),
        alternate_after_hours=body.alternate_after_hours,
        approves_while_free=body.approves_while_free,
        approves_within=body.approves_within,
        pending_days=body.pending_days,
        license_days=body.license_days,
    )


def _approvers(body: ApproversBody) -> ApproversOrder:
    return ApproversOrder(
        kind=body.kind,
        level=body.level,
        people=body.people or (),
        group=body.group,
        roles=body.roles or (),
    )


def _shape(seen: PolicySeen) -> RequestPolicyShape:
    policy = seen.policy

    def said(approvers: Approvers | None) -> ApproversShape | None:
        return None if approvers is None else _approvers_shape(seen, approvers)

    return RequestPolicyShape(
        product=None if seen.sku is None else product_shape(seen.sku),
        is_stored=seen.is_stored,
        is_being_applied=seen.is_being_applied,
        open=policy.is_open,
        needs_justification=policy.needs_justification,
        approvers=_approvers_shape(seen, policy.approvers),
        fallback=said(policy.fallback),
        alternate=said(policy.alternate),
        alternate_after_hours=policy.alternate_after_hours,
        approves_while_free=policy.approves_while_free,
        approves_within=policy.approves_within,
        pending_days=policy.pending_days,
        license_days=policy.license_days,
        changed_at=policy.changed_at,
    )


def _approvers_shape(seen: PolicySeen, approvers: Approvers) -> ApproversShape:
    group = None if approvers.group is None else seen.groups.get(approvers.group)
    people = [person_shape(seen.users.get(user)) for user in approvers.users]
    return ApproversShape(
        kind=approvers.kind.value,
        level=approvers.level if approvers.kind is ApproverKind.MANAGER else None,
        people=[one for one in people if one is not None],
        group=None if group is None else GroupName(id=group.id, display_name=group.display_name),
        roles=[role.value for role in approvers.roles],
        told_at_most=TOLD_MAX if approvers.kind is ApproverKind.GROUP else None,
    )


REQUEST_POLICY_ROUTES = (
    list_request_policies,
    get_request_policy,
    put_request_policy,
    delete_request_policy,
)

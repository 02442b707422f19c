"""`/api/auto-claim`: the switch, the apps that a policy can be for, and the policies."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.auto_claim import policies
from seatwright.app.auto_claim.apps import eligible_products, list_apps
from seatwright.app.auto_claim.policies import PolicySeen
from seatwright.app.auto_claim.switch import turn
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.auto_claim import Feature
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.postgres.auto_claim_read import read_feature
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.auto_claim_bodies import (
    AutoClaimAppShape,
    AutoClaimSettings,
    AutoClaimSwitch,
    NewPolicyBody,
    OrderBody,
    PolicyEditBody,
    PolicyRow,
    PolicyShape,
    app_shape,
    edit_of,
    policy_shape,
    row_shape,
)
from seatwright.web.rest.bodies import Page, page_of
from seatwright.web.rest.preview import tell_result


def _settings(feature: Feature) -> AutoClaimSettings:
    return AutoClaimSettings(enabled=feature.is_on, changed_at=feature.changed_at)


async def _answer(call: Call, request: Request[Any, Any, Any], one: PolicySeen) -> PolicyShape:
    """The policy as it now is; under a preview that is what there is to review (T-066)."""
    return tell_result(request, policy_shape(one, await catalog_of(call)))


@get(
    "/api/auto-claim/settings",
    opt=needs(Permission.READ_AUTO_CLAIM),
    summary="Read whether auto-claim is on",
)
async def get_auto_claim_settings(call: TheCall) -> AutoClaimSettings:
    """The tenant's switch: while it is off nobody claims, and no policy can be made."""
    return _settings(await read_feature(call.tx))


@patch(
    "/api/auto-claim/settings",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Turn auto-claim on or off",
)
async def patch_auto_claim_settings(
    call: TheCall, data: JSONBody[AutoClaimSwitch]
) -> AutoClaimSettings:
    """What was claimed stays, whichever way it is turned."""
    return _settings(await turn(call, is_on=data.enabled))


@get(
    "/api/auto-claim/apps",
    opt=needs(Permission.READ_AUTO_CLAIM),
    summary="List Microsoft's auto-claim apps",
)
async def list_auto_claim_apps(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[AutoClaimAppShape]:
    """Each with the product that comes first in its policy, and those that can be behind it.

    Every app of the organization (`GET /api/platform/apps`) can have a policy of its own too.
    """
    catalog = await catalog_of(call)
    shapes = [app_shape(app, eligible_products(app, catalog)) for app in await list_apps(call)]
    return page_of(shapes, cursor=cursor, limit=limit)


@get(
    "/api/auto-claim/policies",
    opt=needs(Permission.READ_AUTO_CLAIM),
    summary="List auto-claim policies",
)
async def list_policies(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PolicyRow]:
    """Name, app, product, available licenses and status of each, by name."""
    catalog = await catalog_of(call)
    rows = [row_shape(one, catalog) for one in await policies.list_policies(call)]
    return page_of(rows, cursor=cursor, limit=limit)


@post(
    "/api/auto-claim/policies",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Make an auto-claim policy",
)
async def create_policy(
    call: TheCall, request: Request[Any, Any, Any], data: JSONBody[NewPolicyBody]
) -> PolicyShape:
    """With `preview=true` the `result` is the policy to review, and nothing is made."""
    made = await policies.add_policy(call, app=data.app, edit=edit_of(data))
    return await _answer(call, request, made)


@get(
    "/api/auto-claim/policies/{policy:str}",
    opt=needs(Permission.READ_AUTO_CLAIM),
    summary="Read an auto-claim policy",
)
async def get_policy(call: TheCall, policy: FromPath[str]) -> PolicyShape:
    """By its id or its name, whatever the case."""
    return policy_shape(await policies.see_policy(call, policy), await catalog_of(call))


@patch(
    "/api/auto-claim/policies/{policy:str}",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Change an auto-claim policy",
)
async def change_policy(
    call: TheCall,
    request: Request[Any, Any, Any],
    policy: FromPath[str],
    data: JSONBody[PolicyEditBody],
) -> PolicyShape:
    """It counts from the next launch on; what was claimed stays as it is."""
    changed = await policies.change_policy(call, policy, edit_of(data))
    return await _answer(call, request, changed)


@delete(
    "/api/auto-claim/policies/{policy:str}",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Delete an auto-claim policy",
)
async def delete_policy(call: TheCall, policy: FromPath[str]) -> None:
    """It gives nothing any more; what was claimed stays."""
    await policies.drop_policy(call, policy)


@post(
    "/api/auto-claim/policies/{policy:str}/order",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Put a policy's products in order",
    status_code=200,
)
async def order_policy(
    call: TheCall,
    request: Request[Any, Any, Any],
    policy: FromPath[str],
    data: JSONBody[OrderBody],
) -> PolicyShape:
    """As a whole, or one product up or down by one place; each keeps its service plans."""
    is_whole = data.products is not None
    if is_whole is (data.product is not None or data.move is not None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Give either products, the whole order, or product and move: up or down.",
        )
    if data.products is not None:
        changed = await policies.order_products(call, policy, data.products)
        return await _answer(call, request, changed)
    if data.product is None or data.move not in {"up", "down"}:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"move is “{data.move}”: name a product, and give up or down.",
        )
    changed = await policies.step_product(call, policy, sku=data.product, is_up=data.move == "up")
    return await _answer(call, request, changed)


@delete(
    "/api/auto-claim/policies/{policy:str}/products/{sku:str}",
    opt=needs(Permission.MANAGE_AUTO_CLAIM),
    summary="Take a product out of a policy",
)
async def remove_policy_product(call: TheCall, policy: FromPath[str], sku: FromPath[str]) -> None:
    """New claims of it end, and those that people have stay; the last product cannot be removed."""
    await policies.remove_product(call, policy, sku)


AUTO_CLAIM_ROUTES = (
    get_auto_claim_settings,
    patch_auto_claim_settings,
    list_auto_claim_apps,
    list_policies,
    create_policy,
    get_policy,
    change_policy,
    delete_policy,
    order_policy,
    remove_policy_product,
)

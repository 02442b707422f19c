"""A new person with their first products: everything of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.assign.person import check_assignable
from seatwright.app.assign.refusals import refusals_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import create_user
from seatwright.app.reconcile import lock_world
from seatwright.domain.assignments import Strategy
from seatwright.domain.directory import User, UserFields
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.wants import Want, WantKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstProduct:
    """A product that somebody has from the first day; `disabled` None leaves every plan on."""

    sku: str
    disabled: Sequence[str] | None = None


async def create_with_products(
    call: Call, fields: UserFields, products: Sequence[FirstProduct]
) -> tuple[User, frozenset[SkuNo]]:
    """Make a person and assign their products in one decision, so that add-ons find their base.

    Answers the person and what was assigned. Raises Refusal as `create_user` and `assign` do.
    """
    catalog = await catalog_of(call)
    wanted: dict[SkuNo, ServicePlanBits | None] = {}
    for product in products:
        sku = catalog.require_sku(product.sku, is_in_body=True)
        check_assignable(sku)
        off = product.disabled
        wanted[sku.sku_no] = None if off is None else catalog.disabled_bits(sku, off)
    if wanted:
        # Pools come before the counter that a new person takes a number of.
        await lock_world(call, (), skus=wanted)
    user = await create_user(call, fields)
    wants = [
        Want(
            key=key,
            user=user.user_no,
            sku=sku_no,
            kind=WantKind.ADD,
            disabled=disabled,
            strategy=Strategy.MANUAL,
        )
        for key, (sku_no, disabled) in enumerate(wanted.items())
    ]
    if wants:
        done = await fulfil(call, wants)
        name = user.user_principal_name
        denied = [(result, name) for result in done.results if result.reason is not None]
        for refusal in await refusals_of(call, denied[:1], snapshot=done.snapshot):
            raise refusal
    return user, frozenset(wanted)

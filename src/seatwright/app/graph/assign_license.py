"""`assignLicense` on a person: products given and taken as one change (ASN-001 to ASN-008)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from seatwright.app.assign import fulfil, refusals_of
from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscribed_skus import subscribed_skus
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.domain.wants import Want, WantKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseToAdd:
    """A product to give: the service plans named are off, and all others on (ASN-005)."""

    sku_id: UUID
    disabled_plans: tuple[UUID, ...] = ()


async def assign_license(
    call: Call, person: str, *, add: Sequence[LicenseToAdd], remove: Sequence[UUID]
) -> UserNo:
    """Give and take products of one person, all of it or nothing, without a gap between.

    Raises Refusal: unknownUser, unknownSku for what the tenant does not own (ERR-012),
    servicePlanNotInSku, notAssignableToUsers, noChange, and whatever rule of the engine denies it.
    """
    user = await require_user(call, person)
    owned = await owned_skus(call)
    catalog = await catalog_of(call)
    refuse_no_change(add, remove)
    removed = [_owned(catalog, owned, sku_id) for sku_id in remove]
    # Removals first: what they ask is held against what the person has before the change.
    wants = [
        Want(key=key, user=user.user_no, sku=sku.sku_no, kind=WantKind.REMOVE, bundle=0)
        for key, sku in enumerate(removed)
    ]
    replaced = frozenset(sku.sku_no for sku in removed)
    for order in add:
        sku = _owned(catalog, owned, order.sku_id)
        _refuse_company(sku)
        wants.append(
            Want(
                key=len(wants),
                user=user.user_no,
                sku=sku.sku_no,
                # A swap is no removal to the brake, and the history says what took whose place.
                kind=WantKind.REPLACE if replaced else WantKind.ADD,
                replaces=replaced or None,
                disabled=catalog.disabled_bits(sku, [str(one) for one in order.disabled_plans]),
                bundle=0,
            )
        )
    done = await fulfil(call, wants)
    denied = [one for one in done.results if one.reason is not None]
    own = [one for one in denied if one.reason is not Reason.SIBLING_FAILED]
    for result in own or denied:
        raise (await refusals_of(call, [(result, person)], snapshot=done.snapshot))[0]
    return user.user_no


async def owned_skus(call: Call) -> frozenset[int]:
    """The products that the tenant bought, or that somebody has."""
    return frozenset(one.sku_no for one in await subscribed_skus(call))


def refuse_no_change(add: Sequence[LicenseToAdd], remove: Sequence[UUID]) -> None:
    """Refuse what says nothing, or two things of one product.

    Raises Refusal: noChange, invalidValue.
    """
    if not add and not remove:
        raise Refusal(
            Reason.NO_CHANGE,
            "addLicenses and removeLicenses are both empty: name a product in one of them.",
        )
    named = [*(order.sku_id for order in add), *remove]
    for sku_id in named:
        if named.count(sku_id) > 1:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"Duplicate SKU {sku_id} found in addLicenses and removeLicenses: name each"
                " product once.",
                context={"skuId": str(sku_id)},
            )


def _owned(catalog: TenantCatalog, owned: frozenset[int], sku_id: UUID) -> CatalogSku:
    sku = catalog.require_sku(str(sku_id), is_in_body=True)
    if sku.sku_no not in owned:
        raise Refusal(
            Reason.UNKNOWN_SKU,
            f"Nobody bought {sku.display_name} ({sku.part_number}) for this tenant: add a"
            " subscription first.",
            context={"skuId": str(sku_id)},
            is_in_body=True,
        )
    return sku


def _refuse_company(sku: CatalogSku) -> None:
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organisation and cannot be"
            " assigned to people.",
            context={"skuId": str(sku.sku_id)},
        )

"""What a policy can be for: Microsoft's three auto-claim apps, and every app of the organization.

A policy has no special case for any of them but its primary product (T-202): the pairs of T-100 and
T-101 bind it for the three, and an own app takes any product that has what the app needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.auto_claim import PAIR_OF, PAIRS, AutoClaimPair
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.platform import AppKind, AutoClaimApp, LaunchTarget, Need
from seatwright.domain.platform_needs import is_any_met, qualifying_needs
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.auto_claim_write import hold_own_app
from seatwright.postgres.platform_read import app_target, own_app_targets, read_launch_target

OWN_SHOWN_MAX: Final = 20
"""How many own apps a choice shows at once; more are found by the beginning of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyApp:
    """An auto-claim app: `id` is how calls name it, `primary` the product that its policy must have
    first, None where any may be. `is_placed` says whether it is in an environment, so that a
    scope of environments means anything to it.
    """

    app: AutoClaimApp
    id: str
    name: str
    needs: tuple[Need, ...]
    primary: CatalogSku | None = None
    is_placed: bool = True

    def takes(self, sku: CatalogSku, *, disabled: ServicePlanBits) -> bool:
        """Whether a person with this product and choice could use the app."""
        enabled = ServicePlanBits(sku.service_plans & ~disabled)
        return not self.needs or is_any_met(self.needs, {sku.sku_no: enabled})


async def list_apps(call: Call) -> tuple[PolicyApp, ...]:
    """Microsoft's three, in order, with what they need; own apps are listed by the platform."""
    catalog = await catalog_of(call)
    return tuple(_of_pair(pair, catalog) for pair in PAIRS)


async def list_own_apps(call: Call, *, search: str = "") -> tuple[PolicyApp, ...]:
    """The organization's own apps whose names begin so, one more than are shown if there are."""
    found = await own_app_targets(call.tx, search=search, limit=OWN_SHOWN_MAX + 1)
    return tuple(_of_target(target) for target in found)


async def require_app(call: Call, text: str) -> PolicyApp:
    """The auto-claim app that a text names: its id or title, or the id or name of an own app.

    Raises Refusal unknownApp, and invalidValue for an app that belongs to one of the three.
    """
    catalog = await catalog_of(call)
    key = _key(text)
    for pair in PAIRS:
        if key in {_key(pair.app.kind.value), _key(pair.title), _key(pair.part_number)}:
            return _of_pair(pair, catalog)
    target = await read_launch_target(call.tx, app=text)
    if target is None:
        names = ", ".join(pair.app.kind.value for pair in PAIRS)
        raise Refusal(
            Reason.UNKNOWN_APP,
            f"There is no app “{text}”: give one of {names}, or the id of an app of the"
            " organization.",
            context={"app": text},
            is_in_body=True,
        )
    if target.kind is not AppKind.OTHER:
        pair = PAIR_OF[target.auto_claim_apps[0]]
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{target.name} is licensed by the policy of {pair.title}: give"
            f" {pair.app.kind.value} as the app.",
        )
    return _of_target(target)


async def hold_app(call: Call, text: str) -> PolicyApp:
    """The same, and an own app stays, of its kind, until the transaction ends.

    Raises Refusal unknownApp, and invalidValue for an app that belongs to one of the three.
    """
    found = await require_app(call, text)
    if found.app not in PAIR_OF:
        await hold_own_app(call.tx, found.app.app_no)
        found = await require_app(call, text)
    return found


async def apps_of(call: Call, apps: Iterable[AutoClaimApp]) -> Mapping[AutoClaimApp, PolicyApp]:
    """What these auto-claim apps are called and need; an own app may have been deleted since."""
    catalog = await catalog_of(call)
    found: dict[AutoClaimApp, PolicyApp] = {}
    for app in apps:
        pair = PAIR_OF.get(app)
        if pair is not None:
            found[app] = _of_pair(pair, catalog)
            continue
        target = await app_target(call.tx, app.app_no)
        gone = PolicyApp(app=app, id="", name="an app that was deleted", needs=(), is_placed=False)
        found[app] = gone if target is None else _of_target(target)
    return found


def eligible_products(app: PolicyApp, catalog: TenantCatalog) -> tuple[CatalogSku, ...]:
    """The products that a policy of the app may have behind its primary, by name."""
    skus = (
        sku
        for sku in catalog.skus.values()
        if sku.is_assignable_to_users and app.takes(sku, disabled=ServicePlanBits(0))
    )
    return tuple(sorted(skus, key=lambda sku: (sku.display_name, sku.sku_no)))


def _of_pair(pair: AutoClaimPair, catalog: TenantCatalog) -> PolicyApp:
    return PolicyApp(
        app=pair.app,
        id=pair.app.kind.value,
        name=pair.title,
        needs=qualifying_needs(catalog, pair.app.kind),
        primary=catalog.sku_by_text(pair.part_number),
    )


def _of_target(target: LaunchTarget) -> PolicyApp:
    return PolicyApp(
        app=target.auto_claim_apps[0],
        id=str(target.id),
        name=target.name,
        needs=target.needs,
        is_placed=target.environment is not None,
    )


def _key(text: str) -> str:
    return "".join(text.split()).casefold().replace("_", "").replace("-", "")

"""What one person can open: each app that is shared with them, and what is still in the way."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform.people import roles_held
from seatwright.domain.directory import User
from seatwright.domain.ids import SkuNo
from seatwright.domain.platform import LaunchTarget, Need
from seatwright.domain.platform_needs import is_any_met, needs_of
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.platform_people import groups_of_user, people_numbered
from seatwright.postgres.platform_reach import apps_reached
from seatwright.postgres.platform_things import ThingPlace
from seatwright.postgres.pools import read_pools


@dataclass(frozen=True, slots=True, kw_only=True)
class AppReached:
    """An app that is shared with somebody, and whether they can work in it (T-126).

    `ways` are what would license them, any one of which is enough; `products` those that the
    tenant has seats of and that have it in them. Both are empty for who is licensed.
    """

    target: LaunchTarget
    is_licensed: bool
    has_role: bool
    ways: tuple[str, ...] = ()
    products: tuple[CatalogSku, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing but a disabled account is in the way."""
        return self.is_licensed and self.has_role


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A page of somebody's apps; `goes_on_after` is None at the end."""

    apps: tuple[AppReached, ...]
    goes_on_after: ThingPlace | None

    @property
    def lacking(self) -> int:
        """How many of these somebody lacks the license for."""
        return sum(not one.is_licensed for one in self.apps)


async def apps_of_person(call: Call, person: User, *, after: ThingPlace, limit: int) -> Reach:
    """The apps that are shared with a person, by name, with what each of them still needs."""
    groups = await groups_of_user(call.tx, person.user_no)
    rows = await apps_reached(call.tx, person.user_no, sorted(groups), after=after, limit=limit + 1)
    found = rows[:limit]
    people = await people_numbered(call.tx, (person.user_no,))
    held = people[0].held if people else {}
    open_in = frozenset[int]()
    if any(target.needs_security_role for _, target in found):
        roles = await roles_held(call.tx, person.user_no, groups)
        open_in = frozenset(role.environment.environment_no for role in roles if role.gives_data)
    catalog = await catalog_of(call)
    bought = [pool.sku for pool in await read_pools(call.tx) if pool.assignable]
    apps = []
    for _, target in found:
        needs = needs_of(target, catalog)
        is_licensed = not needs or is_any_met(needs, held)
        apps.append(
            AppReached(
                target=target,
                is_licensed=is_licensed,
                has_role=not target.needs_security_role or target.environment in open_in,
                ways=() if is_licensed else ways_of(needs, catalog),
                products=()
                if is_licensed
                else tuple(catalog.skus[sku] for sku in bought if _meets(sku, needs, catalog)),
            )
        )
    return Reach(apps=tuple(apps), goes_on_after=found[-1][0] if len(rows) > limit else None)


def ways_of(needs: tuple[Need, ...], catalog: TenantCatalog) -> tuple[str, ...]:
    """What would license somebody, by name; each once."""
    return tuple(
        dict.fromkeys(
            catalog.sku_name(need.sku)
            if need.sku is not None
            else " + ".join(catalog.plan_names(need.service_plans))
            for need in needs
        )
    )


def _meets(sku: SkuNo, needs: tuple[Need, ...], catalog: TenantCatalog) -> bool:
    """Whether one product with everything on is enough by itself."""
    found = catalog.skus[sku]
    return found.is_assignable_to_users and is_any_met(needs, {sku: found.service_plans})

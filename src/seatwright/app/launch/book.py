"""What a process keeps of a tenant between launches: policies, catalogue, and what can be launched.

A copy is as good as the versions it was read under, and every batch reads those again in its own
round trip, so that a policy that was turned off gives nothing from that moment on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.launch.orders import LaunchOrder
from seatwright.domain.auto_claim import PAIRS, Policy
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.launch import Launch, LaunchEvent
from seatwright.domain.platform import AutoClaimApp, AutoClaimKind, LaunchTarget, Need
from seatwright.domain.platform_needs import needs_of, qualifying_needs
from seatwright.domain.semantics import Semantics
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.tenants import SYSTEM_PRINCIPAL, Principal, PrincipalKind, Tenant
from seatwright.postgres.auto_claim_read import read_feature, read_policies
from seatwright.postgres.launch_read import Versions, read_versions
from seatwright.postgres.platform_environments import read_environment
from seatwright.postgres.platform_read import read_launch_target
from seatwright.postgres.transaction import Transaction

TARGETS_MAX: Final = 50_000
"""Launches of so many different things are remembered in one process for one tenant."""

_SEATWRIGHT: Final = Principal(
    principal_no=SYSTEM_PRINCIPAL,
    id=UUID(int=0),
    kind=PrincipalKind.SYSTEM,
    name="seatwright",
    roles=(),
)
"""Who reads the book: it is the same for every caller."""

Named = tuple[str | None, str | None, str | None]
"""What a launch names: app, flow and environment, in the words of the caller."""

Targets = Mapping[Named, LaunchTarget | Refusal]
"""What names stand for; a Refusal says why one stands for nothing."""


@dataclass(slots=True, kw_only=True)
class Book:
    """A tenant as launches see it, at one version of everything.

    `targets` grows as things are launched; a Refusal in it says why a name stands for nothing.
    """

    tenant: Tenant
    versions: Versions
    catalog: TenantCatalog
    is_on: bool
    policies: Mapping[AutoClaimApp, Policy]
    targets: dict[Named, LaunchTarget | Refusal] = field(default_factory=dict)
    _needs: dict[tuple[Named, LaunchEvent], tuple[Need, ...]] = field(default_factory=dict)

    @property
    def semantics(self) -> Semantics:
        """How the tenant wants licensing to behave."""
        return semantics_in(self.tenant.settings)

    def is_of(self, tenant: Tenant, versions: Versions) -> bool:
        """Whether it still is what the database says."""
        return self.versions == versions and self.tenant.settings == tenant.settings

    def launch_of(self, order: LaunchOrder, target: LaunchTarget) -> Launch:
        """An order as the rules read it."""
        return Launch(
            event=order.event,
            target=target,
            needs=self._needs_of(order, target),
            client_version=order.client_version,
            is_in_use=order.is_in_use,
        )

    def _needs_of(self, order: LaunchOrder, target: LaunchTarget) -> tuple[Need, ...]:
        """What is enough, worked out once for each thing that is launched."""
        key = (named_by(order), order.event)
        known = self._needs.get(key)
        if known is None:
            if len(self._needs) >= TARGETS_MAX:
                self._needs.clear()
            known = self._needs[key] = self._find_needs(order.event, target)
        return known

    def _find_needs(self, event: LaunchEvent, target: LaunchTarget) -> tuple[Need, ...]:
        if event.is_of_desktop:
            return qualifying_needs(self.catalog, AutoClaimKind.POWER_AUTOMATE_RPA)
        # Who holds what it would need is told so, whether or not it is needed here.
        return needs_of(replace(target, is_premium=True), self.catalog)


def named_by(order: LaunchOrder) -> Named:
    """Under what the target of an order is remembered."""
    return (order.app, order.flow, order.environment)


async def open_book(tx: Transaction, tenant: Tenant, *, at: datetime) -> Book:
    """Read a tenant's book.

    Versions first: what is changed while the rest is read has a higher version, and the next batch
    sees that.
    """
    versions = await read_versions(tx)
    call = Call(
        tx=tx,
        tenant=replace(tenant, catalog_version=versions.catalog),
        principal=_SEATWRIGHT,
        now=at,
        correlation=UUID(int=0),
    )
    return Book(
        tenant=tenant,
        versions=versions,
        catalog=await catalog_of(call),
        is_on=(await read_feature(tx)).is_on,
        policies=await read_policies(tx),
    )


async def learn_target(tx: Transaction, book: Book, order: LaunchOrder) -> LaunchTarget | Refusal:
    """Look up what an order names, and remember it or why it names nothing."""
    try:
        found: LaunchTarget | Refusal = await _target(tx, order)
    except Refusal as refusal:
        found = refusal
    book.targets[named_by(order)] = found
    return found


async def _target(tx: Transaction, order: LaunchOrder) -> LaunchTarget:
    target = await read_launch_target(tx, app=order.app, flow=order.flow)
    if target is None and order.app is not None:
        target = _asked_product(order.app)
    if target is None:
        noun, text = ("app", order.app) if order.flow is None else ("flow", order.flow)
        raise Refusal(
            Reason.UNKNOWN_APP,
            f"There is no {noun} “{text}”, or several are called so. Give the id of one that"
            f" `GET /api/platform/{noun}s` lists.",
            context={noun: text},
        )
    return target if order.environment is None else await _placed(tx, target, order.environment)


def _asked_product(text: str) -> LaunchTarget | None:
    """One of Microsoft's auto-claim apps by its name: for who asks for a license by its product."""
    for pair in PAIRS:
        if text_key(text) in {text_key(pair.title), text_key(pair.app.kind.value)}:
            return LaunchTarget(
                id=UUID(int=0), name=pair.title, is_premium=True, auto_claim_apps=(pair.app,)
            )
    return None


async def _placed(tx: Transaction, target: LaunchTarget, text: str) -> LaunchTarget:
    """The target in the environment that the launch names."""
    environment = await read_environment(tx, text)
    if environment is None:
        raise Refusal(
            Reason.UNKNOWN_ENVIRONMENT,
            f"There is no environment “{text}”. Give the id or the name of one that"
            " `GET /api/platform/environments` lists.",
            context={"environment": text},
        )
    if target.environment is None:
        return replace(
            target,
            environment=environment.environment_no,
            environment_name=environment.name,
            is_managed=environment.is_managed,
        )
    if target.environment != environment.environment_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{target.name}” is in the environment “{target.environment_name}”, not in"
            f" “{environment.name}”. Leave environment out, or name the app's own.",
        )
    return target

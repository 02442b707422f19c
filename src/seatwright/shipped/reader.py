"""Reads the shipped data files into domain values, once per process.

The files are part of the program: what is wrong in them is a bug and raises, it is never repaired.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from seatwright.domain.catalog import (
    AppliesTo,
    CatalogContent,
    ExclusionSet,
    ServicePlan,
    ServicePlanDependency,
    ServicePlanId,
    ServiceTier,
    Sku,
    SkuId,
    SkuOrigin,
    lookup_key,
)
from seatwright.domain.templates import Template, TemplateProduct

_Shape = TypeVar("_Shape")

SKU_FILES = (
    "skus-microsoft-365.toml",
    "skus-office-365.toml",
    "skus-power-platform.toml",
    "skus-mail-and-files.toml",
    "skus-project-and-visio.toml",
    "skus-identity-and-security.toml",
    "skus-teams.toml",
    "skus-dynamics-365.toml",
)
"""Suites first: the order of the files is the order in which products are shown."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a data file; a misspelled key raises instead of being ignored."""


class _ServicePlan(_Part, frozen=True):
    id: UUID
    display_name: str
    applies_to: AppliesTo = AppliesTo.USER


class _Sku(_Part, frozen=True):
    id: UUID
    part_number: str
    display_name: str
    applies_to: AppliesTo
    service_plans: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    is_legacy: bool = False
    in_strategy_scope: bool | None = None
    scope_note: str | None = None


class _SkuFile(_Part, frozen=True):
    in_strategy_scope: bool
    scope_note: str
    sku: tuple[_Sku, ...]


class _Service(_Part, frozen=True):
    name: str
    tiers: tuple[tuple[str, ...], ...]


class _TierFile(_Part, frozen=True):
    service: tuple[_Service, ...]


class _Exclusion(_Part, frozen=True):
    name: str
    service_plans: tuple[str, ...]


class _Dependency(_Part, frozen=True):
    service_plan: str
    needs_any_of: tuple[str, ...]


class _RuleFile(_Part, frozen=True):
    exclusion: tuple[_Exclusion, ...]
    dependency: tuple[_Dependency, ...]


class ImportMarker(_Part, frozen=True):
    """What a part number tells of a product that Microsoft's table says nothing about."""

    part_number_contains: str
    applies_to: AppliesTo
    scope_note: str


class _MarkerFile(_Part, frozen=True):
    marker: tuple[ImportMarker, ...]


class _TemplateProduct(_Part, frozen=True):
    sku: str
    on: Literal["all"] | tuple[str, ...]


class _Template(_Part, frozen=True):
    name: str
    description: str
    product: tuple[_TemplateProduct, ...]


class _TemplateFile(_Part, frozen=True):
    template: tuple[_Template, ...]


def _read(name: str, shape: type[_Shape]) -> _Shape:
    text = resources.files("seatwright.shipped").joinpath("data", name).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), shape)


def _service_plans(parts: Mapping[str, _ServicePlan]) -> dict[str, ServicePlan]:
    return {
        name: ServicePlan(
            service_plan_id=ServicePlanId(part.id),
            name=name,
            display_name=part.display_name,
            applies_to=part.applies_to,
            # What the whole organization has is in very many products and wastes nothing (T-179).
            counts_as_duplicate=part.applies_to is AppliesTo.USER,
        )
        for name, part in parts.items()
    }


def _skus(file: _SkuFile, ids: Mapping[str, ServicePlanId]) -> Iterator[Sku]:
    for part in file.sku:
        is_in_scope = part.in_strategy_scope
        yield Sku(
            sku_id=SkuId(part.id),
            part_number=part.part_number,
            display_name=part.display_name,
            applies_to=part.applies_to,
            origin=SkuOrigin.SHIPPED,
            service_plan_ids=tuple(ids[name] for name in part.service_plans),
            is_legacy=part.is_legacy,
            in_strategy_scope=file.in_strategy_scope if is_in_scope is None else is_in_scope,
            scope_note=part.scope_note or file.scope_note,
            aliases=part.aliases,
        )


def _tiers(services: Iterable[_Service], ids: Mapping[str, ServicePlanId]) -> Iterator[ServiceTier]:
    for service in services:
        for tier, names in enumerate(service.tiers, start=1):
            for name in names:
                yield ServiceTier(service=service.name, tier=tier, service_plan_id=ids[name])


@cache
def load_catalog() -> CatalogContent:
    """Give the shipped catalogue: the one that every new tenant is given a copy of."""
    plans = _service_plans(_read("service-plans.toml", dict[str, _ServicePlan]))
    ids = {name: plan.service_plan_id for name, plan in plans.items()}
    rules = _read("rules.toml", _RuleFile)
    return CatalogContent(
        skus=tuple(sku for file in SKU_FILES for sku in _skus(_read(file, _SkuFile), ids)),
        service_plans=tuple(plans.values()),
        service_tiers=tuple(_tiers(_read("service-tiers.toml", _TierFile).service, ids)),
        exclusions=tuple(
            ExclusionSet(
                name=part.name,
                service_plan_ids=frozenset(ids[name] for name in part.service_plans),
            )
            for part in rules.exclusion
        ),
        dependencies=tuple(
            ServicePlanDependency(
                service_plan_id=ids[part.service_plan],
                needs_any_of=frozenset(ids[name] for name in part.needs_any_of),
            )
            for part in rules.dependency
        ),
    )


def _template_product(
    part: _TemplateProduct, sku: Sku, ids: Mapping[str, ServicePlanId]
) -> TemplateProduct:
    """Turn what is on into what is off.

    Raises ValueError if the product does not hold a service plan that is named.
    """
    if part.on == "all":
        return TemplateProduct(sku_id=sku.sku_id)
    enabled = {ids[name] for name in part.on}
    held = frozenset(sku.service_plan_ids)
    if not enabled <= held:
        raise ValueError(f"a template turns on service plans that {sku.part_number} does not hold")
    return TemplateProduct(sku_id=sku.sku_id, disabled_service_plan_ids=held - enabled)


@cache
def load_templates() -> tuple[Template, ...]:
    """Give the templates that every new tenant starts with (T-184 to T-187)."""
    catalog = load_catalog()
    skus = {sku.part_number: sku for sku in catalog.skus}
    ids = {plan.name: plan.service_plan_id for plan in catalog.service_plans}
    return tuple(
        Template(
            name=part.name,
            description=part.description,
            products=tuple(_template_product(one, skus[one.sku], ids) for one in part.product),
        )
        for part in _read("templates.toml", _TemplateFile).template
    )


@cache
def _markers() -> tuple[ImportMarker, ...]:
    return _read("import-markers.toml", _MarkerFile).marker


def marker_of(part_number: str) -> ImportMarker | None:
    """Give what the part number tells of a product outside the strategies, if it tells anything."""
    key = lookup_key(part_number)
    return next(
        (one for one in _markers() if lookup_key(one.part_number_contains) in key),
        None,
    )

"""What somebody typed into the wizard of auto-claim policies, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.app.auto_claim.orders import PolicyEdit, PolicyField, PolicyValue, ProductOrder
from seatwright.app.auto_claim.policies import PolicySeen
from seatwright.domain.auto_claim import EnvironmentScope
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.portal.frame.language import gettext

STEPS: Final = ("name", "product", "apps", "scope", "review")
"""In order (T-063 to T-066, T-099); the last shows everything and makes the policy."""

FIELDS_OF: Final = {
    "name": ("name",),
    "product": ("app", "find", "first"),
    "apps": ("backup", "shown", "on"),
    "scope": (
        "environmentScope",
        "group",
        "limitedTo",
        "requests",
        "claimsMax",
        "releaseAfterDays",
        "noticeDays",
        "alertBelow",
    ),
    "review": (),
}
"""Which fields a step asks for; every other page carries them along."""

_NUMBERS: Final = {
    "claimsMax": PolicyField.CLAIMS_MAX,
    "releaseAfterDays": PolicyField.RELEASE_AFTER_DAYS,
    "noticeDays": PolicyField.NOTICE_DAYS,
    "alertBelow": PolicyField.ALERT_BELOW,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they were typed; a name may be there several times."""

    pairs: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str:
        """A field, empty where it was left out."""
        return next((value.strip() for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field but empty ones."""
        return tuple(value.strip() for key, value in self.pairs if key == name and value.strip())

    @property
    def app(self) -> str:
        """The app that was chosen: one of Microsoft's three, or the id of an own one."""
        return self.text("app")

    def has(self, name: str) -> bool:
        """Whether a field was shown at all, also where it was left empty."""
        return any(key == name for key, _ in self.pairs)

    def beside(self, step: str) -> tuple[tuple[str, str], ...]:
        """What the page of a step carries along of the other steps."""
        known = {name for fields in FIELDS_OF.values() for name in fields}
        known -= set(FIELDS_OF[step])
        return tuple(pair for pair in self.pairs if pair[0] in known)

    def edit(self, steps: Sequence[str], *, first: str) -> PolicyEdit:
        """What these steps say about the policy; `first` is the part number of its product."""
        edit: dict[PolicyField, PolicyValue] = {}
        if "name" in steps:
            edit[PolicyField.NAME] = self.text("name")
        if "product" in steps:
            edit[PolicyField.PRODUCTS] = (ProductOrder(sku=first),)
        if "apps" in steps:
            edit[PolicyField.PRODUCTS] = self.products(first)
        if "scope" in steps:
            edit |= self._scope()
        return edit

    def products(self, first: str) -> tuple[ProductOrder, ...]:
        """The products in order, each with what was ticked once its services were shown."""
        # Who chose another product may have named it as a backup before.
        skus = [first, *(sku for sku in self.all("backup") if sku != first)]
        shown = set(self.all("shown"))
        ticked = [one.partition("/") for one in self.all("on")]
        return tuple(
            ProductOrder(
                sku=sku,
                enabled=[plan for of, _, plan in ticked if of == sku] if sku in shown else None,
            )
            for sku in skus
        )

    def _scope(self) -> dict[PolicyField, PolicyValue]:
        given = {field: _number(name, self.text(name)) for name, field in _NUMBERS.items()}
        if given[PolicyField.NOTICE_DAYS] is None:
            del given[PolicyField.NOTICE_DAYS]
        return {
            PolicyField.ENVIRONMENT_SCOPE: self.text("environmentScope")
            or EnvironmentScope.ALL_ENVIRONMENTS.value,
            PolicyField.GROUP: self.text("group") or None,
            PolicyField.LIMITED_TO: tuple(
                line.strip() for line in self.text("limitedTo").splitlines() if line.strip()
            ),
            PolicyField.GRANTS_REQUESTS: self.text("requests") != "no",
            **given,
        }


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            gettext("“%(text)s” is no whole number.") % {"text": text[:40]},
            context={"field": name},
        ) from None


def typed_of(pairs: Iterable[tuple[str, str]]) -> Typed:
    """What an address or a form carries."""
    known = {name for fields in FIELDS_OF.values() for name in fields}
    return Typed(tuple(pair for pair in pairs if pair[0] in known))


def typed_as(one: PolicySeen, catalog: TenantCatalog, *, known: Mapping[str, GroupNo]) -> Typed:
    """A policy that is there, as if it had been typed.

    `known` are the names by which groups can be told apart: any other is written as its id.
    """

    def named(no: GroupNo) -> str:
        group = one.groups[no]
        return group.display_name if known.get(group.display_name) == no else str(group.id)

    policy = one.policy
    parts = [(catalog.skus[product.sku], product) for product in policy.products]
    pairs = [
        ("name", policy.name),
        ("app", one.app.id),
        ("first", parts[0][0].part_number),
        *(("backup", sku.part_number) for sku, _ in parts[1:]),
        *(("shown", sku.part_number) for sku, _ in parts),
        *(
            ("on", f"{sku.part_number}/{plan.name}")
            for sku, product in parts
            for plan in catalog.plans_of(sku.service_plans)
            if not product.disabled >> plan.service_plan_no & 1
        ),
        ("environmentScope", policy.scope.value),
        ("group", "" if policy.group is None else named(policy.group)),
        ("limitedTo", "\n".join(named(no) for no in policy.limited_to if no in one.groups)),
        ("requests", "yes" if policy.grants_requests else "no"),
    ]
    numbers = {
        "claimsMax": policy.claims_max,
        "releaseAfterDays": policy.release_after_days,
        "noticeDays": policy.notice_days,
        "alertBelow": policy.alert_below,
    }
    pairs += [(name, str(value)) for name, value in numbers.items() if value is not None]
    return Typed(tuple(pairs))

"""Which property can be asked what: the one table behind `$filter`, `$orderby` and their page.

Property by operator, and whether the query must be an advanced one (`ConsistencyLevel: eventual`
and `$count=true`), after `entra-graph.md` QRY-001 to QRY-014. What is not in the table is refused
by name; `tools/reference` writes the documentation from it and the tests try it both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.directory import EXTENSION_ATTRIBUTES
from seatwright.domain.filters.tree import Operator


@unique
class Kind(StrEnum):
    """What values a property has; the value is a phrase for people."""

    TEXT = "text"
    ID = "GUID"
    FLAG = "true or false"
    TIME = "time"
    NUMBER = "number"
    TEXTS = "collection of texts"
    OBJECTS = "collection of objects"


@unique
class Need(StrEnum):
    """What a query must be for an operator to be taken."""

    PLAIN = "any query"
    ADVANCED = "advanced query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property that filters or orders; `name` may be a path such as `employeeOrgData/division`.

    `elements` are what the condition of `any` may look at: for texts the element itself, which has
    no name. `takes_null` tells whether it may be compared with null.
    """

    name: str
    kind: Kind
    operators: Mapping[Operator, Need]
    sort: Need | None = None
    elements: tuple[Property, ...] = ()
    takes_null: bool = True

    def element(self, path: tuple[str, ...]) -> Property | None:
        """What the condition of `any` means by this path, which begins after the variable."""
        return _find(self.elements, "/".join(path))


def _operators(plain: str = "", advanced: str = "") -> Mapping[Operator, Need]:
    by_word = {operator.value: operator for operator in Operator}
    taken = {by_word[word]: Need.PLAIN for word in plain.split()}
    return taken | {by_word[word]: Need.ADVANCED for word in advanced.split()}


def _text(
    name: str, plain: str = "eq in ge le startsWith", advanced: str = "ne not", *, null: bool = True
) -> Property:
    return Property(
        name=name, kind=Kind.TEXT, operators=_operators(plain, advanced), takes_null=null
    )


def _sorted(property_: Property, need: Need) -> Property:
    return Property(
        name=property_.name,
        kind=property_.kind,
        operators=property_.operators,
        sort=need,
        takes_null=property_.takes_null,
    )


def _flag(name: str) -> Property:
    return Property(name=name, kind=Kind.FLAG, operators=_operators("eq in", "ne not"))


def _time(name: str) -> Property:
    return Property(name=name, kind=Kind.TIME, operators=_operators("eq in ge le gt lt", "ne not"))


_ID: Final = Property(
    name="id", kind=Kind.ID, operators=_operators("eq in", "ne not"), takes_null=False
)


def _texts(name: str, plain: str = "eq in startsWith", advanced: str = "endsWith") -> Property:
    element = Property(
        name="", kind=Kind.TEXT, operators=_operators(plain, advanced), takes_null=False
    )
    return Property(
        name=name, kind=Kind.TEXTS, operators=_operators("any", "not"), elements=(element,)
    )


def _inside(name: str, kind: Kind) -> Property:
    return Property(name=name, kind=kind, operators=_operators("eq in"), takes_null=False)


_LICENSES: Final = Property(
    name="assignedLicenses",
    kind=Kind.OBJECTS,
    operators=_operators("any", "not $count"),
    elements=(_inside("skuId", Kind.ID),),
)
_PLANS: Final = Property(
    name="assignedPlans",
    kind=Kind.OBJECTS,
    operators=_operators("any", "not"),
    elements=(_inside("servicePlanId", Kind.ID), _inside("capabilityStatus", Kind.TEXT)),
)
_ADDRESS: Final = ("eq in ge le startsWith", "ne not endsWith")

USER_PROPERTIES: Final = (
    _ID,
    _sorted(_text("displayName", null=False), Need.PLAIN),
    _sorted(_text("userPrincipalName", *_ADDRESS, null=False), Need.PLAIN),
    _text("mail", *_ADDRESS),
    _flag("accountEnabled"),
    _LICENSES,
    _PLANS,
    _texts("businessPhones", advanced=""),
    _text("city"),
    _text("companyName"),
    _text("country"),
    _time("createdDateTime"),
    _text("department"),
    _time("employeeHireDate"),
    _text("employeeId"),
    _text("employeeOrgData/costCenter", "eq in"),
    _text("employeeOrgData/division", "eq in"),
    _text("employeeType"),
    _text("faxNumber"),
    _text("givenName"),
    _text("jobTitle"),
    _text("mailNickname"),
    _text("mobilePhone"),
    _text("officeLocation"),
    _text("onPremisesImmutableId", "eq in"),
    _text("onPremisesSecurityIdentifier", "eq in"),
    _flag("onPremisesSyncEnabled"),
    *(
        _text(f"onPremisesExtensionAttributes/{field.value}", "eq in startsWith")
        for field in EXTENSION_ATTRIBUTES
    ),
    _texts("otherMails"),
    _text("postalCode"),
    _text("preferredLanguage"),
    _texts("proxyAddresses", "eq in startsWith", ""),
    _time("signInActivity/lastSignInDateTime"),
    _text("state"),
    _text("streetAddress"),
    _text("surname"),
    _text("usageLocation"),
    _text("userType", "eq in", null=False),
)

GROUP_PROPERTIES: Final = (
    _ID,
    _sorted(_text("displayName", null=False), Need.PLAIN),
    Property(
        name="assignedLicenses",
        kind=Kind.OBJECTS,
        operators=_operators("any", "not $count"),
        elements=(_inside("skuId", Kind.ID),),
    ),
    _time("createdDateTime"),
    _text("description"),
    _texts("groupTypes", "eq", ""),
    Property(
        name="hasMembersWithLicenseErrors",
        kind=Kind.FLAG,
        operators=_operators("eq"),
        takes_null=False,
    ),
    _flag("mailEnabled"),
    _text("mailNickname"),
    _text("membershipRule", "eq in startsWith"),
    _text("membershipRuleProcessingState", "eq in"),
    _flag("securityEnabled"),
)

_ALWAYS: Final = "eq ne not in ge le gt lt"


def _of_a_list(name: str, kind: Kind, operators: str, *, null: bool = False) -> Property:
    """A property of a list that is short, read whole, and asked without advanced queries."""
    return Property(name=name, kind=kind, operators=_operators(operators), takes_null=null)


SUBSCRIPTION_PROPERTIES: Final = (
    _of_a_list("id", Kind.TEXT, "eq ne not in"),
    _of_a_list("commerceSubscriptionId", Kind.TEXT, "eq ne not in startsWith"),
    _of_a_list("createdDateTime", Kind.TIME, _ALWAYS),
    _of_a_list("isTrial", Kind.FLAG, "eq ne not in"),
    _of_a_list("nextLifecycleDateTime", Kind.TIME, _ALWAYS, null=True),
    _of_a_list("skuId", Kind.TEXT, "eq ne not in"),
    _of_a_list("skuPartNumber", Kind.TEXT, "eq ne not in startsWith"),
    _of_a_list("status", Kind.TEXT, "eq ne not in"),
    _of_a_list("totalLicenses", Kind.NUMBER, _ALWAYS),
)
"""`directory/subscriptions` (SUB-004): 300 rows at most, looked at one by one."""

USER_SEARCH: Final = ("displayName", "givenName", "mail", "surname", "userPrincipalName")
GROUP_SEARCH: Final = ("displayName",)
"""What `$search` looks at: it is an advanced query always (QRY-012)."""


def _find(properties: Iterable[Property], name: str) -> Property | None:
    key = name.lower()
    return next((one for one in properties if one.name.lower() == key), None)


def find_property(properties: Iterable[Property], path: tuple[str, ...]) -> Property | None:
    """The property with this path, whatever the case of its letters (CON-11)."""
    return _find(properties, "/".join(path))


def rows_of(properties: Iterable[Property]) -> Iterator[tuple[str, Property]]:
    """Every property and every element with its name as a page shows it."""
    for one in properties:
        yield one.name, one
        for element in one.elements:
            yield f"{one.name}/any(x:x{'/' if element.name else ''}{element.name})", element

"""What a membership rule may ask of a person: the properties, of what kind each is, and its source.

The names are those of Microsoft's rule language (`entra-graph.md` §3.3), which differ here and
there from Graph's: `mobile` is Graph's `mobilePhone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.directory import EXTENSION_ATTRIBUTES, UserField


@unique
class Kind(StrEnum):
    """What a property holds; the value is what people are told."""

    TEXT = "text"
    SWITCH = "true or false"
    TIME = "a time"
    TEXTS = "several texts"
    PLANS = "service plans"


@unique
class Origin(StrEnum):
    """Properties that are no field of a person as it is stored."""

    ID = "id"
    PROXY_ADDRESSES = "proxyAddresses"
    ASSIGNED_PLANS = "assignedPlans"
    PLAN_ID = "servicePlanId"
    PLAN_SERVICE = "service"
    PLAN_STATUS = "capabilityStatus"
    ELEMENT = "_"
    NOWHERE = "nowhere"
    """Part of the language, and kept of nobody here."""


Source = UserField | Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property as rules name it, canonically written; `source` is where its value comes from.

    `lists_null` says that Microsoft's table names null among its values (DYN-043).
    """

    name: str
    kind: Kind
    source: Source
    lists_null: bool = True

    def __str__(self) -> str:
        """As a rule writes it."""
        return self.name


def _text(name: str, source: Source, *, lists_null: bool = True) -> Property:
    return Property(name=f"user.{name}", kind=Kind.TEXT, source=source, lists_null=lists_null)


_USER: Final = (
    Property(
        name="user.accountEnabled",
        kind=Kind.SWITCH,
        source=UserField.ACCOUNT_ENABLED,
        lists_null=False,
    ),
    Property(
        name="user.dirSyncEnabled", kind=Kind.SWITCH, source=UserField.ON_PREMISES_SYNC_ENABLED
    ),
    Property(name="user.employeeHireDate", kind=Kind.TIME, source=UserField.EMPLOYEE_HIRE_DATE),
    _text("city", UserField.CITY),
    _text("companyName", UserField.COMPANY_NAME),
    _text("country", UserField.COUNTRY),
    _text("department", UserField.DEPARTMENT),
    _text("displayName", UserField.DISPLAY_NAME, lists_null=False),
    _text("employeeId", UserField.EMPLOYEE_ID, lists_null=False),
    _text("facsimileTelephoneNumber", UserField.FAX_NUMBER),
    _text("givenName", UserField.GIVEN_NAME),
    _text("jobTitle", UserField.JOB_TITLE),
    _text("mail", UserField.MAIL),
    _text("mailNickName", UserField.MAIL_NICKNAME, lists_null=False),
    _text("mobile", UserField.MOBILE_PHONE),
    _text("objectId", Origin.ID, lists_null=False),
    _text("onPremisesDistinguishedName", UserField.ON_PREMISES_DISTINGUISHED_NAME),
    _text("onPremisesSecurityIdentifier", UserField.ON_PREMISES_SECURITY_IDENTIFIER),
    _text("passwordPolicies", UserField.PASSWORD_POLICIES, lists_null=False),
    _text("physicalDeliveryOfficeName", UserField.OFFICE_LOCATION),
    _text("postalCode", UserField.POSTAL_CODE),
    _text("preferredLanguage", UserField.PREFERRED_LANGUAGE, lists_null=False),
    _text("sipProxyAddress", Origin.NOWHERE),
    _text("state", UserField.STATE),
    _text("streetAddress", UserField.STREET_ADDRESS),
    _text("surname", UserField.SURNAME),
    _text("telephoneNumber", UserField.BUSINESS_PHONE),
    _text("usageLocation", UserField.USAGE_LOCATION, lists_null=False),
    _text("userPrincipalName", UserField.USER_PRINCIPAL_NAME, lists_null=False),
    _text("userType", UserField.USER_TYPE),
    *(_text(field.value, field) for field in EXTENSION_ATTRIBUTES),
    Property(name="user.otherMails", kind=Kind.TEXTS, source=UserField.OTHER_MAILS),
    Property(name="user.proxyAddresses", kind=Kind.TEXTS, source=Origin.PROXY_ADDRESSES),
    Property(name="user.assignedPlans", kind=Kind.PLANS, source=Origin.ASSIGNED_PLANS),
)

PROPERTIES: Final[Mapping[str, Property]] = {one.name.casefold(): one for one in _USER}
"""Every property of a person, by its name in lower case: names are taken in any case (CON-11)."""

ELEMENT: Final = Property(name="_", kind=Kind.TEXT, source=Origin.ELEMENT)
"""The one text of several that a quantified condition looks at."""

PLAN_PROPERTIES: Final[Mapping[str, Property]] = {
    one.name.casefold(): one
    for one in (
        Property(name="assignedPlan.servicePlanId", kind=Kind.TEXT, source=Origin.PLAN_ID),
        Property(name="assignedPlan.service", kind=Kind.TEXT, source=Origin.PLAN_SERVICE),
        Property(name="assignedPlan.capabilityStatus", kind=Kind.TEXT, source=Origin.PLAN_STATUS),
    )
}
"""What can be asked of one service plan inside `user.assignedPlans -any (...)` (DYN-046)."""

DEVICE_PROPERTIES: Final = frozenset(
    {
        "accountenabled",
        "devicecategory",
        "deviceid",
        "devicemanagementappid",
        "devicemanufacturer",
        "devicemodel",
        "displayname",
        "deviceostype",
        "deviceosversion",
        "deviceownership",
        "devicephysicalids",
        "devicetrusttype",
        "enrollmentprofilename",
        "isrooted",
        "managementtype",
        "memberof",
        "objectid",
        "profiletype",
        "systemlabels",
        *(f"extensionattribute{number}" for number in range(1, 16)),
    }
)
"""What Microsoft's rules ask of devices (DYN-049); seatwright keeps people only."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "user.manager": 'write the rule Direct Reports for "ID-OF-THE-MANAGER", alone',
    "user.memberof": "write user.memberOf -any (group.objectId -in ['ID', 'ID']), alone",
    "user.mobilephone": "write user.mobile",
    "user.officelocation": "write user.physicalDeliveryOfficeName",
    "user.businessphones": "write user.telephoneNumber",
    "user.faxnumber": "write user.facsimileTelephoneNumber",
    "user.id": "write user.objectId",
    "user.onpremisessyncenabled": "write user.dirSyncEnabled",
    "user.enabled": "write user.accountEnabled",
    "user.employeetype": "the language has no such property: use an extensionAttribute",
    "user.division": "the language has no such property: use an extensionAttribute",
    "user.costcenter": "the language has no such property: use an extensionAttribute",
    "user.employeeorgdata": "the language has no such property: use an extensionAttribute",
}
"""Names that people try, and what to write instead (DYN-048)."""

"""People as Graph shows them: which columns a property needs, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.domain.directory import EXTENSION_ATTRIBUTES
from seatwright.domain.filters import USER_PROPERTIES, USER_SEARCH
from seatwright.postgres.filter_columns import USER_COLUMNS
from seatwright.postgres.graph_lists import USERS, ListQuery, ListRow, numbered, read_page
from seatwright.web.graph.license_shapes import (
    assigned_of_people,
    assigned_plans,
    assignment_states,
)
from seatwright.web.graph.odata import Noun

Shape = dict[str, Any]

USER_TYPE: Final = "#microsoft.graph.user"

SHOWN: Final = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What Graph shows of a person who was not asked for by `$select`: eleven properties."""

_PLAIN: Final = (
    *("id", "accountEnabled", "city", "companyName", "country", "createdDateTime"),
    *("deletedDateTime", "department", "displayName", "employeeHireDate", "employeeId"),
    *("employeeType", "faxNumber", "givenName", "jobTitle", "mail", "mailNickname", "mobilePhone"),
    *("officeLocation", "onPremisesDistinguishedName", "onPremisesImmutableId"),
    *("onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "passwordPolicies", "postalCode"),
    *("preferredLanguage", "state", "streetAddress", "surname", "usageLocation"),
    *("userPrincipalName", "userType"),
)


def _business_phones(values: Mapping[str, Any]) -> list[str]:
    phone = values["businessPhone"]
    return [] if phone is None else [phone]


def _other_mails(values: Mapping[str, Any]) -> list[str]:
    return (values["otherMails"] or "").split()


def _proxy_addresses(values: Mapping[str, Any]) -> list[str]:
    return [] if values["mail"] is None else [f"SMTP:{values['mail']}"]


def _org_data(values: Mapping[str, Any]) -> Shape | None:
    if values["division"] is None and values["costCenter"] is None:
        return None
    return {"division": values["division"], "costCenter": values["costCenter"]}


def _extensions(values: Mapping[str, Any]) -> Shape:
    return {field.value: values[field.value] for field in EXTENSION_ATTRIBUTES}


def _activity(values: Mapping[str, Any]) -> Shape | None:
    at = values["lastSignInAt"]
    return None if at is None else {"lastSignInDateTime": at, "lastSignInRequestId": ""}


def _identities(values: Mapping[str, Any]) -> list[Shape]:
    upn = values["userPrincipalName"]
    return [
        {
            "signInType": "userPrincipalName",
            "issuer": upn.partition("@")[2],
            "issuerAssignedId": upn,
        }
    ]


_MADE: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Any]]]] = {
    "businessPhones": (("businessPhone",), _business_phones),
    "employeeOrgData": (("division", "costCenter"), _org_data),
    "identities": (("userPrincipalName",), _identities),
    "onPremisesExtensionAttributes": (
        tuple(field.value for field in EXTENSION_ATTRIBUTES),
        _extensions,
    ),
    "otherMails": (("otherMails",), _other_mails),
    "proxyAddresses": (("mail",), _proxy_addresses),
    "signInActivity": (("lastSignInAt",), _activity),
}
"""Properties that are made of columns."""

_NOT_KEPT: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        (
            *("aboutMe", "ageGroup", "consentProvidedForMinor", "creationType"),
            *("employeeLeaveDateTime", "externalUserState", "externalUserStateChangeDateTime"),
            *("isManagementRestricted", "isResourceAccount", "lastPasswordChangeDateTime"),
            *("legalAgeGroupClassification", "mySite", "onPremisesDomainName"),
            *("onPremisesLastSyncDateTime", "onPremisesSamAccountName"),
            *("onPremisesUserPrincipalName", "passwordProfile", "preferredDataLocation"),
            *("preferredName", "securityIdentifier", "showInAddressList"),
            "signInSessionsValidFromDateTime",
        )
    ),
    **dict.fromkeys(
        (
            *("imAddresses", "interests", "onPremisesProvisioningErrors", "pastProjects"),
            *("responsibilities", "schools", "serviceProvisioningErrors", "skills"),
        ),
        (),
    ),
}
"""Properties of the contract that no directory of ours has a value for: shown as empty."""

_LICENSING: Final = (
    "assignedLicenses",
    "assignedPlans",
    "licenseAssignmentStates",
    "provisionedPlans",
)

USER: Final = Noun(
    name="users",
    table=USERS,
    columns=USER_COLUMNS,
    properties=USER_PROPERTIES,
    searched=USER_SEARCH,
    names=(*_PLAIN, *_MADE, *_LICENSING, *_NOT_KEPT),
    shown=SHOWN,
    expands=("manager",),
)


def columns_for(select: Sequence[str], *, with_manager: bool = False) -> tuple[str, ...]:
    """The columns that these properties are made of."""
    wanted: dict[str, None] = {"managerNo": None} if with_manager else {}
    for name in select:
        if name in _MADE:
            wanted.update(dict.fromkeys(_MADE[name][0]))
        elif name not in _LICENSING and name not in _NOT_KEPT:
            wanted[name] = None
    return tuple(wanted)


async def shape_people(
    call: Call,
    rows: Sequence[ListRow],
    select: Sequence[str],
    *,
    expand: Mapping[str, tuple[str, ...] | None] | None = None,
    is_typed: bool = False,
) -> list[Shape]:
    """People with these properties, in the order of the rows; `is_typed` in lists of objects."""
    licensing = await _licensing(call, [row.number for row in rows], select)
    shapes = []
    for row in rows:
        shape: Shape = {"@odata.type": USER_TYPE} if is_typed else {}
        for name in select:
            if name in licensing:
                shape[name] = licensing[name].get(row.number, [])
            elif name in _MADE:
                shape[name] = _MADE[name][1](row.values)
            else:
                shape[name] = _NOT_KEPT[name] if name in _NOT_KEPT else row.values[name]
        shapes.append(shape)
    if expand and "manager" in expand:
        await _with_managers(call, rows, shapes, expand["manager"])
    return shapes


async def _licensing(
    call: Call, users: Sequence[int], select: Sequence[str]
) -> dict[str, Mapping[int, Any]]:
    found: dict[str, Mapping[int, Any]] = {}
    if "assignedLicenses" in select:
        found["assignedLicenses"] = await assigned_of_people(call, users)
    if "licenseAssignmentStates" in select:
        found["licenseAssignmentStates"] = await assignment_states(call, users)
    if "assignedPlans" in select or "provisionedPlans" in select:
        plans = await assigned_plans(call, users)
        found["assignedPlans"] = plans
        found["provisionedPlans"] = {user: _provisioned(rows) for user, rows in plans.items()}
    return found


def _provisioned(plans: Sequence[Shape]) -> list[Shape]:
    return [
        {
            "capabilityStatus": plan["capabilityStatus"],
            "provisioningStatus": "Success",
            "service": plan["service"],
        }
        for plan in plans
    ]


async def _with_managers(
    call: Call, rows: Sequence[ListRow], shapes: Sequence[Shape], names: tuple[str, ...] | None
) -> None:
    """Managers as part of the people whose they are; who has none has no such member."""
    by_key = {name.casefold(): name for name in USER.names}
    select = [by_key[name.casefold()] for name in names or () if name.casefold() in by_key]
    select = list(dict.fromkeys(select)) or list(SHOWN)
    managers = {row.values["managerNo"] for row in rows if row.values["managerNo"] is not None}
    numbers = sorted(int(str(number)) for number in managers)
    found = await people_by_number(call, numbers, select)
    for row, shape in zip(rows, shapes, strict=True):
        manager = found.get(int(str(row.values["managerNo"] or 0)))
        if manager is not None:
            shape["manager"] = manager


async def people_by_number(
    call: Call, numbers: Sequence[int], select: Sequence[str]
) -> dict[int, Shape]:
    """These living people as objects of the directory, by number."""
    if not numbers:
        return {}
    query = ListQuery(
        columns=columns_for(select), conditions=(numbered(USERS, numbers),), limit=len(numbers)
    )
    rows = await read_page(call.tx, USERS, query)
    shapes = await shape_people(call, rows, select, is_typed=True)
    return {row.number: shape for row, shape in zip(rows, shapes, strict=True)}

"""Groups as Graph shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from seatwright.app.call import Call
from seatwright.domain.filters import GROUP_PROPERTIES, GROUP_SEARCH
from seatwright.postgres.filter_columns import GROUP_COLUMNS
from seatwright.postgres.graph_lists import GROUPS, ListRow
from seatwright.web.graph.license_shapes import assigned_of_groups
from seatwright.web.graph.odata import Noun

Shape = dict[str, Any]

GROUP_TYPE: Final = "#microsoft.graph.group"

_STATES: Final = {
    "queued": "QueuedForProcessing",
    "running": "ProcessingInProgress",
    "idle": "ProcessingComplete",
}
"""Graph's names of what is being done about the members of a group (GBL-044)."""


def _is_unified(values: Mapping[str, Any]) -> bool:
    return bool(values["kind"] == "microsoft365")


def _types(values: Mapping[str, Any]) -> list[str]:
    types = ["DynamicMembership"] if values["membershipRule"] is not None else []
    return [*types, "Unified"] if _is_unified(values) else types


def _rule_state(values: Mapping[str, Any]) -> str | None:
    state = values["ruleState"]
    return None if state is None else str(state).capitalize()


def _visibility(values: Mapping[str, Any]) -> str | None:
    return "Public" if _is_unified(values) else None


def _processing(values: Mapping[str, Any]) -> Shape:
    return {"state": _STATES[values["processing"]]}


def _renewed(values: Mapping[str, Any]) -> Any:
    return values["createdDateTime"]


_PLAIN: Final = (
    *("id", "createdDateTime", "deletedDateTime", "description", "displayName", "mailNickname"),
    *("membershipRule", "securityEnabled"),
)
_MADE: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Any]]]] = {
    "groupTypes": (("kind", "membershipRule"), _types),
    "licenseProcessingState": (("processing",), _processing),
    "mailEnabled": (("kind",), _is_unified),
    "membershipRuleProcessingState": (("ruleState",), _rule_state),
    "renewedDateTime": (("createdDateTime",), _renewed),
    "visibility": (("kind",), _visibility),
}
_NOT_KEPT: Final[Mapping[str, object]] = {
    **dict.fromkeys(
        (
            *("classification", "expirationDateTime", "isAssignableToRole", "isArchived"),
            *("isManagementRestricted", "mail"),
            *("onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName"),
            *("onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
            *("preferredDataLocation", "preferredLanguage", "securityIdentifier", "theme"),
            "uniqueName",
        )
    ),
    **dict.fromkeys(
        (
            *("infoCatalogs", "onPremisesProvisioningErrors", "proxyAddresses"),
            *("resourceBehaviorOptions", "resourceProvisioningOptions"),
            "serviceProvisioningErrors",
        ),
        (),
    ),
}
_NEVER_SHOWN: Final = ("hasMembersWithLicenseErrors",)
"""Filtered by, and never in an answer even if it is selected (GRP-003, ERR-028)."""

SHOWN: Final = (
    *("id", "deletedDateTime", "classification", "createdDateTime", "description", "displayName"),
    *("expirationDateTime", "groupTypes", "isAssignableToRole", "mail", "mailEnabled"),
    *("mailNickname", "membershipRule", "membershipRuleProcessingState"),
    *("onPremisesLastSyncDateTime", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
    *("preferredDataLocation", "preferredLanguage", "proxyAddresses", "renewedDateTime"),
    *("resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled"),
    *("securityIdentifier", "theme", "visibility", "onPremisesProvisioningErrors"),
)
"""What Graph shows of a group without `$select`; licenses only with it (GRP-001, GRP-002)."""

GROUP: Final = Noun(
    name="groups",
    table=GROUPS,
    columns=GROUP_COLUMNS,
    properties=GROUP_PROPERTIES,
    searched=GROUP_SEARCH,
    names=(*_PLAIN, *_MADE, "assignedLicenses", *_NOT_KEPT, *_NEVER_SHOWN),
    shown=SHOWN,
    expands=("members", "owners"),
)


def columns_for(select: Sequence[str]) -> tuple[str, ...]:
    """The columns that these properties are made of."""
    wanted: dict[str, None] = {}
    for name in select:
        if name in _MADE:
            wanted.update(dict.fromkeys(_MADE[name][0]))
        elif name in _PLAIN:
            wanted[name] = None
    return tuple(wanted)


async def shape_groups(
    call: Call, rows: Sequence[ListRow], select: Sequence[str], *, is_typed: bool = False
) -> list[Shape]:
    """Groups with these properties, in the order of the rows; `is_typed` in lists of objects."""
    licenses: Mapping[int, Any] = {}
    if "assignedLicenses" in select:
        licenses = await assigned_of_groups(call, [row.number for row in rows])
    shapes = []
    for row in rows:
        shape: Shape = {"@odata.type": GROUP_TYPE} if is_typed else {}
        for name in select:
            if name in _PLAIN:
                shape[name] = row.values[name]
            elif name in _MADE:
                shape[name] = _MADE[name][1](row.values)
            elif name == "assignedLicenses":
                shape[name] = licenses.get(row.number, [])
            elif name not in _NEVER_SHOWN:
                shape[name] = _NOT_KEPT[name]
        shapes.append(shape)
    return shapes

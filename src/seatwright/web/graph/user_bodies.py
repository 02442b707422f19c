"""What bodies say of people: Graph's names to the fields of the directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from seatwright.app.directory.users import parse_user_fields
from seatwright.domain.directory import EXTENSION_ATTRIBUTES, FieldValue, UserField
from seatwright.web.graph.envelope import bad_request
from seatwright.web.graph.references import named_by
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.user_shapes import USER

Fields = dict[UserField, FieldValue]

_REQUIRED: Final = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName")
_OURS: Final = frozenset(
    {
        UserField.MANAGER,
        UserField.LAST_SIGN_IN_AT,
        UserField.EXTERNAL_ID,
        UserField.COST_CENTER,
        UserField.DIVISION,
        UserField.BUSINESS_PHONE,
        UserField.OTHER_MAILS,
        *EXTENSION_ATTRIBUTES,
    }
)
"""Fields that Graph has under other names, in other forms, or not at all."""

_DIRECT: Final = {field.value.casefold(): field for field in UserField if field not in _OURS}
_SWITCHES: Final = frozenset({UserField.ACCOUNT_ENABLED, UserField.ON_PREMISES_SYNC_ENABLED})
_IGNORED: Final = frozenset({"passwordprofile", "identities", "showinaddresslist"})
"""Taken and not kept: seatwright signs nobody in."""

_READ_ONLY: Final = frozenset(
    {
        *("assignedlicenses", "assignedplans", "createddatetime", "deleteddatetime", "id"),
        *("licenseassignmentstates", "provisionedplans", "proxyaddresses", "signinactivity"),
    }
)


def new_user(body: dict[str, Any]) -> Fields:
    """The fields of a person to make.

    Raises GraphError for what Graph requires and is not there, and Refusal for what does not fit.
    """
    for name in _REQUIRED:
        if body.get(name.casefold()) in {None, ""} if _is_plain(body, name) else True:
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    profile = body.get("passwordprofile")
    if not isinstance(profile, dict) or not profile.get("password"):
        raise bad_request("A value is required for property 'passwordProfile' of resource 'User'.")
    return _fields(body)


def _is_plain(body: dict[str, Any], name: str) -> bool:
    return isinstance(body.get(name.casefold()), (str, bool, type(None)))


def changed_user(request: GraphRequest) -> Fields:
    """The fields that a change of a person names."""
    return _fields(request.json())


def _fields(body: dict[str, Any]) -> Fields:
    given: dict[UserField, str | bool | None] = {}
    for name, value in body.items():
        if name in _DIRECT:
            given[_DIRECT[name]] = _plain(_DIRECT[name], value)
        elif name in _FORMED:
            given.update(_FORMED[name](value))
        elif name not in _IGNORED:
            _refuse(name, value)
    return parse_user_fields(given)


def _plain(field: UserField, value: object) -> str | bool | None:
    if value is None or isinstance(value, bool if field in _SWITCHES else str):
        return value
    raise invalid(field.value)


def _refuse(name: str, value: object) -> None:
    """Refuse a property that cannot be set; one of the contract may be sent empty."""
    known = {one.casefold(): one for one in USER.names}
    if name in _READ_ONLY:
        raise bad_request(f"Property '{known[name]}' is read-only and cannot be set.")
    if name not in known:
        raise bad_request(
            f"Property '{name[:80]}' does not exist as a declared property or extension property"
            " of resource 'User'."
        )
    if value not in (None, [], {}, "", False):
        raise bad_request(f"Property '{known[name]}' is not kept here and cannot be set.")


def _phones(value: object) -> dict[UserField, str | bool | None]:
    phones = _texts("businessPhones", value)
    if len(phones) > 1:
        raise bad_request("Property 'businessPhones' takes one number.")
    return {UserField.BUSINESS_PHONE: phones[0] if phones else None}


def _mails(value: object) -> dict[UserField, str | bool | None]:
    return {UserField.OTHER_MAILS: " ".join(_texts("otherMails", value))}


def _texts(name: str, value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    raise invalid(name)


def _org_data(value: object) -> dict[UserField, str | bool | None]:
    return _members(
        "employeeOrgData",
        value,
        {"costcenter": UserField.COST_CENTER, "division": UserField.DIVISION},
    )


def _extensions(value: object) -> dict[UserField, str | bool | None]:
    names = {field.value.casefold(): field for field in EXTENSION_ATTRIBUTES}
    return _members("onPremisesExtensionAttributes", value, names)


def _members(
    name: str, value: object, fields: dict[str, UserField]
) -> dict[UserField, str | bool | None]:
    if value is None:
        return dict.fromkeys(fields.values())
    if not isinstance(value, dict):
        raise invalid(name)
    if not value.keys() <= fields.keys():
        raise invalid(name)
    return {fields[one]: _plain(fields[one], text) for one, text in value.items()}


def _manager(value: object) -> dict[UserField, str | bool | None]:
    return {UserField.MANAGER: named_by(value)}


_FORMED: Final[dict[str, Callable[[object], dict[UserField, str | bool | None]]]] = {
    "businessphones": _phones,
    "othermails": _mails,
    "employeeorgdata": _org_data,
    "onpremisesextensionattributes": _extensions,
    "manager@odata.bind": _manager,
}


def invalid(name: str) -> Exception:
    """400 for a value that is not of its property's kind."""
    return bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")

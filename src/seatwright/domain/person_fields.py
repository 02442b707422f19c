"""Checking what callers say of people and groups: one table of fields for bodies and for files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from seatwright.domain.directory import (
    EXTENSION_ATTRIBUTES,
    FieldValue,
    GroupField,
    GroupKind,
    UserField,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.locations import parse_location

ADDRESS_LENGTH_MAX: Final = 254
"""RFC 5321's limit on an address; a UPN has its form."""

OTHER_MAILS_MAX: Final = 250
"""Graph's limit on `otherMails`."""

# A local part without blanks, quotes and what separates addresses or parts of a path; a domain of
# two or more labels. Letters of any script are allowed in both, as Entra ID allows them in UPNs.
_ADDRESS = re.compile(
    r"[^\s\x00-\x1f\x7f@\"<>(),:;\\\[\]/?%]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}"
)
_NICKNAME = re.compile(r"[^\s@()\\\[\]\";:<>,\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRUE: Final = frozenset({"true", "yes", "1", "enabled", "active"})
_FALSE: Final = frozenset({"false", "no", "0", "disabled", "blocked"})

Parse = Callable[[str, str], FieldValue]
"""From the field's name and a stripped, non-empty text to its value; raises Refusal."""


def _misfit(name: str, value: object, advice: str) -> Refusal:
    shown = f"{value!s:.80}"
    return Refusal(
        Reason.INVALID_VALUE,
        f"{name} cannot be “{shown}”: {advice}.",
        context={"field": name, "value": shown},
    )


def _text(length_max: int) -> Parse:
    def parse(name: str, text: str) -> str:
        if len(text) > length_max:
            raise _misfit(name, text, f"it has {len(text)} characters, give {length_max} or fewer")
        if _CONTROL.search(text):
            raise _misfit(name, repr(text), "take the line breaks and control characters out")
        return text

    return parse


def _address(name: str, text: str) -> str:
    if len(text) > ADDRESS_LENGTH_MAX or not _ADDRESS.fullmatch(text):
        raise _misfit(name, text, "give an address such as ada@contoso.example")
    return text


def _location(name: str, text: str) -> str:
    location = parse_location(text)
    if location is None:
        raise _misfit(name, text, "give a two-letter ISO 3166-1 country code such as NO")
    return location


def _choice(*choices: str) -> Parse:
    by_key = {choice.casefold(): choice for choice in choices}

    def parse(name: str, text: str) -> str:
        choice = by_key.get(text.casefold())
        if choice is None:
            raise _misfit(name, text, f"give one of {', '.join(choices)}")
        return choice

    return parse


def _switch(name: str, text: str) -> bool:
    key = text.casefold()
    if key in _TRUE:
        return True
    if key in _FALSE:
        return False
    raise _misfit(name, text, "give true or false")


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _misfit(
            name, text, "give an ISO 8601 time such as 2026-11-21T09:00:00Z, or a date"
        ) from None


def _nickname(name: str, text: str) -> str:
    if len(text) > 64 or not _NICKNAME.fullmatch(text):
        raise _misfit(
            name, text, 'give up to 64 characters without blanks and any of @()\\[]";:<>,'
        )
    return text


def _addresses(name: str, text: str) -> str:
    """Addresses as one text: none holds a blank, so blanks stand between them."""
    addresses = [_address(name, part) for part in text.split()]
    if len(addresses) > OTHER_MAILS_MAX:
        raise _misfit(name, text, f"give {OTHER_MAILS_MAX} addresses or fewer")
    return " ".join(dict.fromkeys(addresses))


USER_FIELDS: Final[Mapping[UserField, Parse]] = {
    UserField.USER_PRINCIPAL_NAME: _address,
    UserField.DISPLAY_NAME: _text(256),
    UserField.MAIL: _address,
    UserField.GIVEN_NAME: _text(64),
    UserField.SURNAME: _text(64),
    UserField.JOB_TITLE: _text(128),
    UserField.DEPARTMENT: _text(64),
    UserField.COMPANY_NAME: _text(64),
    UserField.COST_CENTER: _text(64),
    UserField.EMPLOYEE_ID: _text(64),
    UserField.EXTERNAL_ID: _text(256),
    UserField.USAGE_LOCATION: _location,
    UserField.USER_TYPE: _choice("Member", "Guest"),
    UserField.ACCOUNT_ENABLED: _switch,
    UserField.MANAGER: _text(ADDRESS_LENGTH_MAX),
    UserField.LAST_SIGN_IN_AT: _time,
    UserField.MAIL_NICKNAME: _nickname,
    UserField.OTHER_MAILS: _addresses,
    UserField.BUSINESS_PHONE: _text(64),
    UserField.MOBILE_PHONE: _text(64),
    UserField.FAX_NUMBER: _text(64),
    UserField.OFFICE_LOCATION: _text(128),
    UserField.STREET_ADDRESS: _text(1024),
    UserField.CITY: _text(128),
    UserField.STATE: _text(128),
    UserField.POSTAL_CODE: _text(40),
    UserField.COUNTRY: _text(128),
    UserField.PREFERRED_LANGUAGE: _text(64),
    UserField.DIVISION: _text(128),
    UserField.EMPLOYEE_TYPE: _text(128),
    UserField.EMPLOYEE_HIRE_DATE: _time,
    UserField.PASSWORD_POLICIES: _text(128),
    UserField.ON_PREMISES_SYNC_ENABLED: _switch,
    UserField.ON_PREMISES_IMMUTABLE_ID: _text(256),
    UserField.ON_PREMISES_SECURITY_IDENTIFIER: _text(256),
    UserField.ON_PREMISES_DISTINGUISHED_NAME: _text(1024),
    **{field: _text(1024) for field in EXTENSION_ATTRIBUTES},
}

_NEVER_EMPTY_USER: Final[Mapping[UserField, FieldValue]] = {
    UserField.USER_TYPE: "Member",
    UserField.ACCOUNT_ENABLED: True,
}
"""What these fields become when they are cleared."""

GROUP_FIELDS: Final[Mapping[GroupField, Parse]] = {
    GroupField.DISPLAY_NAME: _text(256),
    GroupField.DESCRIPTION: _text(1024),
    GroupField.MAIL_NICKNAME: _text(64),
    GroupField.KIND: _choice(*(kind.value for kind in GroupKind)),
    GroupField.SECURITY_ENABLED: _switch,
    GroupField.EXTERNAL_ID: _text(256),
}

_NEVER_EMPTY_GROUP: Final[Mapping[GroupField, str | bool]] = {
    GroupField.KIND: GroupKind.SECURITY.value,
    GroupField.SECURITY_ENABLED: True,
}


def user_field(field: UserField, value: str | bool | None) -> FieldValue:
    """The value of a person's field; blank text and None clear it.

    Raises Refusal invalidValue for what does not fit, and for clearing what must be there.
    """
    if isinstance(value, bool):
        return value
    text = (value or "").strip()
    if text:
        return USER_FIELDS[field](field.value, text)
    if field in (UserField.USER_PRINCIPAL_NAME, UserField.DISPLAY_NAME):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{field.value} cannot be empty: everybody has one.",
            context={"field": field.value},
        )
    return _NEVER_EMPTY_USER.get(field)


def group_field(field: GroupField, value: str | bool | None) -> str | bool | None:
    """The value of a group's field; blank text and None clear it.

    Raises Refusal invalidValue for what does not fit, and for clearing the name.
    """
    if isinstance(value, bool):
        return value
    text = (value or "").strip()
    if text:
        parsed = GROUP_FIELDS[field](field.value, text)
        assert parsed is None or isinstance(parsed, (str, bool)), "a group has no dates"
        return parsed
    if field is GroupField.DISPLAY_NAME:
        raise Refusal(
            Reason.INVALID_VALUE,
            "displayName cannot be empty: people know a group by it.",
            context={"field": field.value},
        )
    return _NEVER_EMPTY_GROUP.get(field)

"""What a change to a person is: the fields that differ, and what the history may say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from seatwright.domain.directory import (
    DETAIL_FIELDS,
    FieldValue,
    User,
    UserField,
    UserFields,
)
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import UserNo

_PERSONAL: Final = frozenset(
    {
        UserField.USER_PRINCIPAL_NAME,
        UserField.DISPLAY_NAME,
        UserField.MAIL,
        UserField.GIVEN_NAME,
        UserField.SURNAME,
        UserField.JOB_TITLE,
        UserField.EMPLOYEE_ID,
        UserField.EXTERNAL_ID,
        *DETAIL_FIELDS,
    }
)
"""The history says that these changed, never from what to what: an erasure could not blank it."""

_NOT_TOLD: Final = frozenset({UserField.LAST_SIGN_IN_AT})
"""Arrives for everybody with every import, and is an observation rather than a decision."""


def fields_of(user: User) -> dict[UserField, FieldValue]:
    """Every field of a person; the manager by id."""
    return {
        UserField.USER_PRINCIPAL_NAME: user.user_principal_name,
        UserField.DISPLAY_NAME: user.display_name,
        UserField.MAIL: user.mail,
        UserField.GIVEN_NAME: user.given_name,
        UserField.SURNAME: user.surname,
        UserField.JOB_TITLE: user.job_title,
        UserField.DEPARTMENT: user.department,
        UserField.COMPANY_NAME: user.company_name,
        UserField.COST_CENTER: user.cost_center,
        UserField.EMPLOYEE_ID: user.employee_id,
        UserField.EXTERNAL_ID: user.external_id,
        UserField.USAGE_LOCATION: user.usage_location,
        UserField.USER_TYPE: user.user_type,
        UserField.ACCOUNT_ENABLED: user.account_enabled,
        UserField.MANAGER: None if user.manager is None else str(user.manager.id),
        UserField.LAST_SIGN_IN_AT: user.last_sign_in_at,
        **{field: user.details.get(field) for field in DETAIL_FIELDS},
    }


def differences(before: UserFields, wanted: UserFields) -> frozenset[UserField]:
    """The fields of `wanted` that are not yet so."""
    return frozenset(field for field, value in wanted.items() if before.get(field) != value)


def history_of_change(
    user: UserNo, *, before: UserFields, after: UserFields, changed: Iterable[UserField]
) -> list[HistoryLine]:
    """The history rows of a change: one if the account was switched, one for all the rest."""
    rest = set(changed) - _NOT_TOLD
    lines: list[HistoryLine] = []
    if UserField.ACCOUNT_ENABLED in rest:
        is_enabled = after.get(UserField.ACCOUNT_ENABLED)
        action = HistoryAction.USER_ENABLED if is_enabled else HistoryAction.USER_DISABLED
        lines.append(HistoryLine(action=action, user=user))
        rest.discard(UserField.ACCOUNT_ENABLED)
    if rest:
        detail = _detail(before, after, rest)
        lines.append(HistoryLine(action=HistoryAction.USER_UPDATED, user=user, detail=detail))
    return lines


def _detail(
    before: UserFields, after: UserFields, changed: Iterable[UserField]
) -> Mapping[str, object]:
    names = sorted(field.value for field in changed)
    told = {
        name: {"before": _shown(before, name), "after": _shown(after, name)}
        for name in names
        if UserField(name) not in _PERSONAL and UserField(name) in after
    }
    return {"changed": names, **told}


def _shown(fields: UserFields, name: str) -> str | bool | None:
    value = fields.get(UserField(name))
    return value.isoformat() if isinstance(value, datetime) else value

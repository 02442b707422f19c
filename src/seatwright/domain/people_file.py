"""People as the rows of a file: which columns there are, and what each row says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import DETAIL_FIELDS, FieldValue, UserField, UserFields, text_key
from seatwright.domain.errors import Refusal
from seatwright.domain.person_fields import user_field

PEOPLE_ROWS_MAX: Final = 400_000
"""About what the largest body holds."""

_SPELLINGS: Final[Mapping[UserField, Sequence[str]]] = {
    UserField.OTHER_MAILS: ("Alternate email addresses",),
    UserField.BUSINESS_PHONE: ("Phone number", "Telephone number", "Office phone"),
    UserField.MOBILE_PHONE: ("Mobile",),
    UserField.FAX_NUMBER: ("Fax",),
    UserField.OFFICE_LOCATION: ("Office",),
    UserField.STATE: ("State or province",),
    UserField.POSTAL_CODE: ("ZIP or postal code",),
    UserField.COUNTRY: ("Country or region",),
    UserField.EMPLOYEE_HIRE_DATE: ("Hire date",),
}

PEOPLE_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    UserField.USER_PRINCIPAL_NAME.value: ("UPN", "User name", "Login"),
    UserField.DISPLAY_NAME.value: ("Name", "Full name"),
    UserField.MAIL.value: ("Email", "E-mail address", "User email"),
    UserField.GIVEN_NAME.value: ("First name",),
    UserField.SURNAME.value: ("Last name", "Family name"),
    UserField.JOB_TITLE.value: ("Title",),
    UserField.DEPARTMENT.value: (),
    UserField.COMPANY_NAME.value: ("Company",),
    UserField.COST_CENTER.value: ("Cost centre",),
    UserField.EMPLOYEE_ID.value: ("Employee number",),
    UserField.EXTERNAL_ID.value: ("Immutable id", "HR id"),
    UserField.USAGE_LOCATION.value: ("Location",),
    UserField.USER_TYPE.value: ("Type",),
    UserField.ACCOUNT_ENABLED.value: ("Enabled", "Active"),
    UserField.MANAGER.value: ("Manager UPN",),
    UserField.LAST_SIGN_IN_AT.value: (
        "Last sign in",
        "Last sign in date time",
        "Last successful sign in date time",
    ),
    **{field.value: _SPELLINGS.get(field, ()) for field in DETAIL_FIELDS},
}
"""The columns of an import and an export of people, with other spellings of their headers."""

# An empty cell clears a field; not these: a key would be lost, and a switch has no empty state.
_KEPT_WHEN_EMPTY: Final = frozenset(
    {
        UserField.DISPLAY_NAME,
        UserField.EXTERNAL_ID,
        UserField.USER_TYPE,
        UserField.ACCOUNT_ENABLED,
        UserField.LAST_SIGN_IN_AT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """Something to tell about a row: why it was not taken, or what of it was not."""

    row_no: int
    value: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One row: its keys, and the fields that it gives. The manager is as the file names them."""

    row_no: int
    upn_key: str
    external_id: str | None
    fields: UserFields
    manager: str | None
    has_manager: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """What a file says; `named_*` also hold the keys of rows that could not be taken."""

    rows: tuple[PersonRow, ...]
    errors: tuple[RowNote, ...]
    named_upns: frozenset[str]
    named_external_ids: frozenset[str]


def read_people(table: Table) -> PeopleFile:
    """The people of a file; a row that does not fit becomes an error, and the others go on."""
    rows: list[PersonRow] = []
    errors: list[RowNote] = []
    fields = [field for field in UserField if field.value in table.columns]
    for row in table.rows:
        try:
            rows.append(_person(row, fields))
        except Refusal as refusal:
            value = str(refusal.context.get("value", ""))
            errors.append(RowNote(row_no=row.row_no, value=value, message=refusal.detail))
    upn, external = UserField.USER_PRINCIPAL_NAME.value, UserField.EXTERNAL_ID.value
    return PeopleFile(
        rows=tuple(rows),
        errors=tuple(errors),
        named_upns=frozenset(text_key(row.values[upn]) for row in table.rows),
        named_external_ids=frozenset(
            row.values[external] for row in table.rows if row.values.get(external)
        ),
    )


def _person(row: TableRow, fields: Sequence[UserField]) -> PersonRow:
    given: dict[UserField, FieldValue] = {}
    for field in fields:
        text = row.values[field.value]
        if text or field not in _KEPT_WHEN_EMPTY:
            given[field] = user_field(field, text)
    manager = given.pop(UserField.MANAGER, None)
    external = given.get(UserField.EXTERNAL_ID)
    return PersonRow(
        row_no=row.row_no,
        upn_key=text_key(str(given[UserField.USER_PRINCIPAL_NAME])),
        external_id=external if isinstance(external, str) else None,
        fields=given,
        manager=manager if isinstance(manager, str) else None,
        has_manager=UserField.MANAGER.value in row.values,
    )

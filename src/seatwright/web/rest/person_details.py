"""What bodies and answers have of a person's addresses, phones and synced attributes."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from seatwright.domain.directory import DETAIL_FIELDS, UserFields
from seatwright.web.rest.bodies import Body, Shape

Text = str | None | UnsetType


class DetailsBody(Body, kw_only=True, frozen=True):
    """Details of a person to set; `otherMails` are addresses with blanks between them."""

    mail_nickname: Text = UNSET
    other_mails: Text = UNSET
    business_phone: Text = UNSET
    mobile_phone: Text = UNSET
    fax_number: Text = UNSET
    office_location: Text = UNSET
    street_address: Text = UNSET
    city: Text = UNSET
    state: Text = UNSET
    postal_code: Text = UNSET
    country: Text = UNSET
    preferred_language: Text = UNSET
    division: Text = UNSET
    employee_type: Text = UNSET
    employee_hire_date: Text = UNSET
    password_policies: Text = UNSET
    on_premises_sync_enabled: bool | UnsetType | None = UNSET
    on_premises_immutable_id: Text = UNSET
    on_premises_security_identifier: Text = UNSET
    on_premises_distinguished_name: Text = UNSET
    extension_attribute1: Text = UNSET
    extension_attribute2: Text = UNSET
    extension_attribute3: Text = UNSET
    extension_attribute4: Text = UNSET
    extension_attribute5: Text = UNSET
    extension_attribute6: Text = UNSET
    extension_attribute7: Text = UNSET
    extension_attribute8: Text = UNSET
    extension_attribute9: Text = UNSET
    extension_attribute10: Text = UNSET
    extension_attribute11: Text = UNSET
    extension_attribute12: Text = UNSET
    extension_attribute13: Text = UNSET
    extension_attribute14: Text = UNSET
    extension_attribute15: Text = UNSET


class DetailsShape(Shape, kw_only=True, frozen=True):
    """Details of a person, null where there are none."""

    mail_nickname: str | None = None
    other_mails: str | None = None
    business_phone: str | None = None
    mobile_phone: str | None = None
    fax_number: str | None = None
    office_location: str | None = None
    street_address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    preferred_language: str | None = None
    division: str | None = None
    employee_type: str | None = None
    employee_hire_date: datetime | None = None
    password_policies: str | None = None
    on_premises_sync_enabled: bool | None = None
    on_premises_immutable_id: str | None = None
    on_premises_security_identifier: str | None = None
    on_premises_distinguished_name: str | None = None
    extension_attribute1: str | None = None
    extension_attribute2: str | None = None
    extension_attribute3: str | None = None
    extension_attribute4: str | None = None
    extension_attribute5: str | None = None
    extension_attribute6: str | None = None
    extension_attribute7: str | None = None
    extension_attribute8: str | None = None
    extension_attribute9: str | None = None
    extension_attribute10: str | None = None
    extension_attribute11: str | None = None
    extension_attribute12: str | None = None
    extension_attribute13: str | None = None
    extension_attribute14: str | None = None
    extension_attribute15: str | None = None


def detail_values(details: UserFields) -> dict[str, object]:
    """The details by the attributes of `DetailsShape`."""
    return {_ATTRIBUTE_OF[field]: value for field, value in details.items()}


def attribute_of(name: str) -> str:
    """The name on the wire as Python writes it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


_ATTRIBUTE_OF = {field: attribute_of(field.value) for field in DETAIL_FIELDS}

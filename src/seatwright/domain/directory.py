"""The directory: people, groups, and the forms in which both are found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.ids import GroupNo, SkuNo, UserNo

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
WORD_LENGTH_MAX: Final = 64
WORDS_SEARCHED_MAX: Final = 8
"""A search of more words than this would only get slower, never find fewer people."""


@unique
class UserField(StrEnum):
    """Everything of a person that a caller can set; the value is the name on the wire."""

    USER_PRINCIPAL_NAME = "userPrincipalName"
    DISPLAY_NAME = "displayName"
    MAIL = "mail"
    GIVEN_NAME = "givenName"
    SURNAME = "surname"
    JOB_TITLE = "jobTitle"
    DEPARTMENT = "department"
    COMPANY_NAME = "companyName"
    COST_CENTER = "costCenter"
    EMPLOYEE_ID = "employeeId"
    EXTERNAL_ID = "externalId"
    USAGE_LOCATION = "usageLocation"
    USER_TYPE = "userType"
    ACCOUNT_ENABLED = "accountEnabled"
    MANAGER = "manager"
    LAST_SIGN_IN_AT = "lastSignInAt"
    MAIL_NICKNAME = "mailNickname"
    OTHER_MAILS = "otherMails"
    BUSINESS_PHONE = "businessPhone"
    MOBILE_PHONE = "mobilePhone"
    FAX_NUMBER = "faxNumber"
    OFFICE_LOCATION = "officeLocation"
    STREET_ADDRESS = "streetAddress"
    CITY = "city"
    STATE = "state"
    POSTAL_CODE = "postalCode"
    COUNTRY = "country"
    PREFERRED_LANGUAGE = "preferredLanguage"
    DIVISION = "division"
    EMPLOYEE_TYPE = "employeeType"
    EMPLOYEE_HIRE_DATE = "employeeHireDate"
    PASSWORD_POLICIES = "passwordPolicies"
    ON_PREMISES_SYNC_ENABLED = "onPremisesSyncEnabled"
    ON_PREMISES_IMMUTABLE_ID = "onPremisesImmutableId"
    ON_PREMISES_SECURITY_IDENTIFIER = "onPremisesSecurityIdentifier"
    ON_PREMISES_DISTINGUISHED_NAME = "onPremisesDistinguishedName"
    EXTENSION_ATTRIBUTE_1 = "extensionAttribute1"
    EXTENSION_ATTRIBUTE_2 = "extensionAttribute2"
    EXTENSION_ATTRIBUTE_3 = "extensionAttribute3"
    EXTENSION_ATTRIBUTE_4 = "extensionAttribute4"
    EXTENSION_ATTRIBUTE_5 = "extensionAttribute5"
    EXTENSION_ATTRIBUTE_6 = "extensionAttribute6"
    EXTENSION_ATTRIBUTE_7 = "extensionAttribute7"
    EXTENSION_ATTRIBUTE_8 = "extensionAttribute8"
    EXTENSION_ATTRIBUTE_9 = "extensionAttribute9"
    EXTENSION_ATTRIBUTE_10 = "extensionAttribute10"
    EXTENSION_ATTRIBUTE_11 = "extensionAttribute11"
    EXTENSION_ATTRIBUTE_12 = "extensionAttribute12"
    EXTENSION_ATTRIBUTE_13 = "extensionAttribute13"
    EXTENSION_ATTRIBUTE_14 = "extensionAttribute14"
    EXTENSION_ATTRIBUTE_15 = "extensionAttribute15"


EXTENSION_ATTRIBUTES: Final = tuple(
    UserField(f"extensionAttribute{number}") for number in range(1, 16)
)

DETAIL_FIELDS: Final = tuple(UserField)[tuple(UserField).index(UserField.MAIL_NICKNAME) :]
"""What most people have little of: kept with `User.details`, only as far as it is there."""


FieldValue = str | bool | datetime | None
"""What a field holds; a manager is held as the UPN or id that names them, until it is looked up."""

UserFields = Mapping[UserField, FieldValue]
"""Values by field; a field that is not there is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRef:
    """A person as another's manager, or as a member: enough to show and to follow."""

    user_no: UserNo
    id: UUID
    user_principal_name: str
    display_name: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person of the directory; `details` has the fields of `DETAIL_FIELDS` that are there."""

    user_no: UserNo
    id: UUID
    user_principal_name: str
    display_name: str
    mail: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    company_name: str | None = None
    cost_center: str | None = None
    employee_id: str | None = None
    external_id: str | None = None
    usage_location: str | None = None
    user_type: str = "Member"
    account_enabled: bool = True
    manager: PersonRef | None = None
    last_sign_in_at: datetime | None = None
    created_at: datetime
    deleted_at: datetime | None = None
    details: UserFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserQuery:
    """Which people a list is to show; None: no matter.

    `holds` is a product that they have; `is_unlicensed` those who have none, `is_in_error` those
    who do not get something that they should.
    """

    search: str | None = None
    department: str | None = None
    is_enabled: bool | None = None
    user_type: str | None = None
    is_deleted: bool = False
    location: str | None = None
    manager: UserNo | None = None
    holds: SkuNo | None = None
    is_unlicensed: bool = False
    is_in_error: bool = False
    filter: str | None = None

    @property
    def looks_far(self) -> bool:
        """Whether it may have to look at nearly everybody, so that its time is limited."""
        return self.is_unlicensed or self.is_in_error or self.holds is not None


@unique
class GroupKind(StrEnum):
    """What kind of group; a Microsoft 365 group is licensed only if it is security enabled too."""

    SECURITY = "security"
    MICROSOFT_365 = "microsoft365"


@unique
class GroupField(StrEnum):
    """Everything of a group that a caller can set; the value is the name on the wire."""

    DISPLAY_NAME = "displayName"
    DESCRIPTION = "description"
    MAIL_NICKNAME = "mailNickname"
    KIND = "kind"
    SECURITY_ENABLED = "securityEnabled"
    EXTERNAL_ID = "externalId"


GroupFields = Mapping[GroupField, str | bool | None]
"""Values by field; a field that is not there is left as it is."""


@unique
class RuleStatus(StrEnum):
    """How far the members of a dynamic group are what its rule says (DYN-008)."""

    NOT_STARTED = "notStarted"
    EVALUATING = "evaluating"
    PROCESSING = "processing"
    COMPLETE = "complete"
    ERROR = "error"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicState:
    """The membership rule of a dynamic group, and when it was last evaluated and moved anybody."""

    rule: str
    is_paused: bool = False
    status: RuleStatus = RuleStatus.NOT_STARTED
    changed_at: datetime
    evaluated_at: datetime | None = None
    members_changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group; `is_processing` while its members' licenses are being worked on (GBL-044).

    `dynamic` is None for a static group, whose members are put in by hand.
    """

    group_no: GroupNo
    id: UUID
    display_name: str
    description: str | None = None
    mail_nickname: str | None = None
    kind: GroupKind = GroupKind.SECURITY
    is_security: bool = True
    external_id: str | None = None
    is_processing: bool = False
    created_at: datetime
    deleted_at: datetime | None = None
    dynamic: DynamicState | None = None

    @property
    def can_be_licensed(self) -> bool:
        """Whether a license may be put on it (GBL-001, GBL-002)."""
        return self.kind is GroupKind.SECURITY or self.is_security


def text_key(text: str) -> str:
    """The form in which names and addresses are compared: case and blanks around never matter.

    A NUL, which no stored text can hold, becomes a character that no name has.
    """
    return unicodedata.normalize("NFC", text.strip()).casefold().replace("\0", "\ufffd")


def parse_id(text: str) -> UUID | None:
    """The UUID that a text is, in the one form that seatwright writes; None for anything else."""
    return UUID(text.strip()) if _UUID.fullmatch(text.strip()) else None


def search_words(texts: Iterable[str | None]) -> frozenset[str]:
    """The words by which a person is found, of their names and addresses.

    An address counts whole and by the words before its @: the domain is everybody's. A word with
    accents is found without them too.
    """
    words: set[str] = set()
    for text in texts:
        if text:
            words.update(_words_of(text_key(text)))
    return frozenset(words)


def _words_of(key: str) -> Iterable[str]:
    if "@" in key:
        yield key[:WORD_LENGTH_MAX]
    for found in _WORD.findall(key.partition("@")[0]):
        word = found[:WORD_LENGTH_MAX]
        yield word
        if not word.isascii():
            yield _without_accents(word)


def _without_accents(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    return "".join(part for part in parts if not unicodedata.combining(part))


def searched_words(text: str) -> tuple[str, ...]:
    """The prefixes that a search asks for: each must begin one of a person's words."""
    found: dict[str, None] = {}
    for part in text_key(text).split():
        if "@" in part:
            found[part[:WORD_LENGTH_MAX]] = None
        else:
            found.update(dict.fromkeys(word[:WORD_LENGTH_MAX] for word in _WORD.findall(part)))
    return tuple(found)[:WORDS_SEARCHED_MAX]

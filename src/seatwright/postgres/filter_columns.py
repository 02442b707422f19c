"""Where the properties of the filters' table stand in the database, and in what form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from seatwright.domain.directory import EXTENSION_ATTRIBUTES
from seatwright.domain.filters.listed import (
    GROUPS_LEFT_OUT,
    GROUPS_RENAMED,
    PEOPLE_LEFT_OUT,
    PEOPLE_RENAMED,
)
from seatwright.domain.filters.tree import Literal


def _as_it_is(value: Literal) -> object:
    return value


def _folded(value: Literal) -> object:
    """As `domain.directory.text_key` folds, but blanks around stay: they were asked for."""
    return unicodedata.normalize("NFC", str(value)).casefold()


def _upper(value: Literal) -> object:
    return str(value).upper()


def _lower_ascii(value: Literal) -> object:
    return str(value).lower()


def _capital(value: Literal) -> object:
    return str(value).capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An expression of SQL, and the form in which a value is compared with it.

    `mark` stands for the value, `marks` for a list of them. `unfolded`: for a collection, the rows
    that its elements become, each of which `sql` names.
    """

    sql: str
    key: Callable[[Literal], object] = _as_it_is
    mark: str = "%s"
    marks: str = "%s"
    unfolded: str = ""


def _folding(sql: str, *, unfolded: str = "") -> Column:
    """A text that has no key beside it: compared without case, and no index helps.

    PostgreSQL folds both sides: Python folds some letters differently (a final sigma, İ).
    """
    return Column(
        sql=sql,
        key=str,
        mark="lower(%s::text)",
        marks="array(select lower(one) from unnest(%s::text[]) as one)",
        unfolded=unfolded,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Everything that the filters of one table need.

    `licensed` and `planned` are open parentheses: the condition on the product follows.
    """

    plain: Mapping[str, Column]
    texts: Mapping[str, Column]
    licenses: str
    licensed: str
    planned: str = ""
    words: str = ""
    searched: Mapping[str, Column] = field(default_factory=dict)


def _loose(name: str, alias: str = "u") -> Column:
    return _folding(f"lower({alias}.{name})")


_PLAIN: Final[Mapping[str, Column]] = {
    "id": Column(sql="u.id"),
    "displayName": Column(sql="u.display_name_key", key=_folded),
    "userPrincipalName": Column(sql="u.upn_key", key=_folded),
    "mail": Column(sql="u.mail_key", key=_folded),
    "accountEnabled": Column(sql="u.is_enabled"),
    "city": _loose("city"),
    "companyName": _loose("company_name"),
    "country": _loose("country"),
    "createdDateTime": Column(sql="u.created_at"),
    "department": Column(sql="u.department_key", key=_folded),
    "employeeHireDate": Column(sql="u.employee_hire_date"),
    "employeeId": _loose("employee_id"),
    "employeeOrgData/costCenter": _loose("cost_center"),
    "employeeOrgData/division": _loose("division"),
    "employeeType": _loose("employee_type"),
    "faxNumber": _loose("fax_number"),
    "givenName": _loose("given_name"),
    "jobTitle": _loose("job_title"),
    "mailNickname": _loose("mail_nickname"),
    "mobilePhone": _loose("mobile_phone"),
    "officeLocation": _loose("office_location"),
    "onPremisesImmutableId": Column(sql="u.on_premises_immutable_id"),
    "onPremisesSecurityIdentifier": _loose("on_premises_security_identifier"),
    "onPremisesSyncEnabled": Column(sql="u.on_premises_sync_enabled"),
    "postalCode": _loose("postal_code"),
    "preferredLanguage": _loose("preferred_language"),
    "signInActivity/lastSignInDateTime": Column(sql="u.last_sign_in_at"),
    "state": _loose("state"),
    "streetAddress": _loose("street_address"),
    "surname": _loose("surname"),
    "usageLocation": Column(sql="u.usage_location", key=_upper),
    "userType": Column(sql="u.user_type", key=_capital),
    **{
        f"onPremisesExtensionAttributes/{one.value}": _loose(
            one.value.replace("extensionAttribute", "extension_attribute")
        )
        for one in EXTENSION_ATTRIBUTES
    },
}

USER_COLUMNS: Final = Columns(
    plain=_PLAIN,
    texts={
        "businessPhones": _loose("business_phone"),
        "otherMails": _folding(
            "x.element",
            unfolded="unnest(string_to_array(lower(u.other_mails), ' ')) as x (element)",
        ),
        # The one address that there is; Graph writes the main one as SMTP:.
        "proxyAddresses": Column(sql="('smtp:' || u.mail_key)", key=_folded),
    },
    licenses="effective_license l where l.tenant_id = %s and l.user_no = u.user_no",
    licensed=(
        "u.user_no in (select l.user_no from effective_license l"
        " where l.tenant_id = %s and l.sku_no"
    ),
    planned=(
        "exists (select from effective_license l where l.tenant_id = %s and l.user_no = u.user_no"
    ),
    words=(
        "u.user_no in (select w.user_no from search_word w where w.tenant_id = %s and w.word ^@ %s)"
    ),
    searched={
        "givenName": _loose("given_name"),
        "mail": _PLAIN["mail"],
        "surname": _loose("surname"),
        "userPrincipalName": _PLAIN["userPrincipalName"],
    },
)

GROUP_COLUMNS: Final = Columns(
    plain={
        "id": Column(sql="g.id"),
        "displayName": Column(sql="g.display_name_key", key=_folded),
        "createdDateTime": Column(sql="g.created_at"),
        "description": _loose("description", "g"),
        "hasMembersWithLicenseErrors": Column(
            sql="exists (select from license_error e where e.tenant_id = g.tenant_id"
            " and e.source_kind = 1 and e.source_no = g.group_no)"
        ),
        "mailEnabled": Column(sql="(g.kind = 'microsoft365')"),
        "mailNickname": _loose("mail_nickname", "g"),
        "membershipRule": _loose("membership_rule", "g"),
        "membershipRuleProcessingState": _loose("rule_state", "g"),
        "securityEnabled": Column(sql="g.is_security"),
    },
    texts={
        "groupTypes": _folding(
            "x.element",
            unfolded="(values (case when g.kind = 'microsoft365' then 'unified' end),"
            " (case when g.membership_rule is not null then 'dynamicmembership' end))"
            " as x (element)",
        )
    },
    licenses="assignment a where a.tenant_id = %s and a.group_no = g.group_no",
    licensed=(
        "g.group_no in (select a.group_no from assignment a where a.tenant_id = %s"
        " and a.group_no is not null and a.sku_no"
    ),
    words=(
        "g.group_no in (select w.group_no from group_word w"
        " where w.tenant_id = %s and w.word ^@ %s)"
    ),
)


def _listed(
    columns: Columns, renamed: Mapping[str, str], left_out: frozenset[str], own: dict[str, Column]
) -> Columns:
    """The same columns under the names of our own lists."""
    plain = {renamed.get(n, n): one for n, one in columns.plain.items() if n not in left_out}
    texts = {name: one for name, one in columns.texts.items() if name not in left_out}
    return replace(columns, plain=plain | own, texts=texts)


LISTED_PEOPLE_COLUMNS: Final = _listed(
    USER_COLUMNS,
    PEOPLE_RENAMED,
    PEOPLE_LEFT_OUT,
    {
        "businessPhone": _loose("business_phone"),
        "deletedAt": Column(sql="u.deleted_at"),
        "externalId": Column(sql="u.external_id"),
    },
)
LISTED_GROUP_COLUMNS: Final = _listed(
    GROUP_COLUMNS,
    GROUPS_RENAMED,
    GROUPS_LEFT_OUT,
    {
        "externalId": Column(sql="g.external_id"),
        "kind": Column(sql="g.kind", key=_lower_ascii),
    },
)

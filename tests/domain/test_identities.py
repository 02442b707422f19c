"""Who a provider says that somebody is, and which roles its values mean."""

from __future__ import annotations

import pytest

from seatwright.domain.errors import Refusal
from seatwright.domain.identities import domain_of, identity_of, role_mapping, roles_claimed
from seatwright.domain.roles import Role
from seatwright.domain.settings import check_setting


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"preferred_username": "Ada@X", "email": "a@x.example"}, ("Ada@X", "a@x.example")),
        ({"email": "a@x.example"}, ("a@x.example",)),
        ({"email": "a@x.example", "email_verified": True}, ("a@x.example",)),
        ({"email": "a@x.example", "email_verified": False}, ()),
        ({"email": "a@x.example", "email_verified": "false"}, ()),
        ({"preferred_username": ["ada"], "email": 7}, ()),
        ({"preferred_username": "a\nb", "email": ""}, ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_names_are_looked_for_in_order_and_only_if_vouched_for(
    claims: dict[str, object], names: tuple[str, ...]
) -> None:
    assert identity_of(claims, role_claim="roles").names == names


@pytest.mark.parametrize(
    ("claims", "path", "roles"),
    [
        ({"roles": ["license-administrator", "other"]}, "roles", [Role.LICENSE_ADMINISTRATOR]),
        ({"roles": "Admin"}, "roles", [Role.GLOBAL_ADMINISTRATOR]),
        ({"groups": ["Licensing Team"]}, "groups", [Role.LICENSE_ADMINISTRATOR]),
        ({"realm_access": {"roles": ["reader"]}}, "realm_access.roles", [Role.GLOBAL_READER]),
        ({"a.b": ["reader"], "a": {"b": ["admin"]}}, "a.b", [Role.GLOBAL_READER]),
        ({"roles": {"admin": True}}, "roles", []),
        ({"roles": [["admin"], 7, None]}, "roles", []),
        ({}, "a.b.c", []),
    ],
)
def test_roles_come_from_the_claim_by_slug_or_by_what_the_tenant_mapped(
    claims: dict[str, object], path: str, roles: list[Role]
) -> None:
    mapping = role_mapping("licensing team = license-administrator, x=person")
    assert mapping is not None
    assert list(roles_claimed(identity_of(claims, role_claim=path), mapping)) == roles


def test_a_mapping_that_names_no_role_is_refused_with_an_example() -> None:
    for text in ("licensing", "licensing=boss", "=person", ","):
        with pytest.raises(Refusal, match="licensing=license-administrator"):
            check_setting("roleClaimValues", text)


def test_a_domain_is_what_follows_the_last_at() -> None:
    assert domain_of(" Ada@Contoso.EXAMPLE ") == "contoso.example"
    assert (domain_of("ada"), domain_of("ada@")) == (None, None)

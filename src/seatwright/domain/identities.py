"""Who an identity provider says that somebody is: names to look for, and roles.

Matched by `preferred_username`, then by `email`, whatever the case (`interfaces.md`, "Portal").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.domain.directory import text_key
from seatwright.domain.domain_names import as_domain_name, spellings_of
from seatwright.domain.roles import Role

NAME_LENGTH_MAX: Final = 320
VALUES_MAX: Final = 1_000
MAPPINGS_MAX: Final = 200

_SHORT: Final = {"admin": Role.GLOBAL_ADMINISTRATOR, "reader": Role.GLOBAL_READER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider vouches for: `names` in the order in which they are looked for."""

    names: tuple[str, ...]
    roles_claimed: tuple[str, ...]


def identity_of(claims: Mapping[str, object], *, role_claim: str) -> Identity:
    """The identity that claims describe.

    An address that the provider itself calls unverified names nobody: whoever signs up there could
    have written it.
    """
    names = [claims.get("preferred_username")]
    if claims.get("email_verified") not in (False, "false"):
        names.append(claims.get("email"))
    found = [one.strip() for one in names if isinstance(one, str)]
    found = [one for one in found if 0 < len(one) <= NAME_LENGTH_MAX and one.isprintable()]
    claimed = tuple(_texts(_claim(claims, role_claim)))
    return Identity(names=tuple(dict.fromkeys(found)), roles_claimed=claimed)


def _claim(claims: Mapping[str, object], path: str) -> object:
    """A claim by its whole name, else by a path of names with dots in between."""
    if path in claims:
        return claims[path]
    here: object = claims
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _texts(value: object) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    for one in values[:VALUES_MAX]:
        if isinstance(one, str):
            yield one.strip()


def domain_of(name: str) -> str | None:
    """The domain of an address as tenants own it; None for a name that has none."""
    _, at, domain = name.rpartition("@")
    return as_domain_name(domain) if at else None


def address_keys(name: str) -> tuple[str, ...]:
    """What to look for in the directory: a name as it is, and with its domain spelled otherwise."""
    local, domain = text_key(name).rpartition("@")[0], domain_of(name)
    others = () if domain is None else (f"{local}@{one}" for one in spellings_of(domain))
    return tuple(dict.fromkeys((text_key(name), *others)))


def roles_claimed(identity: Identity, mapping: Mapping[str, Role]) -> tuple[Role, ...]:
    """The roles that the provider's values name: by this mapping, or as slugs."""
    found = set()
    for text in identity.roles_claimed:
        key = text_key(text)
        role = mapping.get(key) or _SHORT.get(key)
        if role is not None:
            found.add(role)
        elif key in set(Role):
            found.add(Role(key))
    return tuple(role for role in Role if role in found)


def role_mapping(text: object) -> Mapping[str, Role] | None:
    """`value=role` pairs with commas in between; None where a text is no such thing."""
    if not isinstance(text, str):
        return {} if text is None else None
    found: dict[str, Role] = {}
    for pair in text.split(","):
        value, equals, slug = pair.rpartition("=")
        if not equals or not value.strip() or slug.strip().lower() not in set(Role):
            return None
        found[text_key(value.strip())] = Role(slug.strip().lower())
    return found if len(found) <= MAPPINGS_MAX else None

"""Domain names of tenants: one spelling each, whatever somebody wrote (RFC 1035, RFC 5891).

A name is kept as the wire has it, in lower case and with `xn--` for letters beyond a to z, so that
one domain is one text everywhere; people are shown the letters.
"""

from __future__ import annotations

import re
from typing import Final

import idna

from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal

LENGTH_MAX: Final = 253
"""RFC 1035, 2.3.4, as text without the root's dot."""

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SHOWN_MAX: Final = 80


def parse_domain_name(text: str) -> str:
    """The one spelling of a domain name: case, blanks around and a dot at the end never matter.

    Raises Refusal invalidValue, naming the value, the rule that it breaks, and what to give.
    """
    name = text.strip().removesuffix(".")
    rule = _broken_rule(name)
    if rule is None:
        name = _on_the_wire(name)
        rule = _broken_rule_on_the_wire(name)
    if rule is None:
        return name
    shown = _printable(text)
    raise Refusal(
        Reason.INVALID_VALUE,
        f"“{shown}” is no domain name: {rule}. Give one such as contoso.example.",
        context={"field": "name", "value": shown},
    )


def as_domain_name(text: str) -> str | None:
    """The one spelling of a domain name; None for a text that is none."""
    try:
        return parse_domain_name(text)
    except Refusal:
        return None


def shown_domain_name(name: str) -> str:
    """A domain name in the letters that people read; as it is, where it stands for none."""
    try:
        return idna.decode(name) if "xn--" in name else name
    except idna.IDNAError:
        return name


def spellings_of(name: str) -> tuple[str, ...]:
    """How a domain may stand in the keys of addresses: as the wire has it, and in its letters."""
    return tuple(dict.fromkeys((name, text_key(shown_domain_name(name)))))


def _broken_rule(name: str) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > LENGTH_MAX:
        return f"it has {len(name)} characters, and a domain name has {LENGTH_MAX} at most"
    if "://" in name or "/" in name:
        return "it is an address of a page; leave out what is before and after the name"
    if "@" in name:
        return "it has an @; leave out that and what is before it"
    return None


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text[:_SHOWN_MAX])


def _on_the_wire(name: str) -> str:
    """With `xn--` where letters need it; what cannot be so is left for the rules to find."""
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
    except idna.IDNAError:
        return name


def _broken_rule_on_the_wire(name: str) -> str | None:
    labels = name.split(".")
    if len(name) > LENGTH_MAX:
        return f"it has more than {LENGTH_MAX} characters on the wire"
    if len(labels) < 2:
        return "it has one part, and needs two or more with dots in between"
    for label in labels:
        if not _LABEL.fullmatch(label) or not _is_sound(label):
            return (
                f"its part “{_printable(label)}” is not 1 to 63 letters, digits and hyphens,"
                " without a hyphen at its ends"
            )
    if len(labels[-1]) < 2 or labels[-1].isdigit():
        return "its last part is one letter or a number, which no registry gives"
    return None


def _is_sound(label: str) -> bool:
    """Whether letters stand behind an `xn--`; any other label says what it is."""
    if not label.startswith("xn--"):
        return True
    try:
        idna.ulabel(label)
    except idna.IDNAError:
        return False
    return True

"""Domain names: one spelling each, and words for what is none."""

from __future__ import annotations

import pytest

from seatwright.domain.domain_names import (
    as_domain_name,
    parse_domain_name,
    shown_domain_name,
    spellings_of,
)
from seatwright.domain.errors import Reason, Refusal


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("contoso.example", "contoso.example"),
        ("  Contoso.EXAMPLE. ", "contoso.example"),
        ("mail.contoso.onmicrosoft.com", "mail.contoso.onmicrosoft.com"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("Bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-KVA.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("例え。example", "xn--r8jz45g.example"),
        ("ab--cd.example", "ab--cd.example"),
        (f"{'a' * 63}.example", f"{'a' * 63}.example"),
    ],
)
def test_a_domain_has_one_spelling_whatever_was_written(written: str, name: str) -> None:
    assert parse_domain_name(written) == name
    assert parse_domain_name(name) == name
    assert parse_domain_name(shown_domain_name(name)) == name


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("contoso", "one part"),
        ("https://contoso.example/", "address of a page"),
        ("contoso.example/path", "address of a page"),
        ("ada@contoso.example", "has an @"),
        (".contoso.example", "its part “”"),
        ("contoso..example", "its part “”"),
        ("-contoso.example", "its part “-contoso”"),
        ("con_toso.example", "its part “con_toso”"),
        ("con toso.example", "its part “con toso”"),
        ("*.contoso.example", "its part “*”"),
        ("xn--a.example", "its part “xn--a”"),
        ("con\u202etoso.example", "its part"),
        (f"{'a' * 64}.example", "63 letters"),
        ("127.0.0.1", "its last part"),
        ("contoso.x", "its last part"),
        (f"{'abcdefgh.' * 40}example", "253 at most"),
        ("contoso\0.example", "its part"),
    ],
)
def test_what_is_no_domain_is_told_the_value_the_rule_and_what_to_give(
    written: str, rule: str
) -> None:
    with pytest.raises(Refusal) as refused:
        parse_domain_name(written)
    assert refused.value.reason is Reason.INVALID_VALUE
    assert rule in refused.value.detail
    assert refused.value.detail.endswith("Give one such as contoso.example.")
    assert "\0" not in refused.value.detail
    assert "\u202e" not in refused.value.detail.partition(":")[0]
    assert as_domain_name(written) is None


def test_people_read_letters_and_keys_of_addresses_have_either_spelling() -> None:
    assert shown_domain_name("xn--bcher-kva.example") == "bücher.example"
    assert shown_domain_name("xn--a.example") == "xn--a.example"
    assert spellings_of("contoso.example") == ("contoso.example",)
    # Keys of addresses are folded, and ß becomes ss there.
    assert spellings_of("xn--strae-oqa.example") == ("xn--strae-oqa.example", "strasse.example")

"""What the filter language reads, and what it refuses with the place of the mistake."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters import Operator, parse_filter
from seatwright.domain.filters.grammar import DEPTH_MAX, FILTER_LENGTH_MAX
from seatwright.domain.filters.tree import (
    Both,
    Compared,
    Counted,
    Either,
    Filter,
    Negated,
    OneOf,
    Quantified,
)

SKU = UUID("05e9a617-0261-4cee-bb44-138d3ef5d965")


def is_(name: str, value: object) -> Filter:
    return Compared(path=(name,), operator=Operator.EQ, value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("displayName eq 'O''Neil'", is_("displayName", "O'Neil")),
        ("accountEnabled eq true", is_("accountEnabled", True)),
        ("mail eq null", is_("mail", None)),
        ("id eq 05E9A617-0261-4cee-bb44-138d3ef5d965", is_("id", SKU)),
        ("notes eq 'a' or b eq 'x'", Either(parts=(is_("notes", "a"), is_("b", "x")))),
        ("mail in ('a','b')", OneOf(path=("mail",), values=("a", "b"))),
        ("NOT (a EQ 'x')", Negated(inner=is_("a", "x"))),
        ("startsWith(a,'x') eq false", Negated(inner=Compared(
            path=("a",), operator=Operator.STARTS_WITH, value="x"))),
        ("assignedLicenses/$count eq 0", Counted(
            path=("assignedLicenses",), operator=Operator.EQ, number=0)),
        (
            f"assignedLicenses/any(x:x/skuId eq {SKU})",
            Quantified(
                path=("assignedLicenses",),
                operator=Operator.ANY,
                variable="x",
                condition=Compared(path=("x", "skuId"), operator=Operator.EQ, value=SKU),
            ),
        ),
        (
            "createdDateTime ge 2026-11-21T09:00:00.1234567Z",
            Compared(
                path=("createdDateTime",),
                operator=Operator.GE,
                value=datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC),
            ),
        ),
    ],
)  # fmt: skip
def test_a_filter_is_read_as_it_is_meant(text: str, tree: Filter) -> None:
    assert parse_filter(text) == tree


def test_and_binds_closer_than_or_and_parentheses_closest() -> None:
    a, b, c = is_("a", 1), is_("b", 1), is_("c", 1)
    assert parse_filter("a eq 1 or b eq 1 and c eq 1") == Either(parts=(a, Both(parts=(b, c))))
    assert parse_filter("(a eq 1 or b eq 1) and c eq 1") == Both(parts=(Either(parts=(a, b)), c))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("displayName eq", "too early"),
        ("", "too early"),
        ("displayName has 'x'", "“has” is not expected at position 12"),
        ("displayName eq 'x", "“'” is not expected at position 15"),
        ("createdDateTime ge 2026-13-45", "“2026-13-45” is no time"),
        ("a eq '\0'", "NUL"),
        ("x" * (FILTER_LENGTH_MAX + 1), f"{FILTER_LENGTH_MAX} is the most"),
        ("not " * DEPTH_MAX + "a eq 1", "deep"),
        ("(" * 2000, "too early"),
        ("a/$count eq 1.5", "no number of elements"),
        ("startsWith(a,'x') gt true", "cannot be compared"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_filter(text)
    assert refused.value.reason is Reason.INVALID_VALUE
    assert said in refused.value.detail


_PIECES = st.sampled_from(
    [
        *("displayName", "eq", "ne", "and", "or", "not", "(", ")", "'", "'x'", ",", "/", "$count"),
        *("any", "all", ":", "in", "true", "null", "7", "-1", "1e9", str(SKU), "2026-11-21"),
        *("startsWith(", "x:x/skuId", "é", "\\", "%"),
    ]
)


@settings(max_examples=2000, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=30).map(" ".join)))
def test_any_text_is_read_or_refused_and_never_hangs(text: str) -> None:
    began = monotonic()
    with suppress(Refusal):
        parse_filter(text)
    assert monotonic() - began < 1

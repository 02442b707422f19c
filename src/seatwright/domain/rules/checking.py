"""Whether an operator and a value fit a property (DYN-027, DYN-030, DYN-032)."""

from __future__ import annotations

from typing import Final, assert_never

from seatwright.domain.rules.patterns import PatternError, compile_pattern
from seatwright.domain.rules.problems import Flaw, wrong
from seatwright.domain.rules.properties import Kind, Property
from seatwright.domain.rules.tree import Moment, Operand, Operator, Place
from seatwright.domain.rules.values import Given, moment_of

_EQUAL: Final = frozenset({Operator.EQ, Operator.NE})
_LISTED: Final = frozenset({Operator.IN, Operator.NOT_IN})
_PATTERN: Final = frozenset({Operator.MATCH, Operator.NOT_MATCH})
_ORDER: Final = frozenset({Operator.LE, Operator.GE})

OPERATORS_OF: Final = {
    Kind.TEXT: frozenset(Operator) - _ORDER,
    Kind.TEXTS: frozenset(Operator) - _ORDER,
    Kind.SWITCH: _EQUAL,
    Kind.TIME: _EQUAL | _ORDER,
    Kind.PLANS: frozenset[Operator](),
}
"""Which operators a kind of property has."""


def check_comparison(
    property_: Property, operator: Operator, given: Given | tuple[Given, ...], *, at: Place
) -> Operand:
    """The value in the form in which it is compared.

    Raises RuleRefusal for an operator or a value that does not fit the property.
    """
    allowed = OPERATORS_OF[property_.kind]
    if operator not in allowed:
        raise _misfit(property_, operator, at)
    if isinstance(given, tuple):
        return tuple(_listed_text(property_, one) for one in given)
    if operator in _LISTED:
        raise wrong(Flaw.VALUE, f"{operator} needs a list in brackets.", given.place)
    if given.value is None and given.terminal == "NULL":
        _check_null(operator, given)
        return None
    value = _value(property_, given)
    if operator in _PATTERN:
        assert isinstance(value, str), "only texts have patterns"
        _check_pattern(value, given)
    return value


def _misfit(property_: Property, operator: Operator, at: Place) -> Exception:
    if property_.kind is Kind.PLANS:
        fix = (
            "ask with -any or -all, as in"
            ' user.assignedPlans -any (assignedPlan.capabilityStatus -eq "Enabled")'
        )
    else:
        names = [one.value for one in Operator if one in OPERATORS_OF[property_.kind]]
        fix = f"it can be compared with {', '.join(names[:-1])} or {names[-1]}"
    return wrong(
        Flaw.OPERATOR,
        f"{property_} is {property_.kind.value} and has no {operator}: {fix}.",
        at,
        text=operator.value,
    )


def _check_null(operator: Operator, given: Given) -> None:
    if operator not in _EQUAL:
        raise wrong(
            Flaw.VALUE,
            f'null goes with -eq and -ne only, not with {operator}. The word itself is "null" in'
            " quotes.",
            given.place,
            text="null",
        )


def _listed_text(property_: Property, given: Given) -> str:
    if given.terminal == "NULL":
        raise wrong(
            Flaw.VALUE,
            f"A list holds texts: ask {property_} -eq null beside it.",
            given.place,
            text="null",
        )
    value = _value(property_, given)
    assert isinstance(value, str), "only texts have lists"
    return value


def _value(property_: Property, given: Given) -> str | bool | Moment:
    match property_.kind:
        case Kind.TEXT | Kind.TEXTS:
            if isinstance(given.value, str) and given.terminal != "NUMBER":
                return given.value
            raise _wrong_value(property_, given, f'write it in quotes: "{given.words}"')
        case Kind.SWITCH:
            is_word = isinstance(given.value, str) and given.value.casefold() in {"true", "false"}
            if is_word:
                return str(given.value).casefold() == "true"
            if isinstance(given.value, bool):
                return given.value
            raise _wrong_value(property_, given, "write true or false")
        case Kind.TIME:
            if isinstance(given.value, Moment):
                return given.value
            if isinstance(given.value, str) and given.terminal != "NUMBER":
                return moment_of(given.value, given.place)
            raise _wrong_value(property_, given, "write a time, or system.now -plus p7d")
        case Kind.PLANS:
            raise AssertionError("service plans have no operators")
        case _:
            assert_never(property_.kind)


def _wrong_value(property_: Property, given: Given, fix: str) -> Exception:
    return wrong(
        Flaw.VALUE,
        f"{property_} is {property_.kind.value} and cannot be compared with {given.words:.60}:"
        f" {fix}.",
        given.place,
        text=given.words,
    )


def _check_pattern(pattern: str, given: Given) -> None:
    try:
        compile_pattern(pattern)
    except PatternError as error:
        raise wrong(
            Flaw.PATTERN,
            f"The pattern {given.words:.60} is no regular expression that can be used: {error}."
            " Looking ahead or behind and references back (\\1) are not there.",
            given.place,
            text=given.words,
        ) from None

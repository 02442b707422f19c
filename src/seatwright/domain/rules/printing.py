"""A rule in its canonical form: one spelling for each operator, quotes where Microsoft has them."""

from __future__ import annotations

from datetime import UTC
from typing import assert_never

from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    DirectReports,
    MemberOf,
    Moment,
    Not,
    Operand,
    Or,
    Quantified,
    Rule,
)


def print_rule(rule: Rule) -> str:
    """The rule as text; parsing it gives the same tree."""
    match rule:
        case DirectReports():
            return f'Direct Reports for "{rule.manager}"'
        case MemberOf():
            ids = ", ".join(f"'{group}'" for group in rule.groups)
            return f"user.memberOf -any (group.objectId -in [{ids}])"
        case _:
            return print_condition(rule)


def print_condition(condition: Condition) -> str:
    """One condition as text, without parentheses around the whole."""
    match condition:
        case Comparison():
            value = print_operand(condition.operand)
            return f"{condition.property} {condition.operator} {value}"
        case Quantified():
            inner = print_condition(condition.condition)
            return f"{condition.property} {condition.quantifier} ({inner})"
        case Not():
            return f"-not ({print_condition(condition.condition)})"
        case And():
            return " -and ".join(_part(one) for one in condition.conditions)
        case Or():
            return " -or ".join(_part(one) for one in condition.conditions)
        case _:
            assert_never(condition)


def _part(condition: Condition) -> str:
    """A condition inside of another: joined ones in parentheses, so that nobody has to count."""
    text = print_condition(condition)
    return f"({text})" if isinstance(condition, (And, Or)) else text


def print_operand(operand: Operand) -> str:
    """A value as a rule writes it."""
    match operand:
        case None:
            return "null"
        case bool():
            return "true" if operand else "false"
        case Moment():
            return print_moment(operand)
        case tuple():
            return f"[{', '.join(quoted(one) for one in operand)}]"
        case str():
            return quoted(operand)
        case _:
            assert_never(operand)


def print_moment(moment: Moment) -> str:
    """A fixed time in UTC, or now with its distance."""
    if moment.at is not None:
        return moment.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"system.now {moment.duration}".rstrip()


def quoted(text: str) -> str:
    """A text in double quotes; in single ones where a backslash or backtick ends it.

    There the closing double quote would be taken for one of the text.
    """
    doubled = text.replace("'", "''")
    if text.endswith(("\\", "`")):
        return f"'{doubled}'"
    escaped = doubled.replace('"', '\\"')
    return f'"{escaped}"'

"""What can be wrong with a membership rule, told with the place and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.rules.tree import Place

SHOWN_MAX = 60


@unique
class Flaw(StrEnum):
    """The kinds of error; Microsoft tells the middle three apart too (DYN-032)."""

    TOO_LONG = "tooLong"
    SYNTAX = "syntax"
    UNKNOWN_PROPERTY = "unknownProperty"
    OPERATOR = "operatorNotSupported"
    VALUE = "valueNotSupported"
    PATTERN = "invalidPattern"
    ALONE = "mustStandAlone"
    TOO_MANY = "tooMany"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error: where, at which text, what would have fitted, and the sentence that says it all."""

    flaw: Flaw
    message: str
    place: Place
    text: str = ""
    expected: tuple[str, ...] = ()


class RuleRefusal(Refusal):
    """A rule that cannot be taken."""

    def __init__(self, problem: Problem) -> None:
        """Take what is wrong; the refusal's sentence begins with the place."""
        place, told = problem.place, problem.message
        super().__init__(
            Reason.INVALID_RULE,
            f"Line {place.line}, column {place.column}: {told}",
            context={
                "flaw": problem.flaw.value,
                "line": place.line,
                "column": place.column,
                "text": problem.text,
                "expected": list(problem.expected),
            },
            is_in_body=True,
        )
        self.problem = problem


def wrong(
    flaw: Flaw, message: str, place: Place, *, text: str = "", expected: tuple[str, ...] = ()
) -> RuleRefusal:
    """The refusal of a rule, to be raised."""
    return RuleRefusal(
        Problem(flaw=flaw, message=message, place=place, text=shown(text), expected=expected)
    )


def shown(text: str) -> str:
    """A text as a sentence can hold it."""
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"

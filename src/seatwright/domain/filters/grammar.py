"""The language of OData filters, as Microsoft Graph takes them.

LALR without recursion: a filter of any shape is read in time linear in its length, and what is too
long or too deep is refused before anything walks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, VisitError

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters.tree import (
    Both,
    Compared,
    Counted,
    Either,
    Filter,
    Literal,
    Negated,
    OneOf,
    Operator,
    Quantified,
)

FILTER_LENGTH_MAX: Final = 4096
DEPTH_MAX: Final = 20
"""Parentheses and negations inside each other: more than any person or program writes."""

VALUES_MAX: Final = 500
"""Values of one `in`, and conditions of one filter."""

_GRAMMAR: Final = r"""
start: either
?either: both | both (OR both)+ -> either
?both: single | single (AND single)+ -> both
?single: NOT single -> negated
    | "(" either ")"
    | compared | one_of | called | counted | quantified
compared: path COMPARE literal
one_of: path IN "(" literal ("," literal)* ")"
called: FUNCTION "(" path "," literal ")" [COMPARE flag]
counted: path "/" COUNT COMPARE NUMBER
quantified: path "/" QUANTIFIER "(" [NAME ":" either] ")"
path: NAME | path "/" NAME -> longer
?flag: TRUE -> true | FALSE -> false
?literal: flag
    | NULL -> null
    | GUID -> guid
    | TIME -> time
    | NUMBER -> number
    | TEXT -> text

NOT.3: /not(?=[\s(])/i
OR.3: /or\b/i
AND.3: /and\b/i
IN.3: /in(?=[\s(])/i
COMPARE.3: /(eq|ne|gt|ge|lt|le)\b/i
FUNCTION.3: /(startswith|endswith|contains)(?=\s*\()/i
QUANTIFIER.3: /(any|all)(?=\s*\()/i
COUNT.3: /\$count\b/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
NULL.3: /null\b/i
GUID.4: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i
TIME.3: /\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,12})?)?(Z|[+-]\d{2}:\d{2})?)?/i
NUMBER.2: /-?\d{1,18}(\.\d{1,9})?/
TEXT.2: /'([^']|'')*'/
NAME: /[A-Za-z_][A-Za-z0-9_]{0,127}/
%ignore /\s+/
"""

_OPERATORS: Final = {operator.value.lower(): operator for operator in Operator}


class _Reader(Transformer[Token, Filter]):
    """Builds the tree while the text is read; each method is named after a rule."""

    def start(self, parts: Sequence[Filter]) -> Filter:
        return parts[0]

    def either(self, parts: Sequence[Filter | Token]) -> Filter:
        return Either(parts=tuple(part for part in parts if not isinstance(part, Token)))

    def both(self, parts: Sequence[Filter | Token]) -> Filter:
        return Both(parts=tuple(part for part in parts if not isinstance(part, Token)))

    def negated(self, parts: Sequence[Filter]) -> Filter:
        return Negated(inner=parts[1])

    def path(self, names: Sequence[Token]) -> tuple[str, ...]:
        return tuple(str(name) for name in names)

    def longer(self, parts: tuple[tuple[str, ...], Token]) -> tuple[str, ...]:
        path, name = parts
        return (*path, str(name))

    def compared(self, parts: tuple[tuple[str, ...], Token, Literal]) -> Filter:
        path, operator, value = parts
        return Compared(path=path, operator=_OPERATORS[operator.lower()], value=value)

    def one_of(self, parts: Sequence[object]) -> Filter:
        path, _, *values = parts
        if len(values) > VALUES_MAX:
            raise misread(f"“in” names {len(values)} values, {VALUES_MAX} is the most")
        return OneOf(path=path, values=tuple(values))  # type: ignore[arg-type]  # as the rule says

    def called(self, parts: Sequence[object]) -> Filter:
        function, path, value, compare, flag = parts
        call = Compared(
            path=path,  # type: ignore[arg-type]  # as the rule says
            operator=_OPERATORS[str(function).lower()],
            value=value,  # type: ignore[arg-type]  # as the rule says
        )
        if compare is None or (str(compare).lower() == "eq") is flag:
            return call
        if str(compare).lower() in {"eq", "ne"}:
            return Negated(inner=call)
        raise misread(f"{function} is true or false, and cannot be compared by “{compare}”")

    def counted(self, parts: tuple[tuple[str, ...], Token, Token, Token]) -> Filter:
        path, _, operator, number = parts
        if not number.isdigit():
            raise misread(f"“{number}” is no number of elements")
        return Counted(path=path, operator=_OPERATORS[operator.lower()], number=int(number))

    def quantified(
        self, parts: tuple[tuple[str, ...], Token, Token | None, Filter | None]
    ) -> Filter:
        path, quantifier, variable, condition = parts
        return Quantified(
            path=path,
            operator=_OPERATORS[quantifier.lower()],
            variable=None if variable is None else str(variable),
            condition=condition,
        )

    def true(self, _: object) -> bool:
        return True

    def false(self, _: object) -> bool:
        return False

    def null(self, _: object) -> None:
        return None

    def guid(self, parts: Sequence[Token]) -> UUID:
        return UUID(str(parts[0]))

    def time(self, parts: Sequence[Token]) -> datetime:
        return time_of(str(parts[0]))

    def number(self, parts: Sequence[Token]) -> int | float:
        text = str(parts[0])
        return float(text) if "." in text else int(text)

    def text(self, parts: Sequence[Token]) -> str:
        return str(parts[0])[1:-1].replace("''", "'")


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Reader(), maybe_placeholders=True)


def parse_filter(text: str) -> Filter:
    """Read a filter.

    Raises Refusal invalidValue with the place of what cannot be read.
    """
    if len(text) > FILTER_LENGTH_MAX:
        raise misread(f"it has {len(text)} characters, {FILTER_LENGTH_MAX} is the most")
    if "\0" in text:
        raise misread("it holds a NUL character, which no text of the directory does")
    try:
        tree = _parser().parse(text)
    except UnexpectedEOF:
        raise misread("it ends too early") from None
    except UnexpectedInput as error:
        raise misread(_place(text, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Refusal):
            raise error.orig_exc from None
        raise
    _refuse_large(tree)  # type: ignore[arg-type]  # the transformer makes filters of trees
    return tree  # type: ignore[return-value]  # the same


def _place(text: str, error: UnexpectedInput) -> str:
    # lark declares the place as None and fills it in later, so the type says less than there is.
    at: int | None = getattr(error, "pos_in_stream", None)
    token: Token | None = getattr(error, "token", None)
    if at is None or at >= len(text) or (token is not None and token.type == "$END"):
        return "it ends too early"
    if isinstance(error, UnexpectedCharacters) or token is None:
        return f"the character “{text[at]}” is not expected at position {at}"
    return f"the word “{token:.40}” is not expected at position {at}"


def _refuse_large(tree: Filter) -> None:
    """Refuse a tree that is too deep or has too many conditions; walks it without recursion."""
    conditions = 0
    left: list[tuple[Filter, int]] = [(tree, 1)]
    while left:
        node, depth = left.pop()
        conditions += 1
        if depth > DEPTH_MAX or conditions > VALUES_MAX:
            raise misread(
                f"it has conditions inside each other more than {DEPTH_MAX} deep, or more than"
                f" {VALUES_MAX} of them"
            )
        match node:
            case Both() | Either():
                left += [(part, depth + 1) for part in node.parts]
            case Negated():
                left.append((node.inner, depth + 1))
            case Quantified() if node.condition is not None:
                left.append((node.condition, depth + 1))
            case _:
                pass


def time_of(text: str) -> datetime:
    """A time or a date, in UTC where it does not say.

    Raises Refusal invalidValue for what is no time.
    """
    head, dot, rest = text.partition(".")
    if dot:
        # More digits than microseconds say nothing that is stored.
        digits = rest.rstrip("Zz") if rest[-1:] in "Zz" else rest[: _zone_at(rest)]
        text = f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
    try:
        time = datetime.fromisoformat(text.upper())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise misread(f"“{text}” is no time: give one such as 2026-11-21T09:00:00Z") from None


def _zone_at(rest: str) -> int:
    return next((at for at, one in enumerate(rest) if not one.isdigit()), len(rest))


def misread(what: str) -> Refusal:
    """The refusal of a filter that cannot be read."""
    return Refusal(
        Reason.INVALID_VALUE,
        f"Invalid filter clause: {what}. Write it as in displayName eq 'Ada' and"
        " accountEnabled eq true.",
        context={"field": "$filter"},
    )

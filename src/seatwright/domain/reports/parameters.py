"""What a report can be asked with: every parameter with its kind, default and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from seatwright.domain.errors import Reason, Refusal

Given: TypeAlias = str | int | None
"""The value of a parameter; None where it was not given and has no default."""

TEXT_LENGTH_MAX = 200


class ParameterKind(StrEnum):
    """What a parameter takes."""

    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParameter:
    """One parameter: a number within limits, one of some words, or the name of a thing."""

    name: str
    kind: ParameterKind
    meaning: str
    default: Given = None
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    def read(self, value: object) -> Given:
        """The value that a caller gave, as text or JSON.

        Raises Refusal invalidValue for what does not fit.
        """
        if value is None:
            return self.default
        match self.kind:
            case ParameterKind.NUMBER:
                return self._number(value)
            case ParameterKind.CHOICE:
                if isinstance(value, str) and value in self.choices:
                    return value
                raise self._misfit(value, f"give one of {', '.join(self.choices)}")
            case ParameterKind.TEXT:
                if isinstance(value, str) and 0 < len(value.strip()) <= TEXT_LENGTH_MAX:
                    return value.strip()
                raise self._misfit(value, f"give a text of 1 to {TEXT_LENGTH_MAX} characters")

    def _number(self, value: object) -> int:
        text = str(value).strip()
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        if isinstance(value, bool) or not is_number or not self.low <= int(text) <= self.high:
            raise self._misfit(value, f"give a whole number from {self.low} to {self.high}")
        return int(text)

    def _misfit(self, value: object, way_out: str) -> Refusal:
        return Refusal(Reason.INVALID_VALUE, f"{self.name} is “{str(value)[:60]}”: {way_out}.")


def read_parameters(
    known: Sequence[ReportParameter], given: Mapping[str, object], *, report: str
) -> dict[str, Given]:
    """Every parameter of a report with its value.

    Raises Refusal invalidValue for a parameter that the report does not have, or a value that does
    not fit.
    """
    names = [one.name for one in known]
    for name in given:
        if name not in names:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The report {report} has no parameter “{name[:60]}”. It has:"
                f" {', '.join(names) or 'none'}.",
            )
    return {one.name: one.read(given.get(one.name)) for one in known}

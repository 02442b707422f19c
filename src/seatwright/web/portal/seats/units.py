"""Numbers of seats as people send them: in a form, or in the address of one."""

from __future__ import annotations

from typing import Final

from seatwright.domain.errors import Reason, Refusal

UNITS_DIGITS_MAX: Final = 9


def units_of(text: str | None) -> int:
    """A whole number of seats, in digits.

    Raises Refusal invalidValue for anything else.
    """
    text = text or ""
    if not text.isascii() or not text.isdigit() or len(text) > UNITS_DIGITS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE, f"“{text[:40]}” is no number of seats: give a whole number."
        )
    return int(text)


def units_to_buy(text: str | None) -> int | None:
    """The seats that the address of a page asks to buy; None where it asks for none.

    Raises Refusal invalidValue for what is no number above zero.
    """
    if text is None:
        return None
    units = units_of(text)
    if not units:
        raise Refusal(Reason.INVALID_VALUE, "Nobody buys 0 seats: give a number above it.")
    return units

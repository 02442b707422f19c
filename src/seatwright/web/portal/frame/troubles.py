"""What can go wrong around a page: what happened, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Trouble:
    """A page that tells of something that went wrong; `code` is that of the reasons table.

    `is_told`: the text is of the domain; not so where an organization worded it.
    """

    status: int
    title: str
    text: str
    code: str | None = None
    is_told: bool = True


UNAVAILABLE: Final = Trouble(
    503,
    "The database cannot be reached",
    "Nothing was changed. Try again in a moment.",
)
TOO_BUSY: Final = Trouble(
    503,
    "Others were changing the same",
    "Other changes of the same people or products came first, again and again. Nothing was"
    " changed: try again in a moment.",
)
OUTCOME_UNKNOWN: Final = Trouble(
    503,
    "It is not known whether this was done",
    "The database went away while the change was being stored. Look before you try again.",
)
TOO_LARGE: Final = Trouble(
    413,
    "This form is too large",
    "A form takes 2 MiB, and one with a file 16 MiB. Nothing was changed: split the file, and send"
    " its parts one after another.",
)
FOREIGN_FORM: Final = Trouble(
    403,
    "This form came from another site",
    "Nothing was changed. Open the page here and fill the form in again.",
)
OLD_FORM: Final = Trouble(
    403,
    "This form is too old",
    "It was made before you signed in. Nothing was changed: open the page again.",
)
SUSPENDED: Final = Trouble(
    403,
    "This organization is suspended",
    "Every page and call is refused until the operator lets it work again with"
    " “seatwright tenant resume”.",
)
BUG: Final = Trouble(
    500,
    "This could not be finished",
    "Nothing was changed. The number below finds the cause in the logs.",
)

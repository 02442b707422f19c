"""A file that came with a form, as text that the form can be sent again with."""

from __future__ import annotations

import asyncio

from seatwright.app.bulk.people_text import text_of_file
from seatwright.domain.errors import Reason, Refusal
from seatwright.web.portal.frame.forms import Form


async def with_text_of_file(form: Form) -> Form:
    """The same form with the rows of its file as pasted lines, so that it can be sent again.

    Raises Refusal invalidValue for a file that cannot be read.
    """
    file = form.files.get("file")
    if file is None:
        return form
    if form.text("lines"):
        raise Refusal(
            Reason.INVALID_VALUE, "There are a file and lines: choose the file or keep the lines."
        )
    # A large file takes a second to read, in which others want their answers.
    return form.having("lines", await asyncio.to_thread(text_of_file, file))


def lines_of(form: Form) -> str:
    """The pasted lines just as they were sent: blank ones count in the numbers of rows."""
    return next((value for name, value in form.pairs if name == "lines"), "")

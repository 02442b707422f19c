"""`seatwright requests share`: asking others what they think of a request."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, given
from seatwright.cli.preview import previewable
from seatwright.cli.requests import Message, RequestId, request_commands
from seatwright.cli.screen import print_json, say

__all__ = ("request_commands",)  # With the command of this file in it.


def _tell(shared: Json) -> None:
    names = ", ".join(str(one["displayName"]) for one in shared["people"])
    say(f"Sent to {names}. Their answers come to you; the decision is made here.")


@request_commands.command("share", epilog=EXIT_CODES)
@previewable(tell_result=_tell)
def share(
    request: RequestId,
    *,
    person: Annotated[
        list[str], typer.Option("--person", help="Who is asked; again for more, at most 20.")
    ],
    subject: Annotated[
        str | None, typer.Option("--subject", help="What one wants to know.")
    ] = None,
    message: Message = None,
    as_json: AsJson = False,
) -> None:
    """Mail a pending request to people whose word counts; who decides stays the same."""
    with open_api() as api:
        shared = api.write(
            "POST",
            api_path("license-requests", request, "share"),
            body=given(people=person, subject=subject, message=message),
        )
    if as_json:
        print_json(shared)
    else:
        _tell(shared)

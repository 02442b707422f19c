"""`seatwright undo`: putting back what a job or a call of the last 30 days changed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from seatwright.cli.client import Api, api_path, open_api
from seatwright.cli.endings import Ending, stop
from seatwright.cli.imports import tell_rows
from seatwright.cli.jobs import finish, follow
from seatwright.cli.options import AsJson, WaitOption
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say


@previewable(tell_rows)
def undo(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|CHANGE", help="A job's id, or the correlation id that the history shows."
        ),
    ],
    *,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Put back what a job or a call changed: assignments, memberships, licenses of groups.

    Whoever lost a seat gets it back if it is there. What was changed again since stays as it is.
    An undo is a job itself, and can be undone.
    """
    with open_api() as api:
        path = _path(api, what)
        job = api.write("POST", path)
        if wait:
            finish(api, follow(api, job), as_json=as_json)
        elif as_json:
            print_json(job)
        else:
            say(f"The job {job['id']} undoes it: `seatwright jobs show {job['id']} --wait`.")


def _path(api: Api, what: str) -> str:
    """The route of a job if there is one with this id, else of a call."""
    try:
        id_ = str(UUID(what))
    except ValueError:
        stop(Ending.USAGE, f"“{what}” is no id: give a job's, or a correlation id of the history.")
    if api.finds(api_path("jobs", id_)):
        return api_path("jobs", id_, "undo")
    return api_path("history", "changes", id_, "undo")

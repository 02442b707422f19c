"""`seatwright bulk`: many people at once, from a file, with a result for each row."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Api, Content, Json, Query, api_path, open_api, path_of
from seatwright.cli.files import read_file
from seatwright.cli.imports import tell_rows, warn_ignored
from seatwright.cli.jobs import finish, follow
from seatwright.cli.options import AsJson, CsvFile, WaitOption
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import count_of


class Fill(StrEnum):
    """What happens when there are fewer seats than rows."""

    ALL_OR_NOTHING = "all-or-nothing"
    AS_MANY = "as-many"
    WAIT = "wait"

    @property
    def wire(self) -> str:
        """As the API spells it."""
        return {"all-or-nothing": "allOrNothing", "as-many": "asMany", "wait": "wait"}[self.value]


FillOption: TypeAlias = Annotated[
    Fill, typer.Option("--fill", help="When seats run out: nobody, as many as fit, or wait.")
]


@previewable(tell_rows)
def bulk(
    file: CsvFile,
    *,
    sku: Annotated[
        str | None, typer.Option(help="The product of every row that names none.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="A template instead of a product: its name or id.")
    ] = None,
    fill: FillOption = Fill.AS_MANY,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Assign products to the people of a CSV file, row by row.

    The file has the columns UserPrincipalName (or UserEmail) and SkuPartNumber, and if you like
    action (add, remove, replace), disabled service plans, usage location and expiry.
    """
    content = Content(data=read_file(file))
    with open_api() as api:
        query: Query = {"fillPolicy": fill.wire, "skuPartNumber": sku, "templateId": template}
        path = path_of("licenses", "bulk-assign")
        start(api, path, body=content, query=query, wait=wait, as_json=as_json)


def start(
    api: Api,
    path: str,
    *,
    body: Json | Content,
    query: Query | None = None,
    wait: bool,
    as_json: bool,
) -> None:
    """Start a job over many people and, unless told otherwise, wait for it and report it."""
    tell_started(api, api.write("POST", path, body=body, query=query), wait=wait, as_json=as_json)


def tell_started(api: Api, answer: Json, *, wait: bool, as_json: bool) -> None:
    """Report a job that a call answered with, once it has ended unless told otherwise."""
    warn_ignored(answer["ignoredColumns"])
    job = api.read(api_path("jobs", str(answer["jobId"])))
    if wait:
        finish(api, follow(api, job), as_json=as_json)
    elif as_json:
        print_json(job)
    else:
        say(
            f"Started with {count_of(job['total'], 'row', 'rows')}:"
            f" `seatwright jobs show {job['id']} --wait` waits for the result."
        )

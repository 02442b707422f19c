"""Imports and exports: CSV in and out, by kind of thing."""

from __future__ import annotations

from pathlib import Path

from seatwright.cli.client import Content, Json, api_path, open_api
from seatwright.cli.files import read_file, save
from seatwright.cli.screen import print_json


def import_kind(kind: str, file: Path, *, confirm: bool, as_json: bool) -> Json:
    """Hand a file to the server and report what it made of it."""
    content = Content(data=read_file(file))
    query = {"confirm": True if confirm else None}
    with open_api() as api:
        answer = api.write("POST", api_path("imports", kind), body=content, query=query)
    print_json(answer)
    return answer


def export_kind(kind: str, *, output: Path | None) -> None:
    """Write everything of a kind as CSV, to a file or to stdout."""
    with open_api() as api:
        save(api, api_path("exports", kind), output=output)

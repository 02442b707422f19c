"""Writes the pages of `docs/reference/` from the code, so that they cannot tell anything else.

`python -m tools.reference` writes them; `python -m tools.reference --check` says which are old.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer.main

from seatwright import settings
from seatwright.cli.program import program
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.roles import Permission, Role, permissions_of
from seatwright.domain.settings import SETTINGS
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.doors import doors_of
from tools.field_docs import field_docs
from tools.graph_tables import permissions_page, queries_page
from tools.markdown import page, table
from tools.reference_tables import TABLE_WRITERS

PAGES = Path(__file__).parent.parent / "docs" / "reference"

OPEN_ROUTES = (
    ("/healthz", "200 while the process is up"),
    ("/readyz", "200 while database, migrations and worker are well, else 503; the business time"),
    ("/metrics", "numbers for Prometheus: [metrics](metrics.md)"),
    ("/openapi.json", "the description of the API, OpenAPI 3.1"),
    ("/docs", "the same for people"),
    ("/docs/errors", "every code of a refusal: [reasons](reasons.md)"),
)

SIGN_IN_ROUTES = (
    ("`POST /{tenant}/oauth2/v2.0/token`", "an access token for an API client's id and secret"),
    ("`GET /{tenant}/v2.0/.well-known/openid-configuration`", "where the endpoints are"),
    ("`GET /{tenant}/discovery/v2.0/keys`", "the public keys that access tokens are checked by"),
    ("`GET /common/discovery/instance`", "what MSAL asks of a host that it does not know"),
    (
        "`/v1.0/…`, `/beta/…`",
        "Graph's calls: [who may call what](graph-permissions.md), [queries](graph-queries.md)",
    ),
)


def settings_page() -> str:
    """The environment variables."""
    docs = field_docs(settings.Settings)
    rows = [(f"`{settings.PREFIX}{name.upper()}`", doc) for name, doc in docs.items()]
    return page(
        "Settings of the process",
        "Read once from the environment by `./run`, `seatwright serve` and every command.",
        table(("variable", "meaning"), rows),
    )


def tenant_settings_page() -> str:
    """The settings of a tenant."""
    rows = [
        (f"`{one.name}`", one.kind, f"`{one.default}`", one.meaning, f"`{one.role.value}`")
        for one in SETTINGS.values()
    ]
    return page(
        "Settings of a tenant",
        "Read and changed with `GET|PATCH /api/settings` and `seatwright settings`; every change is"
        " in the history.",
        table(("setting", "type", "default", "meaning", "who may change it"), rows),
    )


def roles_page() -> str:
    """Every role with what it may do."""
    rows = [
        (f"`{role.value}`", *("yes" if p in permissions_of((role,)) else "" for p in Permission))
        for role in Role
    ]
    wide = table(
        ("may", *(f"`{role.value}`" for role in Role)),
        [
            (permission.value, *(row[1 + n] for row in rows))
            for n, permission in enumerate(Permission)
        ],
    )
    return page(
        "Roles",
        "One table decides (`domain/roles.py`), and a test tries every role on every route. The"
        " claim values `admin` and `reader` are accepted for the first and the seventh.",
        wide,
    )


def history_page() -> str:
    """Actions and reasons of history rows."""
    actions = table(("action", "number"), [(f"`{a.wire}`", str(a.value)) for a in HistoryAction])
    reasons = table(("reason",), [(f"`{reason.value}`",) for reason in ChangeReason])
    return page(
        "History",
        "Both lists are closed. A change to a person's own assignment and its effect are one row"
        " (`assigned`, `updated`, `removed`); an effect that comes from elsewhere is one row"
        " (`granted`, `revoked`); never both.",
        "## Actions",
        actions,
        "## Reasons of changes",
        reasons,
    )


def routes_page() -> str:
    """Every route with what it does and the permission it needs."""
    doors = doors_of(create_rest_application())
    rows = [
        (
            f"`{door.method} {door.path}`",
            str(door.handler.summary or ""),
            door.permission.value if door.permission else "",
        )
        for door in doors
    ]
    return page(
        "Routes",
        "Bodies, parameters and answers are described by `GET /openapi.json` and shown at `/docs`."
        " Users are named by user principal name or id, products by GUID, part number or alias,"
        " whatever the case. What a role may do is on the page about [roles](roles.md).",
        table(("route", "does", "the caller may"), rows),
        "## Without a token",
        table(("route", "does"), [(f"`GET {path}`", does) for path, does in OPEN_ROUTES]),
        "Under whatever Host, for clients of Microsoft Graph"
        " ([use your own scripts](../how-to/use-your-own-scripts.md)):",
        table(("route", "does"), SIGN_IN_ROUTES),
    )


def commands_page() -> str:
    """Every command with its words and options."""
    root = typer.main.get_command(program)
    parts: list[str] = []
    for path, command in _commands(root, ("seatwright",)):
        parts.append(f"## `{' '.join(path)}`")
        parts.append((command.help or "").strip())
        rows = [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            parts.append(table(("argument or option", "meaning"), rows))
    words = "Every command has `--help`; those with `--json` print the API's answer."
    return page("Commands", words, *parts)


def _commands(command: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    if command.hidden:
        return
    children = getattr(command, "commands", {})
    if not children or command.invoke_without_command:
        yield path, command
    for name, child in sorted(children.items()):
        yield from _commands(child, (*path, name))


def _parameter(parameter: Any) -> tuple[str, str]:
    names = [*parameter.opts, *parameter.secondary_opts]
    if not names[0].startswith("-"):
        names = [str(parameter.name).upper().rstrip("_")]
    return ", ".join(f"`{name}`" for name in names), " ".join(
        str(getattr(parameter, "help", None) or "").split()
    )


WRITERS = {
    "settings.md": settings_page,
    "tenant-settings.md": tenant_settings_page,
    "roles.md": roles_page,
    "history.md": history_page,
    "routes.md": routes_page,
    "commands.md": commands_page,
    "graph-queries.md": queries_page,
    "graph-permissions.md": permissions_page,
    **TABLE_WRITERS,
}


def old_pages() -> list[str]:
    """The names of pages that are not what the code says."""
    return [
        name
        for name, write in WRITERS.items()
        if not (PAGES / name).exists() or (PAGES / name).read_text() != write()
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check say which are old."""
    if "--check" in arguments:
        old = old_pages()
        sys.stdout.write("".join(f"docs/reference/{name} is old\n" for name in old))
        return 1 if old else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        (PAGES / name).write_text(write())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

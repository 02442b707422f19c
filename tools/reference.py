"""Writes the pages of `docs/reference/` from the code, so that they cannot tell anything else.

`python -m tools.reference` writes them; `python -m tools.reference --check` says which are old.
"""

from __future__ import annotations

import ast
import inspect
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

PAGES = Path(__file__).parent.parent / "docs" / "reference"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _page(title: str, words: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", words, *parts)) + "\n"


def _field_docs() -> dict[str, str]:
    """The sentence under each field of `Settings`, whatever its line breaks."""
    tree = ast.parse(inspect.getsource(settings))
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    docs: dict[str, str] = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            assert isinstance(after, ast.Expr)
            assert isinstance(after.value, ast.Constant)
            docs[field.target.id] = " ".join(str(after.value.value).split())
    return docs


def settings_page() -> str:
    """The environment variables."""
    rows = [(f"`{settings.PREFIX}{name.upper()}`", doc) for name, doc in _field_docs().items()]
    return _page(
        "Settings of the process",
        "Read once from the environment by `./run`, `seatwright serve` and every command.",
        _table(("variable", "meaning"), rows),
    )


def tenant_settings_page() -> str:
    """The settings of a tenant."""
    rows = [
        (f"`{one.name}`", one.kind, f"`{one.default}`", one.meaning, f"`{one.role.value}`")
        for one in SETTINGS.values()
    ]
    return _page(
        "Settings of a tenant",
        "Read and changed with `GET|PATCH /api/settings` and `seatwright settings`; every change is"
        " in the history.",
        _table(("setting", "type", "default", "meaning", "who may change it"), rows),
    )


def roles_page() -> str:
    """Every role with what it may do."""
    rows = [
        (f"`{role.value}`", *("yes" if p in permissions_of((role,)) else "" for p in Permission))
        for role in Role
    ]
    wide = _table(
        ("may", *(f"`{role.value}`" for role in Role)),
        [
            (permission.value, *(row[1 + n] for row in rows))
            for n, permission in enumerate(Permission)
        ],
    )
    return _page(
        "Roles",
        "One table decides (`domain/roles.py`), and a test tries every role on every route. The"
        " claim values `admin` and `reader` are accepted for the first and the seventh.",
        wide,
    )


def history_page() -> str:
    """Actions and reasons of history rows."""
    actions = _table(("action", "number"), [(f"`{a.wire}`", str(a.value)) for a in HistoryAction])
    reasons = _table(("reason",), [(f"`{reason.value}`",) for reason in ChangeReason])
    return _page(
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
    """Every route with the permission it needs."""
    rows = []
    for route in create_rest_application().routes:
        for method, handler in sorted(getattr(route, "route_handler_map", {}).items()):
            opt = handler[0].opt if isinstance(handler, tuple) else handler.opt
            if "permission" in opt:
                permission: Permission = opt["permission"]
                rows.append((f"`{method} {_plain(route.path)}`", permission.value))
    return _page(
        "Routes",
        "The bodies are described by `GET /openapi.json` and readable at `/docs`. Users are named"
        " by user principal name or id, products by GUID or part number, whatever the case.",
        _table(("route", "the caller may"), sorted(rows, key=lambda row: row[0].split(" ")[::-1])),
    )


def _plain(path: str) -> str:
    """`/api/jobs/{job_id:uuid}` as people write it: `/api/jobs/{job_id}`."""
    parts = [
        part.partition(":")[0] + "}" if part.startswith("{") else part for part in path.split("/")
    ]
    return "/".join(parts)


def commands_page() -> str:
    """Every command with its words and options."""
    root = typer.main.get_command(program)
    parts: list[str] = []
    for path, command in _commands(root, ("seatwright",)):
        parts.append(f"## `{' '.join(path)}`")
        parts.append((command.help or "").strip())
        rows = [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            parts.append(_table(("argument or option", "meaning"), rows))
    words = "Every command has `--help`; those with `--json` print the API's answer."
    return _page("Commands", words, *parts)


def _commands(command: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    if command.hidden:
        return
    children = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in sorted(children.items()):
        yield from _commands(child, (*path, name))


def _parameter(parameter: Any) -> tuple[str, str]:
    names = [*parameter.opts, *parameter.secondary_opts]
    if not names[0].startswith("-"):
        names = [str(parameter.name).upper()]
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

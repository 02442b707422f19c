"""The rules of the house that no ready-made tool checks, as functions from a file to findings.

``test_tidy.py`` runs them over the whole repository, and over samples that break them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 70
PARAMETERS_MAX: Final = 6
DRAWERS: Final = frozenset({"utils", "helpers", "common", "core", "base", "services", "manager"})

# What domain/ may import from the standard library: nothing that reads, waits, or draws lots.
PURE_MODULES: Final = frozenset(
    {
        "__future__",
        "abc",
        "bisect",
        "codecs",
        "collections",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "html",
        "idna",
        "io",
        "itertools",
        "json",
        "lark",
        "math",
        "numpy",
        "operator",
        "re",
        "re2",
        "string",
        "types",
        "typing",
        "unicodedata",
        "uuid",
        "zoneinfo",  # Reference data like that of countries, though it lies in files.
        "seatwright",
    }
)
IMPURE_CALLS: Final = frozenset(
    {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "open", "print", "input"}
)
# Who may ask the engine: the door, and direct calls, whose preview is the same computation.
ENGINE_DOORS: Final = frozenset(
    {
        "seatwright/app/reconcile.py",
        "seatwright/app/assign/fulfil.py",
        # A batch of launches decides each caller in turn, under the locks of all of them.
        "seatwright/app/launch/turns.py",
        "seatwright/app/moves/decide.py",
        # Who would hold the product as a member of a group, before anybody becomes one.
        "seatwright/app/requests/joining.py",
        # What would turn an answer is tried out in a copy; nothing of it is ever written.
        "seatwright/domain/why/search.py",
    }
)
# The outer edges, where a bug of one request or job must not end the process.
OUTER_EDGES: Final = frozenset(
    {
        "seatwright/web/edge.py",
        "seatwright/web/launch.py",
        "seatwright/web/graph/edge.py",
        "seatwright/web/graph/sign_in.py",
        "seatwright/web/portal/frame/edge.py",
        "seatwright/web/portal/entry/sign_in.py",
        "seatwright/jobs/worker.py",
        # Each step of a worker's tick, so that none keeps those behind it from running.
        "seatwright/app/tick.py",
    }
)
# PostgreSQL's own clock, for what is no business time: a worker's sign of life.
SERVER_CLOCK_ALLOWED: Final = frozenset({"seatwright/postgres/readiness.py"})

_SERVER_CLOCK: Final = re.compile(
    r"\bnow\s*\(\s*\)|\b(?:clock|statement|transaction)_timestamp\s*\(|\bcurrent_(?:timestamp|date)\b",
    re.IGNORECASE,
)
# Written in pieces, so that this file does not find itself.
_MARKS: Final = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
_REGISTRIES: Final = re.compile(
    "|".join(
        ("py" + r"pi\.org", "python" + r"hosted\.", "npm" + r"js\.", r"deb\." + r"debian\.org")
        + ("security" + r"\.debian", "crates" + r"\.io", "artifact" + "ory")
    )
)
_MACHINE_PATHS: Final = re.compile(
    "|".join(("/wo" + "rk/(?:main|shared|steering)", r"/ro" + r"ot/\.", "/Us" + "ers/[a-z]"))
    + "|/ho"
    + r"me/(?!USER)[a-z]+/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Python file: its place below ``src`` or the root, and its text."""

    place: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @property
    def is_domain(self) -> bool:
        """Whether the file is on the pure floor."""
        return self.place.startswith("seatwright/domain/")


Finding = str
Check = Callable[[Source], Iterator[Finding]]


def long_files(source: Source) -> Iterator[Finding]:
    """A file of more than 400 lines becomes a package of the same name."""
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{source.place}: {lines} lines"


def long_functions(source: Source) -> Iterator[Finding]:
    """A function has 70 lines at most."""
    for function in _functions(source.tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{source.place}:{function.lineno}: {function.name} has {lines} lines"


def many_parameters(source: Source) -> Iterator[Finding]:
    """A function has 6 parameters at most, but for commands and routes, whose options they are."""
    if source.place.startswith("seatwright/cli/"):
        return
    is_surface = source.place.startswith("seatwright/web/")
    for function in _functions(source.tree):
        if is_surface and function.decorator_list:
            continue
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        counted = [one for one in named if one.arg not in {"self", "cls"}]
        if len(counted) > PARAMETERS_MAX:
            yield f"{source.place}:{function.lineno}: {function.name} takes {len(counted)}"


def drawers(source: Source) -> Iterator[Finding]:
    """No module is a drawer for odds and ends."""
    names = {PurePosixPath(part).stem for part in PurePosixPath(source.place).parts}
    for name in sorted(names & DRAWERS):
        yield f"{source.place}: {name} is a drawer, not a room"


def impure_domain(source: Source) -> Iterator[Finding]:
    """The domain imports nothing that could read, wait or draw lots, and calls nothing such."""
    if not source.is_domain:
        return
    for node in ast.walk(source.tree):
        for module in _imported(node):
            if module.partition(".")[0] not in PURE_MODULES:
                yield f"{source.place}:{_line(node)}: imports {module}"
        if isinstance(node, ast.Call) and _called(node) in IMPURE_CALLS:
            yield f"{source.place}:{node.lineno}: calls {_called(node)}"


def wide_excepts(source: Source) -> Iterator[Finding]:
    """Only the outer edges catch everything; elsewhere, whoever does must raise it again."""
    if source.place in OUTER_EDGES:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        name = node.type.id if isinstance(node.type, ast.Name) else ""
        is_wide = node.type is None or name in {"Exception", "BaseException"}
        last = node.body[-1]
        if is_wide and not (isinstance(last, ast.Raise) and last.exc is None):
            yield f"{source.place}:{node.lineno}: catches everything"


def sql_outside_its_room(source: Source) -> Iterator[Finding]:
    """SQL is in ``postgres/`` only."""
    is_product = source.place.startswith("seatwright/")
    if not is_product or source.place.startswith("seatwright/postgres/"):
        return
    for node in ast.walk(source.tree):
        # A copy() of nothing named is that of a dictionary or an array.
        if isinstance(node, ast.Call) and node.args and _called(node) in _RUNS_SQL:
            yield f"{source.place}:{node.lineno}: runs SQL"


_RUNS_SQL: Final = frozenset({"execute", "executemany", "copy"})


def server_clock(source: Source) -> Iterator[Finding]:
    """Business time never comes from PostgreSQL's clock."""
    if source.place in SERVER_CLOCK_ALLOWED or not source.place.startswith("seatwright/postgres/"):
        return
    if source.place.endswith(".sql"):
        for number, line in enumerate(source.text.splitlines(), 1):
            if _SERVER_CLOCK.search(line.partition("--")[0]):
                yield f"{source.place}:{number}: asks PostgreSQL for the time"
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Constant(value=str(text)) if _SERVER_CLOCK.search(text):
                yield f"{source.place}:{node.lineno}: asks PostgreSQL for the time"


def engine_doors(source: Source) -> Iterator[Finding]:
    """Only the doors ask the engine who holds what."""
    is_inside = source.place.startswith(("seatwright/domain/reconcile/", "tests/", "benchmarks/"))
    if is_inside or source.place in ENGINE_DOORS:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module in _ENGINE:
            for name in sorted({one.name for one in node.names} & {"reconcile", "settle"}):
                yield f"{source.place}:{node.lineno}: enters the engine by {name}"


_ENGINE: Final = frozenset({"seatwright.domain.reconcile", "seatwright.domain.reconcile.rounds"})


def left_marks(source: Source) -> Iterator[Finding]:
    """Nothing is left for later in the code."""
    yield from _lines_with(_MARKS, source, "leaves work for later")


def registry_hosts(source: Source) -> Iterator[Finding]:
    """No file names a package registry's host."""
    yield from _lines_with(_REGISTRIES, source, "names a registry")


def machine_paths(source: Source) -> Iterator[Finding]:
    """No file names a place on somebody's machine."""
    yield from _lines_with(_MACHINE_PATHS, source, "names a machine's path")


PYTHON_CHECKS: Final[tuple[Check, ...]] = (
    long_files,
    long_functions,
    many_parameters,
    drawers,
    impure_domain,
    wide_excepts,
    sql_outside_its_room,
    server_clock,
    engine_doors,
)
SQL_CHECKS: Final[tuple[Check, ...]] = (server_clock,)
TEXT_CHECKS: Final[tuple[Check, ...]] = (left_marks, registry_hosts, machine_paths)

_SKIPPED: Final = frozenset({".git", ".hypothesis", ".venv", "__pycache__", "build", "dist"})
_TEXT_SUFFIXES: Final = frozenset(
    {
        ".py",
        ".sql",
        ".md",
        ".toml",
        ".sh",
        ".txt",
        ".in",
        ".lock",
        ".yaml",
        ".yml",
        ".csv",
        ".json",
        ".cfg",
        ".html",
        ".css",
    }
)


def repository_files(root: Path) -> Iterator[Source]:
    """Every text file of the repository, but for what tools keep beside it."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        is_kept = not any(
            part in _SKIPPED or part.endswith(("_cache", ".egg-info")) for part in parts
        )
        if is_kept and path.is_file() and (path.suffix in _TEXT_SUFFIXES or not path.suffix):
            place = PurePosixPath(*parts).as_posix().removeprefix("src/")
            yield Source(place=place, text=path.read_text(encoding="utf-8", errors="replace"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _lines_with(pattern: re.Pattern[str], source: Source, what: str) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if pattern.search(line):
            yield f"{source.place}:{number}: {what}: {line.strip()[:100]}"

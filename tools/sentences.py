"""Finds the sentences that the program makes outside of the portal's templates, as patterns.

What a rule refuses and why is told in Python, as plain texts and f-strings, for the API, the
command line and the pages alike. Here they are read from the source and become messages of the
catalogue: what an f-string puts in is a place (`%(units)s`), and where it chooses between texts
each choice is a message of its own (`docs/decisions/0021-sentences-are-recognised.md`).
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parent.parent / "src" / "seatwright"

_ROOMS: Final = (
    *("domain", "app", "identity", "jobs", "mail", "shipped", "spreadsheets", "webhooks"),
    *("web/portal", "web/reasons.py"),
)
_LEFT_OUT: Final = (
    "app/graph/",  # answers programs that were written for Microsoft Graph
    "domain/filters/",  # the same
    "domain/mail_words.py",  # mails are worded by each organization
    "domain/telling_fields.py",
    "domain/security_roles.py",  # names that Microsoft gives
    "domain/rules/grammar.py",
    "domain/reconcile/changes.py",  # lines of a digest
    "app/outbox/digest.py",  # a mail
    "app/telling/words.py",  # mails, in the words of each organization
    "shipped/check_history.py",  # a script that stands alone
    "shipped/reader.py",  # faults of what we ship
    "web/portal/frame/pages.py",  # headers
    "web/portal/frame/cookie.py",
)
# The names of a file's columns are what stands in the file, in every language.
_COLUMNS: Final = re.compile(r"(?:_file|/tables)\.py$")
# What tells developers of a fault that no rule foresees, and what the catalogue has already.
_PASSED_OVER: Final = frozenset(
    {"RuntimeError", "AssertionError", "TypeError", "NotImplementedError", "BadCaseError"}
) | {"gettext", "ngettext", "marked", "compile", "cast"}
# What is put in, as one word that is no name.
_NOUNS: Final = ("person", "group", "member", "environment", "app", "flow", "text", "subject")
_CHOICES_MAX: Final = 16
_DEPTH_MAX: Final = 6
_PLACE: Final = re.compile(r"%\((\w+)\)s")
_FIELD: Final = re.compile(r"\{([a-z_]+)(?:\.\w+)?\}")
_LONG_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_WORDS: Final = re.compile(r"[A-Za-z]{2,}[^A-Za-z]{1,4}[A-Za-z]|[A-Za-z]{2,}[.:;]\s*$")
_NOT_PROSE: Final = re.compile(
    r"\n|<[a-z/!]|^\S*$|\{\{|\x00|^[-\w.]+ (?:%\(\w+\)s ?)+$|'none'|=%"
    r"|^\{\"|=\"|; charset=|^change, submit$|\bdelay:|\byyyy-mm| \| "
)


def sentences(source: Path = SOURCE) -> Iterator[tuple[str, str]]:
    """Every sentence and part of one outside of the templates, with the file that it is from."""
    yield from ((noun, "domain") for noun in _NOUNS)
    for room in _ROOMS:
        top = source / room
        for path in [top] if top.is_file() else sorted(top.rglob("*.py")):
            file = path.relative_to(source).as_posix()
            if not file.startswith(_LEFT_OUT):
                for message in _in_file(path, has_columns=bool(_COLUMNS.search(file))):
                    yield message, file


def _in_file(path: Path, *, has_columns: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    reader = _Reader(has_columns=has_columns)
    reader.visit(tree)
    yield from dict.fromkeys(one for one in reader.found if _is_prose(one))


def _is_prose(message: str) -> bool:
    literal = _PLACE.sub("0", message)
    # One long word beside what is put in is part of a sentence; one alone is a code or a name.
    is_told = _WORDS.search(literal) or (literal != message and _LONG_WORD.search(literal))
    return bool(is_told) and not _NOT_PROSE.search(message)


class _Reader(ast.NodeVisitor):
    """Walks a module; remembers what the names of the function around it stand for."""

    def __init__(self, *, has_columns: bool) -> None:
        self.found: list[str] = []
        self._names: Mapping[str, list[ast.expr]] = {}
        self._has_columns = has_columns
        self._is_inside = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names, is_inside = self._names, self._is_inside
        self._names, self._is_inside = _texts_of_names(node), True
        for one in (*node.args.defaults, *node.body):
            self.visit(one)
        self._names, self._is_inside = names, is_inside

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Its message is for developers."""

    def visit_Compare(self, node: ast.Compare) -> None:
        """What is compared is not told."""

    def visit_Call(self, node: ast.Call) -> None:
        name = _name_of(node.func)
        owner = getattr(node.func, "value", None)
        if name not in _PASSED_OVER and getattr(owner, "id", "") != "log":
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and (self._is_inside or not self._has_columns):
            self._keep(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._keep(node)
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                self.visit(one.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Add) and _is_text(node):
            self._keep(node)
        else:
            self.generic_visit(node)

    def _keep(self, node: ast.expr) -> None:
        places = _Places()
        for text in self._texts(node, places, depth=0):
            message = text if places.of else _FIELD.sub(r"%(\1)s", text)
            is_plain = not _PLACE.search(message)
            self.found.append(message.replace("%%", "%") if is_plain else message)

    def _texts(self, node: ast.expr, places: _Places, *, depth: int) -> list[str]:
        """Every text that an expression may give, with places for what is not known here."""
        match node:
            case ast.Constant(value=str(text)):
                return [text.replace("%", "%%")]
            case ast.JoinedStr(values=values):
                return self._joined(values, places, depth=depth)
            case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
                return self._texts(value, places, depth=depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right) if _is_text(node):
                return self._joined([left, right], places, depth=depth)
            case ast.IfExp(body=body, orelse=other) if _is_text(body) or _is_text(other):
                chosen = self._texts(body, places, depth=depth + 1)
                return chosen + self._texts(other, places, depth=depth + 1)
            case ast.BoolOp(op=ast.Or(), values=[first, ast.Constant(value=str(text))]):
                return [*self._texts(first, places, depth=depth + 1), text.replace("%", "%%")]
            case ast.Name(id=name) if depth <= _DEPTH_MAX and name in self._names:
                texts = [self._texts(one, places, depth=depth + 2) for one in self._names[name]]
                return list(dict.fromkeys(itertools.chain(*texts)))
        return [places.named(node)]

    def _joined(self, values: list[ast.expr], places: _Places, *, depth: int) -> list[str]:
        choices = [self._texts(one, places, depth=depth) for one in values]
        total = 1
        for one in choices:
            total *= len(one)
        if total > _CHOICES_MAX:
            # Too many to say each: what is chosen is put in, and is a message of its own.
            choices = [
                one if len(one) == 1 else [places.named(value)]
                for one, value in zip(choices, values, strict=True)
            ]
        return ["".join(one) for one in itertools.product(*choices)]


class _Places:
    """The places of one message: the same expression has the same name everywhere in it."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def named(self, node: ast.expr) -> str:
        """`%(units)s` for `{one.units}`."""
        if isinstance(node, ast.FormattedValue):
            node = node.value
        source = ast.unparse(node)
        if source not in self.of:
            name, taken = _word_for(node), set(self.of.values())
            numbered = (f"{name}_{number}" for number in itertools.count(2))
            self.of[source] = (
                name if name not in taken else next(one for one in numbered if one not in taken)
            )
        return f"%({self.of[source]})s"


def _word_for(node: ast.expr) -> str:
    """A word by which a translator knows what is put in."""
    word = "value"
    match node:
        case ast.Attribute(value=inner, attr="value" | "detail" | "id" | "name"):
            word = _word_for(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            word = name.strip("_").lower()
        case ast.Call(func=ast.Name(id="len" | "str"), args=[inner, *_]):
            word = _word_for(inner)
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner, *_]):
            word = _word_for(inner)
        case ast.Subscript(value=inner) | ast.Call(func=inner) | ast.BoolOp(values=[inner, *_]):
            word = _word_for(inner)
        case ast.GeneratorExp(generators=[first, *_]) | ast.ListComp(generators=[first, *_]):
            word = _word_for(first.iter)
    return word


def _name_of(node: ast.expr) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case ast.IfExp(body=body, orelse=other):
            return _is_text(body) and _is_text(other)
        case _:
            return False


def _texts_of_names(node: ast.AST) -> Mapping[str, list[ast.expr]]:
    """The local names of a function that only ever stand for texts written in it."""
    given: dict[str, list[ast.expr]] = {}
    others: set[str] = set()
    for one in ast.walk(node):
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_text(value):
                given.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                others.add(name)
            case ast.Assign(targets=targets):
                others |= {
                    each.id
                    for top in targets
                    for each in ast.walk(top)
                    if isinstance(each, ast.Name)
                }
            case ast.AugAssign(target=ast.Name(id=name)) | ast.arg(arg=name):
                others.add(name)
            case ast.For(target=target) | ast.comprehension(target=target):
                others |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
            case _:
                pass
    return {name: texts for name, texts in given.items() if name not in others}

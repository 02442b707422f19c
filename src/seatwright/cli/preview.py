"""`--preview` and `--apply DIGEST`, the same for every command that writes over the API.

A command is written as if neither existed. The decorator adds both options, and the client makes
the command's writing call so: with `?preview=true`, and the command ends with what was answered; or
with `If-Match`, and it goes on as ever unless the call would now do something else.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn, TypeAlias

import typer

from seatwright.cli.client import ASKED, WORLD_MOVED, Asked, Json
from seatwright.cli.endings import Ending, stop
from seatwright.cli.options import ApplyDigest, AsJson, AsPreviewJson, OnlyPreview
from seatwright.cli.preview_tables import show_difference, show_preview
from seatwright.cli.screen import print_json, result_screen, say, visible

Command: TypeAlias = Callable[..., None]
TellResult: TypeAlias = Callable[[Json], None]
"""Prints what a preview tells of the rows of a file or job, in its field `result`."""

_OURS: Final = frozenset({"only_preview", "apply_digest", "as_json"})
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY


def previewable(tell_result: TellResult | None = None) -> Callable[[Command], Command]:
    """Give a command `--preview` and `--apply`; one without `--json` has it for them alone.

    `tell_result` comes before the tables. A result that `isRefused` ends the command as a refusal,
    and one with an `errorCount` as done in part.
    """

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        has_json = "as_json" in signature.parameters

        @functools.wraps(command)
        def run(
            *arguments: Any,
            typed: typer.Context,
            only_preview: bool = False,
            apply_digest: str | None = None,
            **options: Any,
        ) -> None:
            as_json = bool(options["as_json"] if has_json else options.pop("as_json", False))
            if not only_preview and apply_digest is None:
                command(*arguments, **options)
                return
            if only_preview and apply_digest is not None:
                stop(Ending.USAGE, "--preview looks and --apply does: give one of them.")
            showing = _Showing(typed=typed, tell_result=tell_result, as_json=as_json)
            token = ASKED.set(
                Asked(
                    is_preview=only_preview,
                    digest=apply_digest,
                    previewed=showing.previewed,
                    moved=showing.moved,
                )
            )
            try:
                command(*arguments, **options)
            finally:
                ASKED.reset(token)

        parameters = _with_options(signature.parameters.values(), has_json=has_json)
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate


def _with_options(
    parameters: Iterable[inspect.Parameter], *, has_json: bool
) -> list[inspect.Parameter]:
    """The command's own parameters with ours, `--json` last as everywhere."""
    own = [one for one in parameters if one.name != "as_json"]
    json = AsJson if has_json else AsPreviewJson
    return [
        *own,
        inspect.Parameter("typed", _KEYWORD, annotation=typer.Context),
        inspect.Parameter("only_preview", _KEYWORD, default=False, annotation=OnlyPreview),
        inspect.Parameter("apply_digest", _KEYWORD, default=None, annotation=ApplyDigest),
        inspect.Parameter("as_json", _KEYWORD, default=False, annotation=json),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Showing:
    """What a command prints in place of what it prints when it is done."""

    typed: typer.Context
    tell_result: TellResult | None
    as_json: bool

    def previewed(self, seen: Json) -> NoReturn:
        """Print a preview, and end the command as the call itself would have ended."""
        result = seen["result"] or {}
        if self.as_json:
            print_json(seen)
        else:
            self._show(seen, result)
        _end(result)

    def moved(self, problem: Json) -> NoReturn:
        """Print what has moved since the preview, and end the command as a refusal."""
        if self.as_json:
            print_json(problem)
        else:
            show_difference(problem)
        digest = problem["digest"]
        # Where the call is refused now, there is nothing to apply.
        fix = "" if digest is None else f"→ {command_to_apply(self.typed, digest)}"
        stop(Ending.REFUSED, problem["detail"], small=WORLD_MOVED, fix=fix)

    def _show(self, seen: Json, result: Json) -> None:
        if self.tell_result is not None and result:
            self.tell_result(result)
            say("")
        show_preview(seen)
        if result.get("isRefused"):
            return
        say("")
        say("Nothing was changed. To do just this, or be told what moved meanwhile:")
        # Not wrapped by us, so that it can be copied whole.
        command = command_to_apply(self.typed, seen["digest"])
        result_screen().print(visible(command), soft_wrap=True)


def _end(result: Json) -> NoReturn:
    """End a preview as the call itself would have ended."""
    if result.get("isRefused"):
        stop(
            Ending.REFUSED,
            "Nothing would be assigned: the whole of it is refused, because not every row can be.",
            fix="→ --fill as-many assigns to as many as fit, --fill wait lets the others wait",
        )
    raise typer.Exit(int(Ending.PARTLY_FAILED if result.get("errorCount") else Ending.DONE))


def command_to_apply(typed: typer.Context, digest: str) -> str:
    """The command that is running, as it would be typed to apply what was previewed."""
    words = typed.command_path.split()
    for parameter in typed.command.get_params(typed):
        name = parameter.name or ""
        source = typed.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and name not in _OURS:
            is_option = parameter.param_type_name == "option"
            names = (parameter.opts, parameter.secondary_opts) if is_option else None
            words += _words(typed.params[name], names)
    return shlex.join([*words, "--apply", digest])


def _words(value: object, names: tuple[list[str], list[str]] | None) -> Iterator[str]:
    """The words of one option, or of an argument, which has no names."""
    if names is not None and isinstance(value, bool):
        yield max(names[0] if value else names[1], key=len)
        return
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if names is not None:
            yield max(names[0], key=len)
        yield str(one.value if isinstance(one, Enum) else one)

"""`seatwright groups rule`: the rules of dynamic groups."""

from __future__ import annotations

import shlex
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Api, Json, api_path, open_api, path_of
from seatwright.cli.endings import EXIT_CODES, Ending, stop
from seatwright.cli.groups import group_id
from seatwright.cli.jobs import follow
from seatwright.cli.options import AsJson, Group, People, WaitOption, given
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, result_screen, say, visible, warn
from seatwright.cli.tables import Column, Row, count_of, minute, plain, show_facts, show_table

rule_commands = typer.Typer(
    help="Dynamic groups: rules that say who is in them.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

Rule: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="RULE", help='user.department -eq "Sales", say, quoted for the shell.'),
]

_STATUSES = {
    "notStarted": "not started",
    "evaluating": "evaluating",
    "processing": "processing",
    "complete": "update complete",
    "error": "processing error",
    "paused": "update paused",
}
"""Microsoft's words (DYN-008)."""


@rule_commands.command("show", epilog=EXIT_CODES)
def show(group: Group, *, as_json: AsJson = False) -> None:
    """Show a group's rule, and how far the members are what it says."""
    with open_api() as api:
        found = api.read(path_of("groups", group_id(api, group), "rule"))
    if as_json:
        print_json(found)
        return
    if found["membershipRule"] is None:
        say(f"{found['displayName']} is a static group: its members are put in by hand.")
        say(f"→ seatwright groups rule set {shlex.quote(group)} RULE makes it dynamic.")
        return
    show_facts(
        [
            ("Group", found["displayName"]),
            ("Rule", found["membershipRule"]),
            ("Processing", found["membershipRuleProcessingState"]),
            ("Status", _STATUSES[found["status"]]),
            ("Looks at", found["asks"]),
            ("Rule changed", minute(found["changedAt"])),
            ("Evaluated", minute(found["evaluatedAt"])),
            ("Members changed", minute(found["membersChangedAt"])),
        ]
    )


def _tell_preview(result: Json) -> None:
    """Who would come and go, before what it would do to licenses."""
    if result["takenIn"] is not None:
        people = count_of(result["takenIn"], "person", "people")
        moved = _came_and_went(result, ("would join", "would leave"), "nobody would have to move")
        say(f"The rule would take {people} into {result['displayName']}: {moved}.")


@rule_commands.command("set", epilog=EXIT_CODES)
@previewable(_tell_preview)
def set_(
    group: Group,
    rule: Rule,
    *,
    paused: Annotated[
        bool | None, typer.Option("--paused/--on", help="Store it, and move nobody yet.")
    ] = None,
    wait: WaitOption = True,
    as_json: AsJson = False,
) -> None:
    """Give a group a rule, or another one; whoever belongs stays, the others come and go."""
    state = None if paused is None else ("Paused" if paused else "On")
    body = {"membershipRule": rule, **given(membershipRuleProcessingState=state)}
    with open_api() as api:
        id_ = group_id(api, group)
        looked = _looked_at(api, rule)
        changed = api.write("PATCH", path_of("groups", id_, "rule"), body=body)
        _tell(api, changed, wait=wait, as_json=as_json)
    if not as_json and looked["remarks"]:
        said = count_of(len(looked["remarks"]), "thing", "things")
        warn(f"{said} could be said better: seatwright groups rule lint {shlex.quote(rule)}")


@rule_commands.command("pause", epilog=EXIT_CODES)
@previewable()
def pause(group: Group, *, as_json: AsJson = False) -> None:
    """Let a rule move nobody until it is resumed; the members stay as they are."""
    _switch(group, "Paused", wait=True, as_json=as_json)


@rule_commands.command("resume", epilog=EXIT_CODES)
@previewable(_tell_preview)
def resume(group: Group, *, wait: WaitOption = True, as_json: AsJson = False) -> None:
    """Let a paused rule work again, and make up for what it missed."""
    _switch(group, "On", wait=wait, as_json=as_json)


@rule_commands.command("drop", epilog=EXIT_CODES)
@previewable()
def drop(group: Group) -> None:
    """Make a group static: its members stay, and come and go by hand from now on."""
    with open_api() as api:
        api.write("DELETE", path_of("groups", group_id(api, group), "rule"))
    say(f"{group} is a static group now; its members stay.")


@rule_commands.command("evaluate", epilog=EXIT_CODES)
@previewable(_tell_preview)
def evaluate(group: Group, *, wait: WaitOption = True, as_json: AsJson = False) -> None:
    """Judge everybody by a group's rule again; never needed where all is well."""
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "rule", "evaluate")
        _tell(api, api.write("POST", path), wait=wait, as_json=as_json)


@rule_commands.command("check", epilog=EXIT_CODES)
def check(
    group: Group,
    people: People,
    *,
    rule: Annotated[
        str | None, typer.Option(metavar="RULE", help="Try this one instead of the group's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a rule says of chosen people, clause by clause; nothing is changed."""
    with open_api() as api:
        id_ = group_id(api, group)
        if rule is not None:
            _looked_at(api, rule)
        path = path_of("groups", id_, "rule", "validate")
        tried = api.ask(path, body={"users": people, **given(membershipRule=rule)})
    if as_json:
        print_json(tried)
        return
    for place, trial in enumerate(tried["value"]):
        if place:
            say("")
        _show_trial(trial, group)


@rule_commands.command("lint", epilog=EXIT_CODES)
def lint(rule: Rule, *, as_json: AsJson = False) -> None:
    """Read a rule without giving it to a group: what is wrong, or could be said better."""
    with open_api() as api:
        if as_json:
            print_json(api.ask(api_path("dynamic-groups", "lint"), body={"membershipRule": rule}))
            return
        looked = _looked_at(api, rule)
    show_facts([("Reads as", looked["canonical"]), ("Looks at", looked["asks"])])
    say("")
    if looked["remarks"]:
        show_table(looked["remarks"], _REMARKS)
    else:
        say("Nothing could be said better.")


_REMARKS = (
    Column(title="At", cell=lambda row: f"{row['line']}:{row['column']}"),
    Column(title="Advice", cell="message", is_prose=True),
    Column(title="Instead", cell="instead", is_prose=True, is_optional=True),
)


def _looked_at(api: Api, rule: str) -> Json:
    """What is said of a rule; one that cannot be read ends the command and shows where."""
    looked = api.ask(api_path("dynamic-groups", "lint"), body={"membershipRule": rule})
    problem = looked["problem"]
    if problem is None:
        return looked
    lines = rule.split("\n")
    line = lines[min(problem["line"], len(lines)) - 1]
    screen = result_screen()
    start = max(0, problem["column"] - 61)
    screen.print(f"  {visible(line[start : start + 90])}")
    screen.print(f"  {' ' * (problem['column'] - 1 - start)}^", style="bold red")
    return stop(
        Ending.REFUSED,
        f"Line {problem['line']}, column {problem['column']}: {problem['message']}",
        small="invalidMembershipRule",
    )


def _switch(group: str, state: str, *, wait: bool, as_json: bool) -> None:
    with open_api() as api:
        path = path_of("groups", group_id(api, group), "rule")
        body = {"membershipRuleProcessingState": state}
        _tell(api, api.write("PATCH", path, body=body), wait=wait, as_json=as_json)


def _tell(api: Api, changed: Json, *, wait: bool, as_json: bool) -> None:
    """Say what a change of a rule came to, after the job that carries it out."""
    job = changed["jobId"]
    if job is not None and wait:
        follow(api, api.read(api_path("jobs", job)))
    if as_json:
        print_json(changed)
        return
    if changed["warning"]:
        warn(changed["warning"])
    name = changed["displayName"]
    if changed["membershipRuleProcessingState"] == "Paused":
        say(f"The rule of {name} is paused: nobody comes or goes.")
        return
    if changed["takenIn"] is None:
        say(f"Nothing changed: the rule of {name} is as it was.")
        return
    if job is not None and not wait:
        say(f"The rule of {name} is stored; its members follow: seatwright jobs show {job} --wait")
        return
    people = count_of(changed["takenIn"], "person", "people")
    moved = _came_and_went(changed, ("joined", "left"), "nobody had to move")
    say(f"The rule takes {people} into {name}: {moved}.")


def _came_and_went(changed: Json, words: tuple[str, str], nobody: str) -> str:
    moved = [
        f"{changed[field]:,} {word}"
        for field, word in zip(("joining", "leaving"), words, strict=True)
        if changed[field]
    ]
    return " and ".join(moved) or nobody


def _show_trial(trial: Json, group: str) -> None:
    user = trial["user"]
    verdict = "is taken in" if trial["result"] else "is not taken in"
    say(f"{user['displayName']} ({user['userPrincipalName']}) {verdict}")
    show_table(list(_clauses(trial["account"], 0)), _CLAUSES)
    if trial["isMember"] is not None and trial["isMember"] != trial["result"]:
        now = "is in" if trial["isMember"] else "is not in"
        warn(f"  {user['displayName']} {now} {group} now.")


def _clauses(clause: Json, depth: int) -> list[Row]:
    """The clauses of an account below each other, each further in than what it is a part of."""
    row = {**clause, "depth": depth, "words": _JOINTS.get(clause["joinedBy"], clause["expression"])}
    return [row, *(one for part in clause["clauses"] for one in _clauses(part, depth + 1))]


_JOINTS = {"-and": "all of:", "-or": "any of:", "-not": "not:"}


def _found(row: Row) -> str:
    if row["clauses"] or row["property"] is None:
        return ""
    value = row["value"]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value in (None, []) else plain(value)


_CLAUSES = (
    Column(title="", cell=lambda row: "  yes" if row["result"] else "  no"),
    Column(
        title="Clause",
        cell=lambda row: "  " * row["depth"] + row["words"],
    ),
    Column(title="Found", cell=_found, is_optional=True),
)

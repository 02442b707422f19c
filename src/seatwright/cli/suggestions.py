"""A suggested call as the command that does the same, to be copied whole."""

from __future__ import annotations

import json
import shlex

from seatwright.cli.client import Json


def command_of(fix: Json) -> str:
    """The command of a suggested call; the call itself where no command does just that."""
    words = _words(fix)
    if words is not None:
        return shlex.join(["seatwright", *words])
    body = "" if fix["body"] is None else f" {json.dumps(fix['body'], ensure_ascii=False)}"
    return f"{fix['method']} {fix['path']}{body}"


def _words(fix: Json) -> list[str] | None:
    """What to type; None where the command line has no such step."""
    noun, *rest = fix["path"].removeprefix("/api/").removeprefix("identity/").split("/")
    match noun:
        case "users":
            return _for_user(fix, rest[1:])
        case "groups":
            return _for_group(fix, rest[1:])
        case "subscriptions":
            return _for_subscription(fix, rest)
        case "held-changes":
            return ["held", "approve", rest[0]]
        case _:
            return None


def _for_user(fix: Json, rest: list[str]) -> list[str] | None:
    names, body = fix["names"], fix["body"] or {}
    match fix["method"], rest:
        case "PATCH", []:
            return ["users", "update", names["user"], "--usage-location", body["usageLocation"]]
        case "POST", ["reprocess"]:
            return ["users", "reprocess", names["user"]]
        case "DELETE", ["licenses", _]:
            return ["unassign", names["user"], names["product"]]
        case "POST", ["licenses"]:
            return _assign(names, body)
        case "PATCH", ["licenses", _] if body.keys() == {"disabledServicePlans"}:
            off = _disabled(body)
            # Without a service plan to leave off, the command would keep the choice as it is.
            return ["assign", names["user"], names["product"], *off] if off else None
        case _:
            return None


def _assign(names: Json, body: Json) -> list[str] | None:
    replaced = names.get("replaced", "").split()
    if len(replaced) > 1:
        return None
    if replaced:
        return ["swap", names["user"], replaced[0], names["product"], *_disabled(body)]
    return ["assign", names["user"], names["product"], *_disabled(body)]


def _for_group(fix: Json, rest: list[str]) -> list[str] | None:
    names, body = fix["names"], fix["body"] or {}
    match fix["method"], rest:
        case "POST", ["members"]:
            return ["groups", "add-member", names["group"], names["user"]]
        case "DELETE", ["members", _]:
            return ["groups", "remove-member", names["group"], names["user"]]
        case "POST", ["licenses"]:
            return ["groups", "assign", names["group"], names["product"], *_disabled(body)]
        case _:
            return None


def _for_subscription(fix: Json, rest: list[str]) -> list[str]:
    units = str(fix["body"]["units"])
    if rest:
        return ["subscriptions", "update", rest[0], "--units", units]
    return ["subscriptions", "create", fix["names"]["product"], units]


def _disabled(body: Json) -> list[str]:
    return [word for plan in body.get("disabledServicePlans", ()) for word in ("--disable", plan)]

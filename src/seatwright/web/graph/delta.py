"""`/users/delta` and `/groups/delta`: what there is, then what changed (`entra-graph.md` §2.9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.domain.filters import parse_filter, unsupported
from seatwright.domain.filters.tree import Compared, Either, Filter, OneOf, Operator
from seatwright.domain.roles import Permission
from seatwright.postgres.changes import (
    Asked,
    ChangeNoun,
    FeedRow,
    Settled,
    changes_after,
    numbers_of_groups,
    settled,
)
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_lists import GROUPS, USERS
from seatwright.web.answers import Answer
from seatwright.web.graph.delta_changes import LICENSED, columns_in
from seatwright.web.graph.delta_groups import (
    MEMBER_NOUNS,
    changed_groups,
    first_groups,
    first_members,
    group_columns,
)
from seatwright.web.graph.delta_tokens import (
    CHANGES,
    MEMBERS,
    NESTINGS,
    NOTHING_YET,
    DeltaToken,
    refuse_other_feed,
    token_in,
)
from seatwright.web.graph.delta_users import changed_users, first_users, user_columns
from seatwright.web.graph.envelope import bad_request
from seatwright.web.graph.group_shapes import GROUP
from seatwright.web.graph.groups import MAY_READ_GROUPS
from seatwright.web.graph.odata import select_of
from seatwright.web.graph.paths import link
from seatwright.web.graph.request import GraphRequest
from seatwright.web.graph.routing import route
from seatwright.web.graph.user_shapes import USER
from seatwright.web.graph.users import MAY_READ_USERS

Shape = dict[str, Any]

PAGE_ROWS: Final = 200
FEED_ROWS_MAX: Final = 100
IDS_MAX: Final = 50
"""Objects that a `$filter` of a delta query names (DLT-005)."""

_PREFERRED = re.compile(r"odata\.maxpagesize\s*=\s*(\d{1,4})", re.IGNORECASE)
_MINIMAL = re.compile(r"\breturn\s*=\s*minimal\b", re.IGNORECASE)
_NOT_TAKEN: Final = ("$expand", "$top", "$orderby", "$search", "$skip")
_RELATIONS: Final = {"users": ("manager",), "groups": ("members",)}
_SHOWN: Final = {
    "users": (*USER.shown, "accountEnabled", "assignedLicenses", "usageLocation", "manager"),
    "groups": (*GROUP.shown, "assignedLicenses", "members"),
}
_RESTLESS: Final = frozenset({"processing", "lastSignInAt"})
"""Columns that change by themselves: told to those who ask for them by `$select`."""


@route("GET", "users/delta", needs=Permission.READ_DIRECTORY, accepts=MAY_READ_USERS)
async def users_delta(request: GraphRequest) -> Answer:
    """People, and what changed about them and what they hold."""
    return await _delta(request, "users")


@route("GET", "groups/delta", needs=Permission.READ_DIRECTORY, accepts=MAY_READ_GROUPS)
async def groups_delta(request: GraphRequest) -> Answer:
    """Groups, and what changed about them, who is in them, and what they give."""
    return await _delta(request, "groups")


async def _delta(request: GraphRequest, noun: str) -> Answer:
    request.refuse_options(*_NOT_TAKEN)
    now = await settled(request.call.tx)
    if (request.option("$deltatoken") or "").casefold() == "latest":
        token = _new(request, noun, now).moved(phase=CHANGES)
        return _page(request, noun, [], token, is_last=True)
    empty = request.option("$deltatoken") == "" or request.option("$skiptoken") == ""
    token = (None if empty else token_in(request, noun)) or _new(request, noun, now)
    refuse_other_feed(request, token, now)
    if token.phase == CHANGES:
        return await _changes(request, noun, token, now)
    return await _first(request, noun, token)


def _new(request: GraphRequest, noun: str, now: Settled) -> DeltaToken:
    """The token of a round that begins: what was asked for stays with it (DLT-004)."""
    known = {"users": USER, "groups": GROUP}[noun]
    text = request.option("$select")
    select = tuple(_SHOWN[noun])
    if text:
        select = select_of(text, known, (*known.names, *_RELATIONS[noun])) or select
    return DeltaToken(
        noun=noun,
        phase=NOTHING_YET,
        xid=now.place.xid,
        issued=int(request.call.now.timestamp()),
        select=tuple(dict.fromkeys(("id", *select))),
        only=tuple(map(str, _only(request.option("$filter")))),
        epoch=str(now.epoch),
        is_narrow=bool(text),
    )


def _only(text: str | None) -> list[UUID]:
    """The objects that a `$filter` names: `id eq … or id eq …`, and nothing else (DLT-005)."""
    if text is None:
        return []
    tree = parse_filter(text)
    parts: Sequence[Filter] = tree.parts if isinstance(tree, Either) else (tree,)
    ids: list[UUID] = []
    for part in parts:
        values: tuple[object, ...] = ()
        if isinstance(part, Compared) and part.operator is Operator.EQ:
            values = (part.value,)
        elif isinstance(part, OneOf):
            values = part.values
        is_id = isinstance(part, (Compared, OneOf)) and [p.lower() for p in part.path] == ["id"]
        if not is_id or not values:
            raise unsupported("a delta query is filtered by “id eq … or id eq …”", field="id")
        try:
            ids += [UUID(str(value)) for value in values]
        except ValueError:
            raise bad_request("A delta query is filtered by GUIDs.") from None
    if len(ids) > IDS_MAX:
        raise bad_request(f"A delta query names up to {IDS_MAX} objects.")
    return ids


def _size(request: GraphRequest) -> int:
    found = _PREFERRED.search(request.sent.headers.get("prefer", ""))
    return min(max(1, int(found[1])), 999) if found else PAGE_ROWS


async def _first(request: GraphRequest, noun: str, token: DeltaToken) -> Answer:
    """A page of what there is; the round then goes on with what changed since it began."""
    size, call = _size(request), request.call
    if token.phase in {MEMBERS, NESTINGS}:
        shapes, last = await first_members(call, token, await _groups_of(call, token), limit=size)
        if last is not None:
            return _page(request, noun, shapes, token.moved(number=last[0], second=last[1]))
        after = {MEMBERS: NESTINGS, NESTINGS: CHANGES}[token.phase]
        done = token.moved(phase=after, number=0, second=0)
        return _page(request, noun, shapes, done, is_last=after == CHANGES)
    if noun == "users":
        shapes, number = await first_users(call, token, only_ids(token, "u"), limit=size)
    else:
        shapes, number = await first_groups(call, token, only_ids(token, "g"), limit=size)
    if number is not None:
        return _page(request, noun, shapes, token.moved(number=number))
    if "members" in token.select:
        return _page(request, noun, shapes, token.moved(phase=MEMBERS, number=0))
    done = token.moved(phase=CHANGES, number=0)
    return _page(request, noun, shapes, done, is_last=True)


async def _groups_of(call: Call, token: DeltaToken) -> list[int] | None:
    """The numbers of the groups that a round is about; None for every group."""
    if token.noun != "groups" or not token.only:
        return None
    return await numbers_of_groups(call.tx, _ids(token))


def _ids(token: DeltaToken) -> list[UUID]:
    try:
        return [UUID(one) for one in token.only]
    except ValueError:
        # A token that was made up.
        raise bad_request("Badly formed token.") from None


def only_ids(token: DeltaToken, alias: str) -> tuple[Condition, ...]:
    """The condition of a round that is about some objects only."""
    if not token.only:
        return ()
    return (Condition(text=f"{alias}.id = any(%s)", values=(_ids(token),)),)


async def _asked(call: Call, token: DeltaToken) -> Asked:
    """What of the feed concerns the properties that were asked for (DLT-005)."""
    licensed = LICENSED & set(token.select)
    if token.noun == "users":
        nouns = [ChangeNoun.PERSON]
        nouns += [ChangeNoun.LICENSES] if licensed else []
        nouns += [ChangeNoun.UNMANAGED] if "manager" in token.select else []
    else:
        nouns = [ChangeNoun.GROUP]
        nouns += [ChangeNoun.GROUP_LICENSES] if licensed else []
        nouns += MEMBER_NOUNS if "members" in token.select else []
    return Asked(nouns=nouns, columns=_columns(token), groups=await _groups_of(call, token))


def _columns(token: DeltaToken) -> list[str]:
    """The columns whose change is told: those of `$select`, else all but the restless ones."""
    table = {"users": USERS, "groups": GROUPS}[token.noun]
    if not token.is_narrow:
        return columns_in(table, [name for name in table.columns if name not in _RESTLESS])
    names = user_columns(token) if token.noun == "users" else group_columns(token)
    return columns_in(table, names)


async def _changes(request: GraphRequest, noun: str, token: DeltaToken, now: Settled) -> Answer:
    """A page of what changed, up to where every transaction has ended."""
    call, size = request.call, _size(request)
    asked = await _asked(call, token)
    rows = await changes_after(call.tx, token.place, now.place, asked=asked, limit=FEED_ROWS_MAX)
    taken = _taken(rows, size)
    is_minimal = _MINIMAL.search(request.sent.headers.get("prefer", "")) is not None
    if noun == "users":
        ids = only_ids(token, "u")
        shapes = await changed_users(call, token, taken, ids, is_minimal=is_minimal)
    else:
        ids = only_ids(token, "g")
        shapes = await changed_groups(call, token, taken, ids, is_minimal=is_minimal)
    if len(taken) < len(rows) or len(rows) == FEED_ROWS_MAX:
        place = taken[-1].place
        token = token.moved(xid=place.xid, change_no=place.change_no)
        answer = _page(request, noun, shapes, token)
    else:
        # A snapshot of a moment ago may end lower than the token: it never goes back.
        xid, number = max((now.place.xid, 0), (token.xid, token.change_no))
        token = token.moved(xid=xid, change_no=number, issued=int(call.now.timestamp()))
        answer = _page(request, noun, shapes, token, is_last=True)
    if is_minimal:
        answer.headers.append((b"preference-applied", b"return=minimal"))
    return answer


def _taken(rows: Sequence[FeedRow], size: int) -> Sequence[FeedRow]:
    """As many rows as a page has room for, and always one."""
    subjects = 0
    for count, row in enumerate(rows):
        subjects += len(row.subjects)
        if subjects >= size:
            return rows[: count + 1]
    return rows


def _page(
    request: GraphRequest,
    noun: str,
    shapes: Sequence[Shape],
    token: DeltaToken,
    *,
    is_last: bool = False,
) -> Answer:
    path = "/" + "/".join(part for part in request.sent.path.split("/") if part)
    name = "$deltatoken" if is_last else "$skiptoken"
    url = link(request.sent.origin, f"/{request.sent.version}{path}", {name: token.text()})
    if is_last:
        return request.collection(shapes, noun, delta_link=url)
    return request.collection(shapes, noun, next_link=url)


DELTA_ROUTES: Final = (users_delta, groups_delta)

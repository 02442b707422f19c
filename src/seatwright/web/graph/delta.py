"""`/users/delta` and `/groups/delta`: what there is, then what changed (`entra-graph.md` §2.9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from seatwright.domain.filters import parse_filter, unsupported
from seatwright.domain.filters.tree import Compared, Either, Filter, OneOf, Operator
from seatwright.domain.roles import Permission
from seatwright.postgres.changes import (
    ChangeNoun,
    FeedRow,
    changes_after,
    settled_place,
)
from seatwright.postgres.filters import Condition
from seatwright.web.answers import Answer
from seatwright.web.graph.delta_groups import changed_groups, first_groups, first_members
from seatwright.web.graph.delta_tokens import CHANGES, MEMBERS, NOTHING_YET, DeltaToken, token_in
from seatwright.web.graph.delta_users import changed_users, first_users
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
_NOT_TAKEN: Final = ("$expand", "$top", "$orderby", "$search", "$skip")
_RELATIONS: Final = {"users": ("manager",), "groups": ("members",)}
_SHOWN: Final = {
    "users": (*USER.shown, "accountEnabled", "assignedLicenses", "usageLocation", "manager"),
    "groups": (*GROUP.shown, "assignedLicenses", "members"),
}


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
    call = request.call
    if (request.option("$deltatoken") or "").casefold() == "latest":
        place = await settled_place(call.tx)
        token = _new(request, noun, xid=place.xid).moved(call.now, phase=CHANGES)
        return _page(request, noun, [], token, is_last=True)
    empty = request.option("$deltatoken") == "" or request.option("$skiptoken") == ""
    token = (None if empty else token_in(request, noun)) or _new(
        request, noun, xid=(await settled_place(call.tx)).xid
    )
    if token.phase == CHANGES:
        return await _changes(request, noun, token)
    return await _first(request, noun, token)


def _new(request: GraphRequest, noun: str, *, xid: int) -> DeltaToken:
    """The token of a round that begins: what was asked for stays with it (DLT-004)."""
    known = {"users": USER, "groups": GROUP}[noun]
    text = request.option("$select")
    select = tuple(_SHOWN[noun])
    if text:
        select = select_of(text, known, (*known.names, *_RELATIONS[noun])) or select
    return DeltaToken(
        noun=noun,
        phase=NOTHING_YET,
        xid=xid,
        issued=int(request.call.now.timestamp()),
        select=tuple(dict.fromkeys(("id", *select))),
        only=tuple(map(str, _only(request.option("$filter")))),
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
    if token.phase == MEMBERS:
        shapes, last = await first_members(call, token, limit=size)
        if last is None:
            return _page(request, noun, shapes, token.moved(call.now, phase=CHANGES), is_last=True)
        return _page(request, noun, shapes, token.moved(call.now, number=last[0], second=last[1]))
    if noun == "users":
        shapes, number = await first_users(call, token, only_ids(token, "u"), limit=size)
    else:
        shapes, number = await first_groups(call, token, only_ids(token, "g"), limit=size)
    if number is not None:
        return _page(request, noun, shapes, token.moved(call.now, number=number))
    if "members" in token.select:
        return _page(request, noun, shapes, token.moved(call.now, phase=MEMBERS, number=0))
    done = token.moved(call.now, phase=CHANGES, number=0)
    return _page(request, noun, shapes, done, is_last=True)


def only_ids(token: DeltaToken, alias: str) -> tuple[Condition, ...]:
    """The condition of a round that is about some objects only.

    Raises GraphError for a token that was made up.
    """
    if not token.only:
        return ()
    try:
        ids = [UUID(one) for one in token.only]
    except ValueError:
        raise bad_request("Badly formed token.") from None
    return (Condition(text=f"{alias}.id = any(%s)", values=(ids,)),)


def _nouns(token: DeltaToken) -> list[ChangeNoun]:
    """What of the feed concerns the properties that were asked for."""
    licensed = {"assignedLicenses", "assignedPlans", "provisionedPlans"} & set(token.select)
    if token.noun == "users":
        return [ChangeNoun.PERSON, *([ChangeNoun.LICENSES] if licensed else [])]
    nouns = [ChangeNoun.GROUP]
    if licensed:
        nouns.append(ChangeNoun.GROUP_LICENSES)
    if "members" in token.select:
        nouns += [noun for noun in ChangeNoun if noun >= ChangeNoun.PEOPLE_JOINED]
    return nouns


async def _changes(request: GraphRequest, noun: str, token: DeltaToken) -> Answer:
    """A page of what changed, up to where every transaction has ended."""
    call, size = request.call, _size(request)
    until = await settled_place(call.tx)
    rows = await changes_after(
        call.tx, token.place, until, nouns=_nouns(token), limit=FEED_ROWS_MAX
    )
    taken = _taken(rows, size)
    if noun == "users":
        shapes = await changed_users(call, token, taken, only_ids(token, "u"))
    else:
        shapes = await changed_groups(call, token, taken, only_ids(token, "g"))
    if len(taken) < len(rows) or len(rows) == FEED_ROWS_MAX:
        place = taken[-1].place
        more = token.moved(call.now, xid=place.xid, change_no=place.change_no)
        return _page(request, noun, shapes, more)
    # A snapshot of a moment ago may end lower than the token: it never goes back.
    ahead = max((until.xid, 0), (token.xid, token.change_no))
    done = token.moved(call.now, xid=ahead[0], change_no=ahead[1])
    return _page(request, noun, shapes, done, is_last=True)


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

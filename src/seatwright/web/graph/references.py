"""References to objects of the directory, as bodies hold them: URLs that end in an id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from seatwright.app.call import Call
from seatwright.postgres.groups import find_groups
from seatwright.postgres.users import find_users
from seatwright.web.graph.envelope import bad_request, resource_missing
from seatwright.web.graph.paths import segments_of
from seatwright.web.graph.request import UNREADABLE, GraphRequest

BOUND_MAX: Final = 20
"""References in one call (PAG-004)."""

_COLLECTIONS: Final = frozenset({"directoryobjects", "users", "groups"})


def reference_of(request: GraphRequest) -> str:
    """What the `@odata.id` of a body names, whatever host it is on.

    Raises GraphError 400.
    """
    try:
        body = msgspec.json.decode(request.sent.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request(UNREADABLE) from None
    found = (
        next((value for name, value in body.items() if name.casefold() == "@odata.id"), None)
        if isinstance(body, dict)
        else None
    )
    if found is None:
        raise bad_request("The body needs an '@odata.id' with the URL of an object.")
    return named_by(found)


def bound_in(body: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """What `members@odata.bind` and the like name; None where the body has no such member.

    Raises GraphError 400 for more than 20, and for what is no list of URLs.
    """
    value = body.get(f"{name}@odata.bind")
    if value is None:
        return None
    if not isinstance(value, list):
        raise bad_request(f"{name}@odata.bind has to be a list of URLs.")
    if len(value) > BOUND_MAX:
        raise bad_request(
            f"The number of references in {name}@odata.bind is {len(value)}: {BOUND_MAX} is the"
            " most of one request."
        )
    return tuple(dict.fromkeys(named_by(one) for one in value))


def named_by(url: object) -> str:
    """The key at the end of a URL such as `https://host/v1.0/directoryObjects/ID`."""
    if not isinstance(url, str):
        raise bad_request("An '@odata.id' has to be the URL of an object, as a text.")
    path = url.partition("://")[2].partition("/")[2] if "://" in url else url
    segments = segments_of(path.partition("?")[0])
    if len(segments) < 2 or segments[-2].casefold() not in _COLLECTIONS:
        raise bad_request(
            f"Unsupported resource type for the URL '{url[:120]}': end it in /directoryObjects/ID."
        )
    return unquote(segments[-1])


async def people_and_groups(
    call: Call, keys: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of these keys are people, and which are groups.

    Raises GraphError 404 for one that is neither (PAG-004).
    """
    people = await find_users(call.tx, keys, by_mail=False)
    rest = [key for key in keys if key not in people]
    # Groups are named by id alone: a name may be many groups'.
    groups = await find_groups(call.tx, [key for key in rest if len(key) == 36])
    for key in rest:
        if key not in groups:
            raise resource_missing(key)
    return tuple(key for key in keys if key in people), tuple(rest)

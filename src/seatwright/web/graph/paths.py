"""Reading what stands in a Graph URL: segments, keys in parentheses, query options, links back.

Clients write one path in many ways (`interfaces.md`, "Names without regard to case"): segments in
any case, `users('a@b')` or `users/a%40b`, `delta()` or `microsoft.graph.delta`, doubled slashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from seatwright.web.graph.envelope import GraphError, bad_request

SEGMENTS_MAX: Final = 16
OPTIONS_MAX: Final = 50

SYSTEM_OPTIONS: Final = frozenset(
    {
        "apply",
        "compute",
        "count",
        "deltatoken",
        "expand",
        "filter",
        "format",
        "index",
        "levels",
        "orderby",
        "schemaversion",
        "search",
        "select",
        "skip",
        "skiptoken",
        "top",
    }
)
"""The options whose `$` may be left out (OData 4.01, part 2, 5.1)."""

_CALL: Final = re.compile(r"([\w.$]+)\((.*)\)", re.DOTALL)
_NAMED_KEY: Final = re.compile(r"(?:id|userPrincipalName)\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)


def segments_of(path: str) -> tuple[str, ...]:
    """The segments of a path that is still percent-encoded; keys come after what they are keys of.

    Raises GraphError for a path that is longer than any resource's.
    """
    segments: list[str] = []
    for raw in path.split("/"):
        if raw:
            segments += _segment(unquote(raw, errors="replace"))
    if len(segments) > SEGMENTS_MAX:
        raise bad_request(f"The path has {len(segments)} segments: no resource lies so deep.")
    return tuple(segments)


def _segment(text: str) -> tuple[str, ...]:
    call = _CALL.fullmatch(text)
    if call is None:
        return (text,)
    name, inside = call[1], call[2].strip()
    if not inside:
        return (name,)
    key = _NAMED_KEY.fullmatch(inside)
    return (name, unquoted(key[1] if key else inside))


def unquoted(key: str) -> str:
    """A key as it stands in parentheses, without its quotes; `''` inside of them is one quote."""
    if len(key) > 1 and key[0] == key[-1] == "'":
        return key[1:-1].replace("''", "'")
    return key


def options_of(query: str) -> Mapping[str, str]:
    """Query options by name: OData's own in lower case and with their `$`, others as they are.

    Raises GraphError for an option that comes twice, or for more than anybody needs.
    """
    if not query:
        return MappingProxyType({})
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=OPTIONS_MAX)
    except ValueError:
        raise bad_request(f"The query has more than {OPTIONS_MAX} options.") from None
    options: dict[str, str] = {}
    for written, value in pairs:
        bare = written.strip().removeprefix("$").casefold()
        name = f"${bare}" if bare in SYSTEM_OPTIONS else written.strip()
        if name in options:
            raise bad_request(
                f"Query option '{name[:60]}' was specified more than once, but it must be specified"
                " at most once."
            )
        options[name] = value
    return MappingProxyType(options)


def link(origin: str, path: str, options: Mapping[str, str]) -> str:
    """An absolute URL on the caller's origin; spaces are `%20`, as every client reads them."""
    query = urlencode(options, quote_via=quote, safe="$@',:()/")
    return f"{origin}{path}?{query}" if query else f"{origin}{path}"


def not_found(path: str) -> GraphError:
    """404 for a path that is none of ours; the segment that nobody knows is named."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"There is no resource at “{path[:200]}”. The page “Use your own scripts” lists what is.",
        reason="unknownPath",
    )

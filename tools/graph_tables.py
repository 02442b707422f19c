"""The page of what each property of the Graph surface answers, from the table that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seatwright.domain.filters import (
    GROUP_PROPERTIES,
    GROUP_SEARCH,
    SUBSCRIPTION_PROPERTIES,
    USER_PROPERTIES,
    USER_SEARCH,
    Need,
    Property,
)
from seatwright.domain.filters.grammar import DEPTH_MAX, FILTER_LENGTH_MAX, VALUES_MAX
from seatwright.domain.filters.listed import LISTED_GROUPS, LISTED_PEOPLE
from seatwright.domain.filters.properties import rows_of
from seatwright.domain.graph_permissions import implied_by
from seatwright.domain.roles import Role, roles_permitting
from seatwright.postgres.graph_lists import SECONDS_MAX
from seatwright.web.graph.group_shapes import GROUP
from seatwright.web.graph.odata import TOP_DEFAULT, TOP_MAX, Noun
from seatwright.web.graph.routes import GRAPH_ROUTES
from seatwright.web.graph.user_shapes import USER
from tools.markdown import code, page, table


def _operators(one: Property, need: Need) -> str:
    return code(*(op.value for op, needed in one.operators.items() if needed is need))


def _rows(properties: Iterable[Property]) -> list[tuple[str, ...]]:
    return [
        (
            f"`{name}`",
            one.kind.value,
            _operators(one, Need.PLAIN),
            _operators(one, Need.ADVANCED),
            "yes" if one.sort is not None else "",
        )
        for name, one in rows_of(properties)
    ]


def _noun(title: str, properties: Sequence[Property], searched: Sequence[str], noun: Noun) -> str:
    head = ("property", "kind", "any query", "advanced query", "`$orderby`")
    return "\n\n".join(
        (
            f"## {title}",
            table(head, _rows(properties)),
            (
                f"`$search` looks at {code(*searched)}. `$expand` takes {code(*noun.expands)}."
                f" Without `$select` an answer has {code(*noun.shown)}."
            ),
        )
    )


def _without_advanced(properties: Iterable[Property]) -> str:
    rows = [
        (f"`{name}`", one.kind.value, _operators(one, Need.PLAIN))
        for name, one in rows_of(properties)
    ]
    return table(("property", "kind", "operators"), rows)


def permissions_page() -> str:
    """Which Graph permissions and which roles a call needs, and which permissions roles imply."""
    routes = [
        (
            f"`{one.method} /{one.versions[0]}/{one.path}`",
            f"`{one.accepts[0]}`",
            code(*one.accepts[1:]),
            code(*dict.fromkeys(role for need in one.needs for role in roles_permitting(need))),
        )
        for one in sorted(GRAPH_ROUTES, key=lambda one: (one.path.casefold(), one.method))
    ]
    roles = [(f"`{role}`", code(*implied_by((role,)))) for role in Role]
    return page(
        "Permissions of the Graph surface",
        "A call needs both columns: one of the roles in any case, and one of Graph's permissions"
        " if the client was made with `--permission`. A client without, and a long-lived token,"
        " are asked for the role alone. What is missing is told with 403"
        " `Authorization_RequestDenied`, and `details` names what would be enough. Steps of a"
        " `$batch` are calls like any other.",
        "## Calls",
        table(("call", "least permission", "others that do", "roles"), routes),
        "## Roles",
        "The permissions in the `roles` claim of a client's access token where none were named:",
        table(("role", "Graph permissions that it implies"), roles),
    )


def queries_page() -> str:
    """Property, operator, and what a query has to be for it."""
    return page(
        "Queries of the Graph surface",
        "What `$filter`, `$orderby`, `$search` and `$expand` take under `/v1.0`. An advanced query"
        " has the header `ConsistencyLevel: eventual` and `$count=true`; `$search` needs the"
        " header, and `$orderby` beside `$filter` needs both. Whatever is not in these tables is"
        " refused by its name with 400 `Request_UnsupportedQuery`; names of properties and"
        " operators are read whatever their case, texts are compared without it"
        " (but for `onPremisesImmutableId`, which is an encoded number).",
        f"A filter has up to {FILTER_LENGTH_MAX:,} characters and {VALUES_MAX} conditions, up to"
        f" {DEPTH_MAX} inside each other. A page has {TOP_DEFAULT} rows, or `$top` from 1 to"
        f" {TOP_MAX}. Where no index helps, people are looked at one by one for up to {SECONDS_MAX}"
        " seconds; what takes longer is refused, and a count that does is left out.",
        _noun("People", USER_PROPERTIES, USER_SEARCH, USER),
        _noun("Groups", GROUP_PROPERTIES, GROUP_SEARCH, GROUP),
        "## Subscriptions",
        "`directory/subscriptions` takes `$filter` and `$select`, in any query.",
        _without_advanced(SUBSCRIPTION_PROPERTIES),
        "## `filter=` of our own lists: people",
        "`GET /api/identity/users` and `seatwright users list --filter` take the same language on"
        " the properties that they show, and every operator without any header.",
        _without_advanced(LISTED_PEOPLE),
        "## `filter=` of our own lists: groups",
        "`GET /api/identity/groups` and `seatwright groups list --filter`, likewise.",
        _without_advanced(LISTED_GROUPS),
    )

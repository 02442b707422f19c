"""Ten thousand malformed queries: refused in Graph's words, never 5xx, never slow."""

from __future__ import annotations

import random
import time
from urllib.parse import quote

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph

QUERIES = 10_000
SEED = 20261121
SECONDS_MAX = 2.0

WORDS = (
    *("displayName", "mail", "id", "accountEnabled", "assignedLicenses", "assignedPlans", "x"),
    *("eq", "ne", "ge", "gt", "le", "lt", "in", "and", "or", "not", "has", "any", "all", "$count"),
    *("(", ")", "/", ":", ",", "'", "''", "'a'", "null", "true", "false", "0", "-1", "1e400"),
    *("05e9a617-0261-4cee-bb44-138d3ef5d965", "2026-11-21T09:00:00Z", "9999-99-99", "skuId"),
    *("startsWith", "endsWith", "contains", "x:x/skuId", "any(x:x/skuId eq", "\u0000", "\ud800"),
    *("%", "_", "\\", '"', ";--", "{", "é", "𐍈", "\n", "$it", "cast", "otherMails", "groupTypes"),
    *("createdDateTime", "employeeOrgData/division", "proxyAddresses", "userType", "memberOf"),
)
OPTIONS = ("$filter", "$filter", "$filter", "$orderby", "$select", "$search", "$expand", "$top",
           "$skiptoken", "$count", "$skip", "$deltatoken", "$format")  # fmt: skip
PATHS = ("/users", "/groups", "/users/$count", "/users/delta", "/groups/delta",
         "/directory/deletedItems/microsoft.graph.user")  # fmt: skip


def query_of(chance: random.Random) -> str:
    """One query of words in any order."""
    path = chance.choice(PATHS)
    options = []
    for option in chance.sample(OPTIONS, chance.choice((1, 1, 2, 3))):
        space = chance.choice((" ", " ", ""))
        text = space.join(chance.choice(WORDS) for _ in range(chance.randint(0, 12)))
        options.append(f"{option}={quote(text.encode('utf-8', 'surrogatepass'))}")
    return f"{path}?{'&'.join(options)}"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_malformed_queries_are_refused_and_fast(office: Office) -> None:
    graph, chance = Graph(office), random.Random(SEED)
    for number in range(5):
        await graph.person(f"p{number}", department="Math")
    await graph.group("Staff")
    statuses: dict[int, int] = {}
    for _ in range(QUERIES):
        query = query_of(chance)
        headers = {"consistencylevel": "eventual"} if chance.random() < 0.5 else {}
        began = time.monotonic()
        answer = await office.admin.get(f"/v1.0{query}", headers=headers)
        assert time.monotonic() - began < SECONDS_MAX, query
        assert answer.status_code < 500, (query, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["error"]["message"], query
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    # Enough of them are right by chance that the refusals are no blanket.
    assert statuses[400] > QUERIES // 2
    assert statuses[200] > QUERIES // 100

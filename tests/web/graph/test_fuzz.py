"""Thousands of malformed queries, batches, sign-ins, tokens, and rules: never a 5xx.

Five hundred of each in every gate; SEATWRIGHT_TEST_FUZZ_ROUNDS=10000 tries ten thousand of each.

They go over the real surface; what can go as steps of batches does, twenty at a time, for each step
is a call like any other. Every answer is held to its schema, refusals included. That no statement
works longer than two seconds is proven in `test_slow_queries.py`, and that no pattern of a rule
hangs in `tests/domain/rules`.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

import pytest

from seatwright.web.graph.batch import STEPS_MAX
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought, client_of, form_of, token_of

ROUNDS: Final = int(os.environ.get("SEATWRIGHT_TEST_FUZZ_ROUNDS", "500"))
RULES: Final = 2_000
"""Ten thousand go through the parser alone in `tests/domain/rules`; these become groups, or not."""

SEED: Final = 20261121
E3: Final = "05e9a617-0261-4cee-bb44-138d3ef5d965"

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
RULE_WORDS = (
    *("user.city", "user.accountEnabled", "user.otherMails", "user.assignedPlans", "user.memberOf"),
    *("assignedPlan.service", "group.objectId", "device.deviceId", "Direct Reports for", "null"),
    *("-eq", "-ne", "-contains", "-match", "-in", "-startsWith", "-ge", "-any", "-all", "\u2013eq"),
    *("-and", "-or", "-not", "(", ")", "[", "]", ",", '"x"', '"(a+)+$"', "'x'", '"', "`", "\\"),
    *("true", "5", "system.now", "-plus", "p1d", "p99999999999y", "\x00", "🙂", "(" * 200),
    *("-not " * 200, "a" * 3000),
)
ATOMS: list[Any] = [
    None, True, False, 0, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, 1.5, "", "1", "\x00", "é",
    "POST", "get", "TRACE", [], {}, "/organization", "users('", "http://[", "http://a:b/v1.0/x",
    "https://graph.microsoft.com/beta/organization?a=1", "%", "%ff", "?$top=1&$top=1", "/$batch",
    "//", "(((", "x" * 3000, ["1"], [[]], {"a": {"a": []}}, {"Content-Type": 1}, "/" * 500,
    {"ConsistencyLevel": None}, "2026-13-45", "9999-12-31T23:59:59Z", ["id", "members"], E3,
]  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Step = dict[str, Any]


class Surface:
    """Five people, a group and a product; and what calls of them are answered."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.graph = Graph(office)
        self.chance = random.Random(SEED)
        self.statuses: Counter[int] = Counter()

    async def furnish(self) -> None:
        """Have something to be found."""
        await bought(self.office, "SPE_E3", 2)
        people = [await self.graph.person(f"p{n}", department="Math") for n in range(5)]
        inner = await self.graph.group("Inner", *people[:2])
        staff = await self.graph.group("Staff", *people)
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{inner}"}
        await self.graph.done("POST", f"/groups/{staff}/members/$ref", reference)
        order = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
        await self.graph.done("POST", f"/groups/{staff}/assignLicense", order)
        self.staff = staff

    async def answer_all(self, steps: Iterator[Step]) -> None:
        """Send all, twenty in a batch, and count their statuses."""
        while chunk := list(islice(steps, STEPS_MAX)):
            requests = [{"id": str(number), **step} for number, step in enumerate(chunk)]
            answer = await self.office.admin.post("/v1.0/$batch", json={"requests": requests})
            assert answer.status_code == 200, (requests, answer.text)
            for one in answer.json()["responses"]:
                assert one["status"] < 500, (chunk[int(one["id"])], one)
                self.statuses[one["status"]] += 1


@pytest.fixture
async def surface(office: Office) -> Surface:
    made = Surface(office)
    await made.furnish()
    return made


def _query_of(chance: random.Random) -> Step:
    path = chance.choice(PATHS)
    options = []
    for option in chance.sample(OPTIONS, chance.choice((1, 1, 2, 3))):
        space = chance.choice((" ", " ", ""))
        text = space.join(chance.choice(WORDS) for _ in range(chance.randint(0, 12)))
        options.append(f"{option}={quote(text.encode('utf-8', 'surrogatepass'))}")
    headers = {"ConsistencyLevel": "eventual"} if chance.random() < 0.5 else {}
    return {"method": "GET", "url": f"{path}?{'&'.join(options)}", "headers": headers}


async def test_malformed_queries_are_refused(surface: Surface) -> None:
    await surface.answer_all(_query_of(surface.chance) for _ in range(ROUNDS))
    # Enough of them are right by chance that the refusals are no blanket.
    assert surface.statuses[400] > ROUNDS // 2
    assert surface.statuses[200] > ROUNDS // 100


def _group_of(chance: random.Random, number: int) -> Step:
    words = chance.choices(RULE_WORDS, k=chance.randint(1, 14))
    if chance.random() < 0.02:
        words = ["user.city", chance.choice(("-eq", "-match")), '"x"']
    body = {
        "displayName": f"Group {number}",
        "mailEnabled": False,
        "mailNickname": f"group{number}",
        "securityEnabled": True,
        "groupTypes": ["DynamicMembership"],
        "membershipRule": chance.choice(("", " ")).join(words),
        "membershipRuleProcessingState": "On",
    }
    headers = {"Content-Type": "application/json"}
    return {"method": "POST", "url": "/groups", "headers": headers, "body": body}


async def test_malformed_rules_are_refused(surface: Surface) -> None:
    await surface.answer_all(_group_of(surface.chance, number) for number in range(RULES))
    assert surface.statuses.keys() == {201, 400}
    assert surface.statuses[400] > RULES * 0.9
    assert surface.statuses[201] > RULES // 200


def _value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(6)
    if depth > 2 or kind < 4:
        return chance.choice(ATOMS)
    if kind == 4:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    names = ("id", "method", "url", "headers", "body", "dependsOn", "ID", "requests", "x")
    return {chance.choice(names): _value(chance, depth + 1) for _ in range(chance.randrange(6))}


def _batch_of(chance: random.Random) -> bytes:
    steps: Any = []
    for number in range(chance.choice((0, 1, 1, 1, 2, 3, STEPS_MAX + 1))):
        step: Step = {"id": str(number), "method": "GET", "url": "/organization"}
        while chance.random() < 0.6:
            names = ("id", "method", "url", "headers", "body", "dependsOn", "ID", "x")
            step[chance.choice(names)] = _value(chance)
        steps.append(step)
    if chance.random() < 0.1:
        steps = _value(chance)
    content = json.dumps({chance.choice(("requests", "requests", "Requests", "x")): steps}).encode()
    if chance.random() < 0.2:
        at = chance.randrange(len(content))
        content = content[:at] + chance.randbytes(2) + content[at + 1 :]
    return content


async def test_malformed_batches_are_refused_or_answered_step_by_step(surface: Surface) -> None:
    inner: Counter[int] = Counter()
    for _ in range(ROUNDS):
        content = _batch_of(surface.chance)
        answer = await surface.office.admin.post(
            "/v1.0/$batch", content=content, headers={"content-type": "application/json"}
        )
        surface.statuses[answer.status_code] += 1
        assert answer.status_code in {200, 400}, (content, answer.text)
        if answer.status_code == 200:
            steps = answer.json()["responses"]
            assert 1 <= len({one["id"] for one in steps}) == len(steps) <= STEPS_MAX
            inner.update(one["status"] for one in steps)
    assert all(count > ROUNDS // 20 for count in surface.statuses.values())
    assert inner.keys() >= {200, 404}
    assert all(status < 500 for status in inner)


async def test_malformed_sign_ins_are_refused_in_the_form_of_their_endpoint(
    surface: Surface,
) -> None:
    chance, stranger = surface.chance, surface.office.client(None)
    client = await client_of(surface.office)
    names = [*form_of(client), "x", "%", "\x00"]
    values = [
        "client_credentials", "https://graph.microsoft.com/.default", "%zz", "", "a b", "\x00", "é",
        str(UUID(int=5)), "x" * 2000, "sws_x", "+", "&", "=", "/.default", client["clientId"],
    ]  # fmt: skip
    tenants = ["common", "contoso.example", "a%00b", "%2e%2e", "x" * 200, str(UUID(int=7)), "%ff"]
    for _ in range(ROUNDS):
        form = "&".join(
            f"{name}={quote(text)}"
            for name, text in form_of(client).items()
            if chance.random() < 0.9
        )
        for _ in range(chance.randrange(4)):
            form += f"&{chance.choice(names)}={chance.choice(values)}"
        content = form.encode() + (chance.randbytes(3) if chance.random() < 0.2 else b"")
        basic = chance.choice(("", "", "Basic eDp5", "Basic ====", "Basic /////w==", "Bearer x"))
        answer = await stranger.post(
            f"/{chance.choice(tenants)}/oauth2/v2.0/token",
            content=content,
            headers={"authorization": basic} if basic else {},
        )
        assert answer.status_code < 500, (content, basic, answer.text)
        surface.statuses[answer.status_code] += 1
    assert surface.statuses.keys() - {429} == {200, 400, 401}, "429 only after many wrong secrets"


def _other_part(chance: random.Random, part: str) -> str:
    """A part of a JWT that still is JSON in base64, with something else in it."""
    found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    while chance.random() < 0.7:
        found[chance.choice([*found, "x", "kid", "alg", "exp", "crit", "jku"])] = _value(chance)
    return _base64(json.dumps(found).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bearer_of(chance: random.Random, real: Sequence[str]) -> str:
    token = chance.choice(real)
    kind, cut = chance.randrange(5), chance.randrange(len(token))
    if kind == 0:
        return "".join(chance.choices("eyJhbGciOi.-_= ,;'\"\t{}\u00e9", k=chance.randrange(90)))
    if kind == 1:
        return token[:cut] + chance.choice("._-=A\u00e9") + token[cut + 1 :]
    if kind == 2 or token.count(".") != 2:
        return token[:cut]
    head, body, signature = token.split(".")
    head, body = (_other_part(chance, part) for part in (head, body))
    return f"{head}.{body}.{chance.choice((signature, '', _base64(chance.randbytes(256))))}"


async def test_malformed_bearer_tokens_are_refused(surface: Surface) -> None:
    chance, stranger = surface.chance, surface.office.client(None)
    real = (
        await token_of(surface.office, await client_of(surface.office)),
        surface.office.made.token,
    )
    for _ in range(ROUNDS):
        token = _bearer_of(chance, real)
        scheme = chance.choice(("Bearer ", "Bearer ", "bearer ", "", "Basic ", "Bearer  "))
        header = (b"authorization", (scheme + token).encode("latin-1"))
        answer = await stranger.get("/v1.0/organization", headers=[header])
        assert answer.status_code == 401 or token in real, (header, answer.text)


def _lists(staff: str) -> Iterator[tuple[str, Callable[[dict[str, Any]], str | None]]]:
    """Calls whose answers hold a token."""
    for path in (
        "/users?$top=1",
        "/users?$top=1&$orderby=displayName",
        "/users?$top=1&$filter=department eq 'Math'",
        "/groups?$top=1",
        f"/groups/{staff}/members?$top=1",
        f"/groups/{staff}/transitiveMembers?$top=6",
        "/beta/admin/cloudLicensing/assignmentErrors?$top=1",
        f"/beta/admin/cloudLicensing/allotments/{E3}/waitingMembers?$top=1",
    ):
        yield path, lambda page: page.get("@odata.nextLink")
    for path in ("/users/delta", "/groups/delta", "/groups/delta?$select=members",
                 "/users/delta?$select=assignedLicenses,manager"):  # fmt: skip
        yield path, lambda page: page.get("@odata.deltaLink")


async def _links(surface: Surface) -> list[str]:
    """Links of every kind of token, the first and the last of their round."""
    found = []
    for path, link_of in _lists(surface.staff):
        url: str | None = path if path.startswith("/beta") else f"/v1.0{path}"
        while url is not None:
            headers = {"prefer": "odata.maxpagesize=1"}
            page = (await surface.office.admin.get(url, headers=headers)).json()
            url = page.get("@odata.nextLink") if "delta" in path else None
            found += [one for one in (url, link_of(page)) if one is not None]
    return found


def _token_of(chance: random.Random, token: str) -> str:
    kind, at = chance.randrange(4), chance.randrange(len(token))
    if kind == 0:
        return token[:at] + chance.choice("._-=A0%\u00e9") + token[at + 1 :]
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        # Lists of people and groups write theirs plainly.
        return chance.choice(("0.", "1.", "2.", "")) + str(chance.choice(ATOMS))
    while chance.random() < 0.7:
        values[chance.randrange(len(values))] = chance.choice(ATOMS)
    if chance.random() < 0.1:
        values = chance.choice((values[:-1], [*values, 1], _value(chance)))
    return _base64(json.dumps(values).encode())


def _with_token(chance: random.Random, links: Sequence[str]) -> Step:
    split = urlsplit(chance.choice(links))
    options = dict(parse_qsl(split.query))
    name = "$skiptoken" if "$skiptoken" in options else "$deltatoken"
    options[name] = _token_of(chance, options[name])
    query = "&".join(f"{key}={quote(value)}" for key, value in options.items())
    return {"method": "GET", "url": f"{split.path}?{query}"}


async def test_malformed_skip_and_delta_tokens_are_refused_or_read(surface: Surface) -> None:
    links = await _links(surface)
    assert len(links) > 20
    await surface.answer_all(_with_token(surface.chance, links) for _ in range(ROUNDS))
    assert surface.statuses.keys() == {200, 400, 410}
    assert surface.statuses[400] > ROUNDS // 2

"""Small things that clients believe: sentences, states of plans, cases of letters, last nets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.app import graph_tokens
from seatwright.app.graph_tokens import rotate_signing_key
from seatwright.app.tenants import calling
from seatwright.domain.errors import Refusal
from seatwright.domain.filters import USER_PROPERTIES, Scope, check_filter, parse_filter
from seatwright.postgres.signing_keys import insert_access_token
from seatwright.web.graph import sign_in
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import TOKEN, bought, client_of, form_of, token_of

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def test_a_taken_name_is_refused_by_the_name_of_its_property(graph: Graph) -> None:
    await graph.person("ada")
    body = {
        "accountEnabled": True,
        "displayName": "Another Ada",
        "mailNickname": "other",
        "userPrincipalName": "ADA@contoso.example",
        "passwordProfile": {"password": "a long one"},
    }
    status, code, message = await graph.refused("POST", "/users", body)
    assert (status, code) == (400, "Request_BadRequest")
    assert message == (
        "Another object with the same value for property userPrincipalName already exists."
    )


async def test_a_plan_of_two_products_is_in_the_better_state(office: Office, graph: Graph) -> None:
    skus, subscriptions = [], []
    for name in ("LESS", "MORE"):
        body = {
            "skuPartNumber": name,
            "displayName": name,
            "appliesTo": "User",
            "servicePlans": [{"name": "SHARED"}],
        }
        made = await office.admin.post("/api/catalog/products", json=body)
        assert made.status_code == 201, made.text
        skus.append(made.json()["skuId"])
        subscriptions.append((await bought(office, name, 3))["id"])
    ada = await graph.person("ada")
    order = {"addLicenses": [{"skuId": sku} for sku in skus], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", order)
    answer = await office.admin.patch(
        f"/api/subscriptions/{subscriptions[0]}", json={"status": "Suspended", "external": True}
    )
    assert answer.is_success, answer.text
    plans = (await graph.get(f"/users/{ada}?$select=assignedPlans"))["assignedPlans"]
    assert [plan["capabilityStatus"] for plan in plans] == ["Enabled"]


async def test_whatever_breaks_while_somebody_signs_in_is_json_with_ids(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await client_of(office)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sign_in, "token_request_of", broken)
    answer = await office.client(None).post(TOKEN, data=form_of(client))
    assert answer.status_code == 500
    body = answer.json()
    assert body["error"] == "server_error"
    assert body["correlation_id"] == answer.headers["client-request-id"]
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_page_that_people_would_sign_in_on_says_that_it_is_not_there(
    office: Office, method: str
) -> None:
    anyone = office.client(None)
    read = (await anyone.get("/common/v2.0/.well-known/openid-configuration")).json()
    path = "/" + read["authorization_endpoint"].split("/", 3)[3]
    answer = await anyone.request(method, f"{path}?client_id=x&response_type=code")
    assert answer.status_code == 400
    body = answer.json()
    assert (body["error"], body["error_codes"]) == ("unsupported_response_type", [70005])
    assert "client credentials" in body["error_description"]


async def test_a_step_with_a_body_says_of_what_type_it_is(graph: Graph) -> None:
    step: dict[str, Any] = {"id": "7", "method": "POST", "url": "/groups", "body": {"a": 1}}
    for headers in ({}, {"headers": {"ConsistencyLevel": "eventual"}}):
        body = {"requests": [{**step, **headers}]}
        status, _, message = await graph.refused("POST", "/$batch", body)
        assert (status, "id : 7" in message, "Content-Type" in message) == (400, True, True)


@pytest.mark.parametrize(
    "text",
    [
        "not (city eq 'a' and businessPhones/any(b:b eq '1') and userType eq 'Guest')",
        "not (userType eq 'Guest' or city eq 'a')",
        "not (city eq 'a' and not (city eq 'b' or userType in ('Guest')))",
    ],
)
def test_not_of_several_asks_the_table_of_each(text: str) -> None:
    properties = [one for one in USER_PROPERTIES if one.name != "userType"]
    user_type = next(one for one in USER_PROPERTIES if one.name == "userType")
    without = {word: need for word, need in user_type.operators.items() if word != "not"}
    narrowed = type(user_type)(name="userType", kind=user_type.kind, operators=without)
    scope = Scope(noun="users", properties=(*properties, narrowed), is_advanced=True)
    with pytest.raises(Refusal, match="“not” on the property “userType”"):
        check_filter(parse_filter(text), scope)


async def test_the_same_product_is_taken_away_once(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 5)
    ada = await graph.person("ada")
    group = await graph.group("Staff", ada)
    add = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", add)
    for path in (f"/users/{ada}", f"/groups/{group}"):
        body = {"addLicenses": [], "removeLicenses": [E3, E3.upper()]}
        status, _, message = await graph.refused("POST", f"{path}/assignLicense", body)
        assert (status, "Duplicate SKU" in message) == (400, True)


async def test_members_are_paged_on_while_the_first_inner_group_comes_or_goes(
    graph: Graph,
) -> None:
    people = [await graph.person(f"p{number}") for number in range(3)]
    group, inner = await graph.group("Staff", *people), await graph.group("Inner")
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{inner}"}
    path = f"/groups/{group}/members?$top=1"
    seen = []
    page = await graph.get(path)
    seen += page["value"]
    await graph.done("POST", f"/groups/{group}/members/$ref", reference)
    while "@odata.nextLink" in page:
        page = await graph.get(page["@odata.nextLink"])
        seen += page["value"]
    assert [one["id"] for one in seen][:3] == people
    page = await graph.get(path)
    seen = [*page["value"]]
    await graph.done("DELETE", f"/groups/{group}/members/{inner}/$ref")
    while "@odata.nextLink" in page:
        page = await graph.get(page["@odata.nextLink"])
        seen += page["value"]
    assert [one["id"] for one in seen] == people


async def test_letters_of_every_alphabet_are_found_in_any_case(graph: Graph) -> None:
    """PostgreSQL and Python fold some letters differently: a final sigma, a dotted capital I."""
    ada = await graph.person("ada", city="ΒΟΛΟΣ", givenName="İrem", otherMails=["İX@b.example"])
    bo = await graph.person("bo", city="Straße", givenName="Éva")
    for filter_, found in {
        "city eq 'ΒΟΛΟΣ'": [ada],
        "city eq 'βολοσ'": [ada],
        "city in ('x', 'ΒΟΛΟΣ', 'STRASSE')": [ada],
        "startsWith(city, 'ΒΟΛΟΣ')": [ada],
        "city ne 'ΒΟΛΟΣ'": [bo],
        "givenName eq 'İrem'": [ada],
        "givenName eq 'éVA'": [bo],
        "otherMails/any(o:o eq 'İX@b.example')": [ada],
        "otherMails/any(o:startsWith(o, 'İX'))": [ada],
    }.items():
        read = await graph.get(f"/users?$count=true&$filter={filter_}", advanced=True)
        assert [one["id"] for one in read["value"]] == found, filter_
    read = await graph.get('/users?$search="givenName:İRE"', advanced=True)
    assert [one["id"] for one in read["value"]] in ([ada], [])


async def test_a_token_that_is_signed_during_a_withdrawal_does_not_outlive_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was read before it was withdrawn, and the token would be stored after it."""
    client = await client_of(office)
    assert await token_of(office, client)
    read, go_on = asyncio.Event(), asyncio.Event()
    stored = insert_access_token

    async def late(*args: Any, **more: Any) -> bool:
        if not read.is_set():
            read.set()
            await go_on.wait()
        return await stored(*args, **more)

    monkeypatch.setattr(graph_tokens, "insert_access_token", late)
    asking = asyncio.create_task(token_of(office, client))
    await read.wait()
    async with calling(office.database, office.made.tenant, now=office.clock.now()) as call:
        await rotate_signing_key(call, withdraw=True)
    go_on.set()
    token = await asking
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select count(*) from credential c join signing_key k using (tenant_id, key_no)"
            " where k.withdrawn_at is not null and c.revoked_at is null"
        )
        assert await cursor.fetchone() == (0,)
    answer = await office.client(token).get("/v1.0/organization")
    assert answer.status_code != 401, "the token is signed by the key that came after"

"""The token endpoint: who gets a token, what it says, what it opens, and when it ends."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from seatwright.app.graph_tokens import TOKEN_LIVES
from seatwright.domain.tenants import TenantState
from seatwright.web.graph.guesses import GUESSES_MAX, SECONDS_PER_GUESS, Guesses
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import SCOPE, TOKEN, bought, error_of
from tests.web.graph.desk import client_of as _client
from tests.web.graph.desk import form_of as _form
from tests.web.graph.desk import token_of as _token


def _refused(answer: httpx.Response, status: int, error: str, number: int) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] == error
    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body.keys() >= {"timestamp", "trace_id", "correlation_id"}


async def test_a_client_gets_a_token_for_its_secret(office: Office) -> None:
    client = await _client(office)
    answer = await office.client(None).post(
        f"/{client['tenantId']}/oauth2/v2.0/token",
        params={"client-request-id": "as MSAL sends it"},
        data=_form(client, client_info="1", claims="{}", **{"x-client-SKU": "MSAL.Python"}),
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("tenant", ["common", "organizations", "CONTOSO.example", "Common"])
async def test_the_tenant_may_be_named_in_each_way(office: Office, tenant: str) -> None:
    client = await _client(office)
    assert await _token(office, client, f"/{tenant}/oauth2/v2.0/token")


async def test_credentials_may_come_by_basic_auth(office: Office) -> None:
    client = await _client(office)
    pair = base64.b64encode(f"{client['clientId']}:{client['clientSecret']}".encode()).decode()
    answer = await office.client(None).post(
        TOKEN,
        data={"grant_type": "client_credentials", "scope": SCOPE},
        headers={"authorization": f"Basic {pair}"},
    )
    assert answer.status_code == 200, answer.text


async def test_a_token_is_checked_by_the_published_keys_and_says_who_it_is(office: Office) -> None:
    client = await _client(office, permissions=["User.Read.All"])
    token = await _token(office, client)
    anyone = office.client(None)
    configuration = (
        await anyone.get(f"/{client['tenantId']}/v2.0/.well-known/openid-configuration")
    ).json()
    assert configuration["issuer"] == f"http://127.0.0.1:8080/{client['tenantId']}/v2.0"
    keys = (await anyone.get(configuration["jwks_uri"])).json()
    assert not any({"d", "p", "q"} & key.keys() for key in keys["keys"])
    read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])
    assert read.header["kid"] == keys["keys"][0]["kid"]
    claims = read.claims
    assert claims["iss"] == configuration["issuer"]
    assert claims["aud"] == "https://graph.microsoft.com"
    assert claims["tid"] == client["tenantId"]
    assert claims["appid"] == claims["oid"] == client["clientId"]
    assert claims["app_displayname"] == client["name"]
    assert claims["roles"] == ["User.Read.All"]
    assert claims["exp"] - claims["iat"] == 3600
    assert "idtyp" not in claims


async def test_roles_imply_graph_permissions_where_none_are_named(office: Office) -> None:
    payload = (await _token(office, await _client(office))).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert "LicenseAssignment.ReadWrite.All" in claims["roles"]
    assert "User.ReadWrite.All" not in claims["roles"]


async def test_a_token_opens_graph_and_rest_alike(office: Office) -> None:
    caller = office.client(await _token(office, await _client(office)))
    assert (await caller.get("/v1.0/subscribedSkus")).status_code == 200
    assert (await caller.get("/api/identity/licenses")).status_code == 200


async def test_a_token_opens_launches_too(office: Office) -> None:
    client = await _client(office, roles=["app-gateway"])
    caller = office.client(await _token(office, client))
    answer = await caller.post(
        "/api/launch", json={"user": "nobody", "app": "nothing", "event": "appLaunch"}
    )
    assert answer.status_code == 404, answer.text
    office.clock.move(seconds=TOKEN_LIVES.total_seconds())
    answer = await caller.post(
        "/api/launch", json={"user": "nobody", "app": "nothing", "event": "appLaunch"}
    )
    assert answer.status_code == 401, answer.text


async def test_a_token_ends_after_its_hour(office: Office) -> None:
    caller = office.client(await _token(office, await _client(office)))
    office.clock.move(seconds=TOKEN_LIVES.total_seconds() - 1)
    assert (await caller.get("/v1.0/organization")).status_code == 200
    office.clock.move(seconds=1)
    answer = await caller.get("/v1.0/organization")
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "InvalidAuthenticationToken"
    assert (await caller.get("/api/settings")).status_code == 401


@pytest.mark.parametrize("ending", ["revoke", "rotate"])
async def test_a_token_ends_at_once_with_its_clients_secret(office: Office, ending: str) -> None:
    client = await _client(office)
    caller = office.client(await _token(office, client))
    path = f"/api/clients/{client['clientId']}"
    if ending == "revoke":
        assert (await office.admin.delete(path)).status_code == 204
    else:
        assert (await office.admin.post(f"{path}/rotate")).status_code == 200
    assert (await caller.get("/v1.0/organization")).status_code == 401


async def test_a_token_that_was_changed_is_nobodys(office: Office) -> None:
    head, payload, signature = (await _token(office, await _client(office))).split(".")
    for forged in (
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload[:-4]}AAAA.{signature}",
        f"{head}.{payload}.",
        f"eyJhbGciOiJub25lIn0.{payload}.",
    ):
        answer = await office.client(forged).get("/v1.0/organization")
        assert answer.status_code == 401


async def test_a_token_is_no_secret_to_get_another_by(office: Office) -> None:
    client = await _client(office)
    token = await _token(office, client)
    answer = await office.client(None).post(TOKEN, data=_form({**client, "clientSecret": token}))
    _refused(answer, 401, "invalid_client", 7000215)


async def test_a_wrong_secret_and_an_unknown_client_look_the_same(office: Office) -> None:
    client, other = await _client(office), await _client(office)
    anyone = office.client(None)
    for form in (
        _form(client, client_secret="sws_wrong"),
        _form(client, client_id=str(uuid4())),
        _form(client, client_id="no guid"),
        _form(client, client_id=other["clientId"]),
        _form(client, client_secret=office.made.token),
    ):
        _refused(await anyone.post(TOKEN, data=form), 401, "invalid_client", 7000215)


@pytest.mark.parametrize(
    "tenant", ["68fe2d0c-00f1-48be-a196-aad90ff35577", "nobody.example", "a%00b", "x" * 200]
)
async def test_a_secret_is_refused_in_a_tenant_that_is_not_its_own(
    office: Office, *, tenant: str
) -> None:
    client = await _client(office)
    _refused(
        await office.client(None).post(f"/{tenant}/oauth2/v2.0/token", data=_form(client)),
        400,
        "invalid_request",
        90002,
    )


@pytest.mark.parametrize(
    ("change", "status", "error", "number"),
    [
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{SCOPE} https://other/.default"}, 400, "invalid_scope", 1002012),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_by_number(
    office: Office, *, change: dict[str, str], status: int, error: str, number: int
) -> None:
    client = await _client(office)
    answer = await office.client(None).post(TOKEN, data=_form(client, **change))
    _refused(answer, status, error, number)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{}", b"&" * 1000, b"a=1&" * 1000, b"x" * 70_000]
)
async def test_a_body_that_is_no_form_is_refused(office: Office, content: bytes) -> None:
    answer = await office.client(None).post(TOKEN, content=content)
    assert answer.status_code in {400, 413}
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "Basic YQ=="])
async def test_a_header_that_is_no_basic_auth_is_refused(office: Office, header: str) -> None:
    answer = await office.client(None).post(
        TOKEN,
        data={"grant_type": "client_credentials", "scope": SCOPE},
        headers={"authorization": header},
    )
    assert answer.status_code in {400, 401}


async def test_a_suspended_tenant_gives_no_token(office: Office) -> None:
    client = await _client(office)
    async with office.database.connection() as connection:
        await connection.execute(
            "update tenant set state = %s where id = %s",
            (TenantState.SUSPENDED.value, office.made.tenant.id),
        )
    answer = await office.client(None).post(TOKEN, data=_form(client))
    _refused(answer, 401, "unauthorized_client", 7000112)


async def test_the_endpoint_takes_post_only(office: Office) -> None:
    answer = await office.client(None).get(TOKEN)
    _refused(answer, 405, "invalid_request", 900561)
    assert answer.headers["allow"] == "POST"


async def test_after_many_wrong_secrets_one_waits_and_nobody_else(office: Office) -> None:
    client, other = await _client(office), await _client(office)
    anyone = office.client(None)
    for _ in range(GUESSES_MAX):
        answer = await anyone.post(TOKEN, data=_form(client, client_secret="sws_wrong"))
        assert answer.status_code == 401
    answer = await anyone.post(TOKEN, data=_form(client))
    _refused(answer, 429, "temporarily_unavailable", 90055)
    assert int(answer.headers["retry-after"]) >= 1
    assert await _token(office, other)


def test_wrong_secrets_are_forgotten_with_time() -> None:
    time = [0.0]
    guesses = Guesses(seconds=lambda: time[0])
    one = ("address", "client")
    for _ in range(GUESSES_MAX):
        assert guesses.wait_seconds(one) == 0
        guesses.note(one)
    wait = guesses.wait_seconds(one)
    assert 0 < wait <= SECONDS_PER_GUESS
    time[0] += wait
    assert guesses.wait_seconds(one) == 0


async def test_endpoints_are_on_the_origin_that_the_caller_used(office: Office) -> None:
    answer = await office.client(None).get(
        "/common/v2.0/.well-known/openid-configuration",
        headers={"host": "login.microsoftonline.com"},
    )
    body = answer.json()
    assert body["token_endpoint"] == ("http://login.microsoftonline.com/common/oauth2/v2.0/token")
    assert body["issuer"].endswith("/{tenantid}/v2.0")
    answer = await office.client(None).get("/common/discovery/instance?api-version=1.1")
    assert answer.json()["metadata"][0]["aliases"] == ["127.0.0.1:8080"]


@pytest.mark.parametrize(
    "tenant", ["nobody.example", "68fe2d0c-00f1-48be-a196-aad90ff35577", "%00", "a%0ab"]
)
async def test_an_unknown_tenant_has_no_configuration(office: Office, tenant: str) -> None:
    path = f"/{tenant}/v2.0/.well-known/openid-configuration"
    _refused(await office.client(None).get(path), 400, "invalid_request", 90002)


async def test_the_two_scopes_of_the_sources_script_are_enough_and_give_no_more(
    office: Office,
) -> None:
    await bought(office, "POWERAPPS_PER_USER")
    roles = ["license-administrator", "user-administrator"]
    scopes = ["User.ReadWrite.All", "Organization.Read.All"]
    script = await _client(office, roles=roles, permissions=scopes)
    graph = Graph(office, office.client(await _token(office, script)))
    (sku,) = (await graph.get("/subscribedSkus"))["value"]
    assert sku["skuPartNumber"] == "POWERAPPS_PER_USER"
    ada = await graph.person("ada")
    add = {"addLicenses": [{"skuId": sku["skuId"]}], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", add)
    group = await Graph(office).group("Analysts")
    status, code, _ = await graph.refused("POST", f"/groups/{group}/assignLicense", add)
    assert (status, code) == (403, "Authorization_RequestDenied")
    for missing in scopes:
        kept = [scope for scope in scopes if scope != missing]
        less = await _client(office, roles=roles, permissions=kept)
        graph = Graph(office, office.client(await _token(office, less)))
        if missing == "User.ReadWrite.All":
            status, code, _ = await graph.refused("POST", f"/users/{ada}/assignLicense", add)
        else:
            status, code, _ = await graph.refused("GET", "/subscribedSkus")
        assert (status, code) == (403, "Authorization_RequestDenied")


async def test_a_client_with_permissions_by_name_has_nothing_beyond_graph(office: Office) -> None:
    client = await _client(office, roles=["global-administrator"], permissions=["User.Read.All"])
    caller = office.client(await _token(office, client))
    assert (await caller.get("/v1.0/users")).status_code == 200
    for method, path in (
        ("GET", "/api/identity/users"),
        ("POST", "/api/identity/users"),
        ("POST", "/api/launch"),
        ("GET", "/api/launch/authorize?app=x"),
    ):
        answer = await caller.request(method, path, json={})
        assert answer.status_code == 403, answer.text
        body = answer.json()
        assert body.get("code", body.get("reason")) == "roleMissing"
        assert "User.Read.All" in answer.text


async def test_members_may_be_bound_by_a_permission_that_owners_may_not(office: Office) -> None:
    desk = Graph(office)
    ada, group = await desk.person("ada"), await desk.group("Analysts")
    client = await _client(
        office, roles=["groups-administrator"], permissions=["GroupMember.ReadWrite.All"]
    )
    graph = Graph(office, office.client(await _token(office, client)))
    bound = [f"http://any/v1.0/directoryObjects/{ada}"]
    owners = {"owners@odata.bind": bound}
    status, code, _ = await graph.refused("PATCH", f"/groups/{group}", owners)
    assert (status, code) == (403, "Authorization_RequestDenied")
    await graph.done("PATCH", f"/groups/{group}", {"members@odata.bind": bound})


async def test_a_permission_never_goes_beyond_the_roles(office: Office) -> None:
    client = await _client(office, roles=["global-reader"], permissions=["User.ReadWrite.All"])
    graph = Graph(office, office.client(await _token(office, client)))
    body = {"displayName": "Ada"}
    assert (await graph.refused("POST", "/users", body))[:2] == (403, "Authorization_RequestDenied")

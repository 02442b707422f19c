"""The Graph surface whatever the resource: paths, hosts, errors, who may call."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.graph_permissions import STANDS_FOR, GraphPermission
from seatwright.domain.roles import Role
from seatwright.web.graph.envelope import error_of as graph_error_of
from seatwright.web.graph.routes import GRAPH_ROUTES
from seatwright.web.graph.routing import Route, Router
from tests.office import Office
from tests.web.graph.desk import error_of, reason_of, with_permissions
from tests.web.graph.tried import read_thing

SPELLINGS = [
    ("/v1.0/things/a@b.example", "a@b.example"),
    ("/v1.0/Things/a%40b.example", "a@b.example"),
    ("/V1.0/THINGS/Mixed", "Mixed"),
    ("http://127.0.0.1:8080//v1.0//things//x", "x"),
    ("/v1.0/things('x')", "x"),
    ("/v1.0/things('o''neil')", "o'neil"),
    ("/v1.0/things(id='x')", "x"),
    ("/beta/things(x)", "x"),
    ("/v1.0/things/a%2Fb", "a/b"),
    ("/v1.0/things/x/", "x"),
]


async def test_one_path_is_understood_in_each_of_its_spellings(tried: Office) -> None:
    for path, key in SPELLINGS:
        answer = await tried.admin.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.json()["key"] == key, path


async def test_a_literal_segment_wins_over_a_key(tried: Office) -> None:
    assert (await tried.admin.get("/v1.0/things/$Count")).json() == {"counted": True}


@pytest.mark.parametrize(
    "path", ["/v1.0/things/delta", "/v1.0/things/delta()", "/v1.0/things/microsoft.graph.delta"]
)
async def test_a_function_is_found_with_and_without_its_namespace(tried: Office, path: str) -> None:
    answer = await tried.admin.get(path, params={"$select": "id,x y"})
    link = answer.json()["@odata.nextLink"]
    assert link.startswith("http://127.0.0.1:8080/v1.0/things/")
    assert "$select=id,x%20y" in link
    assert "$skiptoken=page%20two" in link


async def test_links_lead_back_to_the_host_that_the_caller_used(tried: Office) -> None:
    answer = await tried.admin.get(
        "/v1.0/things/delta", headers={"host": "graph.microsoft.com", "x-forwarded-proto": "https"}
    )
    assert answer.json()["@odata.nextLink"].startswith("http://graph.microsoft.com/v1.0/")
    answer = await tried.admin.get(
        "/v1.0/things/delta", headers={"x-forwarded-host": "seats.contoso.example"}
    )
    assert answer.json()["@odata.context"] == ("http://seats.contoso.example/v1.0/$metadata#things")


async def test_a_host_that_is_none_stands_in_no_link(tried: Office) -> None:
    answer = await tried.admin.get(
        "/v1.0/things/delta", headers={"x-forwarded-host": "evil/<script>"}
    )
    assert "script" not in answer.text


async def test_options_are_read_however_they_are_written(tried: Office) -> None:
    answer = await tried.admin.get(
        "/v1.0/things/x?%24SELECT=id&filter=a+eq+%27b%27&api-version=1.0"
    )
    assert answer.json()["options"] == {
        "$select": "id",
        "$filter": "a eq 'b'",
        "api-version": "1.0",
    }


async def test_an_option_that_comes_twice_is_refused(tried: Office) -> None:
    answer = await tried.admin.get("/v1.0/things/x?$top=1&$TOP=2")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "Request_BadRequest"


async def test_names_in_a_body_are_read_in_any_case_and_odata_members_are_ignored(
    tried: Office,
) -> None:
    answer = await tried.admin.post(
        "/v1.0/things/body",
        json={
            "@odata.type": "#microsoft.graph.user",
            "DisplayName": "x",
            "members@odata.bind": ["a"],
            "manager@odata.type": "y",
            "list": [{"SkuId": 1}],
        },
        headers={"content-type": "application/json;odata.metadata=none"},
    )
    assert answer.json() == {
        "displayname": "x",
        "members@odata.bind": ["a"],
        "list": [{"skuid": 1}],
    }


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000, b'"x"'])
async def test_a_body_that_is_no_object_is_refused(tried: Office, body: bytes) -> None:
    answer = await tried.admin.post("/v1.0/things/body", content=body)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "Request_BadRequest"


async def test_a_body_beyond_the_limit_is_refused(tried: Office) -> None:
    answer = await tried.admin.post("/v1.0/things/body", content=b" " * (4 * 2**20 + 1))
    assert answer.status_code == 413
    assert reason_of(answer) == "bodyTooLarge"


async def _name_of(office: Office) -> str:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select name from tenant")
        row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


async def test_what_a_route_writes_is_there_after_a_success(tried: Office) -> None:
    answer = await tried.admin.post("/v1.0/things/x/rename", json={"displayName": "written"})
    assert answer.status_code == 204
    assert answer.content == b""
    assert await _name_of(tried) == "written"


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("refused", 400, "Request_BadRequest"), ("bug", 500, "InternalServerError")],
)
async def test_what_a_route_writes_is_gone_after_a_failure(
    tried: Office, name: str, status: int, code: str
) -> None:
    answer = await tried.admin.post("/v1.0/things/x/rename", json={"displayName": name})
    assert answer.status_code == status
    assert error_of(answer)["code"] == code
    assert await _name_of(tried) == "Contoso"


async def test_a_refusal_has_the_message_that_clients_match_and_our_own_code(
    tried: Office,
) -> None:
    answer = await tried.admin.post("/v1.0/things/x/rename", json={"displayName": "refused"})
    error = error_of(answer)
    assert "does not have any available licenses" in error["message"]
    assert error["details"] == [{"code": "noSeatLeft", "message": "No seat is left."}]


async def test_a_lost_database_is_503_and_the_next_call_works(tried: Office) -> None:
    answer = await tried.admin.get("/v1.0/things/lost")
    assert answer.status_code == 503
    assert error_of(answer)["code"] == "ServiceUnavailable"
    assert answer.headers["retry-after"] == "1"
    assert (await tried.admin.get("/v1.0/things/x")).status_code == 200


@pytest.mark.parametrize("path", ["/v1.0", "/beta/", "/v1.0/nothing", "/v1.0/things/a/b/c"])
async def test_an_unknown_path_is_404_in_the_envelope(tried: Office, path: str) -> None:
    answer = await tried.admin.get(path)
    assert answer.status_code == 404
    assert reason_of(answer) == "unknownPath"


async def test_another_method_is_405_and_says_which_there_are(tried: Office) -> None:
    answer = await tried.admin.put("/v1.0/things/x")
    assert answer.status_code == 405
    assert reason_of(answer) == "methodNotAllowed"
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "path", ["/v1.0/organization", "/v1.0/nothing", "/beta/organization", "/v1.0/%FF?a&a"]
)
async def test_without_a_token_every_path_is_401_in_the_envelope(office: Office, path: str) -> None:
    answer = await office.client(None).get(path)
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "InvalidAuthenticationToken"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_callers_own_request_id_comes_back(office: Office) -> None:
    answer = await office.admin.get("/v1.0/organization", headers={"client-request-id": "my-own-7"})
    assert answer.headers["client-request-id"] == "my-own-7"
    assert answer.headers["request-id"] == answer.headers["x-correlation-id"]


async def test_any_host_is_answered_here_and_not_elsewhere(office: Office) -> None:
    headers = {"host": "graph.microsoft.com"}
    assert (await office.admin.get("/v1.0/organization", headers=headers)).status_code == 200
    assert (await office.admin.get("/api/settings", headers=headers)).status_code == 421


async def test_head_is_get_without_a_body(office: Office) -> None:
    answer = await office.admin.head("/v1.0/organization")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_every_route_is_denied_without_one_of_its_graph_permissions(office: Office) -> None:
    for accepts in {one.accepts for one in GRAPH_ROUTES}:
        others = {name.value for name in GraphPermission} - {name.value for name in accepts}
        client = await with_permissions(office, *sorted(others))
        for one in (one for one in GRAPH_ROUTES if one.accepts == accepts):
            answer = await client.request(one.method, _filled(one), json={})
            assert answer.status_code == 403, (one.path, answer.text)
            assert error_of(answer)["code"] == "Authorization_RequestDenied"
            assert accepts[0].value in answer.json()["error"]["details"][0]["message"]


async def test_every_route_is_denied_to_roles_that_may_not(office: Office) -> None:
    client = await office.as_role(Role.APP_GATEWAY)
    for one in GRAPH_ROUTES:
        answer = await client.request(one.method, _filled(one), json={})
        assert answer.status_code == 403, (one.path, answer.text)
        assert reason_of(answer) == "roleMissing"


def _filled(one: Route) -> str:
    parts = ["nobody" if part.startswith("{") else part for part in one.path.split("/")]
    return f"/{one.versions[0]}/{'/'.join(parts)}"


_STATUSES = {
    401: {Reason.NOT_SIGNED_IN},
    403: {Reason.ROLE_MISSING, Reason.OWN_CHANGE, Reason.HELD_FOR_APPROVAL},
    404: {Reason.UNKNOWN_USER, Reason.UNKNOWN_GROUP},
    410: {Reason.SYNC_STATE_NOT_FOUND},
}
_CODES = {
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    410: "syncStateNotFound",
}


def test_every_reason_has_its_status_and_code_in_the_envelope() -> None:
    for reason in Reason:
        error = graph_error_of(Refusal(reason, "A sentence."))
        status = next((one for one, reasons in _STATUSES.items() if reason in reasons), 400)
        code = _CODES.get(status, "Request_BadRequest")
        if reason is Reason.UNSUPPORTED_QUERY:
            code = "Request_UnsupportedQuery"
        assert (error.status, error.code) == (status, code), reason
        assert error.message
        assert (error.reason, error.detail) == (reason, "A sentence.")


def test_what_is_unknown_and_was_named_in_a_body_is_no_missing_resource() -> None:
    for reason in _STATUSES[404]:
        error = graph_error_of(Refusal(reason, "A sentence.", is_in_body=True))
        assert (error.status, error.code) == (400, "Request_BadRequest")


def test_every_graph_permission_stands_for_something() -> None:
    assert STANDS_FOR.keys() == set(GraphPermission)
    assert all(STANDS_FOR.values())


def test_a_path_that_stands_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        Router((read_thing, read_thing))


async def test_a_value_that_cannot_be_stored_is_the_callers_mistake(tried: Office) -> None:
    answer = await tried.admin.post("/v1.0/things/x/rename", json={"displayName": "nul \x00"})
    assert answer.status_code == 400
    assert psycopg.DataError.__name__ not in answer.text


def test_the_client_used_here_sends_paths_as_they_are_written() -> None:
    assert httpx.URL("http://h/v1.0/things/a%2Fb").raw_path == b"/v1.0/things/a%2Fb"

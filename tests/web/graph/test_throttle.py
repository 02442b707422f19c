"""Throttling as Microsoft publishes it: what calls cost, and what happens beyond the limits."""

from __future__ import annotations

from uuid import uuid4

import pytest

from seatwright.domain.ids import PrincipalNo, TenantId
from seatwright.domain.tenants import Principal, PrincipalKind, Tenant, TenantState
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import GraphError
from seatwright.web.graph.request import Sent
from seatwright.web.graph.throttle import UNITS_MAX, WRITES_MAX, Throttle, Toll, cost_of, is_write
from tests.office import Office

TENANT = Tenant(
    tenant_id=TenantId(1),
    id=uuid4(),
    name="Contoso",
    domain="contoso.example",
    state=TenantState.ACTIVE,
    is_demo=False,
    settings={},
    catalog_version=1,
)


def _app() -> Principal:
    return Principal(
        principal_no=PrincipalNo(1), id=uuid4(), kind=PrincipalKind.CLIENT, name="app", roles=()
    )


def _sent(method: str, path: str, query: str = "") -> Sent:
    blank = Sent(method=method, version="v1.0", path=path, headers={}, origin="http://h")
    return blank.at(path, query)


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        ("GET", "/users", "", 2),
        ("GET", "/users", "$select=id", 1),
        ("GET", "/users", "$select=id&$top=5", 1),
        ("GET", "/users", "$expand=manager", 3),
        ("GET", "/users/a", "", 1),
        ("GET", "/subscribedSkus", "", 3),
        ("GET", "/users/a/licenseDetails", "", 2),
        ("GET", "/groups/a/members", "$top=19", 2),
        ("GET", "/groups/a/members", "$top=20", 3),
        ("GET", "/groups/a/transitiveMembers", "", 5),
        ("POST", "/users/a/assignLicense", "", 1),
        ("POST", "/users", "", 1),
        ("GET", "/users", "$top=nine", 2),
    ],
)
def test_a_call_costs_what_is_published(method: str, path: str, query: str, cost: int) -> None:
    assert cost_of(_sent(method, path, query)) == cost


def test_what_only_reads_is_no_write_even_when_it_is_posted() -> None:
    assert is_write(_sent("POST", "/users/a/assignLicense"))
    assert not is_write(_sent("POST", "/users/a/checkMemberGroups"))
    assert not is_write(_sent("GET", "/users"))


def test_beyond_the_units_of_ten_seconds_one_waits_and_other_apps_do_not() -> None:
    time = [100.0]
    throttle = Throttle(seconds=lambda: time[0])
    app, other, call = _app(), _app(), _sent("GET", "/users")
    for _ in range(UNITS_MAX["small"] // 2):
        assert throttle.take(call, tenant=TENANT, principal=app, size="small") is not None
    with pytest.raises(GraphError) as refused:
        throttle.take(call, tenant=TENANT, principal=app, size="small")
    headers = dict(refused.value.headers)
    assert refused.value.status == 429
    assert refused.value.code == "TooManyRequests"
    assert headers[b"x-ms-throttle-scope"] == (
        f"Tenant_Application/ReadWrite/{app.id}/{TENANT.id}".encode()
    )
    assert headers[b"x-ms-throttle-information"] == b"ResourceUnitLimitExceeded"
    assert throttle.take(call, tenant=TENANT, principal=other, size="small") is not None
    time[0] += int(headers[b"retry-after"])
    assert throttle.take(call, tenant=TENANT, principal=app, size="small") is not None


def test_beyond_the_writes_of_150_seconds_one_waits() -> None:
    time = [100.0]
    throttle = Throttle(seconds=lambda: time[0])
    app, call = _app(), _sent("POST", "/users/a/assignLicense")
    for _ in range(WRITES_MAX):
        time[0] += 0.02
        throttle.take(call, tenant=TENANT, principal=app, size="large")
    with pytest.raises(GraphError) as refused:
        throttle.take(call, tenant=TENANT, principal=app, size="large")
    headers = dict(refused.value.headers)
    assert headers[b"x-ms-throttle-information"] == b"WriteLimitExceeded"
    assert throttle.take(_sent("GET", "/users"), tenant=TENANT, principal=app, size="large")


def test_an_answer_near_the_limit_says_how_near() -> None:
    answer = Answer(200, [], b"")
    assert dict(Toll(units=2, share=0.5).on(answer).headers) == {b"x-ms-resource-unit": b"2"}
    near = dict(Toll(units=2, share=0.85).on(answer).headers)
    assert near[b"x-ms-throttle-limit-percentage"] == b"0.85"


async def test_it_is_off_until_a_tenant_turns_it_on(office: Office) -> None:
    answer = await office.admin.get("/v1.0/subscribedSkus")
    assert "x-ms-resource-unit" not in answer.headers
    answer = await office.admin.patch("/api/settings", json={"graphThrottling": "small"})
    assert answer.status_code == 200, answer.text
    answer = await office.admin.get("/v1.0/subscribedSkus")
    assert answer.headers["x-ms-resource-unit"] == "3"
    answer = await office.admin.get("/api/settings")
    assert answer.status_code == 200
    assert "x-ms-resource-unit" not in answer.headers

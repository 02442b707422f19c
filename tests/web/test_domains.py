"""The domains of a tenant over REST and Graph: one owner each, a default, and no way around."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.app import domains
from seatwright.app.domains import DOMAINS_MAX
from seatwright.app.tenants import MadeTenant, NewTenant, calling, create_tenant, remove_tenant
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Role
from seatwright.postgres.pool import Database
from tests.conftest import Database as DatabaseOfTest
from tests.office import Office
from tests.web.graph.desk import error_of, with_permissions
from tests.world import call_of

DOMAINS = "/api/settings/domains"
OWN = "contoso.example"


async def names_of(client: httpx.AsyncClient) -> dict[str, bool]:
    """The domains of a tenant, and whether each is the default."""
    answer = await client.get(DOMAINS)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["isDefault"] for one in answer.json()["value"]}


async def added(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """A domain that is new."""
    answer = await client.post(DOMAINS, json={"name": name})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def another(office: Office, name: str = "Fabrikam") -> tuple[MadeTenant, httpx.AsyncClient]:
    """A second tenant of the installation, and its administrator."""
    new = NewTenant(name=name, domain=f"{name.lower()}.example")
    made = await create_tenant(office.database, new, now=office.clock.now())
    return made, office.client(made.token)


async def person(office: Office, upn: str) -> None:
    body = {"userPrincipalName": upn, "displayName": upn}
    answer = await office.admin.post("/api/identity/users", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_tenant_has_the_domain_it_was_made_with_and_any_number_beside_it(
    office: Office,
) -> None:
    first = (await office.admin.get(DOMAINS)).json()["value"]
    assert first == [
        {
            "name": OWN,
            "displayName": OWN,
            "isDefault": True,
            "isInitial": True,
            "addedAt": "2026-11-21T09:00:00Z",
        }
    ]
    made = await added(office.admin, " BÜCHER.Example. ")
    assert (made["name"], made["displayName"]) == ("xn--bcher-kva.example", "bücher.example")
    assert (made["isDefault"], made["isInitial"]) == (False, False)
    again = await office.admin.post(DOMAINS, json={"name": "xn--bcher-kva.EXAMPLE"})
    assert (again.status_code, again.json()) == (200, made)
    same = await office.admin.get(f"{DOMAINS}/bücher.example")
    assert same.json() == made
    page = (await office.admin.get(f"{DOMAINS}?limit=1")).json()
    assert [one["name"] for one in page["value"]] == [OWN]
    rest = await office.admin.get(f"{DOMAINS}?limit=1&cursor={page['nextCursor']}")
    assert [one["name"] for one in rest.json()["value"]] == ["xn--bcher-kva.example"]
    assert rest.json()["nextCursor"] is None


async def test_what_is_no_domain_is_refused_in_words(office: Office) -> None:
    for name in ("", "contoso", "https://x.example", "ada@x.example", "a_b.example", "\0.example"):
        answer = await office.admin.post(DOMAINS, json={"name": name})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), name
        assert "is no domain name:" in answer.json()["detail"]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/default")):
        for name in ("nowhere.example", "nowhere", "a_b.example"):
            answer = await office.admin.request(method, f"{DOMAINS}/{name}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "unknownDomain"), name
    assert await names_of(office.admin) == {OWN: True}


async def test_a_domain_belongs_to_one_tenant_whatever_its_case_until_that_one_gives_it_up(
    office: Office, database: DatabaseOfTest
) -> None:
    _, other = await another(office)
    await added(office.admin, "northwind.example")
    for name in ("NorthWind.example", "contoso.EXAMPLE"):
        answer = await other.post(DOMAINS, json={"name": name})
        assert (answer.status_code, answer.json()["code"]) == (409, "domainTaken")
        assert "Contoso" not in answer.json()["detail"]
        seen = await other.get(f"{DOMAINS}/{name}")
        assert (seen.status_code, seen.json()["code"]) == (404, "unknownDomain")
        for method, path in (("DELETE", "?withPeople=true"), ("POST", "/default")):
            answer = await other.request(method, f"{DOMAINS}/{name}{path}")
            assert answer.status_code == 404
    assert await names_of(other) == {"fabrikam.example": True}
    new = NewTenant(name="Northwind", domain="northwind.example")
    with pytest.raises(Refusal) as refused:
        await create_tenant(office.database, new, now=office.clock.now())
    assert refused.value.reason is Reason.DOMAIN_TAKEN
    assert (await office.admin.delete(f"{DOMAINS}/northwind.example")).status_code == 204
    await added(other, "northwind.example")
    owner = Database(database.owner_url)
    await owner.open()
    await remove_tenant(owner, "Fabrikam")
    await owner.close()
    await added(office.admin, "northwind.example")


@pytest.mark.parametrize(
    "body",
    [
        {"userPrincipalName": "ada@Northwind.example"},
        {"userPrincipalName": "ada@x.example", "mail": "ada@northwind.EXAMPLE"},
    ],
)
async def test_nobody_takes_a_domain_that_people_of_another_tenant_are_named_in(
    office: Office, body: dict[str, str]
) -> None:
    _, other = await another(office)
    made = await office.admin.post("/api/identity/users", json={**body, "displayName": "Ada"})
    assert made.status_code == 201, made.text
    refused = await other.post(DOMAINS, json={"name": "northwind.example"})
    assert (refused.status_code, refused.json()["code"]) == (409, "domainTaken")
    assert "Contoso" not in refused.text
    await added(other, "deep.northwind.example")
    await added(office.admin, "northwind.example")
    await office.admin.delete(f"{DOMAINS}/northwind.example?withPeople=true")
    assert (await office.admin.delete(f"/api/identity/users/{made.json()['id']}")).is_success
    await added(other, "northwind.example")


async def test_letters_and_their_wire_form_are_one_domain_and_guests_hold_none(
    office: Office,
) -> None:
    _, other = await another(office)
    await person(office, "ida@bücher.example")
    refused = await other.post(DOMAINS, json={"name": "xn--bcher-kva.example"})
    assert refused.status_code == 409
    guest = {"userPrincipalName": "g@guests.example", "displayName": "G", "userType": "Guest"}
    assert (await office.admin.post("/api/identity/users", json=guest)).status_code == 201
    await added(other, "guests.example")


async def test_the_operator_takes_a_domain_back_even_a_default_one_and_gives_it_to_whose_it_is(
    office: Office,
) -> None:
    made, other = await another(office)
    await added(other, "northwind.example")
    await person(office, "nora@northwind.example")
    await other.post(f"{DOMAINS}/northwind.example/default")
    now = office.clock.now()
    async with calling(office.database, made.tenant, now=now) as call:
        await domains.take_domain(call, "Northwind.example")
    assert await names_of(other) == {"fabrikam.example": True}
    async with calling(office.database, made.tenant, now=now) as call:
        await domains.take_domain(call, "fabrikam.example")
    assert await names_of(other) == {f"tenant-{made.tenant.id}.example": True}
    body = {"userPrincipalName": "mallory@northwind.example", "displayName": "Mallory"}
    assert (await other.post("/api/identity/users", json=body)).status_code == 201
    refused = await office.admin.post(DOMAINS, json={"name": "northwind.example"})
    assert refused.json()["code"] == "domainTaken"
    async with call_of(office) as call:
        await domains.add_domain(call, "northwind.example", is_vouched=True)
    assert "northwind.example" in await names_of(office.admin)


async def test_tenants_whose_names_give_one_domain_get_different_ones(office: Office) -> None:
    now = office.clock.now()
    made = [
        (await create_tenant(office.database, NewTenant(name=name), now=now)).tenant
        for name in ("A & B", "A + B", "Ж", "Я")
    ]
    assert [one.domain for one in made[::2]] == ["a-b.example", "tenant.example"]
    assert made[1].domain == f"a-b-{made[1].id}.example"
    assert made[3].domain == f"tenant-{made[3].id}.example"


async def test_the_default_moves_and_the_one_it_was_stays(office: Office) -> None:
    await added(office.admin, "fabrikam.example")
    answer = await office.admin.post(f"{DOMAINS}/FABRIKAM.example/default")
    assert (answer.status_code, answer.json()["isDefault"]) == (200, True)
    assert await names_of(office.admin) == {OWN: False, "fabrikam.example": True}
    refused = await office.admin.delete(f"{DOMAINS}/fabrikam.example?withPeople=true")
    assert (refused.status_code, refused.json()["code"]) == (409, "stillInUse")
    assert "make another one the default first" in refused.json()["detail"]
    assert (await office.admin.delete(f"{DOMAINS}/{OWN}")).status_code == 204
    assert await names_of(office.admin) == {"fabrikam.example": True}


async def test_a_domain_in_peoples_names_goes_only_when_somebody_says_so(office: Office) -> None:
    await added(office.admin, "bücher.example")
    for upn in ("a@BÜCHER.example", "b@xn--bcher-kva.example", "c@deep.bücher.example"):
        await person(office, upn)
    await person(office, "d@bücher.example")
    assert (await office.admin.delete("/api/identity/users/d@bücher.example")).status_code == 204
    path = f"{DOMAINS}/bücher.example"
    refused = await office.admin.delete(path)
    body = refused.json()
    assert (refused.status_code, body["code"], body["people"]) == (409, "stillInUse", 2)
    assert "2 people have “bücher.example” in their user principal names" in body["detail"]
    assert (await office.admin.delete(f"{path}?withPeople=false")).status_code == 409
    looked = await office.admin.delete(f"{path}?withPeople=true&preview=true")
    assert looked.status_code == 200, looked.text
    assert len(await names_of(office.admin)) == 2
    assert (await office.admin.delete(f"{path}?withPeople=true")).status_code == 204
    assert (await office.admin.get("/api/identity/users/a@BÜCHER.example")).status_code == 200


async def test_every_change_of_domains_is_in_the_history(office: Office) -> None:
    name = "fabrikam.example"
    await added(office.admin, name)
    await office.admin.post(DOMAINS, json={"name": name})
    for _ in range(2):
        await office.admin.post(f"{DOMAINS}/{name}/default")
    await person(office, "a@contoso.example")
    await office.admin.delete(f"{DOMAINS}/{OWN}?withPeople=true")
    answer = await office.admin.get("/api/identity/licenses/assignment-history?kind=all&limit=10")
    rows = [one for one in answer.json()["value"] if "omain" in one["action"]]
    told = [(one["action"], one["detail"]) for one in reversed(rows)]
    assert told == [
        ("domainAdded", {"domain": name}),
        ("defaultDomainChanged", {"domain": name}),
        ("domainRemoved", {"domain": OWN, "people": 1}),
    ]


@pytest.mark.parametrize("role", list(Role))
async def test_only_a_global_administrator_changes_domains(office: Office, role: Role) -> None:
    client = await office.as_role(role)
    may_read = role in {
        *(Role.GLOBAL_ADMINISTRATOR, Role.LICENSE_ADMINISTRATOR, Role.GLOBAL_READER),
    }
    for path in (DOMAINS, f"{DOMAINS}/{OWN}"):
        assert (await client.get(path)).status_code == (200 if may_read else 403)
    may_write = role is Role.GLOBAL_ADMINISTRATOR
    name = "fabrikam.example"
    for method, path, body, status in (
        ("POST", "", {"name": name}, 201),
        ("POST", f"/{OWN}/default", None, 200),
        ("DELETE", f"/{name}", None, 204),
    ):
        answer = await client.request(method, f"{DOMAINS}{path}", json=body)
        assert answer.status_code == (status if may_write else 403), (method, path)


async def test_no_tenant_has_more_domains_than_an_answer_lists(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DOMAINS_MAX == 1_000
    monkeypatch.setattr(domains, "DOMAINS_MAX", 2)
    await added(office.admin, "a.example")
    answer = await office.admin.post(DOMAINS, json={"name": "b.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert "remove one first" in answer.json()["detail"]


async def test_of_tenants_that_add_one_domain_at_once_one_wins(office: Office) -> None:
    clients = [office.admin] + [(await another(office, f"Rival{n}"))[1] for n in range(3)]
    for number in range(8):
        body = {"name": f"race{number}.example"}
        answers = await asyncio.gather(*(one.post(DOMAINS, json=body) for one in clients * 2))
        by_client = [
            sorted(one.status_code for one in answers[at :: len(clients)])
            for at in range(len(clients))
        ]
        # The winner's second call finds it there; everybody else is told that it is taken.
        assert sorted(by_client) == [[200, 201], [409, 409], [409, 409], [409, 409]]
        assert {one.json()["code"] for one in answers if one.status_code == 409} == {"domainTaken"}


async def test_a_default_is_always_owned_however_changes_race(office: Office) -> None:
    await added(office.admin, "a.example")
    for _ in range(8):
        answers = await asyncio.gather(
            office.admin.post(f"{DOMAINS}/a.example/default"),
            office.admin.delete(f"{DOMAINS}/a.example"),
            office.admin.post(DOMAINS, json={"name": "a.example"}),
        )
        assert {one.status_code for one in answers} <= {200, 201, 204, 404, 409}
        found = await names_of(office.admin)
        assert sum(found.values()) == 1
        await office.admin.post(f"{DOMAINS}/{OWN}/default")
        await office.admin.post(DOMAINS, json={"name": "a.example"})


async def test_graph_lists_the_domains_and_the_organization_names_them(office: Office) -> None:
    for name in ("a.example", "mail.contoso.example"):
        await added(office.admin, name)
    await office.admin.post(f"{DOMAINS}/mail.contoso.example/default")
    answer = await office.admin.get("/v1.0/domains")
    assert answer.json()["@odata.context"].endswith("/v1.0/$metadata#domains")
    listed = {one["id"]: one for one in answer.json()["value"]}
    facts = {
        name: (one["isDefault"], one["isInitial"], one["isRoot"]) for name, one in listed.items()
    }
    assert facts == {
        "a.example": (False, False, True),
        OWN: (False, True, True),
        "mail.contoso.example": (True, False, False),
    }
    assert {one["authenticationType"] for one in listed.values()} == {"Managed"}
    assert all(one["isVerified"] for one in listed.values())
    one = await office.admin.get("/v1.0/domains/CONTOSO.example?$select=id,isInitial")
    assert one.json().items() >= {"id": OWN, "isInitial": True}.items()
    assert "isDefault" not in one.json()
    organization = (await office.admin.get("/v1.0/organization")).json()["value"][0]
    assert [
        (one["name"], one["isDefault"], one["isInitial"]) for one in organization["verifiedDomains"]
    ] == [
        ("mail.contoso.example", True, False),
        ("a.example", False, False),
        (OWN, False, True),
    ]


async def test_graph_refuses_other_domains_options_and_clients(office: Office) -> None:
    _, other = await another(office)
    for path, status in (("fabrikam.example", 404), ("nonsense", 404), (OWN, 200)):
        answer = await office.admin.get(f"/v1.0/domains/{path}")
        assert answer.status_code == status
    assert [one["id"] for one in (await other.get("/v1.0/domains")).json()["value"]] == [
        "fabrikam.example"
    ]
    refused = await office.admin.get("/v1.0/domains?$filter=isDefault eq true")
    assert error_of(refused)["code"] == "Request_UnsupportedQuery"
    reader = await with_permissions(office, "Domain.Read.All")
    assert (await reader.get("/v1.0/domains")).status_code == 200
    stranger = await with_permissions(office, "Group.Read.All")
    assert (await stranger.get("/v1.0/domains")).status_code == 403

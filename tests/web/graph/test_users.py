"""`/users` as clients call it: reading, queries, paging, and writing."""

from __future__ import annotations

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought, with_permissions

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
ELEVEN = {
    *("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone"),
    *("officeLocation", "preferredLanguage", "surname", "userPrincipalName"),
}


def names(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["displayName"] for one in page["value"]]


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def test_a_person_is_made_read_changed_deleted_and_restored(graph: Graph) -> None:
    made = await graph.ask(
        "POST",
        "/users",
        {
            "@odata.type": "#microsoft.graph.user",
            "accountEnabled": True,
            "displayName": "Ada Lovelace",
            "mailNickName": "ada",
            "surName": "Lovelace",
            "userPrincipalName": "Ada@contoso.example",
            "businessPhones": ["+47 1"],
            "onPremisesExtensionAttributes": {"extensionAttribute1": "blue"},
            "passwordProfile": {"password": "long", "forceChangePasswordNextSignIn": False},
        },
    )
    assert made.status_code == 201
    ada = made.json()["id"]
    assert made.headers["location"].endswith(f"/v1.0/users/{ada}")
    read = await graph.get("/users/ada%40CONTOSO.example")
    assert read.keys() - {"@odata.context"} == ELEVEN
    assert (read["businessPhones"], read["surname"]) == (["+47 1"], "Lovelace")
    await graph.done("PATCH", f"/users/{ada.upper()}", {"usageLocation": "no", "city": "Oslo"})
    some = await graph.get(
        f"/users('{ada}')?$select=City,usageLocation,onPremisesExtensionAttributes,aboutMe"
    )
    assert (some["city"], some["usageLocation"], some["aboutMe"]) == ("Oslo", "NO", None)
    assert some["onPremisesExtensionAttributes"]["extensionAttribute1"] == "blue"
    assert "passwordProfile" not in some
    await graph.done("DELETE", f"/users/{ada}")
    assert (await graph.refused("GET", f"/users/{ada}"))[:2] == (404, "Request_ResourceNotFound")
    gone = await graph.get("/directory/deletedItems/microsoft.graph.user")
    assert [one["id"] for one in gone["value"]] == [ada]
    assert (await graph.get(f"/directory/deletedItems/{ada}"))["deletedDateTime"]
    await graph.done("POST", f"/directory/deletedItems/{ada}/restore")
    assert (await graph.get(f"/users/{ada}"))["id"] == ada


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"displayName": None}, "displayName"),
        ({"mailNickname": ""}, "mailNickname"),
        ({"passwordProfile": None}, "passwordProfile"),
        ({"accountEnabled": "yes"}, "accountEnabled"),
        ({"usageLocation": "Norway"}, "usageLocation"),
        ({"hairColor": "red"}, "hairColor"),
        ({"aboutMe": "I am"}, "aboutMe"),
        ({"assignedLicenses": []}, "assignedLicenses"),
        ({"businessPhones": "1"}, "businessPhones"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_name(
    graph: Graph, change: dict[str, object], said: str
) -> None:
    body = {
        "accountEnabled": True,
        "displayName": "Bo",
        "mailNickname": "bo",
        "userPrincipalName": "bo@contoso.example",
        "passwordProfile": {"password": "x"},
        **change,
    }
    status, code, message = await graph.refused("POST", "/users", body)
    assert (status, code) == (400, "Request_BadRequest")
    assert said.casefold() in message.casefold()


async def test_a_taken_name_is_refused(graph: Graph) -> None:
    await graph.person("ada")
    status, code, _ = await graph.refused(
        "POST",
        "/users",
        {
            "accountEnabled": True,
            "displayName": "Ada",
            "mailNickname": "ada",
            "userPrincipalName": "ADA@contoso.example",
            "passwordProfile": {"password": "x"},
        },
    )
    assert (status, code) == (400, "Request_BadRequest")


async def test_filters_find_whom_they_say(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 5)
    ada = await graph.person(
        "ada", department="Math", mail="ada@x.example", otherMails=["a@b.example"], city="Oslo"
    )
    await graph.person("bo", accountEnabled=False, userType="Guest", employeeId="7")
    await graph.person("cy o'neil".replace(" o'neil", ""), displayName="Cy O'Neil")
    add = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", add)
    exchange = "efb87545-963c-4e0d-99df-69c6916d9eb0"
    plain = {
        "department eq 'MATH'": ["Ada"],
        "displayName eq 'cy o''neil'": ["Cy O'Neil"],
        "startsWith(displayName,'b') or city eq 'oslo'": ["Ada", "Bo"],
        "userType eq 'Guest' and accountEnabled eq false": ["Bo"],
        "mail eq null": ["Bo", "Cy O'Neil"],
        f"id in ('{ada}')": ["Ada"],
        f"id eq {ada}": ["Ada"],
        "userPrincipalName in ('BO@contoso.example','none@x.example')": ["Bo"],
        "employeeId ge '7'": ["Bo"],
        f"assignedLicenses/any(x:x/skuId eq {E3})": ["Ada"],
        f"assignedLicenses/any(x:x/skuId eq '{E3}')": ["Ada"],
        "assignedLicenses/any(x:x/skuId eq 11111111-1111-4111-8111-111111111111)": [],
        f"assignedPlans/any(p:p/servicePlanId eq {exchange} and p/capabilityStatus eq 'Enabled')": [
            "Ada"
        ],
        f"assignedPlans/any(p:p/servicePlanId eq {exchange} and p/capabilityStatus eq 'Warning')": [],  # noqa: E501
        "otherMails/any(x:startswith(x,'A@B'))": ["Ada"],
        "proxyAddresses/any(x:x eq 'smtp:ada@x.example')": ["Ada"],
        "createdDateTime le 2026-11-21T09:00:00Z": ["Ada", "Bo", "Cy O'Neil"],
        "displayName eq 'Bo' and mailNickname eq 'bo'": ["Bo"],
    }
    for text, found in plain.items():
        assert names(await graph.get(f"/users?$filter={text}")) == found, text
    advanced = {
        "assignedLicenses/$count eq 0": ["Bo", "Cy O'Neil"],
        "assignedLicenses/$count ne 0": ["Ada"],
        f"not(assignedLicenses/any(x:x/skuId eq {E3}))": ["Bo", "Cy O'Neil"],
        "department ne 'Math'": ["Bo", "Cy O'Neil"],
        "endsWith(mail,'X.example')": ["Ada"],
        "not endsWith(userPrincipalName,'contoso.example')": [],
    }
    for text, found in advanced.items():
        page = await graph.get(f"/users?$filter={text}&$count=true", advanced=True)
        assert names(page) == found, text
        assert page["@odata.count"] == len(found)
        refused = await graph.refused("GET", f"/users?$filter={text}&$count=true")
        assert refused[:2] == (400, "Request_UnsupportedQuery"), text
    found = await graph.get('/users?$search="displayName:neil" OR "mail:ada@"', advanced=True)
    assert names(found) == ["Ada", "Cy O'Neil"]
    assert (await graph.refused("GET", '/users?$search="displayName:a"'))[0] == 400


async def test_what_cannot_be_asked_is_refused_by_name(graph: Graph) -> None:
    for query, code in {
        "$filter=hairColor eq 'red'": "Request_UnsupportedQuery",
        "$filter=displayName eq": "Request_BadRequest",
        "$filter=contains(displayName,'a')": "Request_UnsupportedQuery",
        "$orderby=city": "Request_UnsupportedQuery",
        "$expand=messages": "Request_UnsupportedQuery",
        "$skip=1": "Request_UnsupportedQuery",
        "$select=hairColor": "Request_BadRequest",
        "$top=1000": "Request_BadRequest",
        "$top=0": "Request_BadRequest",
        "$skiptoken=x": "Request_BadRequest",
    }.items():
        status, said, _ = await graph.refused("GET", f"/users?{query}", advanced=True)
        assert (status, said) == (400, code), query


@pytest.mark.parametrize("order", ["", "&$orderby=displayName", "&$orderby=displayName desc"])
async def test_pages_repeat_nobody_and_the_link_keeps_the_query(graph: Graph, order: str) -> None:
    for number in range(7):
        await graph.person(f"same{number}", displayName="Same Name" if number < 5 else "Other")
    answer = await graph.ask(
        "GET",
        f"/users?$select=id,displayName&$top=3&$count=true{order}",
        headers={"consistencylevel": "eventual"},
    )
    page, seen = answer.json(), list[str]()
    assert page["@odata.count"] == 7
    while True:
        assert all(one.keys() == {"id", "displayName"} for one in page["value"])
        seen += [one["id"] for one in page["value"]]
        link = page.get("@odata.nextLink")
        if link is None:
            break
        assert link.startswith("http://127.0.0.1:8080/v1.0/users?")
        page = (await graph.ask("GET", link, headers={"consistencylevel": "eventual"})).json()
        assert "@odata.count" not in page
    assert len(seen) == len(set(seen)) == 7


async def test_a_token_of_another_query_is_refused(graph: Graph) -> None:
    for name in ("ada", "bo"):
        await graph.person(name)
    link = (await graph.get("/users?$top=1"))["@odata.nextLink"]
    token = link.rpartition("$skiptoken=")[2]
    refused = await graph.refused("GET", f"/users?$filter=city eq 'x'&$skiptoken={token}")
    assert refused[:2] == (400, "Request_BadRequest")


async def test_people_are_counted_as_text(graph: Graph) -> None:
    await graph.person("ada")
    answer = await graph.ask("GET", "/users/$count", headers={"consistencylevel": "eventual"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "1"
    assert (await graph.refused("GET", "/users/$count"))[:2] == (400, "Request_BadRequest")


async def test_managers_are_set_expanded_and_taken_away(graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    assert (await graph.refused("GET", f"/users/{ada}/manager"))[0] == 404
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{bo}"}
    await graph.done("PUT", f"/users/{ada}/manager/$ref", reference)
    assert (await graph.get(f"/users/{ada}/manager"))["id"] == bo
    page = await graph.get("/users?$select=id&$expand=manager($select=id,displayName)")
    managers = {one["id"]: one.get("manager", {}).get("displayName") for one in page["value"]}
    assert managers == {ada: "Bo", bo: None}
    assert [one["id"] for one in (await graph.get(f"/users/{bo}/directReports"))["value"]] == [ada]
    await graph.done("DELETE", f"/users/{ada}/manager/$ref")
    assert (await graph.refused("GET", f"/users/{ada}/manager"))[0] == 404


async def test_the_least_permission_is_enough_and_another_is_not(office: Office) -> None:
    reader = Graph(office, await with_permissions(office, "User.Read.All"))
    assert (await reader.ask("GET", "/users")).status_code == 200
    assert (await reader.refused("GET", "/groups"))[:2] == (403, "Authorization_RequestDenied")
    ada = await Graph(office).person("ada")
    status, code, _ = await reader.refused("PATCH", f"/users/{ada}", {"city": "Oslo"})
    assert (status, code) == (403, "Authorization_RequestDenied")
    switch = Graph(office, await with_permissions(office, "User.EnableDisableAccount.All"))
    await switch.done("PATCH", f"/users/{ada}", {"accountEnabled": False})
    status, code, _ = await switch.refused("PATCH", f"/users/{ada}", {"city": "Oslo"})
    assert (status, code) == (403, "Authorization_RequestDenied")


async def test_a_client_that_may_change_members_only_changes_no_group(office: Office) -> None:
    graph = Graph(office)
    ada, group = await graph.person("ada"), await graph.group("Staff")
    members = Graph(office, await with_permissions(office, "GroupMember.ReadWrite.All"))
    bind = {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{ada}"]}
    await members.done("PATCH", f"/groups/{group}", bind)
    status, code, _ = await members.refused("PATCH", f"/groups/{group}", {"description": "Ours"})
    assert (status, code) == (403, "Authorization_RequestDenied")

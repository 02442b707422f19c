"""`/subscribedSkus`, `/directory/subscriptions` and `/organization`."""

from __future__ import annotations

from tests.office import Office
from tests.web.graph.contract import Graph, needs_contract
from tests.web.graph.desk import bought, error_of

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


async def test_the_organization_is_the_tenant(office: Office) -> None:
    answer = await office.admin.get("/v1.0/organization")
    assert answer.json()["@odata.context"].endswith("/v1.0/$metadata#organization")
    (one,) = answer.json()["value"]
    assert one["id"] == str(office.made.tenant.id)
    assert one["displayName"] == "Contoso"
    assert one["verifiedDomains"][0]["name"] == "contoso.example"
    same = await office.admin.get(f"/v1.0/organization/{one['id'].upper()}")
    assert same.json()["id"] == one["id"]


async def test_another_organization_is_not_there(office: Office) -> None:
    answer = await office.admin.get("/v1.0/organization/11111111-1111-4111-8111-111111111111")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "Request_ResourceNotFound"


async def test_a_bought_product_is_listed_with_its_units_and_service_plans(office: Office) -> None:
    first = await bought(office, "SPE_E3", 5)
    second = await bought(office, "SPE_E3", 7)
    answer = await office.admin.get("/v1.0//subscribedSkus")
    (sku,) = answer.json()["value"]
    assert sku["id"] == f"{office.made.tenant.id}_{E3}"
    assert sku["skuId"] == E3
    assert sku["skuPartNumber"] == "SPE_E3"
    assert sku["appliesTo"] == "User"
    assert sku["capabilityStatus"] == "Enabled"
    assert sku["prepaidUnits"] == {"enabled": 12, "warning": 0, "suspended": 0, "lockedOut": 0}
    assert sku["consumedUnits"] == 0
    assert set(sku["subscriptionIds"]) == {first["id"], second["id"]}
    plans = {plan["servicePlanName"]: plan for plan in sku["servicePlans"]}
    assert plans["EXCHANGE_S_ENTERPRISE"] == {
        "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
        "servicePlanName": "EXCHANGE_S_ENTERPRISE",
        "provisioningStatus": "Success",
        "appliesTo": "User",
    }


async def test_a_product_is_found_by_its_id_whatever_the_case(office: Office) -> None:
    await bought(office, "SPE_E3")
    key = f"{office.made.tenant.id}_{E3}"
    answer = await office.admin.get(f"/v1.0/subscribedSkus/{key.upper()}")
    assert answer.json()["id"] == key
    assert (await office.admin.get(f"/v1.0/subscribedSkus('{key}')")).json()["id"] == key
    assert (await office.admin.get(f"/v1.0/subscribedSkus/{E3}")).status_code == 404


async def test_options_that_the_resource_has_not_are_refused_by_name(office: Office) -> None:
    answer = await office.admin.get("/v1.0/subscribedSkus?$filter=skuPartNumber eq 'X'")
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "Request_UnsupportedQuery"
    assert "$filter" in error_of(answer)["message"]


async def test_select_cuts_a_product_down_whatever_the_case(office: Office) -> None:
    await bought(office, "SPE_E3")
    answer = await office.admin.get("/v1.0/subscribedSkus?$select=SkuId,consumedunits")
    assert answer.json()["value"] == [{"consumedUnits": 0, "skuId": E3}]
    answer = await office.admin.get("/v1.0/subscribedSkus?$select=nothing")
    assert answer.status_code == 400
    assert "'nothing'" in error_of(answer)["message"]


async def test_purchases_are_read_one_by_one_and_add_up_to_the_product(office: Office) -> None:
    first = await bought(office, "SPE_E3", 5)
    await bought(office, "SPE_E3", 7)
    listed = (await office.admin.get("/v1.0/directory/subscriptions")).json()["value"]
    assert {one["totalLicenses"] for one in listed} == {5, 7}
    assert {(one["skuId"], one["skuPartNumber"], one["status"]) for one in listed} == {
        (E3, "SPE_E3", "Enabled")
    }
    (sku,) = (await office.admin.get("/v1.0/subscribedSkus")).json()["value"]
    assert sku["prepaidUnits"]["enabled"] == sum(one["totalLicenses"] for one in listed)
    one = await office.admin.get(f"/v1.0/directory/subscriptions/{first['id']}")
    assert one.json()["totalLicenses"] == 5
    assert one.json()["@odata.context"].endswith("#directory/subscriptions/$entity")
    same = await office.admin.get(
        f"/v1.0/directory/subscriptions(commerceSubscriptionId='{first['id']}')"
    )
    assert same.json()["id"] == first["id"]
    missing = await office.admin.get("/v1.0/directory/subscriptions/nothing")
    assert missing.status_code == 404


async def test_a_suspended_purchase_leaves_its_units_in_their_own_column(office: Office) -> None:
    stored = await bought(office, "SPE_E3", 5)
    answer = await office.admin.patch(
        f"/api/subscriptions/{stored['id']}", json={"status": "Suspended"}
    )
    assert answer.status_code == 200, answer.text
    (sku,) = (await office.admin.get("/v1.0/subscribedSkus")).json()["value"]
    assert sku["capabilityStatus"] == "Suspended"
    assert sku["prepaidUnits"] == {"enabled": 0, "warning": 0, "suspended": 5, "lockedOut": 0}


async def test_what_is_answered_is_what_the_contract_has(office: Office) -> None:
    needs_contract()
    stored = await bought(office, "SPE_E3")
    graph = Graph(office)
    for path in (
        "/organization",
        "/subscribedSkus",
        f"/subscribedSkus/{office.made.tenant.id}_{E3}",
        "/directory/subscriptions",
        f"/directory/subscriptions/{stored['id']}",
    ):
        await graph.get(path)
    await graph.refused("GET", "/subscribedSkus/nothing")
    step = {"id": "1", "method": "GET", "url": "/organization"}
    await graph.done("POST", "/$batch", {"requests": [step]})

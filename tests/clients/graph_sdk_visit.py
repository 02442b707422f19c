"""What the Graph SDK for Python does here, run in an environment of its own by `test_graph_sdk`.

It prints one line of JSON for each step; whatever goes wrong ends it with a trace.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.group import Group
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody,
)
from msgraph.generated.users.users_request_builder import UsersRequestBuilder


def tell(step: str, **facts: Any) -> None:
    """Print a step."""
    print(json.dumps({"step": step, **facts}, default=str), flush=True)


async def visit(domain: str) -> None:
    """Create a person and a group, license them, look, and clean up."""
    credential = ClientSecretCredential(
        os.environ["TENANT_ID"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
    )
    graph = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
    skus = await graph.subscribed_skus.get()
    assert skus is not None and skus.value
    sku = skus.value[0]
    assert sku.prepaid_units is not None and sku.sku_id is not None
    tell("skus", part=sku.sku_part_number, enabled=sku.prepaid_units.enabled, id=sku.id)
    organization = await graph.organization.get()
    assert organization is not None and organization.value
    tell("organization", name=organization.value[0].display_name)
    purchases = await graph.directory.subscriptions.get()
    assert purchases is not None and purchases.value
    tell("subscriptions", licenses=sum(one.total_licenses or 0 for one in purchases.value))
    await people(graph, domain, sku.sku_id)
    await refusals(graph, domain)
    await credential.close()


async def people(graph: GraphServiceClient, domain: str, sku_id: Any) -> None:
    """One person and one group."""
    user = await graph.users.post(
        User(
            account_enabled=True,
            display_name="Ada Lovelace",
            mail_nickname="ada",
            user_principal_name=f"ada@{domain}",
            usage_location="NO",
            password_profile=PasswordProfile(password="not kept anywhere"),
        )
    )
    assert user is not None and user.id is not None
    tell("created", upn=user.user_principal_name)
    body = AssignLicensePostRequestBody(
        add_licenses=[AssignedLicense(sku_id=sku_id, disabled_plans=[])], remove_licenses=[]
    )
    assigned = await graph.users.by_user_id(user.id).assign_license.post(body)
    tell("assigned", id=None if assigned is None else assigned.id == user.id)
    details = await graph.users.by_user_id(f"ada@{domain}").license_details.get()
    assert details is not None and details.value
    tell("details", parts=[one.sku_part_number for one in details.value])
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter=f"assignedLicenses/any(x:x/skuId eq {sku_id})",
        select=["id", "assignedLicenses"],
        top=5,
    )
    found = await graph.users.get(RequestConfiguration(query_parameters=query))
    assert found is not None and found.value is not None
    tell("filtered", ids=[one.id == user.id for one in found.value])
    group = await graph.groups.post(
        Group(
            display_name="Analysts", mail_nickname="analysts", mail_enabled=False,
            security_enabled=True,
        )
    )  # fmt: skip
    assert group is not None and group.id is not None
    reference = f"https://graph.microsoft.com/v1.0/directoryObjects/{user.id}"
    await graph.groups.by_group_id(group.id).members.ref.post(ReferenceCreate(odata_id=reference))
    members = await graph.groups.by_group_id(group.id).members.get()
    assert members is not None and members.value is not None
    tell("members", kinds=[type(one).__name__ for one in members.value])
    await graph.groups.by_group_id(group.id).delete()
    await graph.users.by_user_id(user.id).delete()
    tell("deleted")


async def refusals(graph: GraphServiceClient, domain: str) -> None:
    """What the SDK makes of our errors."""
    try:
        await graph.users.by_user_id(f"nobody@{domain}").get()
    except APIError as error:
        told = getattr(error, "error", None)
        tell("missing", status=error.response_status_code, code=getattr(told, "code", None))


if __name__ == "__main__":
    asyncio.run(visit(sys.argv[1]))

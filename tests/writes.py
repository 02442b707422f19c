"""A call of every writing route that changes something, for tests that walk all of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.previews import BULK, E3, GROUPS, USERS, VISIO, licenses, upn

MICROSOFTS_TABLE = (
    "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,"
    "Service_Plans_Included_Friendly_Names\n"
    "A NEW PRODUCT,NEW_ONE,11111111-2222-4333-8444-555555555555,NEW_PLAN,"
    "21111111-2222-4333-8444-555555555555,A NEW PLAN\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A call of a route that changes something; `{names}` of its path and body are the scene's."""

    route: str
    path: str
    body: object = None
    by_another: bool = False


def write(route: str, path: str, body: object = None, *, by_another: bool = False) -> Write:
    return Write(route=route, path=path, body=body, by_another=by_another)


READING_POSTS = frozenset(
    {
        "POST /api/identity/groups/{group}/rule/validate",
        "POST /api/dynamic-groups/lint",
        "POST /api/mail-templates/{kind}/sample",
    }
)
"""A rule is too long for a query, so it is asked about in a body; nothing is changed."""

# In an order in which each finds what it needs, for each is also done after it was looked at.
WRITES = (
    write(
        "POST /api/catalog/products",
        "/api/catalog/products",
        {
            "skuPartNumber": "OWN_TWO",
            "displayName": "Own two",
            "servicePlans": [{"name": "OWN_PLAN_TWO", "displayName": "Own plan two"}],
        },
    ),
    write(
        "PATCH /api/catalog/products/{sku}",
        "/api/catalog/products/OWN_ONE",
        {"displayName": "Own, and renamed"},
    ),
    write(
        "PUT /api/catalog/products/{sku}/prohibited-locations",
        "/api/catalog/products/POWER_BI_PRO/prohibited-locations",
        {"locations": ["SE"]},
    ),
    write("POST /api/conflicts/mend", "/api/conflicts/mend", {"kind": "directBesideInherited"}),
    write("POST /api/clients", "/api/clients", {"name": "sync", "roles": ["global-reader"]}),
    write("POST /api/clients/{principal_id}/rotate", "/api/clients/{client}/rotate"),
    write("DELETE /api/clients/{principal_id}", "/api/clients/{client}"),
    write("POST /api/tokens", "/api/tokens", {"name": "night", "roles": ["global-reader"]}),
    write("POST /api/tokens/{principal_id}/rotate", "/api/tokens/{token}/rotate"),
    write("DELETE /api/tokens/{principal_id}", "/api/tokens/{token}"),
    write(
        "POST /api/held-changes/{held_id}/approve",
        "/api/held-changes/{held}/approve",
        {},
        by_another=True,
    ),
    write(
        "POST /api/held-changes/{held_id}/reject",
        "/api/held-changes/{other_held}/reject",
        {},
        by_another=True,
    ),
    write(
        "POST /api/history/changes/{correlation_id}/undo",
        "/api/history/changes/{correlation}/undo",
    ),
    write("POST /api/jobs/{job_id}/undo", "/api/jobs/{done_job}/undo"),
    write("POST /api/jobs/{job_id}/cancel", "/api/jobs/{queued_job}/cancel"),
    write("POST /api/identity/groups", GROUPS, {"displayName": "New group"}),
    write(
        "PATCH /api/identity/groups/{group}", f"{GROUPS}/{{empty}}", {"description": "For nobody"}
    ),
    write(
        "PATCH /api/identity/groups/{group}/rule",
        f"{GROUPS}/{{empty}}/rule",
        {"membershipRule": 'user.department -eq "Nowhere"'},
    ),
    write("POST /api/identity/groups/{group}/rule/evaluate", f"{GROUPS}/{{empty}}/rule/evaluate"),
    write("DELETE /api/identity/groups/{group}/rule", f"{GROUPS}/{{empty}}/rule"),
    write("DELETE /api/identity/groups/{group}", f"{GROUPS}/{{empty}}"),
    write("POST /api/identity/groups/{group}/licenses", f"{GROUPS}/{{team}}/licenses", VISIO),
    write(
        "DELETE /api/identity/groups/{group}/licenses/{sku}",
        f"{GROUPS}/{{team}}/licenses/VISIOCLIENT",
    ),
    write(
        "POST /api/identity/groups/{group}/members",
        f"{GROUPS}/{{team}}/members",
        {"users": [upn("bob")]},
    ),
    write(
        "DELETE /api/identity/groups/{group}/members/{member}",
        f"{GROUPS}/{{team}}/members/{upn('bob')}",
    ),
    write("POST /api/identity/groups/{group}/reprocess", f"{GROUPS}/{{team}}/reprocess"),
    write("POST /api/identity/licenses/bulk-assign", BULK, {"users": [upn("bob")], **E3}),
    write(
        "POST /api/identity/users",
        USERS,
        {
            "userPrincipalName": upn("new"),
            "displayName": "New",
            "usageLocation": "NO",
            "licenses": [E3],
        },
    ),
    write("PATCH /api/identity/users/{user}", f"{USERS}/{upn('ada')}", {"department": "Sales"}),
    write("POST /api/identity/users/{user}/licenses", licenses("ada"), VISIO),
    write(
        "PATCH /api/identity/users/{user}/licenses/{sku}",
        f"{licenses('bob')}/SPE_E3",
        {"disabledServicePlans": ["SWAY"]},
    ),
    write("DELETE /api/identity/users/{user}/licenses/{sku}", f"{licenses('bob')}/SPE_E3"),
    write("POST /api/identity/users/{user}/reprocess", f"{USERS}/{upn('waits')}/reprocess"),
    write("DELETE /api/identity/users/{user}", f"{USERS}/{upn('bob')}"),
    write("POST /api/identity/users/{user}/restore", f"{USERS}/{upn('gone')}/restore"),
    write("POST /api/identity/users/{user}/erase-names", f"{USERS}/{{erased}}/erase-names"),
    write("POST /api/imports/catalog", "/api/imports/catalog", MICROSOFTS_TABLE),
    write("POST /api/imports/groups", "/api/imports/groups", "displayName\nFrom a file\n"),
    write(
        "POST /api/imports/holdings",
        "/api/imports/holdings",
        f"UserPrincipalName,SkuPartNumber\n{upn('cid')},VISIOCLIENT\n",
    ),
    write(
        "POST /api/imports/members",
        "/api/imports/members",
        f"group,userPrincipalName\nTeam,{upn('cid')}\n",
    ),
    write(
        "POST /api/imports/subscriptions",
        "/api/imports/subscriptions",
        "SkuPartNumber,Units\nSPE_E5,10\n",
    ),
    write(
        "POST /api/imports/users",
        "/api/imports/users",
        f"userPrincipalName,displayName\n{upn('file')},From a file\n",
    ),
    write(
        "POST /api/moves",
        "/api/moves",
        {
            "kind": "productToProduct",
            "fromSku": "VISIOCLIENT",
            "toSku": "SPE_E5",
            "users": [upn("ada")],
        },
    ),
    write("POST /api/reconcile", "/api/reconcile"),
    write("POST /api/reports/{report}/runs", "/api/reports/inventory/runs", {}),
    write("DELETE /api/reports/{report}/runs/{run_id}", "/api/reports/inventory/runs/{run}"),
    write(
        "POST /api/reports/{report}/schedules",
        "/api/reports/inventory/schedules",
        {"cadence": "daily", "at": "06:00"},
    ),
    write(
        "PATCH /api/reports/{report}/schedules/{schedule_id}",
        "/api/reports/inventory/schedules/{schedule}",
        {"paused": True},
    ),
    write(
        "DELETE /api/reports/{report}/schedules/{schedule_id}",
        "/api/reports/inventory/schedules/{schedule}",
    ),
    write("PATCH /api/settings", "/api/settings", {"usageLocation": "NO"}),
    write("POST /api/subscriptions", "/api/subscriptions", {**VISIO, "units": 5}),
    write(
        "PATCH /api/subscriptions/{subscription_id}",
        "/api/subscriptions/{subscription}",
        {"units": 2},
    ),
    write(
        "DELETE /api/subscriptions/{subscription_id}",
        "/api/subscriptions/{subscription}",
    ),
    write("POST /api/templates", "/api/templates", {"name": "Other", "products": [E3]}),
    write(
        "PATCH /api/templates/{template}", "/api/templates/{template}", {"description": "For you"}
    ),
    write(
        "POST /api/templates/{template}/apply",
        "/api/templates/{template}/apply",
        {"users": [upn("cid")]},
    ),
    write("DELETE /api/templates/{template}", "/api/templates/{template}"),
)

"""Routes and statements that read more than a page, each with the reason why."""

from __future__ import annotations

from typing import Final

READS_EVERYTHING: Final = {
    "/api/identity/licenses/{sku}/seat-timeline": "counts what begins and ends of a product",
    "/api/reports/true-up": "adds up every stretch of holding, for a statement a month",
    "/api/conflicts/summary": "counts every conflict, for a page that is opened rarely",
    "/api/reports/{report}": "is looked at report by report below",
    "/api/exports/apps": "writes every app into a file",
    "/api/exports/environments": "writes every environment into a file",
    "/api/exports/flows": "writes every flow into a file",
    "/api/exports/security-roles": "writes every security role that was given into a file",
    "/api/exports/groups": "writes every group into a file",
    "/api/exports/holdings": "writes every license into a file",
    "/api/exports/members": "writes every membership into a file",
    "/api/exports/subscriptions": "writes every subscription into a file",
    "/api/exports/users": "writes every person into a file",
    "/api/history/export": "writes every sealed row into a file",
    "/api/identity/groups/{group}/license-impact": "decides about every member of the group",
    "/api/history/verify": "computes the digest of every sealed row",
    "/api/reports/{report}/runs/{run_id}/file": "writes every row of a run into a file",
    "/api/jobs/{job_id}/result.csv": "writes every row of a job into a file",
}
"""Routes whose answer is made of everything, and why."""

ONE_THING: Final = frozenset(
    {
        "/api/auto-claim/policies/{policy}",
        "/api/auto-claim/policies/{policy}/claims",
        "/api/auto-claim/policies/{policy}/claims-a-day",
        # A launch, which `test_a_launch_reaches_an_index` looks at.
        "/api/launch/authorize",
        "/api/deliveries/{delivery_id}",
        "/api/mail-templates/{kind}",
        "/api/webhooks/{webhook_id}",
        "/api/webhooks/{webhook_id}/calls",
        "/api/license-request-policies/{product}",
        "/api/license-requests/{request_id}",
        "/api/platform/apps/{app}",
        "/api/platform/environments/{environment}",
        "/api/platform/flows/{flow}",
        "/api/platform/security-roles/{role}",
        "/api/reports/{report}/runs/{run_id}",
        "/api/reports/{report}/schedules/{schedule_id}",
        "/api/identity/invitations/{invitation_id}",
        "/api/seat-changes/{change_id}",
        "/api/subscriptions/{subscription_id}",
        "/api/templates/{template}",
    }
)
"""Routes that read one row of a small table."""

PAGED_REPORTS: Final[dict[str, tuple[str, ...]]] = {
    "per-person": ("", "?limit=1000", "?sku={held}"),
    "assignments": ("", "?source=direct", "?source=inherited&sku={held}"),
    "errors": ("", "?reason=noSeatLeft", "?group={group}"),
    "idle-holders": ("", "?newcomerDays=0", "?newcomerDays=0&sku={held}"),
    "unlicensed": ("",),
    "grants": ("", "?sku={held}"),
}
"""Reports whose pages are for every day; the others say that they read everything."""

COUNTS: Final = {
    "select (select consumed from sku_pool": "who held a product then, in the index",
    "select m.group_no, count(*) from": "the number of members of each group on a page",
    "with recursive below as": "the same through groups inside groups, each person once",
    "select e.source_no, count(distinct e.user_no)": "the members with errors of each group",
    "with recursive step as": "who waits before somebody who waits too, in the index",
    "select sku_no, count(distinct user_no) from": "who waits for a product, or fails to get it",
}
"""Statements that count people, by how they begin: as many are touched as the number says."""

"""Auto-claim as files: policies, what each gave to whom, and what people were told."""

from __future__ import annotations

from typing import Final

from seatwright.app.auto_claim.claims import claims_page, period_of, require_reported
from seatwright.app.auto_claim.notices import notices_page
from seatwright.app.auto_claim.policies import list_policies
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.exports.lists import (
    COUNT,
    FLAG,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    moment_of_number,
    needed,
    number_before,
    number_of_moment,
    page_of_list,
    whole,
)
from seatwright.domain.auto_claim_notices import Notice
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres.auto_claim_claims import Claim, ClaimPlace
from seatwright.postgres.auto_claim_read import policy_names
from seatwright.postgres.labels import group_labels, user_labels


async def _policies(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    skus = (await catalog_of(call)).skus
    return whole(
        (
            str(one.policy.policy_id),
            one.policy.name,
            one.app.name,
            " ".join(skus[product.sku].part_number for product in one.policy.products),
            one.policy.is_on,
            one.policy.scope.value,
            one.holders,
            one.policy.created_at,
        )
        for one in await list_policies(call)
    )


async def _claims(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    days = asked.get("days")
    if days is not None and not (days.isascii() and days.isdigit() and len(days) <= 3):
        raise Refusal(Reason.INVALID_VALUE, f"“{days[:40]}” is no number of days.")
    period = period_of(call, None if days is None else int(days))
    policy = await require_reported(call, needed(asked, "policy"))
    before = None
    if after is not None:
        before = ClaimPlace(at=moment_of_number(after[0]), claim_no=int(after[1]))
    found = await claims_page(call, policy, period, before=before, limit=limit)
    catalog = await catalog_of(call)
    groups = await group_labels(
        call.tx, sorted({one.group for one in found if one.group is not None})
    )

    def cells(one: Claim) -> Cells:
        return (
            one.place.at,
            one.upn,
            one.display_name,
            catalog.skus[one.sku].part_number,
            one.backup,
            one.event,
            None if one.group is None else groups[one.group].display_name,
            one.is_held,
        )

    def place(one: Claim) -> Place:
        return (number_of_moment(one.place.at), one.place.claim_no)

    return page_of_list(found, limit, cells=cells, place=place)


async def _notices(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await notices_page(call, before=number_before(after), limit=limit)
    catalog = await catalog_of(call)
    people = await user_labels(call.tx, [one.user for one in found if one.user is not None])
    names = await policy_names(call.tx, [one.policy for one in found])

    def cells(one: Notice) -> Cells:
        person = None if one.user is None else people.get(one.user)
        return (
            one.at,
            one.kind.value,
            names[one.policy],
            None if person is None else person.upn,
            None if person is None else person.display_name,
            None if one.sku is None else catalog.skus[one.sku].part_number,
            one.due_at,
            one.seats,
            None if one.outcome is None else one.outcome.value,
            one.ended_at,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.notice_no,))


AUTO_CLAIM_LISTS: Final = (
    ListFile(
        name=ListName.AUTO_CLAIM_POLICIES,
        permission=Permission.READ_AUTO_CLAIM,
        columns=columns_of(
            "id",
            "name",
            "app",
            "products",
            ("on", FLAG),
            "environmentScope",
            ("holders", COUNT),
            ("createdAt", MOMENT),
        ),
        filters=(),
        read=_policies,
    ),
    ListFile(
        name=ListName.AUTO_CLAIM_CLAIMS,
        permission=Permission.READ_REPORTS,
        columns=columns_of(
            ("at", MOMENT),
            "userPrincipalName",
            "displayName",
            "skuPartNumber",
            ("backup", COUNT),
            "event",
            "group",
            ("held", FLAG),
        ),
        filters=("policy", "days"),
        read=_claims,
    ),
    ListFile(
        name=ListName.AUTO_CLAIM_NOTICES,
        permission=Permission.SEE_NOTICES,
        columns=columns_of(
            ("at", MOMENT),
            "kind",
            "policy",
            "userPrincipalName",
            "displayName",
            "skuPartNumber",
            ("dueAt", MOMENT),
            ("seats", COUNT),
            "outcome",
            ("endedAt", MOMENT),
        ),
        filters=(),
        read=_notices,
    ),
)

"""Own assignments of what a group gives too: the group's is enough, but for surplus (GBL-076)."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.conflicts.desk import Desk, desk_for
from seatwright.app.conflicts.rows import Conflict, Key, Page, Wanted
from seatwright.app.why.fixes import remove_own
from seatwright.domain.assignments import SourceKind
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.why import Move, MoveKind, Question, changed_by
from seatwright.postgres.conflicts import count_doubles, scan_doubles

SCAN_ROWS = 2_000
SCANS_MAX = 10
"""Own assignments looked at for one page, where few of them stand beside a group's."""


async def doubles_page(call: Call, wanted: Wanted) -> Page:
    """Own assignments that a group of the person gives too, by person and product."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    after: Key | None = wanted.after
    until = {}
    if wanted.user is not None:
        until, after = {"until": int(wanted.user)}, max(wanted.after, (wanted.user - 1, 2**15 - 1))
    found: list[tuple[UserNo, SkuNo]] = []
    for _ in range(SCANS_MAX):
        assert after is not None, "a scan that found its end is the last"
        scan = await scan_doubles(call.tx, nested=nested, after=after, limit=SCAN_ROWS, **until)
        found += scan.found
        after = scan.last if scan.looked_at == SCAN_ROWS else None
        if after is None or len(found) > wanted.limit:
            break
    shown = found[: wanted.limit]
    desk = await desk_for(call, shown)
    rows = tuple(_row(desk, user, sku) for user, sku in shown if user in desk.people)
    return Page(found=rows, after=shown[-1] if len(found) > len(shown) else after)


async def count_all_doubles(call: Call) -> int:
    """How many there are in the whole tenant."""
    return await count_doubles(
        call.tx, nested=semantics_in(call.tenant.settings).nested_groups_count
    )


def _row(desk: Desk, user: UserNo, sku: SkuNo) -> Conflict:
    question = desk.question(user, sku)
    before = {held.sku: held.enabled for held in question.user.held}
    after, is_clean = changed_by(question, (Move(kind=MoveKind.REMOVE, sku=sku),))
    held = before.get(sku, NO_SERVICE_PLANS)
    surplus = ServicePlanBits(held & ~after.get(sku, NO_SERVICE_PLANS))
    stays = sku in after or sku not in before
    fixes = (remove_own(desk.people[user], desk.catalog.skus[sku]),) if is_clean and stays else ()
    return Conflict(
        kind=ConflictKind.DIRECT_BESIDE_INHERITED,
        key=(user, sku),
        sku=sku,
        person=desk.named(user),
        sentence=_sentence(desk, question, surplus, stays=stays),
        surplus=surplus,
        fixes=fixes,
    )


def _sentence(desk: Desk, question: Question, surplus: ServicePlanBits, *, stays: bool) -> str:
    who = desk.named(question.user.user_no).display_name
    product = desk.catalog.sku_name(question.sku)
    groups = [
        desk.groups[GroupNo(wish.source.no)].display_name
        for wish in question.wishes_of(question.sku)
        if wish.source.kind is SourceKind.GROUP and GroupNo(wish.source.no) in desk.groups
    ]
    told = f"{who} has {product} by name and from {' and '.join(sorted(groups)) or 'a group'}."
    if not stays:
        return f"{told} The group could not give it alone: the own assignment keeps it."
    if surplus:
        plans = ", ".join(desk.catalog.plan_names(surplus))
        return f"{told} Without the own assignment {plans} would go, which the group leaves off."
    return f"{told} The own assignment can go: nothing is lost by it."

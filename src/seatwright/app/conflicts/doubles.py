"""Own assignments of what a group gives too: the group's is enough, but for surplus (GBL-076)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seatwright.app.call import Call
from seatwright.app.conflicts.desk import Desk, desk_for
from seatwright.app.conflicts.rows import Conflict, Key, Page, Wanted
from seatwright.app.why.fixes import Fix, remove_own
from seatwright.domain.assignments import SourceKind
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.why import Move, MoveKind, changed_by
from seatwright.postgres.conflicts import count_doubles, scan_doubles

SCAN_ROWS = 2_000
SCANS_MAX = 10
"""Own assignments looked at for one page, where few of them stand beside a group's."""

FIRST_SCAN_ROWS = 250
"""Looked at first: where many stand beside a group's, these are enough for a page."""


async def doubles_page(call: Call, wanted: Wanted) -> Page:
    """Own assignments that a group of the person gives too, by person and product."""
    nested = semantics_in(call.tenant.settings).nested_groups_count
    after: Key | None = wanted.after
    until = {}
    if wanted.user is not None:
        until, after = {"until": int(wanted.user)}, max(wanted.after, (wanted.user - 1, 2**15 - 1))
    found: list[tuple[UserNo, SkuNo]] = []
    for count in (FIRST_SCAN_ROWS, *[SCAN_ROWS] * SCANS_MAX):
        assert after is not None, "a scan that found its end is the last"
        scan = await scan_doubles(
            call.tx, nested=nested, after=after, limit=count, sku=wanted.sku, **until
        )
        found += scan.found
        after = scan.last if scan.looked_at == count else None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """What becomes of somebody whose own assignment of a product goes.

    `surplus` are the service plans that would go with it. `stays`: a group of theirs goes on giving
    the product; `is_clean`: and nothing else breaks. `groups` are those that give it.
    """

    surplus: ServicePlanBits
    stays: bool
    is_clean: bool
    groups: tuple[str, ...]

    @property
    def can_end(self) -> bool:
        """Whether the own assignment can go, if not without a loss of service plans."""
        return self.is_clean and self.stays


def double_of(desk: Desk, user: UserNo, sku: SkuNo) -> Double:
    """Find out what the own assignment of one of these people does beside their groups'."""
    question = desk.question(user, sku)
    before = {held.sku: held.enabled for held in question.user.held}
    after, is_clean = changed_by(question, (Move(kind=MoveKind.REMOVE, sku=sku),))
    held = before.get(sku, NO_SERVICE_PLANS)
    groups = {
        desk.groups[GroupNo(wish.source.no)].display_name
        for wish in question.wishes_of(sku)
        if wish.source.kind is SourceKind.GROUP and GroupNo(wish.source.no) in desk.groups
    }
    return Double(
        surplus=ServicePlanBits(held & ~after.get(sku, NO_SERVICE_PLANS)),
        stays=sku in after or sku not in before,
        is_clean=is_clean,
        groups=tuple(sorted(groups)),
    )


def _row(desk: Desk, user: UserNo, sku: SkuNo) -> Conflict:
    double = double_of(desk, user, sku)
    return Conflict(
        kind=ConflictKind.DIRECT_BESIDE_INHERITED,
        key=(user, sku),
        sku=sku,
        person=desk.named(user),
        sentence=_sentence(desk, user, sku, double),
        surplus=double.surplus,
        fixes=(_ending(desk, user, sku, double),) if double.can_end else (),
    )


def _ending(desk: Desk, user: UserNo, sku: SkuNo, double: Double) -> Fix:
    """Take the own assignment away, said so that nobody fears for the product."""
    fix = remove_own(desk.people[user], desk.catalog.skus[sku])
    who, product = desk.named(user).display_name, desk.catalog.sku_name(sku)
    words = f"Remove the direct assignment of {product}: {who} keeps it through {_joined(double)}."
    return replace(fix, words=words)


def _joined(double: Double) -> str:
    return " and ".join(double.groups) or "a group"


def _sentence(desk: Desk, user: UserNo, sku: SkuNo, double: Double) -> str:
    who = desk.named(user).display_name
    groups = _joined(double)
    told = f"{who} has {desk.catalog.sku_name(sku)} assigned directly and from {groups}."
    if not double.stays:
        return f"{told} The group could not give it alone: the direct assignment keeps it."
    if double.surplus:
        plans = ", ".join(desk.catalog.plan_names(double.surplus))
        return f"{told} Without the direct assignment {plans} would go: {groups} leaves that off."
    return f"{told} The direct assignment can go: {who} keeps everything through {groups}."

"""What became of a person in a move, in a sentence where there is more to say than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.decide import Decided, Denial
from seatwright.domain.bulk import RowEffect, RowResult
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, ServicePlanNo, SkuNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.move_steps import Finding, Stay, Step
from seatwright.domain.moves import MoveKind, MoveOrder
from seatwright.domain.reconcile import Names, Shortfall, Snapshot, refusal
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.labels import group_labels
from seatwright.postgres.moves import MoveRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The names that the sentences of one move need."""

    order: MoveOrder
    catalog: TenantCatalog
    groups: Mapping[GroupNo, str]
    products: Mapping[SkuNo, str]
    service_plans: Mapping[ServicePlanNo, str]

    def product(self, sku: SkuNo | None) -> str:
        """What a product is called."""
        return "the product" if sku is None else self.catalog.sku_name(sku)

    def group(self, group: GroupNo | None) -> str:
        """What a group is called."""
        return "the group" if group is None else self.groups.get(group, "the group")

    def plans(self, bits: ServicePlanBits) -> str:
        """What service plans are called."""
        return ", ".join(self.catalog.plan_names(bits))

    def names(self, user: str) -> Names:
        """The same names for the sentences of the engine."""
        return Names(
            user=user,
            products=self.products,
            service_plans=self.service_plans,
            groups=self.groups,
        )


async def words_of(call: Call, order: MoveOrder) -> Words:
    """The names of what the move is about."""
    numbers = {*order.groups, order.old_group, order.new_group} - {None}
    labels = await group_labels(call.tx, sorted(no for no in numbers if no is not None))
    catalog = await catalog_of(call)
    return Words(
        order=order,
        catalog=catalog,
        groups={number: label.display_name for number, label in labels.items()},
        products={no: sku.display_name for no, sku in catalog.skus.items()},
        service_plans={no: plan.display_name for no, plan in catalog.service_plans.items()},
    )


def results_of(words: Words, rows: Sequence[MoveRow], decided: Decided) -> list[RowResult]:
    """What became of each row, in the order of the rows."""
    return [_result(words, row, decided) for row in rows]


def _result(words: Words, row: MoveRow, decided: Decided) -> RowResult:
    user = row.user
    if user is None or user not in decided.before or decided.before[user].is_deleted:
        return RowResult(
            row_no=row.row_no,
            outcome=Outcome.FAILED,
            user=user,
            reason=Reason.UNKNOWN_USER,
            message=f"There is no person “{row.user_text}”. Give the user principal name, the id or"
            " the display name of one who was not deleted.",
        )
    if user in decided.steps:
        return _done(words, row, decided.steps[user])
    if user in decided.stays:
        return _stay(words, row, decided.stays[user])
    return _denied(words, row, decided.denied[user], decided.snapshot)


def _done(words: Words, row: MoveRow, step: Step) -> RowResult:
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.SUCCEEDED,
        user=row.user,
        message=_said(words, step),
    )


def _stay(words: Words, row: MoveRow, stay: Stay) -> RowResult:
    return RowResult(
        row_no=row.row_no,
        outcome=Outcome.SUCCEEDED if stay.reason is None else Outcome.FAILED,
        user=row.user,
        reason=stay.reason,
        message=_said(words, stay),
        effect=RowEffect.NOTHING if stay.reason is None else None,
    )


_SENTENCES: Final[Mapping[Finding, str]] = {
    Finding.DONE_BEFORE: "Moved already: nothing had to be done.",
    Finding.NO_OWN_ASSIGNMENT: "Has no assignment of their own of {old}: there is nothing to move.",
    Finding.ONLY_INHERITED: "Has {old} from a group only: move the license of the group.",
    Finding.ONLY_HELD: "Has {old} only until somebody decides about its removal, which is held:"
    " there is nothing to move.",
    Finding.NOT_A_MEMBER: "Is not in {old_group}: there is nothing to move.",
    Finding.OTHER_STRATEGY: "Keeps their own {old}: it came about in a way that this move was not"
    " asked to touch. Name its strategy to move it too.",
    Finding.SURPLUS: "Not moved: {group} leaves off {plans}, which they would lose. Choose to keep"
    " their own assignment, or to add this to the group.",
    Finding.KEEPS_OWN: "In {group} now, and keeps their own {old} for {plans}.",
    Finding.LEFT_MEANWHILE: "Was taken out of the group meanwhile, and {old} went with it.",
    Finding.STILL_INHERITS: "Moved, and still has {old} from another source.",
    Finding.LOSES: "Moved, and gives up {lost}, which only {old_group} gave.",
    Finding.NOTHING_GIVEN: "Not moved: {group} gives nothing to move to by now.",
}
"""What there is to say of a person, with the names of the move in it."""


def _said(words: Words, one: Step | Stay) -> str | None:
    if one.finding is None:
        return None
    order = words.order
    lost = one.lost if isinstance(one, Step) else ()
    return _SENTENCES[one.finding].format(
        old=words.product(order.old_sku),
        group=words.group(order.new_group),
        old_group=words.group(order.old_group),
        plans=words.plans(one.bits),
        lost=", ".join(words.product(sku) for sku in sorted(lost)),
    )


def _denied(words: Words, row: MoveRow, denial: Denial, snapshot: Snapshot) -> RowResult:
    outcome = Outcome.FAILED
    if words.order.waits and denial.reason is not Reason.SURPLUS_SERVICE_PLANS:
        outcome = Outcome.WAITING
    return RowResult(
        row_no=row.row_no,
        outcome=outcome,
        user=row.user,
        reason=denial.reason,
        message=f"{_stays(words)} {_cause(words, row, denial, snapshot)}",
    )


def _stays(words: Words) -> str:
    match words.order.kind:
        case MoveKind.DIRECT_TO_GROUP:
            return f"Keeps their own {words.product(words.order.old_sku)}."
        case MoveKind.GROUP_TO_GROUP:
            return f"Stays in {words.group(words.order.old_group)}."
        case MoveKind.PRODUCT_TO_PRODUCT:
            return f"Stays on {words.product(words.order.old_sku)}."


def _cause(words: Words, row: MoveRow, denial: Denial, snapshot: Snapshot) -> str:
    """The engine's sentence about what the person would have lacked."""
    step, reason = denial.step, denial.reason
    if reason is Reason.SURPLUS_SERVICE_PLANS:
        return f"Service plans would go off that {words.group(words.order.new_group)} leaves off."
    wanted = sorted(step.must_hold) or sorted(step.gives_up)
    sku = next((e.sku for e in denial.settled.errors if e.reason is reason), wanted[0])
    plans = words.catalog.skus[sku].service_plans
    off = next((w.disabled for w in step.after.wishes if w.sku == sku), ServicePlanBits(0))
    shortfall = Shortfall(
        user=denial.settled,
        sku=sku,
        bits=ServicePlanBits(plans & ~off),
        snapshot=replace(snapshot, users=()),
        names=words.names(row.user_text),
    )
    return refusal(shortfall, reason).detail

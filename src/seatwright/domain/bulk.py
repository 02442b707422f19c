"""Bulk assignments: what is ordered for many people at once, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from itertools import count
from typing import Any, Final, Literal, cast

from seatwright.domain.assignments import Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.wants import Want, WantKind

Who = str | UserNo
"""What names a person: a text as it was given, or their number where they are known."""

ROWS_MAX: Final = 200_000
"""Rows of one bulk job; a larger file is split, and its parts go in one after another."""

SLICE_ROWS: Final = 2_000
"""Rows of one transaction: about 30 ms of held locks for each (`performance.md` C)."""


@unique
class FillPolicy(StrEnum):
    """What happens where there are fewer seats than rows."""

    ALL_OR_NOTHING = "allOrNothing"
    """Nobody gets anything unless every row can be done."""

    AS_MANY = "asMany"
    """As many as fit; the rest fail."""

    WAIT = "wait"
    """As many as fit; the rest are assigned and wait for a seat."""


@unique
class RowEffect(StrEnum):
    """What a row that was done came to: most that changes nothing is told from what does."""

    GIVEN = "given"
    """The person did not have it and has it now."""

    BESIDE = "beside"
    """A group gives it to the person, who has an assignment of their own beside that now."""

    CHANGED = "changed"
    """The person had it with other service plans, or other dates."""

    HAD = "had"
    """It is the person's own already."""

    HAD_BY_GROUP = "hadByGroup"
    """A group gives it to them already, so that they are left out."""

    TWICE = "twice"
    """An earlier row says the same of the same person."""

    NOTHING = "nothing"
    """A row of a move, of an undo or of a mending found everything as it should be."""

    TAKEN = "taken"
    """It is taken from them, now or once that is approved."""


UNCHANGED: Final = (
    RowEffect.HAD_BY_GROUP,
    RowEffect.HAD,
    RowEffect.TWICE,
    RowEffect.NOTHING,
)
"""What rows come to that were as they should be already."""


@unique
class Undone(StrEnum):
    """Why a row would not be done: its own fault is told from seats that are not there."""

    FAULTY = "faulty"
    """Nobody is who it names, it cannot be read, or a rule forbids it."""

    REPEATED = "repeated"
    """An earlier row says the same of the same person, who finds no seat."""

    UNSEATED = "unseated"
    """It finds no seat."""

    WAITING = "waiting"
    """It finds no seat, and its person is assigned the product and waits for one."""

    SPARED = "spared"
    """It could be done, were it not all or nothing: others cannot."""


@unique
class RestState(StrEnum):
    """What became since of the person of a row that was not done."""

    LACKING = "lacking"
    """They do not have it, or nobody knows who they are: the row can be run again."""

    WAITING = "waiting"
    """They wait for a seat, and get it by themselves."""

    HELD = "held"
    """They have it by now, by whatever way."""

    GONE = "gone"
    """They were deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChoice:
    """Which rows of a job: those with an outcome, and an effect; None: with any.

    The effect `new` is of rows that gave or took something. `why`: only failed rows of this cause,
    which is faulty, unseated or spared.
    """

    outcome: Outcome | None = None
    effect: RowEffect | Literal["new"] | None = None
    why: Undone | None = None


EVERY_ROW: Final = RowChoice()
_CHOICES: Final[Mapping[str, RowChoice]] = {
    **{one.value: RowChoice(effect=one) for one in RowEffect},
    "done": RowChoice(outcome=Outcome.SUCCEEDED, effect="new"),
    "failed": RowChoice(outcome=Outcome.FAILED),
    **{
        one.value: RowChoice(outcome=Outcome.FAILED, why=one)
        for one in (Undone.FAULTY, Undone.UNSEATED, Undone.SPARED)
    },
    "waiting": RowChoice(outcome=Outcome.WAITING),
    "cancelled": RowChoice(outcome=Outcome.CANCELLED),
}


def row_choice(shown: str) -> RowChoice:
    """The rows that a page or a file of a job shows by this name; every row for another."""
    return _CHOICES.get(shown, EVERY_ROW)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkProduct:
    """One product of a template, as it was when the job began; None: the choice stays."""

    sku: SkuNo
    disabled: ServicePlanBits | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with a row itself, found before anybody was looked for."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """One row: a person as they were named, and what to do.

    `sku` None stands for every product of the job's template. `sku_text` is what the result
    shows. `since` is for adopted holdings only. A row with a `fault` does nothing but fail with it.
    `user` is there where it is known whom the row means, whoever is called so now.
    """

    row_no: int
    user_text: str
    sku_text: str
    sku: SkuNo | None
    kind: WantKind = WantKind.ADD
    disabled: ServicePlanBits | None = None
    usage_location: str | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    since: datetime | None = None
    fault: RowFault | None = None
    user: UserNo | None = None

    @property
    def who(self) -> Who:
        """By what its person is looked up."""
        return self.user_text if self.user is None else self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What removals may cost that leave out, when they are made, who would lose something by them.

    `may_lose` has, by row number, the service plans that may go. Rows from `covered_from` on take
    away what another product covers (T-180); of the rows before it, and of all where it is None,
    the product has to stay.
    """

    may_lose: Mapping[int, ServicePlanBits] = field(default_factory=dict)
    covered_from: int | None = None

    def may_be_covered(self, row_no: int) -> bool:
        """Whether the product of this row may go where another covers it."""
        return self.covered_from is not None and row_no >= self.covered_from


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """What holds for all rows of a job; kept in the job itself.

    `reserved` is None until an all-or-nothing job has reserved its seats; then it is what is left
    of them. `adopts` is for an import of what people hold today. `spares_inherited` leaves out whom
    a group gives all of it already. With a `mending` removals leave out who would lose more by them
    than it says. `about` are the products that rows name where they are few, `template` is what the
    template was called, and `kind` what all rows do, None where they differ.
    """

    fill: FillPolicy = FillPolicy.AS_MANY
    products: tuple[BulkProduct, ...] = ()
    reserved: Mapping[SkuNo, int] | None = None
    adopts: bool = False
    spares_inherited: bool = False
    mending: Mending | None = None
    report: Mapping[str, object] = field(default_factory=dict)
    about: tuple[SkuNo, ...] = ()
    template: str = ""
    kind: WantKind | None = None

    @property
    def must_reserve(self) -> bool:
        """Whether seats are still to be reserved before the first row is written."""
        return self.fill is FillPolicy.ALL_OR_NOTHING and self.reserved is None

    def params(self) -> dict[str, object]:
        """The form in which a job keeps it; service plans are hexadecimal text."""
        kept: dict[str, object] = {
            "fillPolicy": self.fill.value,
            "products": [
                [one.sku, None if one.disabled is None else f"{one.disabled:x}"]
                for one in self.products
            ],
            "adopts": self.adopts,
            "sparesInherited": self.spares_inherited,
            "report": dict(self.report),
            "about": list(self.about),
            "template": self.template,
            "kind": self.kind,
        }
        if self.mending is not None:
            kept["mayLose"] = [[row, f"{bits:x}"] for row, bits in self.mending.may_lose.items()]
            kept["coveredFrom"] = self.mending.covered_from
            kept["onlyNeedless"] = True
        if self.reserved is not None:
            kept["reserved"] = [[sku, seats] for sku, seats in self.reserved.items()]
        return kept


def order_of(params: Mapping[str, object]) -> BulkOrder:
    """The order that a job keeps: the way back from `BulkOrder.params`."""
    kept = cast(Mapping[str, Any], params)
    reserved = kept.get("reserved")
    return BulkOrder(
        fill=FillPolicy(kept["fillPolicy"]),
        products=tuple(
            BulkProduct(
                sku=SkuNo(sku),
                disabled=None if disabled is None else ServicePlanBits(int(disabled, 16)),
            )
            for sku, disabled in kept["products"]
        ),
        reserved=None if reserved is None else {SkuNo(sku): seats for sku, seats in reserved},
        adopts=kept["adopts"],
        # Jobs that began before there were these choices do not say them.
        spares_inherited=kept.get("sparesInherited", False),
        mending=_mending_of(kept) if kept.get("onlyNeedless") else None,
        report=kept["report"],
        about=tuple(SkuNo(no) for no in kept.get("about", ())),
        template=kept.get("template", ""),
        kind=WantKind(kept["kind"]) if kept.get("kind") else None,
    )


def _mending_of(kept: Mapping[str, Any]) -> Mending:
    return Mending(
        may_lose={row: ServicePlanBits(int(bits, 16)) for row, bits in kept.get("mayLose", ())},
        covered_from=kept.get("coveredFrom"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one row; `message` says it in a sentence where there is more to say.

    `effect` is there for rows that were done and give or take. `lacks` are the products of which a
    row found no seat, and with `repeats` an earlier row did so already for the same person.
    """

    row_no: int
    outcome: Outcome
    user: UserNo | None = None
    reason: Reason | None = None
    message: str | None = None
    effect: RowEffect | None = None
    lacks: tuple[SkuNo, ...] = ()
    repeats: bool = False

    @property
    def undone(self) -> Undone | None:
        """Why it is not done; None where it is."""
        if self.outcome is Outcome.SUCCEEDED:
            return None
        if self.outcome is Outcome.WAITING:
            return Undone.WAITING
        if self.reason is Reason.NO_SEAT_LEFT:
            return Undone.REPEATED if self.repeats else Undone.UNSEATED
        return Undone.SPARED if self.reason is Reason.SIBLING_FAILED else Undone.FAULTY


def wants_of(
    rows: Sequence[BulkRow], users: Mapping[Who, UserNo], order: BulkOrder
) -> Iterator[Want]:
    """What the rows want of the people that were found, in the order of the rows.

    A row of a template is one want for each product, and all of them or none happen; the bundle
    of a want is the place of its row.
    """
    keys = count()
    for place, row in enumerate(rows):
        user = users.get(row.who)
        if user is None or row.fault is not None:
            continue
        products = order.products
        if row.sku is not None:
            products = (BulkProduct(sku=row.sku, disabled=row.disabled),)
        for number, product in enumerate(products):
            # The first product of a template takes everything else's place; the others join it.
            is_joining = number > 0 and row.kind is WantKind.REPLACE
            yield Want(
                key=next(keys),
                user=user,
                sku=product.sku,
                kind=WantKind.ADD if is_joining else row.kind,
                disabled=product.disabled,
                usage_location=row.usage_location,
                starts_at=row.starts_at,
                expires_at=row.expires_at,
                strategy=Strategy.BULK,
                # Who replaces something keeps it until there is a seat: they do not wait without.
                may_wait=order.fill is FillPolicy.WAIT and row.kind is WantKind.ADD,
                bundle=place,
                spares_inherited=order.spares_inherited and row.kind is WantKind.ADD,
            )

"""What the engine answers: a change set, pure data, named by its digest."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo


@unique
class Action(StrEnum):
    """What happens to the license of one person for one SKU.

    A change set holds only `grant`, `update` and `revoke`; `keep` and `reject` are answers of an
    explanation, and a rejection is visible in a change set as an error change.
    """

    GRANT = "grant"
    UPDATE = "update"
    REVOKE = "revoke"
    KEEP = "keep"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One license that begins, changes or ends.

    `before` and `after` are the enabled service plans, None where there is no license. `source`
    is the earliest assignment that gives the license, with its strategy; None on a revoke.
    """

    user_no: UserNo
    sku: SkuNo
    action: Action
    before: ServicePlanBits | None
    after: ServicePlanBits | None
    source: Source | None
    strategy: Strategy | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorChange:
    """One error row that appears, changes its reason or goes away.

    `waiting_since` belongs to the row that stays; it is None when the row goes away.
    """

    user_no: UserNo
    sku: SkuNo
    source: Source
    before: Reason | None
    after: Reason | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """What the change set does to the consumed seats of one SKU, as tenant totals."""

    sku: SkuNo
    consumed_before: int
    consumed_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """All differences between the snapshot and what should be; sorted, so equal means equal.

    `rounds` is how often the rules ran. `is_settled` is false only if the bound was reached: the
    caller still applies the last result and flags the tenant (`architecture.md` §3).
    """

    changes: tuple[Change, ...] = ()
    error_changes: tuple[ErrorChange, ...] = ()
    seat_changes: tuple[SeatChange, ...] = ()
    rounds: int = 1
    is_settled: bool = True

    @property
    def is_empty(self) -> bool:
        """Nothing would be written."""
        return not (self.changes or self.error_changes or self.seat_changes)

    def digest(self) -> str:
        """Name this change set: SHA-256, in hexadecimal, over its sorted lines.

        Times are left out, because a preview and its apply happen at different moments.
        """
        text = "\n".join(sorted(self.lines()))
        return hashlib.sha256(text.encode()).hexdigest()

    def lines(self) -> Iterator[str]:
        """Every difference as one line of text, which says all that the digest covers."""
        for change in self.changes:
            yield (
                f"license {change.user_no} {change.sku} {change.action}"
                f" {_hex(change.before)} {_hex(change.after)} {_named(change.source)}"
            )
        for error in self.error_changes:
            yield (
                f"error {error.user_no} {error.sku} {_named(error.source)}"
                f" {error.before or '-'} {error.after or '-'}"
            )
        for seats in self.seat_changes:
            yield f"seats {seats.sku} {seats.consumed_before} {seats.consumed_after}"


def _hex(bits: ServicePlanBits | None) -> str:
    return "-" if bits is None else f"{bits:x}"


def _named(source: Source | None) -> str:
    return "-" if source is None else f"{source.kind.name}:{source.no}"


def change_set_of(lines: Iterable[str]) -> ChangeSet:
    """Read lines that `ChangeSet.lines` wrote; what they do not say (times, strategies) is None."""
    changes: list[Change] = []
    errors: list[ErrorChange] = []
    seats: list[SeatChange] = []
    for line in lines:
        match line.split(" "):
            case ["license", user, sku, action, before, after, source]:
                changes.append(
                    Change(
                        user_no=UserNo(int(user)),
                        sku=SkuNo(int(sku)),
                        action=Action(action),
                        before=_bits(before),
                        after=_bits(after),
                        source=None if source == "-" else _source(source),
                        strategy=None,
                    )
                )
            case ["error", user, sku, source, before, after]:
                errors.append(
                    ErrorChange(
                        user_no=UserNo(int(user)),
                        sku=SkuNo(int(sku)),
                        source=_source(source),
                        before=None if before == "-" else Reason(before),
                        after=None if after == "-" else Reason(after),
                        waiting_since=None,
                    )
                )
            case ["seats", sku, consumed_before, consumed_after]:
                seats.append(
                    SeatChange(
                        sku=SkuNo(int(sku)),
                        consumed_before=int(consumed_before),
                        consumed_after=int(consumed_after),
                    )
                )
            case _:
                raise ValueError(f"“{line}” is no line of a change set.")
    return ChangeSet(changes=tuple(changes), error_changes=tuple(errors), seat_changes=tuple(seats))


def _bits(text: str) -> ServicePlanBits | None:
    return None if text == "-" else ServicePlanBits(int(text, 16))


def _source(text: str) -> Source:
    kind, _, number = text.partition(":")
    return Source(kind=SourceKind[kind], no=int(number))

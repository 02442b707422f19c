"""Reading the queue of requests: keyset pages of lines, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from seatwright.domain.ids import PrincipalNo, SkuNo, UserNo
from seatwright.domain.requests.lines import Line
from seatwright.domain.requests.policy import Decider
from seatwright.domain.requests.states import LineState
from seatwright.postgres.requests import LINE_COLUMNS, lines_from
from seatwright.postgres.transaction import Transaction

PLACES_MAX: Final = 10_000
"""Places in line that are counted; who stands further back is told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which lines: all conditions hold at once.

    `is_pending` None: whatever their state; what is pending `now` has not expired. `mine`: asked by
    this person or for them; `asked_by`: by this principal, which is nobody of the directory.
    `deciders`: pending before any of these, and `others_than`: no business of this person's own.
    """

    now: datetime
    is_pending: bool | None = None
    state: LineState | None = None
    sku: SkuNo | None = None
    user: UserNo | None = None
    mine: UserNo | None = None
    asked_by: PrincipalNo | None = None
    others_than: UserNo | None = None
    deciders: Collection[Decider] | None = None


async def list_lines(
    tx: Transaction, wanted: LineFilter, *, after: int | None, limit: int
) -> list[Line]:
    """A page of lines: what is pending with the oldest first, else the newest first."""
    order = "asc" if wanted.is_pending else "desc"
    values: dict[str, object] = {"tenant": tx.tenant_id, "limit": limit, "after": after}
    conditions = _conditions(wanted, values)
    if after is not None:
        conditions.append(f"l.line_no {'>' if wanted.is_pending else '<'} %(after)s")
    scans = [
        f"(select l.line_no from {source} where l.tenant_id = %(tenant)s and"
        f" {' and '.join((*ways, *conditions, 'true'))} order by l.line_no {order} limit %(limit)s)"
        for source, ways in _ways(wanted, values)
    ]
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line where tenant_id = %(tenant)s"
        f" and line_no in (select line_no from ({' union '.join(scans)}) found"
        f" order by line_no {order} limit %(limit)s) order by line_no {order}",
        values,
    )
    return await lines_from(tx, await cursor.fetchall())


def _conditions(wanted: LineFilter, values: dict[str, object]) -> list[str]:
    conditions = []
    if wanted.is_pending is not None:
        conditions.append(f"l.state {'=' if wanted.is_pending else '<>'} 'pending'")
    if wanted.is_pending:
        values["now"] = wanted.now
        conditions.append("l.due_at > %(now)s")
    if wanted.others_than is not None:
        values["me"] = wanted.others_than
        conditions.append("l.user_no <> %(me)s and l.requestor_no is distinct from %(me)s")
    for name, column, value in (
        ("state", "state", wanted.state),
        ("sku", "sku_no", wanted.sku),
        ("user", "user_no", wanted.user),
    ):
        if value is not None:
            values[name] = value.value if isinstance(value, LineState) else value
            conditions.append(f"l.{column} = %({name})s")
    return conditions


def _ways(wanted: LineFilter, values: dict[str, object]) -> Sequence[tuple[str, tuple[str, ...]]]:
    """The scans that together find the lines: each by an index of its own."""
    table = "license_request_line l"
    if wanted.deciders is not None:
        ways = []
        for place, decider in enumerate(sorted(wanted.deciders)):
            values |= {f"kind{place}": int(decider.kind), f"no{place}": decider.no}
            for who in ("decider", "alternate"):
                conditions: tuple[str, ...] = (
                    f"l.{who}_kind = %(kind{place})s",
                    f"l.{who}_no = %(no{place})s",
                )
                if who == "alternate":
                    conditions = (*conditions, "l.alternate_kind > 0")
                ways.append((table, conditions))
        return ways or [(table, ("false",))]
    if wanted.mine is not None:
        values["mine"] = wanted.mine
        return [(table, ("l.user_no = %(mine)s",)), (table, ("l.requestor_no = %(mine)s",))]
    if wanted.asked_by is not None:
        values["asked_by"] = wanted.asked_by
        return [(table, ("l.principal_no = %(asked_by)s",))]
    return [(table, ())]


async def count_in_line(tx: Transaction, sku: SkuNo) -> int:
    """How many stand in line to be held a seat of a product."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from (select from license_request_line where tenant_id = %s"
        " and sku_no = %s and hold = 'line' limit %s) ahead",
        (tx.tenant_id, sku, PLACES_MAX),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count always has a row"
    return int(row[0])


async def places_in_line(tx: Transaction, lines: Mapping[SkuNo, Sequence[int]]) -> dict[int, int]:
    """The place of each of these lines, which all stand in line for their product.

    The parts of the line between them are counted, so that nothing is counted twice.
    """
    spans = [
        (sku, low, high)
        for sku, numbers in lines.items()
        for low, high in zip([0, *sorted(numbers)], sorted(numbers), strict=False)
    ]
    if not spans:
        return {}
    cursor = await tx.connection.execute(
        "select span.sku_no, span.high, (select count(*)::int4 from (select"
        "   from license_request_line l where l.tenant_id = %s and l.sku_no = span.sku_no"
        "   and l.hold = 'line' and l.line_no > span.low and l.line_no <= span.high limit %s) part)"
        " from unnest(%s::int2[], %s::int4[], %s::int4[]) as span (sku_no, low, high)"
        " order by span.sku_no, span.high",
        (
            tx.tenant_id,
            PLACES_MAX,
            [sku for sku, _, _ in spans],
            [low for _, low, _ in spans],
            [high for _, _, high in spans],
        ),
    )
    places: dict[int, int] = {}
    reached: dict[int, int] = {}
    for sku, high, count in await cursor.fetchall():
        reached[sku] = reached.get(sku, 0) + count
        places[high] = reached[sku]
    return places

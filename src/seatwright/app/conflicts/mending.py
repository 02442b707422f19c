"""Mending many conflicts at once: assignments that may go, as one bulk job with one undo.

What can be mended in numbers is a person's own assignment that something else makes needless: a
group that gives the same (GBL-076), or another product that covers it (T-180). The bulk engine
takes them away, so preview, brake, progress and undo are those of every bulk job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seatwright.app.bulk.forecast import Forecast, foresee_bulk
from seatwright.app.bulk.orders import BulkCall, BulkLine, Resolved, resolve
from seatwright.app.bulk.start import start_bulk
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.desk import desk_for
from seatwright.app.conflicts.doubles import double_of
from seatwright.domain.bulk import Mending
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.jobs import Job
from seatwright.domain.wants import WantKind
from seatwright.postgres.users import find_users

Pair = tuple[str, str]
"""A person and a product, as people read them: principal name and part number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mendable:
    """Own assignments that may go, and what to know of them.

    `people` are their names. `surplus` has the service plans that go with those that were ticked
    nevertheless. `keeping` has for each product the groups that go on giving it.
    `pairs` from row `covered_from` on are of products that others cover; groups go on giving those
    before. `losing` counts what is left out as service plans would go, `has_more`: there are more
    than one call mends. `ended_after`: the search ended after that many, and did not see all.
    """

    pairs: tuple[Pair, ...]
    people: tuple[str, ...] = ()
    surplus: Mapping[Pair, ServicePlanBits] = field(default_factory=dict)
    keeping: tuple[tuple[str, tuple[str, ...]], ...] = ()
    covered_from: int | None = None
    losing: int = 0
    has_more: bool = False
    ended_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """The job that takes them away, its order, and in a preview what becomes of every row."""

    job: Job
    resolved: Resolved
    forecast: Forecast | None


async def chosen(call: Call, ticked: Sequence[tuple[str, str]]) -> Mendable:
    """Those that somebody ticked, each a person and a product by their ids.

    Raises Refusal invalidValue for none, and for a product that there is not.
    """
    if not ticked:
        raise Refusal(Reason.INVALID_VALUE, "Nothing is ticked: tick what is to be mended.")
    catalog = await catalog_of(call)
    found = await find_users(call.tx, [user for user, _ in ticked])
    skus = {text: catalog.require_sku(text, is_in_body=True) for _, text in ticked}
    numbers = [(found[user], skus[sku].sku_no) for user, sku in ticked if user in found]
    desk = await desk_for(call, numbers)
    # Who is gone meanwhile stays a row, which fails and says so.
    given = [(user, skus[sku].part_number) for user, sku in ticked if user not in found]
    covered: list[Pair] = []
    keeping: dict[SkuNo, set[str]] = {}
    surplus: dict[Pair, ServicePlanBits] = {}
    for user, sku in numbers:
        pair = desk.people[user].upn, catalog.skus[sku].part_number
        double = double_of(desk, user, sku)
        (given if double.stays else covered).append(pair)
        keeping.setdefault(sku, set()).update(double.groups)
        if double.stays and double.surplus:
            surplus[pair] = double.surplus
    given = list(dict.fromkeys(given))
    named = dict.fromkeys(user for user, _ in numbers)
    return Mendable(
        pairs=(*given, *dict.fromkeys(covered)),
        covered_from=len(given) + 1 if covered else None,
        people=tuple(desk.people[user].display_name for user in named),
        surplus=surplus,
        keeping=tuple(
            (catalog.sku_name(sku), tuple(sorted(names))) for sku, names in keeping.items() if names
        ),
    )


async def mend(call: Call, mendable: Mendable) -> Mended:
    """Take these assignments away, as one job; its caller may work a small one at once.

    Until a worker comes a group may cease to give a product: the job leaves out who needs it then.
    """
    lines = [
        BulkLine(row_no=number, user=user, sku=sku, action=WantKind.REMOVE.value)
        for number, (user, sku) in enumerate(mendable.pairs, start=1)
    ]
    may_lose = {
        number: mendable.surplus[pair]
        for number, pair in enumerate(mendable.pairs, start=1)
        if pair in mendable.surplus
    }
    mending = Mending(may_lose=may_lose, covered_from=mendable.covered_from)
    resolved = await resolve(call, BulkCall(lines=lines, mending=mending))
    forecast = await foresee_bulk(call, resolved) if call.is_foreseen else None
    return Mended(job=await start_bulk(call, resolved), resolved=resolved, forecast=forecast)

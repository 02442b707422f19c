"""`/strategies`: the five ways, what is in use here, what is advised, and moving people over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response, get, post

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.foresee import MoveForesight
from seatwright.app.moves.orders import MoveCall, resolve_move
from seatwright.app.moves.start import StartedMove, start_move
from seatwright.app.seats import list_seats
from seatwright.app.strategies import Advice, strategies_in_use
from seatwright.domain.assignments import Strategy
from seatwright.domain.bulk import RowResult
from seatwright.domain.errors import Refusal
from seatwright.domain.jobs import Outcome
from seatwright.domain.moves import MoveKind, Surplus
from seatwright.domain.roles import Permission
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.pages import note, page, see
from seatwright.web.problems import status_of

PRODUCTS_MAX: Final = 1000
ROWS_FORETOLD: Final = 200
_BETWEEN: Final = re.compile(r"[,;\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForetoldRow:
    """A row of a move as the preview names it."""

    row_no: int
    user_text: str
    sku_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What a preview says of the rows: how many end how, and each that cannot be done."""

    total: int
    counts: Mapping[Outcome, int]
    failing: tuple[tuple[ForetoldRow, RowResult], ...]
    failing_count: int
    is_refused: bool = False
    ignored_columns: tuple[str, ...] = ()


@get("/strategies", opt=needs(Permission.READ_LICENSES))
async def strategies(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """What each way is good and bad for (T-013), how much came by it, and the advice (T-014)."""
    return page(
        request,
        "strategies.html",
        ways=tuple(Strategy),
        used=await strategies_in_use(call),
        Advice=Advice,
    )


@get("/strategies/move", opt=needs(Permission.MOVE))
async def move_form(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """From own assignments to a group, or from one group to another."""
    return await _form(call, request, Form(tuple(request.query_params.multi_items())))


@post("/strategies/move", opt=needs(Permission.MOVE), status_code=303)
async def move_people(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Move them without a gap, as a job; what cannot be done says why in the preview."""
    form = form_of(request)
    try:
        resolved = await resolve_move(call, _sent(form))
        started = await start_move(call, resolved)
    except Refusal as refusal:
        return await _form(call, request, form, refusal=refusal)
    if started.foresight is not None:
        await _tell(call, request, started, started.foresight, sku_text=resolved.sku_text)
    return see(f"/bulk/{started.job.id}")


def _sent(form: Form) -> MoveCall:
    people = tuple(dict.fromkeys(one for one in _BETWEEN.split(form.text("people") or "") if one))
    is_whole = form.text("who") == "all"
    lines = None if is_whole else list(enumerate(people, start=1))
    if form.text("kind") == MoveKind.GROUP_TO_GROUP.value:
        return MoveCall(
            kind=MoveKind.GROUP_TO_GROUP.value,
            lines=lines,
            from_group=form.text("fromGroup"),
            to_group=form.text("toGroup"),
            surplus=form.text("surplus"),
            waits=form.text("wait") == "yes",
        )
    return MoveCall(
        kind=MoveKind.DIRECT_TO_GROUP.value,
        lines=lines,
        sku=form.text("sku"),
        group=form.text("toGroup"),
        is_whole=is_whole,
        surplus=form.text("surplus"),
        strategies=form.all("strategy") or None,
        waits=form.text("wait") == "yes",
    )


async def _tell(
    call: Call,
    request: AnyRequest,
    started: StartedMove,
    foresight: MoveForesight,
    *,
    sku_text: str,
) -> None:
    """Have the preview say how many move, who does not and why, and what would go off."""
    counts = Counter[Outcome]()
    for (outcome, _), rows in foresight.counts.items():
        counts[outcome] += rows
    failing = [
        (ForetoldRow(row_no=row.row_no, user_text=row.user_text, sku_text=sku_text), result)
        for row, result in foresight.rows
        if result.outcome is not Outcome.SUCCEEDED
    ]
    request.scope["state"]["forecast"] = Foretold(
        total=started.job.total,
        counts=counts,
        failing=tuple(failing[:ROWS_FORETOLD]),
        failing_count=started.job.total - counts[Outcome.SUCCEEDED],
    )
    plans = (await catalog_of(call)).service_plans
    sentences = [started.warning] if started.warning else []
    sentences += [
        gettext("%(name)s would go off for %(count)d of them.")
        % {"name": plans[plan].display_name, "count": people}
        for plan, people in foresight.surplus.items()
    ]
    note(request, sentences)


async def _form(
    call: Call, request: AnyRequest, form: Form, *, refusal: Refusal | None = None
) -> Response[bytes]:
    return page(
        request,
        "strategy_move.html",
        status=200 if refusal is None else status_of(refusal),
        form=form,
        error=None if refusal is None else refusal.detail,
        seats=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        surplus=tuple(Surplus),
        ways=(Strategy.MANUAL, Strategy.BULK, Strategy.REQUEST, Strategy.ON_DEMAND),
        kinds=(MoveKind.DIRECT_TO_GROUP, MoveKind.GROUP_TO_GROUP),
    )


STRATEGY_PAGES = (strategies, move_form, move_people)

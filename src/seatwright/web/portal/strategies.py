"""`/strategies`: the five ways, what is in use here, what is advised, and moving people over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from litestar import Response, get, post

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.group_licenses import GroupOrder, license_group
from seatwright.app.moves.foresee import MoveForesight
from seatwright.app.moves.orders import MoveCall, ResolvedMove, require_group_named, resolve_move
from seatwright.app.moves.start import StartedMove, start_move
from seatwright.app.moves.targets import groups_that_give
from seatwright.app.seats import list_seats
from seatwright.app.strategies import Advice, strategies_in_use
from seatwright.domain.assignments import Strategy
from seatwright.domain.bulk import UNCHANGED, BulkRow, RowResult
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Outcome
from seatwright.domain.moves import MoveKind, Surplus
from seatwright.domain.roles import Permission
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.web.portal.bulk.foretold import Foretold, Part
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs, require
from seatwright.web.portal.frame.forms import Form, NothingTicked
from seatwright.web.portal.frame.language import gettext, ngettext
from seatwright.web.portal.frame.pages import back_to, note, page, see
from seatwright.web.portal.frame.words import words
from seatwright.web.problems import status_of

PRODUCTS_MAX: Final = 1000
ROWS_FORETOLD: Final = 200
_ADMINISTRATORS_WAYS: Final = (Strategy.MANUAL.value, Strategy.BULK.value)
_EVERY_WAY: Final = (
    *_ADMINISTRATORS_WAYS,
    Strategy.REQUEST.value,
    Strategy.ON_DEMAND.value,
)
"""Whoever is named is meant, however they came by it."""
_BETWEEN: Final = re.compile(r"[,;\s]+")


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
async def move_form(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """From own assignments to a group, or from one group to another."""
    asked = request.query_params
    if asked.get("ticked") and not asked.get("user"):
        return back_to(asked.get("back") or "/users", unticked="yes")
    return await _form(call, request, Form(tuple(request.query_params.multi_items())))


@post("/strategies/move", opt=needs(Permission.MOVE), status_code=303)
async def move_people(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Move them without a gap, as a job; what cannot be done says why in the preview.

    With `step=choose` it only shows the form, for people who were ticked on another page, and with
    `step=groups` for the groups that give the product that was chosen. With `gives=yes` the group
    gives it from then on, in the same change.
    """
    form = form_of(request)
    step = form.text("step")
    if step == "choose" and not form.all("user"):
        raise NothingTicked
    if step == "groups":
        # A group that was named for another product must not be taken along.
        form = Form(form.beside("toGroup"))
    if step in {"choose", "groups"}:
        return await _form(call, request, form)
    try:
        sent = _sent(form)
        if _gives(form):
            await _give_to_group(call, sent)
        resolved = await resolve_move(call, sent)
        started = await start_move(call, resolved)
    except Refusal as refusal:
        return await _form(call, request, form, refusal=refusal)
    if started.foresight is not None:
        await _tell(call, request, started, started.foresight, resolved=resolved)
    return see(f"/bulk/{started.job.id}")


def _sent(form: Form) -> MoveCall:
    people = _people(form)
    is_whole = form.text("who") == "all"
    if is_whole and people:
        raise Refusal(
            Reason.INVALID_VALUE,
            gettext("People are named, and everybody is chosen: choose one of the two."),
        )
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


def _gives(form: Form) -> bool:
    return form.text("gives") == "yes"


async def _give_to_group(call: Call, sent: MoveCall) -> None:
    """Have the group that people join give the product that they have directly."""
    require(call, Permission.ASSIGN_TO_GROUPS)
    group = await require_group_named(call, sent.group or "", is_in_body=True)
    await license_group(call, str(group.id), GroupOrder(sku=sent.sku or ""))


def _people(form: Form) -> tuple[str, ...]:
    """Everybody who was typed in, and everybody who was ticked on the page before."""
    typed = (one for one in _BETWEEN.split(form.text("people") or "") if one)
    return tuple(dict.fromkeys((*typed, *form.all("user"))))


async def _tell(
    call: Call,
    request: AnyRequest,
    started: StartedMove,
    foresight: MoveForesight,
    *,
    resolved: ResolvedMove,
) -> None:
    """Have the preview say how many move, who does not and why, and what would go off."""
    counts = Counter[Outcome]()
    for (outcome, _), many in foresight.counts.items():
        counts[outcome] += many
    text = resolved.sku_text
    rows = [pair for pair in _lines_of(foresight, text) if pair[1].outcome is not Outcome.SUCCEEDED]
    waiting = [pair for pair in rows if pair[1].outcome is Outcome.WAITING]
    failing = [pair for pair in rows if pair[1].outcome is not Outcome.WAITING]
    count = started.job.total - counts[Outcome.SUCCEEDED] - counts[Outcome.WAITING]
    still = [pair for pair in _lines_of(foresight, text) if pair[1].effect in UNCHANGED]
    moved = counts[Outcome.SUCCEEDED] - foresight.unchanged
    parts = (
        Part(key="moved", count=moved, rows=await _moving(call, started, foresight)),
        Part(key="failing", count=count, rows=failing[:ROWS_FORETOLD]),
        Part(key="waiting", count=counts[Outcome.WAITING], rows=waiting[:ROWS_FORETOLD]),
        Part(key="nothing", count=foresight.unchanged, rows=still[:ROWS_FORETOLD]),
    )
    request.scope["state"]["forecast"] = Foretold(
        total=started.job.total,
        done=moved,
        parts=tuple(one for one in parts if one.count),
        waiting=counts[Outcome.WAITING],
        is_refused=False,
        ignored_columns=(),
        places={},
    )
    plans = (await catalog_of(call)).service_plans
    sentences = [started.warning] if started.warning else []
    sentences += [
        gettext("%(name)s would go off for %(count)d of them.")
        % {"name": plans[plan].display_name, "count": people}
        for plan, people in foresight.surplus.items()
    ]
    note(request, sentences)
    state = request.scope["state"]
    given = await _given(call, started) if _gives(form_of(request)) else None
    state["facts"] = _left_out(started)
    if given is not None:
        text = gettext(
            "%(group)s gives %(product)s from then on, to everybody in it now and later."
        )
        state["facts"] = (text % given, *state["facts"])
        state["tells_errors"] = True
    words = await _words(call, started, moved, given)
    state["form"] = form_of(request).having("words", words)


async def _moving(
    call: Call, started: StartedMove, foresight: MoveForesight
) -> list[tuple[BulkRow, RowResult]]:
    """Everybody who moves, each with what they join and what of theirs goes."""
    order = started.order
    numbers = [no for no in (order.old_group, order.new_group) if no is not None]
    groups = await group_labels(call.tx, numbers)
    known = {"new": groups[numbers[-1]].display_name, "old": groups[numbers[0]].display_name}
    text = gettext("Joins %(new)s and leaves %(old)s.")
    if order.old_sku is not None:
        known["product"] = (await catalog_of(call)).sku_name(order.old_sku)
        text = gettext("Joins %(new)s, and has %(product)s through it in place of directly.")
    moving = [
        (row, replace(one, message=one.message or text % known))
        for row, one in _lines_of(foresight, known.get("product", ""))
        if one.outcome is Outcome.SUCCEEDED and one.effect not in UNCHANGED
    ]
    return moving[:ROWS_FORETOLD]


def _lines_of(foresight: MoveForesight, text: str) -> list[tuple[BulkRow, RowResult]]:
    """The rows of a move as a preview shows rows."""
    return [
        (BulkRow(row_no=row.row_no, user_text=row.user_text, sku_text=text, sku=None), one)
        for row, one in foresight.rows
    ]


async def _given(call: Call, started: StartedMove) -> dict[str, str]:
    """The group that gives a product from then on, and the product."""
    group, sku = started.order.new_group, started.order.new_sku
    assert group is not None, "the form moves people to groups"
    assert sku is not None, "people keep the product that they have directly"
    label = (await group_labels(call.tx, (group,)))[group]
    return {"group": label.display_name, "product": (await catalog_of(call)).sku_name(sku)}


async def _words(
    call: Call, started: StartedMove, count: int, given: Mapping[str, str] | None
) -> str:
    """What the button below the preview does."""
    if given is not None:
        text = ngettext(
            "Give %(product)s to %(group)s, and move one person there",
            "Give %(product)s to %(group)s, and move %(count)s people there",
            count,
        )
        return text % {**given, "count": count}
    group = started.order.new_group
    assert group is not None, "the form moves people to groups"
    label = (await group_labels(call.tx, (group,)))[group]
    text = ngettext("Move one person to %(group)s", "Move %(count)s people to %(group)s", count)
    return text % {"count": count, "group": label.display_name}


def _left_out(started: StartedMove) -> tuple[str, ...]:
    """Who has the product directly in a way that was not chosen."""
    text = gettext("Left as they are, as that was not chosen: %(count)s who got it %(way)s.")
    return tuple(
        text % {"count": people, "way": words(way)} for way, people in started.left_out.items()
    )


async def _form(
    call: Call, request: AnyRequest, form: Form, *, refusal: Refusal | None = None
) -> Response[bytes]:
    sku = form.text("sku")
    people = _people(form)
    lacking = await _lacking(call, form, refusal)
    to_group = form.text("toGroup")
    return page(
        request,
        "strategy_move.html",
        status=200 if refusal is None else status_of(refusal),
        form=form,
        kind=MoveKind.GROUP_TO_GROUP
        if form.text("kind") == MoveKind.GROUP_TO_GROUP.value
        else MoveKind.DIRECT_TO_GROUP,
        people=people,
        # What was only tried is not so: the group does not give it yet.
        targets=[
            one
            for one in await groups_that_give(call, sku)
            if not _gives(form) or to_group not in {str(one.id), one.display_name}
        ],
        kept=form.beside("step", "proof", "digest", "gives", "back", "words"),
        ways_chosen=form.all("strategy") or (_EVERY_WAY if people else _ADMINISTRATORS_WAYS),
        error=None if refusal is None or lacking is not None else refusal.detail,
        lacking=lacking,
        product=await _product_named(call, sku),
        seats=await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX),
        surplus=tuple(Surplus),
        ways=(Strategy.MANUAL, Strategy.BULK, Strategy.REQUEST, Strategy.ON_DEMAND),
        kinds=(MoveKind.DIRECT_TO_GROUP, MoveKind.GROUP_TO_GROUP),
    )


async def _lacking(call: Call, form: Form, refusal: Refusal | None) -> GroupLabel | None:
    """The group that was named where it does not give the product yet, so that it could."""
    is_of_group = refusal is not None and refusal.reason is Reason.NOT_ASSIGNED
    is_of_group = is_of_group and form.text("kind") != MoveKind.GROUP_TO_GROUP.value
    named = form.text("toGroup")
    if not is_of_group or not named or not call.principal.may(Permission.ASSIGN_TO_GROUPS):
        return None
    return await require_group_named(call, named)


async def _product_named(call: Call, text: str | None) -> str:
    sku = None if text is None else (await catalog_of(call)).sku_by_text(text)
    return "" if sku is None else sku.display_name


STRATEGY_PAGES = (strategies, move_form, move_people)

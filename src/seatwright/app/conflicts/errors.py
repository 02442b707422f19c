"""Products that a rule keeps from people: which rule, and the single calls that would end it."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.conflicts.desk import Desk, desk_for, likeness
from seatwright.app.conflicts.rows import Conflict, Page, Wanted
from seatwright.app.why.fixes import Fix
from seatwright.app.why.sentences import denial_of
from seatwright.domain.conflicts import REASON_OF_KIND, ConflictKind
from seatwright.domain.why import Move, Question, account_of, clearing_moves
from seatwright.postgres.conflicts import errors_with

FIXES_MAX = 3

ROWS_AT_ONCE_MAX = 200
"""Fixes are tried out with the engine, so that a page takes no second; the list goes on."""

Memory = dict[object, tuple[Move, ...]]


async def errors_page(call: Call, kind: ConflictKind, wanted: Wanted) -> Page:
    """People and products with one kind of error, by product and person."""
    limit = min(wanted.limit, ROWS_AT_ONCE_MAX) if wanted.tries_fixes else wanted.limit
    found = await errors_with(
        call.tx,
        REASON_OF_KIND[kind],
        user=wanted.user,
        sku=wanted.sku,
        after=wanted.after,
        limit=limit + 1,
    )
    shown = found[:limit]
    pairs = [(user, sku) for sku, user in shown]
    desk = await desk_for(call, pairs, counts_members=wanted.tries_fixes)
    known: Memory | None = {} if wanted.tries_fixes else None
    rows = [
        _row(kind, desk, desk.question(user, sku), known)
        for sku, user in shown
        if user in desk.states and user in desk.people
    ]
    return Page(found=tuple(rows), after=shown[-1] if len(found) > len(shown) else None)


def _row(kind: ConflictKind, desk: Desk, question: Question, known: Memory | None) -> Conflict:
    sku, user = question.sku, question.user.user_no
    account = account_of(question)
    person = desk.named(user)
    return Conflict(
        kind=kind,
        key=(sku, user),
        sku=sku,
        person=person,
        sentence=denial_of(
            question, REASON_OF_KIND[kind], who=person.display_name, catalog=desk.catalog
        ),
        clashes=account.clashes if kind is ConflictKind.EXCLUSION else (),
        needs=tuple(need for need in account.needs if not need.supplied_by)
        if kind is ConflictKind.DEPENDENCY_MISSING
        else (),
        fixes=() if known is None else _fixes(desk, question, known),
    )


def _fixes(desk: Desk, question: Question, known: Memory) -> tuple[Fix, ...]:
    """The gentlest moves that end the error; people who are alike are worked out once."""
    like = likeness(question)
    if like not in known:
        remedies = clearing_moves(question)[:FIXES_MAX]
        known[like] = tuple(move for remedy in remedies for move in remedy.moves)
    fixes = (fix for move in known[like] for fix in desk.fixes(question, (move,)))
    return tuple(fixes)

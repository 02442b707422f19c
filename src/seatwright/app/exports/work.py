"""What is under way as files: jobs and their rows, held removals, conflicts, ways in use."""

from __future__ import annotations

from typing import Final

from seatwright.app import jobs
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts import About, conflict_kind, list_conflicts
from seatwright.app.conflicts import Place as ConflictPlace
from seatwright.app.exports.lists import (
    COUNT,
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    needed,
    number_after,
    number_before,
    page_of_list,
    whole,
)
from seatwright.app.held_changes import HeldSeen, list_held_changes, people_of_held
from seatwright.app.strategies import strategies_in_use
from seatwright.app.templates import list_page as list_templates
from seatwright.domain.assignments import Strategy
from seatwright.domain.brake import HeldState
from seatwright.domain.bulk import row_choice
from seatwright.domain.catalog import lookup_key
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import ListName
from seatwright.domain.jobs import Job
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission
from seatwright.postgres.held_read import HeldPerson
from seatwright.postgres.job_rows import StoredRow
from seatwright.postgres.templates import StoredTemplate

_STATES: Final = {one.value: one for one in HeldState}


async def _jobs(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await jobs.list_jobs(call, before=number_before(after), limit=limit, state=None)

    def cells(one: Job) -> Cells:
        return (
            str(one.id),
            one.kind.value,
            one.state.value,
            one.total,
            one.changed,
            one.unchanged,
            one.failed,
            one.waiting,
            one.created_at,
            one.finished_at,
            one.error,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.job_no,))


async def _job_rows(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    id_ = parse_id(needed(asked, "job"))
    if id_ is None:
        raise Refusal(Reason.INVALID_VALUE, "The address names no job: export it from its page.")
    job = await jobs.get_job(call, id_)
    found = await jobs.list_job_rows(
        call,
        job,
        after=None if after is None else int(after[0]),
        limit=limit,
        chosen=row_choice(asked.get("show", "")),
    )

    def cells(one: StoredRow) -> Cells:
        outcome = None if one.outcome is None else str(one.outcome)
        action = one.action.value
        effect = None if one.effect is None else one.effect.value
        said = (outcome, one.reason, one.message, effect)
        return (one.row_no, one.user_text, one.sku_text, action, *said)

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.row_no,))


async def _held(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    show = asked.get("show", "")
    found = await list_held_changes(
        call,
        state=None if show == "all" else _STATES.get(show, HeldState.PENDING),
        before=number_before(after),
        limit=limit,
    )

    def cells(one: HeldSeen) -> Cells:
        return (
            str(one.held.id),
            one.sku.part_number,
            one.held.people,
            one.held.state.value,
            one.made_by[1],
            one.held.made_at,
            one.held.sentence,
            None if one.decided_by is None else one.decided_by[1],
            one.held.decided_at,
        )

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.held.held_no,))


async def _held_people(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    id_ = parse_id(needed(asked, "held"))
    if id_ is None:
        raise Refusal(Reason.INVALID_VALUE, "The address names no held change.")
    found = await people_of_held(call, id_, after=number_after(after), limit=limit)

    def cells(one: HeldPerson) -> Cells:
        outcome = None if one.outcome is None else str(one.outcome.value)
        return (one.upn, one.display_name, outcome, one.message)

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.user_no,))


async def _conflicts(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    kind = asked.get("kind")
    resume = None
    if after is not None:
        of_kind = conflict_kind(str(after[0]))
        resume = ConflictPlace(kind=of_kind, after=(int(after[1]), int(after[2])))
    found = await list_conflicts(
        call,
        About(
            kind=None if kind is None else conflict_kind(kind),
            person=asked.get("user"),
            product=asked.get("product"),
        ),
        resume=resume,
        limit=limit,
        only_tells=True,
    )
    skus = (await catalog_of(call)).skus
    place = found.resume
    return ReportSlice(
        rows=tuple(
            (
                one.kind.value,
                None if one.person is None else one.person.upn,
                skus[one.sku].part_number,
                one.sentence,
            )
            for one in found.found
        ),
        place=None if place is None else (place.kind.value, *place.after),
    )


async def _strategies(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    used = await strategies_in_use(call)
    return whole((way.value, used.counts.get(way, 0), used.total) for way in Strategy)


async def _templates(call: Call, _asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    catalog = await catalog_of(call)
    found = await list_templates(call, after="" if after is None else str(after[0]), limit=limit)

    def cells(one: StoredTemplate) -> Cells:
        products = [catalog.skus[product.sku_no].part_number for product in one.products]
        return (str(one.template_id), one.name, one.description, " ".join(products), one.created_at)

    return page_of_list(found, limit, cells=cells, place=lambda one: (lookup_key(one.name),))


WORK_LISTS: Final = (
    ListFile(
        name=ListName.JOBS,
        permission=Permission.READ_JOBS,
        columns=columns_of(
            "id",
            "kind",
            "state",
            ("rows", COUNT),
            ("done", COUNT),
            ("unchanged", COUNT),
            ("failed", COUNT),
            ("waiting", COUNT),
            ("createdAt", MOMENT),
            ("finishedAt", MOMENT),
            "error",
        ),
        filters=(),
        read=_jobs,
    ),
    ListFile(
        name=ListName.JOB_ROWS,
        permission=Permission.READ_JOBS,
        columns=columns_of(
            ("row", COUNT), "user", "sku", "action", "outcome", "reason", "message", "effect"
        ),
        filters=("job", "show"),
        read=_job_rows,
    ),
    ListFile(
        name=ListName.HELD,
        permission=Permission.READ_LICENSES,
        columns=columns_of(
            "id",
            "skuPartNumber",
            ("people", COUNT),
            "state",
            "madeBy",
            ("madeAt", MOMENT),
            "why",
            "decidedBy",
            ("decidedAt", MOMENT),
        ),
        filters=("show",),
        read=_held,
    ),
    ListFile(
        name=ListName.HELD_PEOPLE,
        permission=Permission.READ_LICENSES,
        columns=columns_of("userPrincipalName", "displayName", "outcome", "message"),
        filters=("held",),
        read=_held_people,
    ),
    ListFile(
        name=ListName.CONFLICTS,
        permission=Permission.READ_LICENSES,
        columns=columns_of("kind", "userPrincipalName", "skuPartNumber", "conflict"),
        filters=("kind", "user", "product"),
        read=_conflicts,
    ),
    ListFile(
        name=ListName.STRATEGIES,
        permission=Permission.READ_LICENSES,
        columns=columns_of("strategy", ("licenses", COUNT), ("lookedAt", COUNT)),
        filters=(),
        read=_strategies,
    ),
    ListFile(
        name=ListName.TEMPLATES,
        permission=Permission.READ_TEMPLATES,
        columns=columns_of("id", "name", "description", "products", ("createdAt", MOMENT)),
        filters=(),
        read=_templates,
    ),
)

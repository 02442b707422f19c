"""Files of long lists: asked for, looked at, stopped and deleted by whoever wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.exports.catalog import list_named
from seatwright.app.exports.lists import Asked, ListFile
from seatwright.app.jobs import get_job, start_job
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import EXPORTS_KEPT, INLINE_ROWS_MAX, KEPT_MAX, OPEN_MAX, FileKind
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place
from seatwright.domain.roles import Role, permissions_of, roles_permitting
from seatwright.domain.tenants import Principal
from seatwright.postgres.jobs import ask_to_cancel
from seatwright.postgres.queue import wake_worker
from seatwright.postgres.reports.exports import (
    forget_exports,
    hold_exports,
    own_export,
    own_exports,
    roles_of_sessions,
)
from seatwright.postgres.reports.runs import NewRun, StoredRun, delete_run, insert_run, run_of_job

LIST_HEAD: Final = "list:"
"""Before the name of a list where a run names its report: reports have names of their own."""

SLICE_ROWS: Final = 1_000
SECONDS_MAX: Final = 2.0
"""How long a list is read while somebody waits for its page."""

FORGOTTEN_AT_ONCE_MAX: Final = 50

_ROLES: Final = "roles"
_LENT: Final = "rolesOfSession"
"""Beside all roles of whoever asked: those that an identity provider gave to their session."""


async def short_rows(call: Call, file: ListFile, asked: Asked) -> list[Cells] | None:
    """All rows of a list of up to 10,000; None for a longer one, of which no more is read.

    None too for one that is not read in a few seconds: nobody waits longer for a page.
    """
    rows: list[Cells] = []
    place: Place | None = None
    clock = asyncio.get_running_loop().time
    begun = clock()
    while True:
        found = await file.read(call, asked, place, min(SLICE_ROWS, INLINE_ROWS_MAX + 1))
        rows += found.rows
        place = found.place
        if len(rows) > INLINE_ROWS_MAX or (place is not None and clock() - begun > SECONDS_MAX):
            return None
        if place is None:
            return rows


async def start_export(
    call: Call, file: ListFile, kind: FileKind, given: Mapping[str, str]
) -> StoredRun:
    """Have a worker make a file of a list, with the filters that its address has.

    It reads what the caller may see now. The same file in the making is given: a double click
    orders once. Raises Refusal tooManyExports, roleMissing, and what the
    list itself refuses.
    """
    require_list(call, file)
    asked = file.asked_of(given)
    await file.read(call, asked, None, 1)
    await hold_exports(call.tx, call.principal.principal_no)
    there = await list_exports(call)
    lent = await roles_of_sessions(call.tx, call.principal.principal_no, at=call.now)
    params = {
        "list": file.name.value,
        _ROLES: [role.value for role in call.principal.roles],
        _LENT: [role.value for role in call.principal.roles if role in lent],
    }
    for one in there:
        is_like = asked_by(one) == asked and one.with_workbook is (kind is FileKind.XLSX)
        if is_like and await _is_making(call, one, params):
            return one
    _refuse_too_many(there)
    job = await start_job(call, JobKind.EXPORT, params=params, total=0)
    await insert_run(
        call.tx,
        NewRun(
            id=uuid4(),
            report=LIST_HEAD + file.name.value,
            parameters=asked,
            with_workbook=kind is FileKind.XLSX,
            job_no=job.job_no,
            principal_no=call.principal.principal_no,
            created_at=call.now,
            is_export=True,
        ),
    )
    run = await run_of_job(call.tx, job.job_no)
    assert run is not None, "it was stored above"
    return run


async def record_taken(
    call: Call, file: ListFile, kind: FileKind, asked: Asked, *, rows: int
) -> None:
    """Write into the history that the caller has a list as a file: which, and how many rows.

    What it was searched for is left out, for that may be a name, which an erasure could not blank.
    """
    product = asked.get("product") or asked.get("sku")
    sku = (await catalog_of(call)).sku_by_text(product) if product else None
    detail = {"list": file.name.value, "file": kind.value, "rows": rows}
    if "day" in asked:
        detail["day"] = asked["day"]
    line = HistoryLine(
        action=HistoryAction.EXPORTED, sku=None if sku is None else sku.sku_no, detail=detail
    )
    await record(call, line)


async def _is_making(call: Call, run: StoredRun, params: Mapping[str, object]) -> bool:
    """Whether a file is being made of the same list, with the same roles, and not to be stopped."""
    if run.state.is_final:
        return False
    job = await get_job(call, run.job_id)
    return job.params == params and not job.is_cancel_asked


def _refuse_too_many(there: Sequence[StoredRun]) -> None:
    making = sum(not one.state.is_final for one in there)
    if making >= OPEN_MAX:
        raise Refusal(
            Reason.TOO_MANY_EXPORTS,
            f"{making} files of yours are being made: wait until one is done, or stop one.",
        )
    if len(there) >= KEPT_MAX:
        raise Refusal(
            Reason.TOO_MANY_EXPORTS,
            f"You have {len(there)} files: delete one that you do not need any more.",
        )


def require_list(call: Call, file: ListFile) -> None:
    """Refuse a list that the caller may not read, naming the roles that may."""
    permission = file.permission
    if permission is None or call.principal.may(permission):
        return
    needed = [role.value for role in roles_permitting(permission)]
    raise Refusal(
        Reason.ROLE_MISSING,
        f"You may not {permission.value}. Ask an administrator for one of these roles:"
        f" {', '.join(needed)}.",
        context={"rolesNeeded": needed},
    )


async def list_exports(call: Call) -> list[StoredRun]:
    """The files of the caller, newest first; they never have more than a page shows."""
    since = call.now - EXPORTS_KEPT
    return await own_exports(call.tx, call.principal.principal_no, since=since, limit=KEPT_MAX)


async def get_export(call: Call, job_id: UUID) -> StoredRun:
    """A file of the caller, whatever it is at.

    Raises Refusal unknownExport for somebody else's too: not even that it is there is told.
    """
    principal, since = call.principal.principal_no, call.now - EXPORTS_KEPT
    run = await own_export(call.tx, principal, job_id, since=since)
    if run is None:
        raise Refusal(
            Reason.UNKNOWN_EXPORT,
            f"You have no file {job_id}: files are kept {EXPORTS_KEPT.days} days, and only whoever"
            " asked for one has it. Export the list again from its page.",
        )
    return run


async def stop_export(call: Call, job_id: UUID) -> None:
    """Have a file made no further. Raises Refusal unknownExport, alreadyDecided, stillRunning."""
    run = await get_export(call, job_id)
    if run.state.is_final:
        raise Refusal(
            Reason.ALREADY_DECIDED, f"The file is not in the making: it is {run.state.value}."
        )
    if run.is_gathered:
        # The worker holds the job until the workbook is stored, and asking would wait as long.
        raise Refusal(
            Reason.STILL_RUNNING,
            "The workbook is being written and is done in a moment: delete it then.",
        )
    await ask_to_cancel(call.tx, run.job_no)
    await wake_worker(call.tx, run.job_no)


async def remove_export(call: Call, job_id: UUID) -> None:
    """Forget a file before its time. Raises Refusal unknownExport, stillRunning."""
    run = await get_export(call, job_id)
    if not run.state.is_final:
        raise Refusal(Reason.STILL_RUNNING, "The file is in the making: stop that first.")
    await delete_run(call.tx, run.run_no)


async def forget_old_exports(call: Call) -> bool:
    """Forget some files that are older than a week; False when there were none."""
    before = call.now - EXPORTS_KEPT
    return await forget_exports(call.tx, before=before, limit=FORGOTTEN_AT_ONCE_MAX) > 0


def list_of(run: StoredRun) -> ListFile | None:
    """The list that a run is of; None for one that there is no more."""
    return list_named(run.report.removeprefix(LIST_HEAD))


def asked_by(run: StoredRun) -> Asked:
    """The filters that a run was asked for with."""
    return {name: str(value) for name, value in run.parameters.items()}


def as_asked(call: Call, job: Job, run: StoredRun) -> Call:
    """The call of a job as whoever asked saw the list: with their roles, and at that moment."""
    roles = _roles_in(job, _ROLES)
    return replace(call, principal=replace(call.principal, roles=roles), now=run.created_at)


def as_permitted(call: Call, job: Job) -> Call:
    """The call of a job with what whoever asked has now: the roles that are stored with them.

    Roles that an identity provider gave are those of a session, and no job has one: they count as
    they were when the file was asked for.
    """
    roles = tuple({*call.principal.roles, *_roles_in(job, _LENT)})
    return replace(call, principal=replace(call.principal, roles=roles))


def may_less(principal: Principal, job: Job) -> bool:
    """Whether somebody may do less than when they asked for a file.

    Rows of many lists are cut by other permissions than the list's own, so that no single one says
    whether the file has too many.
    """
    return not permissions_of(_roles_in(job, _ROLES)) <= permissions_of(principal.roles)


async def require_as_asked(call: Call, run: StoredRun) -> None:
    """Refuse a file that may show more than its owner may see now."""
    job = await get_job(call, run.job_id)
    if may_less(call.principal, job):
        raise Refusal(
            Reason.ROLE_MISSING,
            "Your roles are fewer than when you asked for this file, so that it may show what you"
            " may not see any more: export the list again.",
        )


def _roles_in(job: Job, name: str) -> tuple[Role, ...]:
    given = job.params.get(name)
    return tuple(Role(one) for one in given) if isinstance(given, list) else ()

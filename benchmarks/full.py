"""R1, R4, R6 and R7: a full reconcile from the first read to the last commit, with its history."""

from __future__ import annotations

import ctypes
import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.report import Figure, against_floor
from benchmarks.stand import Stand
from benchmarks.town import copy_in, perturb
from seatwright.app import reconcile_many as door
from seatwright.app.full_reconcile import start_full
from seatwright.app.jobs import get_job
from seatwright.app.work import Workshop, work_job
from seatwright.domain.jobs import JobState
from seatwright.domain.reconcile.columns import ColumnSnapshot, PlanSets
from seatwright.domain.reconcile.many_changes import ManyOutcome
from seatwright.postgres.bulk_read import read_everybody
from seatwright.postgres.pool import Database

ROUNDS: Final = 3

# The denominator of R1, as `performance.md` §G fixes it.
_OUT: Final = (
    "select user_no, group_no, since from membership where tenant_id = {} order by 1, 2",
    "select * from assignment where tenant_id = {} order by assignment_no",
    "select * from effective_license where tenant_id = {} order by user_no, sku_no",
)
# What a load reads, as the server alone gives it.
_LOADED: Final = (
    """select user_no, usage_location, deleted_at is not null from app_user
        where tenant_id = {} order by 1""",
    "select user_no, group_no, since from membership where tenant_id = {} order by 1, 2",
    """select user_no, sku_no, disabled_set, strategy, priority, created_at, starts_at, expires_at,
              source_kind, source_no from assignment
        where tenant_id = {} and user_no is not null order by 1, 2""",
    """select user_no, sku_no, enabled_set, source_kind, source_no from effective_license
        where tenant_id = {} order by 1, 2""",
    """select user_no, sku_no, source_kind, source_no, reason, priority, waiting_since
         from license_error where tenant_id = {} order by 1, 2, 3, 4""",
)
_WRITTEN: Final = """
select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables
 where relname in ('effective_license', 'license_error', 'license_interval', 'sku_pool')
    or relname like 'history_event%'
"""


@dataclass(slots=True)
class Split:
    """One run: how long it read, decided and wrote, and what it came to."""

    read: float = 0.0
    decide: float = 0.0
    write: float = 0.0
    changes: int = 0
    bytes_above_input: int = 0

    @property
    def wall(self) -> float:
        """From the first read to the last commit."""
        return self.read + self.decide + self.write


def measure(made: Stand) -> list[Figure]:
    """Run the rounds, each beside its floor."""
    runs, floors = [], []
    _perturbed_run(made, turn=1)
    for turn in range(2, 2 + ROUNDS):
        perturb(made.owner, made.town, turn=turn)
        out = _timed(lambda: _copy_out(made, _OUT))
        runs.append(_run(made))
        floors.append(out + _timed(partial(_copy_back, made, runs[-1].changes)))
    last = runs[len(runs) // 2]
    people = made.town.people
    return [
        against_floor(
            f"R1 full reconcile of {people:,}",
            unit="s",
            measured=[run.wall for run in runs],
            floor=floors,
            target=4.0,
            note=f"read {last.read:.2f}, decide {last.decide:.2f}, write {last.write:.2f} s;"
            f" {last.changes:,} changes; brake off",
        ),
        Figure(
            name=f"R4 memory over the input, {people:,}",
            unit="bytes a person",
            measured=max(run.bytes_above_input for run in runs) / people,
            ratio=max(run.bytes_above_input for run in runs) / people,
            target=1_100,
        ),
        _load(made),
        _nothing(made),
    ]


def _perturbed_run(made: Stand, *, turn: int) -> None:
    perturb(made.owner, made.town, turn=turn)
    _run(made)


def _run(made: Stand) -> Split:
    """A full reconcile as a worker does it."""
    split = Split()

    async def work(database: Database) -> None:
        async with made.call(database) as call:
            job = await start_full(call)
        await work_job(
            Workshop(database=database, clock=made.clock), made.town.tenant_id, job.job_no
        )
        async with made.call(database) as call:
            assert (await get_job(call, job.id)).state is JobState.COMPLETED

    with _watched(split):
        begun = time.perf_counter()
        made.run(work)
        split.write = time.perf_counter() - begun - split.read - split.decide
    return split


@contextmanager
def _watched(split: Split) -> Iterator[None]:
    """Note when the door reads and when it decides; what is left of a run is writing."""
    # In the module that calls them: the door itself shall not know that it is watched.
    names = vars(door)
    reading, deciding = names["read_everybody"], names["reconcile_many"]

    async def read(*given: Any) -> Any:
        begun = time.perf_counter()
        found = await reading(*given)
        split.read += time.perf_counter() - begun
        return found

    def decide(snapshot: ColumnSnapshot) -> ManyOutcome:
        _give_back()
        before, begun = _resident("VmRSS"), time.perf_counter()
        outcome: ManyOutcome = deciding(snapshot)
        split.decide += time.perf_counter() - begun
        split.bytes_above_input = max(split.bytes_above_input, _resident("VmHWM") - before)
        split.changes += len(outcome.licenses.user_no) + len(outcome.errors.user_no)
        return outcome

    names.update(read_everybody=read, reconcile_many=decide)
    try:
        yield
    finally:
        names.update(read_everybody=reading, reconcile_many=deciding)


def _give_back() -> None:
    """Give what was freed back to the system, and have it count this process's peak from now on.

    Else a later run lives in the memory that an earlier one left behind, and seems to need none.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _resident(name: str) -> int:
    """A size of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _copy_out(made: Stand, queries: tuple[str, ...]) -> None:
    for query in queries:
        text = f"copy ({query.format(made.town.tenant_id)}) to stdout (format binary)"
        with made.owner.cursor().copy(text.encode()) as copy:
            for _ in copy:
                pass


def _copy_back(made: Stand, changes: int) -> None:
    """Twice the rows of the changes into a bare table that is logged and has no index."""
    made.owner.execute("drop table if exists bare")
    made.owner.execute("create table bare (a int4, b int4, c int4, d int4, e int2, f int8)")
    numbers = np.arange(2 * changes, dtype=np.int32)
    small, large = numbers.astype(np.int16), numbers.astype(np.int64)
    copy_in(made.owner, "bare", numbers, numbers, numbers, numbers, small, large)


def _load(made: Stand) -> Figure:
    """Reading everything, beside what the server alone needs to give it."""

    async def load(database: Database) -> float:
        async with database.snapshot(made.town.tenant_id) as tx:
            begun = time.perf_counter()
            await read_everybody(tx, PlanSets())
            return time.perf_counter() - begun

    def alone() -> None:
        for query in _LOADED:
            text = query.format(made.town.tenant_id)
            made.admin.execute(f"copy ({text}) to '/dev/null' (format binary)".encode())

    measured, floor = [], []
    for _ in range(ROUNDS):
        measured.append(made.run(load))
        floor.append(_timed(alone))
    return against_floor(
        f"R6 load of {made.town.people:,}", unit="s", measured=measured, floor=floor, target=1.25
    )


def _nothing(made: Stand) -> Figure:
    """A look at a town where all is as it should be."""
    before = _rows_written(made)
    seconds = [_run(made).wall for _ in range(ROUNDS)]
    # The history row that tells who asked for a full reconcile is none that it writes itself.
    written = _rows_written(made) - before - ROUNDS
    return Figure(
        name=f"R7 full reconcile of {made.town.people:,} without a change",
        unit="rows written",
        measured=written,
        ratio=written,
        target=0,
        note=f"{statistics.median(seconds):.2f} s",
    )


def _rows_written(made: Stand) -> int:
    # What a backend counted is told when it ends or is idle for a while; connections have closed.
    time.sleep(1.5)
    row = made.admin.execute(_WRITTEN.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun

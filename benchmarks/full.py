"""R1, R4, R6, R7 and I2: reconciles of a whole town, and of a tenth of it.

Each is measured from the call that asks for it to the last commit, history included, as a worker
does it.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np

from benchmarks.memory import give_back, resident
from benchmarks.report import Figure, against_floor
from benchmarks.stand import Stand
from benchmarks.town import TENTH, copy_in, perturb
from seatwright.app import reconcile_many as door
from seatwright.app.call import Call
from seatwright.app.full_reconcile import start_full
from seatwright.app.group_licenses import GroupOrder, license_group
from seatwright.app.jobs import get_job
from seatwright.app.work import Workshop, work_job
from seatwright.domain.jobs import Job, JobState
from seatwright.domain.reconcile.columns import ColumnSnapshot, PlanSets
from seatwright.domain.reconcile.many_changes import ManyOutcome
from seatwright.domain.reconcile.reading import PeopleRead
from seatwright.postgres.bulk_read import read_everybody
from seatwright.postgres.journal import sign
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
    """One run: how long it took, read and decided, and what it came to.

    `unmeasured` is what the watching itself took.
    """

    wall: float = 0.0
    read: float = 0.0
    decide: float = 0.0
    unmeasured: float = 0.0
    changes: int = 0
    bytes_above_input: int = 0

    @property
    def parts(self) -> Mapping[str, float]:
        """The seconds of reading, deciding and writing; whatever is left is writing."""
        return {
            "read": self.read,
            "decide": self.decide,
            "write": self.wall - self.read - self.decide,
        }


def measure(made: Stand) -> Iterator[Figure]:
    """Run the rounds, each beside its floor."""
    runs, floors, tenths = [], [], []
    perturb(made.owner, made.town, turn=1)
    _full(made)
    _tenth(made, turn=0)
    for turn in range(1, 1 + ROUNDS):
        perturb(made.owner, made.town, turn=1 + turn)
        out = _timed(lambda: _copy_out(made, _OUT))
        runs.append(_full(made))
        floors.append(out + _timed(partial(_copy_back, made, runs[-1].changes)))
        tenths.append(_tenth(made, turn=turn))
    yield _reconciled(
        made,
        runs,
        against_floor(
            "R1 full reconcile",
            unit="s",
            measured=[run.wall for run in runs],
            floor=floors,
            target=4.0,
            note="brake off",
        ),
    )
    yield _memory(made, runs)
    yield _reconciled(
        made,
        tenths,
        against_floor(
            "I2 a tenth of the people get a product",
            unit="s",
            measured=[run.wall for run in tenths],
            floor=[run.wall for run in runs],
            target=0.35,
            note="floor = full reconcile; brake off",
        ),
    )
    yield _load(made)
    yield _nothing(made)


def _reconciled(made: Stand, runs: Sequence[Split], figure: Figure) -> Figure:
    """Add the size, the changes and the split of the middle run."""
    middle = sorted(runs, key=lambda run: run.wall)[len(runs) // 2]
    return replace(
        figure,
        people=made.town.people,
        note=f"{middle.changes:,} changes; {figure.note}",
        split=middle.parts,
    )


def _memory(made: Stand, runs: Sequence[Split]) -> Figure:
    bytes_each = max(run.bytes_above_input for run in runs) / made.town.people
    return Figure(
        name="R4 memory of a decision over its input",
        unit="bytes a person",
        measured=bytes_each,
        ratio=bytes_each,
        target=1_100,
        people=made.town.people,
    )


def _full(made: Stand) -> Split:
    """A full reconcile as a worker does it."""

    async def start(call: Call) -> Job:
        return await start_full(call)

    return _worked(made, start)


def _tenth(made: Stand, *, turn: int) -> Split:
    """The group of a tenth of the people gets a product that it does not have yet."""
    row = made.owner.execute(
        "select id from app_group where tenant_id = %s and group_no = %s",
        (made.town.tenant_id, TENTH),
    ).fetchone()
    assert row is not None, "the town has the group"
    sku = made.town.catalog.skus[made.town.ample_products[1 + turn]]
    order = GroupOrder(sku=sku.part_number)

    async def start(call: Call) -> Job:
        await sign(call.tx, call.correlation, principal=call.principal.principal_no, at=call.now)
        licensed = await license_group(call, str(row[0]), order)
        assert licensed.job is not None, "a tenth of the people are many"
        return licensed.job

    return _worked(made, start)


def _worked(made: Stand, start: Callable[[Call], Awaitable[Job]]) -> Split:
    """Start a job and work it to its end; what is neither reading nor deciding is writing."""
    split = Split()

    async def work(database: Database) -> None:
        begun = time.perf_counter()
        async with made.call(database) as call:
            job = await start(call)
        await work_job(
            Workshop(database=database, clock=made.clock), made.town.tenant_id, job.job_no
        )
        split.wall = time.perf_counter() - begun - split.unmeasured
        async with made.call(database) as call:
            assert (await get_job(call, job.id)).state is JobState.COMPLETED

    with _watched(split):
        made.run(work)
    return split


@contextmanager
def _watched(split: Split) -> Iterator[None]:
    """Note when the door reads and when it decides."""
    # In the module that calls them: the door itself shall not know that it is watched.
    names = vars(door)
    everybody, listed, deciding = (
        names[name] for name in ("read_everybody", "read_listed", "reconcile_many")
    )

    def reading(read: Callable[..., Awaitable[PeopleRead]]) -> Callable[..., Awaitable[PeopleRead]]:
        async def timed(*given: Any) -> PeopleRead:
            begun = time.perf_counter()
            found = await read(*given)
            split.read += time.perf_counter() - begun
            return found

        return timed

    def decide(snapshot: ColumnSnapshot) -> ManyOutcome:
        begun = time.perf_counter()
        give_back()
        before = resident("VmRSS")
        split.unmeasured += time.perf_counter() - begun
        begun = time.perf_counter()
        outcome: ManyOutcome = deciding(snapshot)
        split.decide += time.perf_counter() - begun
        split.bytes_above_input = max(split.bytes_above_input, resident("VmHWM") - before)
        split.changes = len(outcome.licenses.user_no) + len(outcome.errors.user_no)
        return outcome

    names.update(
        read_everybody=reading(everybody), read_listed=reading(listed), reconcile_many=decide
    )
    try:
        yield
    finally:
        names.update(read_everybody=everybody, read_listed=listed, reconcile_many=deciding)


def _copy_out(made: Stand, queries: tuple[str, ...]) -> None:
    """COPY out as the owner, to a client in C: psycopg would make a Python object of each row."""
    asked = [
        f"copy ({query.format(made.town.tenant_id)}) to stdout (format binary)" for query in queries
    ]
    commands = [part for text in asked for part in ("-c", text)]
    subprocess.run(
        [made.psql, "-X", "-q", made.urls.owner, *commands], stdout=subprocess.DEVNULL, check=True
    )


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
    figure = against_floor(
        "R6 load",
        unit="s",
        measured=measured,
        floor=floor,
        target=1.25,
        note="floor = COPY of the same columns by the server alone",
    )
    return replace(figure, people=made.town.people)


def _nothing(made: Stand) -> Figure:
    """A look at a town where all is as it should be."""
    before = _rows_written(made)
    seconds = [_full(made).wall for _ in range(ROUNDS)]
    # The history row that tells who asked for a full reconcile is none that it writes itself.
    written = _rows_written(made) - before - ROUNDS
    return Figure(
        name="R7 full reconcile without a change",
        unit="rows written",
        people=made.town.people,
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

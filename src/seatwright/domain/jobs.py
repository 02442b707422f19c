"""Jobs: work in the background with a state, and an outcome for each of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from seatwright.domain.ids import JobNo, PrincipalNo


class JobState(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing more will happen to the job."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}


class JobKind(StrEnum):
    """What a job works on."""

    BULK = "bulk"
    """Rows of people and products."""

    RULES = "rules"
    """People whom the rules of dynamic groups take in, or no longer do."""

    REPORT = "report"
    """Rows of a report that somebody asked for, or that is due."""

    EXPORT = "export"
    """Rows of a list that somebody wants as a file."""

    RECONCILE = "reconcile"
    """People who are to be looked at: members of groups, holders of products, or all."""

    MOVE = "move"
    """People who change the way they come by a license, or the product, without a gap."""

    DECISION = "decision"
    """People whose removals were held, and are approved or rejected."""

    UNDO = "undo"
    """Wishes of an earlier call or job that are put back as they were."""


class RowAction(StrEnum):
    """What a row of a job does for its person."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"


class Outcome(StrEnum):
    """What became of one row of a job."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WAITING = "waiting"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is stored; `position` is where a worker goes on after a crash.

    `unchanged` counts those rows among `succeeded` that were as they should be already.
    """

    job_no: JobNo
    id: UUID
    kind: JobKind
    state: JobState
    params: Mapping[str, object]
    total: int
    done: int
    succeeded: int
    unchanged: int
    failed: int
    waiting: int
    position: int
    is_cancel_asked: bool
    error: str | None
    principal_no: PrincipalNo
    correlation: UUID
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def changed(self) -> int:
        """How many rows changed something."""
        return self.succeeded - self.unchanged

    @property
    def left(self) -> int:
        """How many rows nobody looked at, yet or ever."""
        return max(0, self.total - self.done)

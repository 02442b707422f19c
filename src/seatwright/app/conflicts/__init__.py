"""Conflicts: what people have twice, lack, or have in two ways, each with what would end it."""

from seatwright.app.conflicts.duplicates import Duplicates, duplicates_of, list_duplicates
from seatwright.app.conflicts.listing import (
    About,
    ConflictsPage,
    Place,
    Summary,
    conflict_kind,
    list_conflicts,
    summarize,
)
from seatwright.app.conflicts.rows import Conflict

__all__ = [
    "About",
    "Conflict",
    "ConflictsPage",
    "Duplicates",
    "Place",
    "Summary",
    "conflict_kind",
    "duplicates_of",
    "list_conflicts",
    "list_duplicates",
    "summarize",
]

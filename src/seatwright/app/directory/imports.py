"""What every import of the directory has in common: choices, counts, and the brake on removals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from seatwright.app.call import Call
from seatwright.app.directory.named import NamedChange
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.people_file import RowNote
from seatwright.domain.settings import setting_value
from seatwright.postgres.statistics import refresh_statistics

REMOVALS_ALWAYS_ALLOWED: Final = 10
"""In a small tenant a few per cent are nobody; so many never stop an import."""


class ImportMode(StrEnum):
    """Merge leaves alone whom the file does not name; replace disables or removes them."""

    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoices:
    """How to import, and whether removals beyond the tenant's limit are meant."""

    mode: ImportMode = ImportMode.MERGE
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import did, or in a preview would do.

    Rows: `total` = `created` + `updated` + `unchanged` + errors. `renamed` of those updated got
    another UPN; `disabled` people and `removed` members count what the file, or not being in it,
    took away. `warnings` are about rows that were taken all the same. `stops_above` is there in a
    preview that takes away more than it: so many may go without being confirmed. `named` are the
    first of those whom the counts are about.
    """

    kind: str
    total: int
    created: int = 0
    updated: int = 0
    renamed: int = 0
    unchanged: int = 0
    disabled: int = 0
    removed: int = 0
    errors: tuple[RowNote, ...] = ()
    warnings: tuple[RowNote, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    is_preview: bool = False
    stops_above: int | None = None
    named: tuple[NamedChange, ...] = ()

    def counts(self) -> dict[str, int]:
        """The numbers, as the history and a stopped import tell them."""
        return {
            "total": self.total,
            "created": self.created,
            "updated": self.updated,
            "renamed": self.renamed,
            "unchanged": self.unchanged,
            "disabled": self.disabled,
            "removed": self.removed,
            "errors": len(self.errors),
        }


def removals_allowed(settings: Mapping[str, object], there_are: int) -> int:
    """How many an import may remove or disable without being confirmed."""
    most = setting_value(settings, "importRemovalsMax")
    percent = setting_value(settings, "importRemovalsPercentMax")
    assert isinstance(most, int), "the setting is a number"
    assert isinstance(percent, int), "the setting is a number"
    return max(REMOVALS_ALWAYS_ALLOWED, min(most, there_are * percent // 100))


def stop_large_removals(
    call: Call, result: ImportResult, choices: ImportChoices, *, there_are: int
) -> ImportResult:
    """Stop an import that takes away more than the tenant allows, unless it is confirmed.

    Raises Refusal importStopped with the counts. A preview is never stopped: it says that it will.
    """
    gone = result.disabled + result.removed
    allowed = removals_allowed(call.tenant.settings, there_are)
    if choices.is_confirmed or gone <= allowed:
        return result
    if call.is_preview:
        return replace(result, stops_above=allowed)
    what = "disable" if result.disabled else "remove"
    nouns = "people" if result.disabled else "members"
    raise Refusal(
        Reason.IMPORT_STOPPED,
        f"The file would {what} {gone} of {there_are} {nouns}, and {allowed} is the most without"
        " being asked. Nothing was changed. Look at it with ?preview=true; if it is meant, send"
        " it again with ?confirm=true.",
        context={**result.counts(), "allowed": allowed},
    )


async def record_import(call: Call, result: ImportResult, *, missing: Sequence[int] = ()) -> None:
    """The one history row that tells of the file as a whole.

    A preview is of these counts, and of those who are in no row: `missing` has their numbers.
    """
    detail = {"kind": result.kind, **result.counts()}
    call.ledger.beside.append(json.dumps([detail, sorted(missing)]))
    await record(call, HistoryLine(action=HistoryAction.IMPORTED, detail=detail))
    if not call.is_foreseen:
        written = result.created + result.updated + result.removed
        await refresh_statistics(call.tx, rows=written)

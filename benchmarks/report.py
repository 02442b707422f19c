"""Figures of a run: kept by name, printed as a table, written as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure.

    `ratio` is measured ÷ floor, both in `unit`; `target` bounds the ratio where there is one.
    """

    name: str
    unit: str
    measured: float
    floor: float | None = None
    ratio: float | None = None
    target: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target


def against_floor(
    name: str,
    *,
    unit: str,
    measured: Sequence[float],
    floor: Sequence[float],
    target: float,
    note: str = "",
) -> Figure:
    """The medians of interleaved rounds, and the median of the ratios of each round."""
    ratios = [one / other for one, other in zip(measured, floor, strict=True)]
    return Figure(
        name=name,
        unit=unit,
        measured=statistics.median(measured),
        floor=statistics.median(floor),
        ratio=statistics.median(ratios),
        target=target,
        note=note,
    )


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"seatwright benchmarks, {platform.machine()}, {_cores()} cores")
    for title in ("Benchmark", "Measured", "Floor", "Ratio", "Target", "", "Note"):
        table.add_column(title, justify="left" if title in {"Benchmark", "Note"} else "right")
    for figure in figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.is_met]
        table.add_row(
            figure.name,
            f"{figure.measured:,.2f} {figure.unit}",
            "" if figure.floor is None else f"{figure.floor:,.2f} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.target is None else f"≤ {figure.target:g}",
            verdict,
            figure.note,
        )
    Console(width=150).print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as JSON."""
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "cores": _cores(),
        "python": platform.python_version(),
        "figures": [{**asdict(figure), "isMet": figure.is_met} for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))

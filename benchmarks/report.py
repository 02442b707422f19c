"""Figures of a run: kept by name, printed as a table, written as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

BINDING_FROM: Final = 100_000
"""Targets are for large tenants: in a small one what a run costs whatever its size is the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure.

    `ratio` is measured ÷ floor, both in `unit`; `target` is the most that it may be, `at_least` the
    least, where there is one of them.
    `people` is the size of the tenant where the figure depends on it, and `split` the seconds of
    its parts.
    """

    name: str
    unit: str
    measured: float
    floor: float | None = None
    ratio: float | None = None
    target: float | None = None
    at_least: float | None = None
    note: str = ""
    people: int | None = None
    split: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.ratio is None or (self.target is None and self.at_least is None):
            return None
        is_small_enough = self.target is None or self.ratio <= self.target
        return is_small_enough and (self.at_least is None or self.ratio >= self.at_least)

    @property
    def is_missed(self) -> bool:
        """Whether a target is missed at a size for which it was set."""
        is_small = self.people is not None and self.people < BINDING_FROM
        return self.is_met is False and not is_small


def against_floor(
    name: str,
    *,
    unit: str,
    measured: Sequence[float],
    floor: Sequence[float],
    target: float | None,
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


def of_floor(
    name: str,
    *,
    measured: Sequence[float],
    floor: Sequence[float],
    at_least: float,
    note: str = "",
) -> Figure:
    """The same of what happens a second, where more is better."""
    figure = against_floor(name, unit="/s", measured=measured, floor=floor, target=None, note=note)
    return replace(figure, at_least=at_least)


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"seatwright benchmarks, {platform.machine()}, {_cores()} cores")
    for title in ("Benchmark", "People", "Measured", "Floor", "Ratio", "Target", "", "Note"):
        table.add_column(title, justify="left" if title in {"Benchmark", "Note"} else "right")
    for figure in figures:
        verdict = {True: "met", False: "(small)", None: ""}[figure.is_met]
        table.add_row(
            figure.name,
            "" if figure.people is None else f"{figure.people:,}",
            f"{figure.measured:,.2f} {figure.unit}",
            "" if figure.floor is None else f"{figure.floor:,.2f} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            _bounds(figure),
            "MISSED" if figure.is_missed else verdict,
            "; ".join(filter(None, (_parts(figure.split), figure.note))),
        )
    Console(width=150).print(table)


def _bounds(figure: Figure) -> str:
    most = "" if figure.target is None else f"≤ {figure.target:g}"
    least = "" if figure.at_least is None else f"≥ {figure.at_least:g}"
    return " ".join(filter(None, (most, least)))


def _parts(split: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in split.items())


def read(path: Path) -> list[Figure]:
    """The figures of an earlier run; none where there is no file."""
    if not path.exists():
        return []
    rows = json.loads(path.read_text())["figures"]
    return [
        Figure(**{name: value for name, value in row.items() if name != "isMet"}) for row in rows
    ]


def joined(before: Sequence[Figure], measured: Sequence[Figure]) -> list[Figure]:
    """Earlier figures with those measured now in their place, by name and then by size."""
    both = {(figure.name, figure.people): figure for figure in (*before, *measured)}
    return sorted(both.values(), key=lambda figure: (figure.name, figure.people or 0))


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

"""``python -m benchmarks [NAME…]``: run all benchmarks, or those named, and print the figures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import (
    adversarial,
    bulk,
    company,
    engine,
    graph,
    growth,
    kernel,
    launch,
    pages,
    requests,
    single,
)
from benchmarks.report import Figure, joined, read, show, write

SIZES: Final = (10_000, 100_000, 1_000_000)

BENCHMARKS: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "adversarial": adversarial.run,
    "bulk": bulk.run,
    "single": single.run,
    "company": company.run,
    "launch": launch.run,
    "requests": requests.run,
}
SIZED: Final[Mapping[str, Callable[[int], Iterable[Figure]]]] = {
    "kernel": kernel.run,
    "engine": engine.run,
    "graph": graph.run,
    "pages": pages.run,
}
"""Those that are run at each size."""


def main() -> int:
    """Run what is asked for; 1 when a target is missed."""
    chosen = _arguments()
    figures = read(chosen.json) if chosen.keep else []
    for name in chosen.names or (*SIZED, *BENCHMARKS):
        for run in _runs(name, chosen.sizes):
            for figure in run():
                # Written as it comes, for the large sizes take a while.
                figures = joined(figures, [figure])
                write(figures, chosen.json)
    figures = joined(figures, growth.exponents(figures))
    show(figures)
    write(figures, chosen.json)
    if chosen.curve is not None:
        growth.draw(figures, chosen.curve)
    return 1 if any(figure.is_missed for figure in figures) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = [*SIZED, *BENCHMARKS]
    parser.add_argument(
        "names", nargs="*", choices=[*known, []], metavar="NAME", help=", ".join(known)
    )
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(one) for one in text.split(",")],
        default=SIZES,
        metavar="PEOPLE,…",
        help="sizes of the tenants of kernel and engine; 10000 takes a few minutes",
    )
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), metavar="FILE")
    parser.add_argument(
        "--keep", action="store_true", help="keep what the file has and this run does not measure"
    )
    parser.add_argument("--curve", type=Path, metavar="FILE", help="draw how it grows, as SVG")
    return parser.parse_args()


def _runs(name: str, sizes: Sequence[int]) -> Sequence[Callable[[], Iterable[Figure]]]:
    if name in BENCHMARKS:
        return [BENCHMARKS[name]]
    return [partial(SIZED[name], size) for size in sizes]


if __name__ == "__main__":
    raise SystemExit(main())

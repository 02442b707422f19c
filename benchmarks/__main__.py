"""``python -m benchmarks [NAME…]``: run all benchmarks, or those named, and print the figures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks import bulk, company, single
from benchmarks.report import Figure, show, write

BENCHMARKS: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "bulk": bulk.run,
    "single": single.run,
    "company": company.run,
}


def main() -> int:
    """Run what is asked for; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), metavar="FILE")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    for name in chosen.names or BENCHMARKS:
        figures += BENCHMARKS[name]()
    show(figures)
    write(figures, chosen.json)
    return 1 if any(figure.is_met is False for figure in figures) else 0


if __name__ == "__main__":
    raise SystemExit(main())

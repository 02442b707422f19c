"""Where Microsoft's own tables are, for tests that compare the shipped catalogue with them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).parents[1].parent / "shared" / "spec" / "data"


@pytest.fixture(scope="session")
def spec_directory() -> Path:
    """The folder with Microsoft's tables; they are not part of this project."""
    named = os.environ.get("SEATWRIGHT_SPEC_DIR")
    directory = Path(named) if named else _BESIDE_THE_CHECKOUT
    if not directory.is_dir():
        pytest.skip("Microsoft's tables are not here; name their folder in SEATWRIGHT_SPEC_DIR.")
    return directory


@pytest.fixture(scope="session")
def microsoft_csv(spec_directory: Path) -> bytes:
    """Microsoft's table of products and service plans, as it is downloaded."""
    return next(iter(sorted(spec_directory.glob("ms-sku-plan-reference.*.csv")))).read_bytes()


@pytest.fixture(scope="session")
def published_exclusions(spec_directory: Path) -> list[dict[str, str]]:
    """The published exclusion sets, one service plan a row."""
    return _rows(spec_directory / "service-plan-mutual-exclusions.csv")


@pytest.fixture(scope="session")
def published_dependencies(spec_directory: Path) -> list[dict[str, str]]:
    """The dependencies that were found, one dependent service plan a row."""
    return _rows(spec_directory / "service-plan-dependencies.csv")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))

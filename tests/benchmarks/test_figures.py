"""What the benchmarks make of what they measure: verdicts, growth, and the curve."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import growth, kernel
from benchmarks.report import Figure, against_floor, joined, read, write

SIZES = (10_000, 100_000, 1_000_000)


def grown(name: str, *, exponent: float) -> list[Figure]:
    return [
        Figure(
            name=name,
            unit="s",
            measured=1e-5 * people**exponent,
            people=people,
            split={"read": 1e-6 * people, "decide": 2e-6 * people, "write": 4e-6 * people},
        )
        for people in SIZES
    ]


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    figure = against_floor("x", unit="s", measured=[2, 9, 4], floor=[1, 3, 1], target=3.5)
    assert (figure.measured, figure.floor, figure.ratio) == (4, 1, 3)
    assert figure.is_met


def test_a_target_binds_at_the_sizes_for_which_it_was_set() -> None:
    large = Figure(name="x", unit="s", measured=2, ratio=2, target=1, people=100_000)
    assert large.is_missed
    small = replace(large, people=10_000)
    assert small.is_met is False
    assert not small.is_missed


def test_the_exponent_of_growth_is_fitted_over_all_sizes() -> None:
    (figure,) = growth.exponents(grown(kernel.NAME, exponent=1.2))
    assert figure.measured == pytest.approx(1.2)
    assert figure.is_missed
    assert not growth.exponents(grown(kernel.NAME, exponent=1.2)[:1])


def test_a_later_run_takes_the_place_of_what_it_measured_again(tmp_path: Path) -> None:
    before = grown("a", exponent=1)
    write(before, tmp_path / "figures.json")
    again = replace(before[0], measured=7)
    figures = joined(read(tmp_path / "figures.json"), [again])
    assert figures == [again, *before[1:]]
    assert read(tmp_path / "no.json") == []


def test_the_curve_names_each_line_once_and_none_over_another(tmp_path: Path) -> None:
    figures = [*grown(growth.FULL, exponent=1), *grown(kernel.NAME, exponent=1)]
    growth.draw(figures, tmp_path / "growth.svg")
    drawing = (tmp_path / "growth.svg").read_text()
    heights = sorted(map(float, re.findall(r'y="([\d.]+)"[^>]*>[^<]*n\^1\.00<', drawing)))
    assert len(heights) == 5
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 15


def test_the_kernel_is_measured_at_any_size() -> None:
    names = [figure.name for figure in kernel.run(300)]
    assert names[0] == kernel.NAME
    assert len(names) == 3

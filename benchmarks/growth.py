"""How the figures grow with the number of people: R5's exponent, and the curve for the docs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.kernel import NAME as KERNEL
from benchmarks.report import Figure

FULL: Final = "R1 full reconcile"
_R5_MAX: Final = 1.08

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH: Final = 720
_HEIGHT: Final = 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 190, 50, 60
_COLORS: Final = ("#1f4e79", "#2e8b57", "#b8860b", "#a0522d", "#6a5acd")

Points = Sequence[tuple[int, float]]


def exponents(figures: Sequence[Figure]) -> list[Figure]:
    """R5: the exponent with which the kernel's processor time grows, fitted over all sizes."""
    points = _points(figures, KERNEL, lambda figure: figure.measured)
    if len(points) < 2:
        return []
    slope = _slope(points)
    return [
        Figure(
            name="R5 growth of the kernel's processor time",
            unit="exponent",
            measured=slope,
            ratio=slope,
            target=_R5_MAX,
            note=f"{points[0][0]:,} to {points[-1][0]:,} people",
        )
    ]


def draw(figures: Sequence[Figure], path: Path) -> None:
    """Draw seconds over people, both on logarithmic axes, so that what is linear is straight."""
    curves = {name: points for name, points in _curves(figures).items() if len(points) > 1}
    path.write_text(_svg(curves))


def _curves(figures: Sequence[Figure]) -> Mapping[str, Points]:
    whole = {"full reconcile": _points(figures, FULL, lambda figure: figure.measured)}
    split = [figure for figure in figures if figure.split]
    parts = {name: _points(split, FULL, _part(name)) for name in ("read", "decide", "write")}
    return {**whole, **parts, "kernel (CPU)": _points(figures, KERNEL, lambda one: one.measured)}


def _part(name: str) -> Callable[[Figure], float]:
    return lambda figure: figure.split[name]


def _points(figures: Sequence[Figure], name: str, value: Callable[[Figure], float]) -> Points:
    return sorted(
        (figure.people, value(figure))
        for figure in figures
        if figure.name == name and figure.people is not None
    )


def _slope(points: Points) -> float:
    logs = [(math.log(people), math.log(seconds)) for people, seconds in points]
    slope, _ = np.polyfit([x for x, _ in logs], [y for _, y in logs], 1)
    return float(slope)


def _svg(curves: Mapping[str, Points]) -> str:
    every = [point for points in curves.values() for point in points]
    sizes = sorted({people for people, _ in every})
    lowest = math.floor(math.log10(min(seconds for _, seconds in every)))
    highest = math.ceil(math.log10(max(seconds for _, seconds in every)))

    def x(people: int) -> float:
        share = math.log(people / sizes[0]) / math.log(sizes[-1] / sizes[0])
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(seconds: float) -> float:
        share = (math.log10(seconds) - lowest) / (highest - lowest)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    box = f"0 0 {_WIDTH} {_HEIGHT}"
    lines = [
        f'<svg xmlns="{_NAMESPACE}" viewBox="{box}" font-family="sans-serif" font-size="13">',
        "<title>Seconds of a full reconcile over the number of people</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 24, "Seconds of a full reconcile, by people (both axes logarithmic)"),
    ]
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for power in range(lowest, highest + 1):
        height = y(10.0**power)
        lines += [
            _line([(_LEFT, height), (right, height)], color="#d9d9d9"),
            _text(_LEFT - 8, height + 4, f"{10.0**power:g} s", anchor="end"),
        ]
    for people in sizes:
        lines += [
            _line([(x(people), _TOP), (x(people), bottom)], color="#d9d9d9"),
            _text(x(people), bottom + 22, f"{people:,}", anchor="middle"),
        ]
    named = sorted(curves.items(), key=lambda curve: curve[1][-1][1])
    below = math.inf
    for place, (name, points) in enumerate(named):
        color = _COLORS[place % len(_COLORS)]
        places = [(x(people), y(seconds)) for people, seconds in points]
        lines.append(_line(places, color=color, width=2))
        lines += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{color}"/>' for a, b in places]
        # Names of curves that end close together are put above each other.
        below = min(places[-1][1], below - 17)
        label = f"{name}, ∝ n^{_slope(points):.2f}"
        lines.append(_text(right + 10, below + 4, label, color=color))
    return "\n".join([*lines, "</svg>", ""])


def _line(places: Sequence[tuple[float, float]], *, color: str, width: int = 1) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", color: str = "#333") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
    )

"""What a preview says of the rows of a bulk job: each is counted once, and the counts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.app.bulk.cautions import Caution
from seatwright.app.bulk.forecast import Forecast
from seatwright.domain.bulk import UNCHANGED, BulkRow, RowEffect, RowResult
from seatwright.domain.ids import UserNo
from seatwright.domain.jobs import Outcome
from seatwright.domain.wants import WantKind
from seatwright.web.portal.frame.language import gettext, ngettext

ROWS_FORETOLD: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of which the same is said; `rows` are the first of them."""

    key: str
    count: int
    rows: Sequence[tuple[BulkRow, RowResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What a preview says of the rows: how many come to what, and each that gives nothing new.

    `places` has where in the file somebody stands. `done` counts the rows that change something.
    """

    total: int
    done: int
    parts: tuple[Part, ...]
    waiting: int
    is_refused: bool
    ignored_columns: tuple[str, ...]
    places: Mapping[UserNo, int]
    cautions: tuple[Caution, ...] = ()

    @property
    def fresh(self) -> int:
        """How many rows give or take, and are in no part."""
        counted = (RowEffect.CHANGED.value, RowEffect.BESIDE.value)
        return self.done - sum(one.count for one in self.parts if one.key in counted)


def foretold_of(forecast: Forecast, ignored_columns: tuple[str, ...]) -> Foretold:
    """Every row in one part: failing, waiting, there already, twice, beside, changed, or given."""
    outcomes = Counter[Outcome]()
    for (outcome, _), rows in forecast.counts.items():
        outcomes[outcome] += rows
    succeeded, waiting = outcomes[Outcome.SUCCEEDED], outcomes[Outcome.WAITING]
    parts = [
        Part(
            key="failing",
            count=forecast.total - succeeded - waiting,
            rows=[pair for pair in forecast.failing if pair[1].outcome is not Outcome.WAITING],
        ),
        Part(
            key="waiting",
            count=waiting,
            rows=[pair for pair in forecast.failing if pair[1].outcome is Outcome.WAITING],
        ),
        *(
            Part(
                key=effect.value,
                count=forecast.effects.get(effect, 0),
                rows=forecast.by_effect[effect],
            )
            for effect in (*UNCHANGED, RowEffect.BESIDE, RowEffect.CHANGED)
        ),
    ]
    places: dict[UserNo, int] = {}
    for place, (_, result) in enumerate(forecast.rows):
        if result.user is not None:
            places.setdefault(result.user, place)
    return Foretold(
        total=forecast.total,
        done=succeeded - forecast.unchanged,
        parts=tuple(
            Part(key=one.key, count=one.count, rows=one.rows[:ROWS_FORETOLD])
            for one in parts
            if one.count
        ),
        waiting=waiting,
        is_refused=forecast.is_refused,
        ignored_columns=ignored_columns,
        places=places,
        cautions=forecast.cautions,
    )


def titled_of(foretold: Foretold, kind: WantKind | None, *, products: tuple[str, ...]) -> str:
    """What the button of a preview does: the action, the product and how many people."""
    count = foretold.done + foretold.waiting
    known = {"product": products[0] if len(products) == 1 else "", "count": count}
    if not known["product"] or kind is None:
        return ngettext("Apply one row", "Apply %(count)d rows", count) % known
    if kind is WantKind.REMOVE:
        text = ngettext(
            "Take %(product)s from one person", "Take %(product)s from %(count)d people", count
        )
        return (text if count else gettext("Take %(product)s from nobody")) % known
    if not count:
        return gettext("Give %(product)s to nobody new") % known
    if kind is WantKind.REPLACE:
        text = ngettext(
            "Give %(product)s to one person in place of what they have",
            "Give %(product)s to %(count)d people in place of what they have",
            count,
        )
        return text % known
    return (
        ngettext("Give %(product)s to one person", "Give %(product)s to %(count)d people", count)
        % known
    )

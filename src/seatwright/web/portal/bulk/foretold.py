"""What a preview says of the rows of a bulk job: each is counted once, and the counts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from seatwright.app.bulk.cautions import Caution
from seatwright.app.bulk.forecast import Forecast
from seatwright.app.bulk.orders import Resolved
from seatwright.domain.bulk import (
    SLICE_ROWS,
    UNCHANGED,
    BulkRow,
    FillPolicy,
    RowEffect,
    RowResult,
    Undone,
)
from seatwright.domain.csv_text import NO_BLANK_ROWS, BlankRows
from seatwright.domain.ids import SkuNo, UserNo
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
    `lacking` counts the people who find no seat of a product, and `may_wait` is whether they could
    wait for one. `slice_rows` is how many rows are served at a time, where there are more.
    """

    total: int
    done: int
    parts: tuple[Part, ...]
    waiting: int
    is_refused: bool
    ignored_columns: tuple[str, ...]
    places: Mapping[UserNo, int]
    cautions: tuple[Caution, ...] = ()
    blank: BlankRows = NO_BLANK_ROWS
    lacking: Mapping[SkuNo, int] = field(default_factory=dict)
    may_wait: bool = False
    slice_rows: int | None = None

    @property
    def fresh(self) -> int:
        """How many rows give or take, and are in no part."""
        counted = (RowEffect.CHANGED.value, RowEffect.BESIDE.value)
        return self.done - sum(one.count for one in self.parts if one.key in counted)


def foretold_of(forecast: Forecast, resolved: Resolved) -> Foretold:
    """Every row in one part: undone and why, there already, twice, beside, changed, or given."""
    causes = forecast.causes
    waiting = causes.get(Undone.WAITING, 0)
    fill = resolved.order.fill
    parts = [
        *(
            Part(key=why.value, count=causes.get(why, 0), rows=forecast.undone[why])
            for why in Undone
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
        done=causes.get(None, 0) - forecast.unchanged,
        parts=tuple(
            Part(key=one.key, count=one.count, rows=one.rows[:ROWS_FORETOLD])
            for one in parts
            if one.count
        ),
        waiting=waiting,
        is_refused=forecast.is_refused,
        ignored_columns=resolved.ignored_columns,
        places=places,
        cautions=forecast.cautions,
        blank=resolved.blank,
        lacking=forecast.lacking,
        may_wait=fill is FillPolicy.AS_MANY
        and any(row.kind is WantKind.ADD for row, _ in forecast.undone[Undone.UNSEATED]),
        slice_rows=SLICE_ROWS if forecast.total > SLICE_ROWS else None,
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

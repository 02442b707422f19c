"""One conflict as a list shows it: who, which products, in words, and what would end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.app.why.fixes import Fix
from seatwright.domain.conflicts import ConflictKind, ServiceOverlap
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.why import Clash, Need

Key = tuple[int, int]
"""Where a conflict stands among those of its kind."""

START: Key = (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person in a conflict."""

    id: UUID
    upn: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiverBack:
    """Somebody who could give a seat back: disabled, or not signed in for long."""

    person: Named
    is_enabled: bool
    last_sign_in_at: datetime | None
    fix: Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A product with too few seats: the first who wait for one, and who could give one back."""

    waiting: int
    seats_to_buy: int
    first: tuple[Named, ...]
    could_give_back: tuple[GiverBack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One conflict. `person` is None where a product is concerned and not a person.

    `fixes` are alternatives, the gentlest first; each ends the conflict by itself. None is ever
    made without being asked for.
    """

    kind: ConflictKind
    key: Key
    sku: SkuNo
    sentence: str
    person: Named | None = None
    fixes: tuple[Fix, ...] = ()
    overlaps: tuple[ServiceOverlap, ...] = ()
    clashes: tuple[Clash, ...] = ()
    needs: tuple[Need, ...] = ()
    surplus: ServicePlanBits = NO_SERVICE_PLANS
    shortage: Shortage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Conflicts of one kind; `after` is where the next page begins, None at the end.

    A page may hold fewer than were asked for and still not be the last, when many people had to
    be looked at for it.
    """

    found: tuple[Conflict, ...]
    after: Key | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conflicts are asked for: where to go on, how many, and whose (None: everybody's).

    `sku`: only those about this product.

    `tries_fixes`: what would end an error is tried out with the engine, some milliseconds each.
    `only_tells`: none are given where they take time, for a file that says no more than the
    sentence.
    """

    after: Key
    limit: int
    user: UserNo | None = None
    sku: SkuNo | None = None
    tries_fixes: bool = True
    only_tells: bool = False

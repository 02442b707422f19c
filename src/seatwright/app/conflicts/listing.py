"""All conflicts as one list, kind after kind, and how many there are of each."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.doubles import count_all_doubles, doubles_page
from seatwright.app.conflicts.duplicates import count_duplicates, duplicates_page
from seatwright.app.conflicts.errors import errors_page
from seatwright.app.conflicts.rows import START, Conflict, Key, Page, Wanted
from seatwright.app.conflicts.seats import seats_page, short_products
from seatwright.domain.conflicts import REASON_OF_KIND, ConflictKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.tally import count_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a list goes on: a kind, and a place among those of that kind."""

    kind: ConflictKind
    after: Key = START


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which conflicts somebody asks for; what is None is left open."""

    kind: ConflictKind | None = None
    person: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictsPage:
    """Conflicts, and where the next page begins; None at the end."""

    found: tuple[Conflict, ...]
    resume: Place | None


def conflict_kind(text: str) -> ConflictKind:
    """The kind that a text names.

    Raises Refusal invalidValue.
    """
    try:
        return ConflictKind(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"kind is “{text}”: give one of {', '.join(ConflictKind)}.",
        ) from None


async def list_conflicts(
    call: Call,
    about: About,
    *,
    resume: Place | None,
    limit: int,
    tries_fixes: bool = True,
    only_tells: bool = False,
) -> ConflictsPage:
    """Conflicts of one kind or of all, of one person or of everybody, about a product or any.

    Without `tries_fixes` those of errors have none: `app.why` gives them for one person. With
    `only_tells` neither have those of duplicates.

    Raises Refusal unknownUser, unknownSku.
    """
    user = None if about.person is None else (await require_user(call, about.person)).user_no
    sku = None
    if about.product is not None:
        sku = (await catalog_of(call)).require_sku(about.product).sku_no
    kinds = list(ConflictKind) if about.kind is None else [about.kind]
    place = resume if resume is not None else Place(kind=kinds[0])
    found: list[Conflict] = []
    for one in kinds[kinds.index(place.kind) if place.kind in kinds else len(kinds) :]:
        after = place.after if one is place.kind else START
        wanted = Wanted(
            after=after,
            limit=limit - len(found),
            user=user,
            sku=sku,
            tries_fixes=tries_fixes and not only_tells,
            only_tells=only_tells,
        )
        page = await _page(call, one, wanted)
        found += page.found
        if page.after is not None:
            return ConflictsPage(found=tuple(found), resume=Place(kind=one, after=page.after))
        rest = kinds[kinds.index(one) + 1 :]
        if len(found) == limit and rest:
            return ConflictsPage(found=tuple(found), resume=Place(kind=rest[0]))
    return ConflictsPage(found=tuple(found), resume=None)


async def _page(call: Call, kind: ConflictKind, wanted: Wanted) -> Page:
    match kind:
        case ConflictKind.INSUFFICIENT_SEATS:
            return await seats_page(call, wanted)
        case ConflictKind.DUPLICATE:
            return await duplicates_page(call, wanted)
        case ConflictKind.DIRECT_BESIDE_INHERITED:
            return await doubles_page(call, wanted)
        case _:
            return await errors_page(call, kind, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many conflicts there are of each kind, and what too few seats come to."""

    counts: dict[ConflictKind, int]
    people_waiting: int
    seats_to_buy: int


async def summarize(call: Call) -> Summary:
    """Count every conflict of the tenant."""
    short = await short_products(call)
    errors = await count_errors(call.tx, REASON_OF_KIND.values())
    counts = {kind: errors.get(reason, 0) for kind, reason in REASON_OF_KIND.items()}
    counts[ConflictKind.INSUFFICIENT_SEATS] = len(short)
    counts[ConflictKind.DUPLICATE] = await count_duplicates(call)
    counts[ConflictKind.DIRECT_BESIDE_INHERITED] = await count_all_doubles(call)
    return Summary(
        counts={kind: counts[kind] for kind in ConflictKind},
        people_waiting=sum(one.waiting for one in short),
        seats_to_buy=sum(one.seats_to_buy for one in short),
    )

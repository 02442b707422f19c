"""What the words of a search find in the queue of requests, and in which order it is listed."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seats import is_found
from seatwright.domain.directory import WORDS_SEARCHED_MAX, searched_words
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.requests.lines import LineOrder
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.request_lists import WordFound, people_with


def order_named(text: str | None) -> LineOrder | None:
    """The order that somebody named. Raises Refusal invalidValue."""
    if text is None:
        return None
    try:
        return LineOrder(text)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"order is “{text[:40]}”: give one of {', '.join(LineOrder)}.",
        ) from None


def products_by_name(catalog: TenantCatalog) -> list[SkuNo]:
    """Every product, as a reader looks for it."""
    named = sorted((one.display_name.casefold(), no) for no, one in catalog.skus.items())
    return [no for _, no in named]


async def words_found(call: Call, search: str | None) -> list[WordFound]:
    """What each word of a search finds: products, and people."""
    words = (search or "").split()[:WORDS_SEARCHED_MAX]
    skus = (await catalog_of(call)).skus
    found = []
    for word in dict.fromkeys(words):
        prefixes = searched_words(word)
        found.append(
            WordFound(
                skus=[no for no, sku in skus.items() if is_found(sku, word)],
                people=await people_with(call.tx, prefixes),
                prefixes=prefixes,
            )
        )
    return found

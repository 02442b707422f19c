"""Which people a page is about, as its address says: the list, its exports, and bulk jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import find_user
from seatwright.domain.directory import UserQuery
from seatwright.domain.ids import SkuNo, UserNo

FILTER_NAMES: Final = (
    "search",
    "department",
    "location",
    "enabled",
    "product",
    "state",
    "manager",
    "filter",
)
"""What an address may say, in the order in which a page shows it."""

_YES_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """What was chosen, by the names in the address, and what it means."""

    chosen: Mapping[str, str]
    query: UserQuery

    @property
    def address(self) -> str:
        """The chosen filters as the query of an address."""
        return urlencode(self.chosen)


async def people_filter_of(call: Call, given: Mapping[str, str | None]) -> PeopleFilter:
    """Read the filters of an address or form; the empty ones are none.

    Raises Refusal unknownSku and unknownUser for a product or manager who is none.
    """
    chosen = {name: text for name in FILTER_NAMES if (text := (given.get(name) or "").strip())}
    state = chosen.get("state")
    return PeopleFilter(
        chosen=chosen,
        query=UserQuery(
            search=chosen.get("search"),
            department=chosen.get("department"),
            location=chosen.get("location"),
            is_enabled=_YES_NO.get(chosen.get("enabled", "")),
            holds=await _product(call, chosen.get("product")),
            manager=await _manager(call, chosen.get("manager")),
            is_unlicensed=state == "unlicensed",
            is_in_error=state == "error",
            filter=chosen.get("filter"),
        ),
    )


async def _product(call: Call, text: str | None) -> SkuNo | None:
    return None if text is None else (await catalog_of(call)).require_sku(text).sku_no


async def _manager(call: Call, text: str | None) -> UserNo | None:
    return None if text is None else (await find_user(call, text)).user_no

"""Addresses of pages with a form that is filled in already, as links of other pages have them."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def buy_path(part_number: str, seats: int, then: str = "") -> str:
    """The form that notes so many seats as bought; `then` is a path to go on at afterwards."""
    query = {"buy": str(seats)} | ({"then": then} if then else {})
    return f"/licenses/{quote(part_number, safe='')}?{urlencode(query)}#buy"

"""The catalogue: products and their service plans."""

from __future__ import annotations

from seatwright.app.call import Call


async def load_shipped_catalog(call: Call) -> None:
    """Copy the shipped catalogue and templates into a new tenant."""

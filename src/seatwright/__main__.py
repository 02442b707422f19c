"""``python -m seatwright`` is the ``seatwright`` command."""

from __future__ import annotations

from seatwright.cli import main

if __name__ == "__main__":
    main()

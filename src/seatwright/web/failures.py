"""What may go wrong with the database in the middle of a call, and is the edge's to deal with."""

from __future__ import annotations

from typing import Final

import psycopg
import psycopg_pool

Failures: Final = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout)
"""The database went away, or another transaction stood in the way.

A route's exception handler leaves them in `scope["state"]["failure"]`.
"""

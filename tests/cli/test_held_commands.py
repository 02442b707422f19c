"""Deciding about held removals, and undoing, from the command line."""

from __future__ import annotations


"""Surfaces: each parses, calls one use case, and shapes the answer."""

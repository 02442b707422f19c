"""Tenants that nobody lives in: drawn from a seed, for the demo, for tests and for benchmarks."""

"""Use cases: each decides nothing that `domain` could decide and writes no SQL itself."""

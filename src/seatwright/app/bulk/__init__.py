"""Bulk: the same change for many people, as a job with an outcome for every row."""

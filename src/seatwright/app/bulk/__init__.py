"""Assigning in bulk: rows of people and products, worked as a job."""

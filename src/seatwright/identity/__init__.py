"""Secrets: making them, and turning what was presented into what is stored."""

"""Webhooks: events posted to addresses that organizations chose, signed."""

"""Sending what was told: mails and calls of webhooks, by workers, outside of any transaction."""

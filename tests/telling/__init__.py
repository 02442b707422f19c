"""Telling people: mails to a real SMTP server, calls to a real HTTP server."""

"""Telling people: what happened is written down, and sent by workers afterwards."""

"""Dynamic groups: their rules, and memberships that follow them.

Nothing here knows of the directory's use cases, which call it: groups and people come as values.
"""

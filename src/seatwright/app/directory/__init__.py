"""The directory: people, groups, who belongs where, and bringing all of it in from files."""

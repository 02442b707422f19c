"""seatwright: a control plane that gives every person the licenses they should have."""

__version__ = "0.1.0"

"""seatwright: a control plane that gives every person the licenses they should have."""

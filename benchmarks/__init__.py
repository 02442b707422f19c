"""How fast seatwright is, as ratios to what the machine could do at best, measured in one run."""

"""Moving people from one way of being licensed to another, without a gap."""

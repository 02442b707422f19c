"""Auto-claim: the switch, the policies, what they gave, and taking back what nobody uses."""

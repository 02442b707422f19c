"""License requests: what can become of one, who decides, and what is asked."""

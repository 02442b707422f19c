"""The language of membership rules: reading, printing, judging people by them, and advice."""

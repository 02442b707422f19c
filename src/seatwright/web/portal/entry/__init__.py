"""The pages of those who come and go: links that work once, passwords, identity providers."""

"""The mail server: what is sent by SMTP, and what its answers mean."""

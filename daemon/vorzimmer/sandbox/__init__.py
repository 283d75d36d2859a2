"""A private Asterisk, PostgreSQL and mail server on loopback."""

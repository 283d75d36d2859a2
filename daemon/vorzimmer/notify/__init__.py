"""Telling the client what happened, from the outbox."""

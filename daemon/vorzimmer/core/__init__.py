"""Decisions and records: pure, no IO, no clock, no randomness."""

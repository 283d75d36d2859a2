"""Vorzimmer: the engine of a telephone answering service on Asterisk."""

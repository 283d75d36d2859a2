"""What a wrong template raises; apart from `own_words`, for whoever reports it needs nothing of Liquid."""

from __future__ import annotations


class OwnWordsError(Exception):
    """A template that cannot be used; the text says why, for whoever wrote it."""

"""What a client answers to what it was told of a call, and who of the agents is to see it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from vorzimmer.core.plain_text import many_lines

LONGEST = 5000
"""Characters of an answer."""

GOOD_FOR = timedelta(days=60)
"""After a message, for which the client may answer it by its link or by mail."""


class Kind(StrEnum):
    """What an answer says."""

    DONE = "done"
    REOPENED = "reopened"
    """It is not done after all."""
    REPLY = "reply"
    """Something in words."""


class Via(StrEnum):
    """The way on which an answer came."""

    LINK = "link"
    MAIL = "mail"
    PORTAL = "portal"


def cleaned(text: str) -> str:
    """An answer's words: harmless, without blanks around them; of too many the first, with `…` at their end."""
    clean = many_lines(text).strip()
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1].rstrip()}…"


def is_for(agent: str, *, authors: Collection[str], present: Collection[str], serves: bool) -> bool:
    """Whether this agent is to see a new answer.

    Args:
        agent: by id.
        authors: who wrote the notes that are answered, or had the talk.
        present: who is logged in.
        serves: whether this agent answers for the client.
    """
    if agent in authors:
        return True
    return serves and not any(author in present for author in authors)

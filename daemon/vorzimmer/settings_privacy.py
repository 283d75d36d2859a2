"""The table `[privacy]` of the settings file: for how long what tells of callers is kept, see docs/privacy.md."""

from __future__ import annotations

from datetime import time
from typing import Self

from pydantic import model_validator

from vorzimmer.core.keeping import KINDS, Days, Span
from vorzimmer.settings_sections import Section


class Privacy(Section):
    """Days for which each kind is kept where a client says nothing else, and the most that a client may have.

    `numbers`: of callers and of whom they were put through to, and names; by default half a year (TDDDG § 10 (2)).
    `at`: the time of day, in the house's zone, after which what is older is erased each night.
    """

    at: time = time(3, 40)
    numbers: Span = 180
    recordings: Span = 90
    notes: Span = 365
    copies: Span = 90
    numbers_most: Span = 210
    recordings_most: Span = 365
    notes_most: Span = 1095
    copies_most: Span = 210

    @model_validator(mode="after")
    def _within(self) -> Self:
        for kind in KINDS:
            if getattr(self, kind) > getattr(self, f"{kind}_most"):
                raise ValueError(f"{kind} must not be more than {kind}_most")
        if self.at.tzinfo is not None:
            raise ValueError("at is by the clock of house.timezone; leave its offset out")
        return self

    @property
    def house(self) -> Days:
        """What holds where a client says nothing."""
        return Days(**{kind: getattr(self, kind) for kind in KINDS})

    @property
    def most(self) -> Days:
        """What no client exceeds."""
        return Days(**{kind: getattr(self, f"{kind}_most") for kind in KINDS})

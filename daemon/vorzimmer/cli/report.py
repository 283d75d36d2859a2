"""What a check found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """About one part: what is good about it, or the findings, each a sentence with what to do."""

    part: str
    good: str = ""
    findings: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people, one line each."""
        for finding in self.findings:
            yield f"WRONG  {self.part}: {finding}"
        if not self.findings:
            yield f"ok     {self.part}{f': {self.good}' if self.good else ''}"

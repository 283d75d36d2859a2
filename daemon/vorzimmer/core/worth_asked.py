"""What the calculator is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vorzimmer.core.call_log import MOST_LINES
from vorzimmer.core.rating import Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.worth_words import Language, Table


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. `log`: a file; else `week`: calls by weekday from Monday, of `seconds` each.

    `versions`: of all tariffs; `month`: for which it is estimated; `most_lines`: of a log.
    """

    versions: tuple[Tariff, ...]
    place: Place
    month: Month
    language: Language
    log: bytes | None = None
    week: tuple[int, ...] = ()
    seconds: int = 120
    most_lines: int = MOST_LINES


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: `advice` first. `plots`: SVG by currency. `refused`: why there is none of all this."""

    advice: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    meaning: str = ""
    assumed: tuple[str, ...] = ()
    plots: Mapping[str, bytes] | None = None
    refused: str = ""

"""Public holidays by country and state, from the `holidays` package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=1024)
def check_region(text: str) -> str:
    """Return `text` if it names a country (`DE`) or a country and state (`DE-BY`) whose holidays are known.

    Raises:
        ValueError: naming what is allowed.
    """
    country, _, state = text.partition("-")
    if not re.fullmatch("[A-Z]{2}", country):
        raise ValueError(f"{text!r} is no holiday region; write a country such as DE, or with its state, DE-BY")
    try:
        states = holidays.country_holidays(country).subdivisions
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for country {country!r}") from error
    if text != country and state not in states:
        allowed = ", ".join(f"{country}-{name}" for name in states) or f"{country} alone"
        raise ValueError(f"unknown holiday region {text!r}; {country} has: {allowed}")
    return text


def holiday_name(region: str, day: date) -> str | None:
    """The name of the public holiday on `day` in the country's language, or None. `region` as in `check_region`."""
    return _year(region, day.year).get(day)


def coming(region: str, day: date) -> tuple[tuple[date, str], ...]:
    """The public holidays from `day` on for a year, with their names, in order. `region` as in `check_region`."""
    found = {**_year(region, day.year), **_year(region, day.year + 1)}
    return tuple((one, name) for one, name in sorted(found.items()) if 0 <= (one - day).days <= 365)


@lru_cache(maxsize=4096)
def _year(region: str, year: int) -> Mapping[date, str]:
    """One year's holidays; computing them takes milliseconds, far more than the rest of a decision."""
    country, _, state = region.partition("-")
    # without a language the package asks the environment for one
    language = holidays.country_holidays(country).default_language
    return dict(holidays.country_holidays(country, subdiv=state or None, years=year, language=language))

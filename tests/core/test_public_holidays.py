"""Public holidays by country and state."""

from __future__ import annotations

from datetime import date

import pytest

from vorzimmer.core.public_holidays import _year, check_region, holiday_name


@pytest.mark.parametrize("region", ["DE", "DE-BY", "DE-BE", "AT", "AT-9", "CH-ZH", "US-NY", "CN", "FR", "PL"])
def test_known_regions_are_accepted(region: str) -> None:
    """Country codes, alone or with a state, as the `holidays` package knows them."""
    assert check_region(region) == region


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("DE-XX", "DE-BB, DE-BE, DE-BW, DE-BY"),
        ("DE-", "DE-BB"),
        ("CN-BJ", "CN alone"),
        ("XX", "no public holidays are known for country 'XX'"),
        ("de", "write a country such as DE"),
        ("Bayern", "write a country such as DE"),
        ("", "write a country such as DE"),
        ("__", "write a country such as DE"),
    ],
)
def test_an_unknown_region_is_refused_and_the_known_ones_named(region: str, says: str) -> None:
    """The error tells what may be written instead."""
    with pytest.raises(ValueError, match=says):
        check_region(region)


@pytest.mark.parametrize(
    ("region", "day", "name"),
    [
        ("DE-BY", date(2026, 6, 4), "Fronleichnam"),
        ("DE-BE", date(2026, 6, 4), None),
        ("DE", date(2026, 6, 4), None),
        ("DE-BY", date(2026, 1, 6), "Heilige Drei Könige"),
        ("DE-BE", date(2026, 1, 6), None),
        ("DE-BE", date(2026, 3, 8), "Frauentag"),
        ("DE-BY", date(2026, 3, 8), None),
        ("DE", date(2026, 10, 3), "Tag der Deutschen Einheit"),
        ("DE-Augsburg", date(2026, 8, 8), "Augsburger Hohes Friedensfest"),
        ("DE", date(2026, 12, 24), None),
    ],
)
def test_holidays_differ_by_state(region: str, day: date, name: str | None) -> None:
    """What is a holiday in Bavaria is a working day in Berlin, and the other way round."""
    found = holiday_name(region, day)
    assert found is None if name is None else found is not None and name in found


@pytest.mark.parametrize("language", ["th", "en_US", "de_DE.UTF-8"])
def test_names_do_not_depend_on_the_machine(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons on two machines read the same, whatever locale is set there."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, language)
    _year.cache_clear()
    assert holiday_name("DE-BY", date(2026, 6, 4)) == "Fronleichnam"
    assert holiday_name("US", date(2026, 7, 4)) == "Independence Day"

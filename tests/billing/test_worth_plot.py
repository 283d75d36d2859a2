"""The plot of a forecast: the same bytes each time, and nothing that a name can break."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest

from tests.core.tariffs import HERE, many, tariff
from vorzimmer.billing.worth_plot import plot
from vorzimmer.core.stretches import Month
from vorzimmer.core.worth import Forecast, Volume, forecast, pattern_of

EACH = tariff({"kind": "calls", "price": "1.00"}, id="each", name="Each $call$ <b>")
FLAT = tariff({"kind": "recurring", "amount": "90.00"}, id="flat", name="包年 Flatrate")
DOLLARS = tariff({"kind": "calls", "price": "1.00"}, id="us", currency="USD")


@pytest.fixture(scope="module")
def found() -> Forecast:
    """Of twenty calls on a Monday."""
    pattern = pattern_of(many(20), HERE, date(2026, 11, 2), date(2026, 11, 8))
    return forecast(pattern, [EACH, FLAT, DOLLARS], HERE, Month(2026, 12), Random(1).random, 9)  # noqa: S311 - chance


def test_the_same_forecast_is_the_same_picture(found: Forecast) -> None:
    """Byte by byte, as SVG without anything active in it, and as PNG."""
    for kind in ("svg", "png"):
        assert plot(found, "EUR", "de", kind) == plot(found, "EUR", "de", kind)
    drawn = plot(found, "EUR", "en", "svg")
    assert b"<script" not in drawn
    assert b"<dc:date>" not in drawn
    assert plot(found, "USD", "en", "png").startswith(b"\x89PNG")


def test_more_calls_than_curves_have(found: Forecast) -> None:
    """Whoever has very many is at the right edge."""
    many_calls = replace(found, volume=Volume(20_000, 21_000, 22_000))
    assert plot(many_calls, "EUR", "de", "png").startswith(b"\x89PNG")


def test_nothing_logged_is_an_empty_picture() -> None:
    """Nothing breaks."""
    pattern = pattern_of([], HERE, date(2026, 11, 2), date(2026, 11, 8))
    nothing = forecast(pattern, [EACH], HERE, Month(2026, 12), Random(1).random, 2)  # noqa: S311 - chance
    assert plot(nothing, "EUR", "de", "png").startswith(b"\x89PNG")

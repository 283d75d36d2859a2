"""The words of an invoice's lines, in German and English; other languages read English."""

from __future__ import annotations

from decimal import Decimal

from vorzimmer.core.bill_lines import Line, Special, Unit
from vorzimmer.core.model import Language
from vorzimmer.core.plain_text import single_line

_NAMES = {
    "de": {
        Special.FEE: "Einmalig",
        Special.DISCOUNT: "Rabatt",
        Special.MINIMUM: "Bis zum Mindestumsatz",
        Special.ROUNDING: "Rundungsdifferenz",
        "": "Ausgleich für im Voraus Berechnetes",
    },
    "en": {
        Special.FEE: "One-off",
        Special.DISCOUNT: "Discount",
        Special.MINIMUM: "Up to the minimum charge",
        Special.ROUNDING: "Difference from rounding",
        "": "Adjustment of what was billed in advance",
    },
}

_UNITS = {
    "de": {
        Unit.MONTH: "Monate",
        Unit.YEAR: "Jahre",
        Unit.CALL: "Anrufe",
        Unit.MINUTE: "Minuten",
        Unit.HOUR: "Stunden",
    },
    "en": {
        Unit.MONTH: "months",
        Unit.YEAR: "years",
        Unit.CALL: "calls",
        Unit.MINUTE: "minutes",
        Unit.HOUR: "hours",
    },
}

_RECKONED = {"de": "nach Tarif berechnet, Grundpreis", "en": "charged by the tariff, basic price"}
_STEPPED = {"de": "nach Tarif berechnet", "en": "charged by the tariff"}


def _spoken(language: Language) -> str:
    return "de" if language is Language.GERMAN else "en"


def name_of(line: Line, language: Language) -> str:
    """What the line is called (BT-153)."""
    names, told = _NAMES[_spoken(language)], single_line(line.name).strip()
    if line.position == Special.FEE:
        return told or names[Special.FEE]
    if line.position in {Special.DISCOUNT, Special.MINIMUM, Special.ROUNDING}:
        return f"{names[line.position]} {told.removeprefix('- ')}".strip()
    if line.unit is Unit.ONE and line.price is None:
        return ": ".join(filter(None, (names[""], told)))
    return told or names[""]


def reckoning(line: Line, language: Language) -> str:
    """How a line's amount came about whose quantity and price do not tell it (BT-127)."""
    if line.unit is Unit.ONE:
        return ""
    spoken = _spoken(language)
    counted = f"{_number(line.quantity, language)} {_UNITS[spoken][line.unit]}"
    if line.price is None:
        return f"{counted}, {_STEPPED[spoken]}"
    return f"{counted}, {_RECKONED[spoken]} {_number(line.price, language)}"


def _number(value: Decimal, language: Language) -> str:
    told = f"{round(value, 4).normalize():f}"
    return told.replace(".", ",") if language is Language.GERMAN else told

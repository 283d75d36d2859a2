"""A statement's lines and calls in words and figures, as its PDF, CSV and workbook have them alike."""

from __future__ import annotations

from decimal import Decimal

from vorzimmer.billing import written
from vorzimmer.billing.statement_words import LINES, OUTCOMES, UNITS, known, words_of
from vorzimmer.core import rating_words
from vorzimmer.core.bill import Line, Special, Unit
from vorzimmer.core.statement import CallLine, Offer, Statement


def name_of(line: Line, language: str) -> str:
    """What a line is called: by the tariff, or by what it is."""
    if line.position == Special.FEE:
        return line.name or known(LINES, language, Special.FEE)
    if line.position in {Special.DISCOUNT, Special.MINIMUM, Special.ROUNDING}:
        return " ".join(filter(None, (known(LINES, language, line.position), line.name.removeprefix("- "))))
    if line.name and not (line.unit is Unit.ONE and line.price is None):
        return line.name
    return ": ".join(filter(None, (known(LINES, language, "correction"), line.name)))


def unit_of(line: Line, language: str) -> str:
    """What its quantity counts."""
    one, more = UNITS.get(language, UNITS["en"])[line.unit]
    return one if line.quantity == 1 else more


def days_of(line: Line, language: str) -> str:
    """The days that a line is for; for a part of a month or year, how many of how many, by which its price is cut."""
    told = written.days(line.first, line.last, language)
    if line.unit not in {Unit.MONTH, Unit.YEAR} or line.quantity == 1:
        return told
    days = (line.last - line.first).days + 1
    return words_of(language)["part"].format(told=told, days=days, whole=round(days / line.quantity))


def outcome_of(call: CallLine, language: str) -> str:
    """How the call ended."""
    return known(OUTCOMES, language, call.disposition)


def number_of(call: CallLine, language: str) -> str:
    """Who called or was called; why that is not told."""
    words = words_of(language)
    told = call.number if call.number is not None else words[call.hidden or "unknown"]
    return words["out"].format(number=told) if call.direction == "out" else told


def phases_of(call: CallLine, language: str) -> str:
    """The seconds of each phase: `Gespräch 75, Warten 3`."""
    words = rating_words.WORDS.get(language, rating_words.WORDS["en"])
    return ", ".join(f"{words.get(phase, phase)} {seconds_of(spent, language)}" for phase, spent in call.phases)


def seconds_of(spent: Decimal, language: str) -> str:
    """Seconds, to the tenth, without trailing zeros."""
    shown = f"{spent.quantize(Decimal('0.1')).normalize():f}"
    return shown.replace(".", ",") if language == "de" else shown


def yours(statement: Statement) -> Offer | None:
    """By what the month was billed, if it was compared."""
    return next((one for one in statement.comparison if one.yours), None)


def verdict(statement: Statement, mine: Offer, language: str) -> str:
    """The comparison in a sentence: yours, and the cheapest."""
    best = statement.comparison[0]
    key = "comparison.yours" if best.total < mine.total else "comparison.best"
    return words_of(language)[key].format(
        yours=written.money(mine.total, statement.currency, language),
        cheapest=written.money(best.total, statement.currency, language),
        name=best.name,
    )

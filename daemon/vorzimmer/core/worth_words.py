"""What a forecast says, in German and English: advice first, then a table, and what was assumed for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from vorzimmer.core.call_log import BadLog, CallLog
from vorzimmer.core.worth import MOST, Estimate, Forecast, Pattern, Pays

Language = Literal["de", "en"]

WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "best": "Bei etwa {calls} Anrufen im Monat ist „{name}“ am günstigsten: {cost}",
        "best.one": "Bei etwa einem Anruf im Monat ist „{name}“ am günstigsten: {cost}",
        "best.none": "Ohne Anrufe ist „{name}“ am günstigsten: {cost}",
        "pays": "; „{flat}“ lohnt sich ab {calls} Anrufen.",
        "pays.it": "; das gilt ab {calls} Anrufen.",
        "pays.always": "; das gilt für jede Zahl von Anrufen.",
        "pays.never": "; „{flat}“ lohnt sich auch bei {most} Anrufen nicht.",
        "nothing": "Es gibt keinen Tarif, dessen Kosten sich aus Anrufen schätzen lassen.",
        "tariff": "Tarif",
        "likely": "wahrscheinlich",
        "range": "Spanne",
        "from": "„{flat}“ ist günstiger",
        "from.calls": "ab {calls} Anrufen",
        "from.always": "immer",
        "from.never": "nicht bis {most}",
        "meaning": "In acht von zehn Monaten liegen die Kosten in der Spanne: So sehr schwankt die Zahl der Anrufe.",
        "month": "Geschätzt für {month}, mit seinen Wochentagen{holidays}: {low} bis {high} Anrufe.",
        "holidays": " und Feiertagen ({region})",
        "log": "Das Protokoll hat {calls} Anrufe an {days} Tagen ({first} bis {last}).",
        "log.one": "Das Protokoll hat {calls} Anrufe an einem Tag ({first}).",
        "weeks": "Mehrere gleiche Wochentage zählen als ihr Durchschnitt.",
        "lacking": "Im Protokoll fehlt {days}: angenommen wie die anderen Arbeitstage.",
        "weekend": "Im Protokoll fehlt {days}: angenommen ohne Anrufe.",
        "missed": "Verpasste Anrufe: {calls}. Sie zählen mit, je {usual} Minuten, denn wir hätten sie angenommen.",
        "out": "Ausgehende Anrufe: {calls}. Sie zählen nicht mit.",
        "talk": "Jeder Anruf zählt als Gespräch seiner Dauer; Warten und Nachbearbeitung kennt kein Protokoll.",
        "typed": "Angegeben: {calls} Anrufe in der Woche zu je {usual} Minuten, verteilt auf 9 bis 17 Uhr.",
        "left_out": "„{name}“ rechnet nach Arbeitsstunden: Aus Anrufen lässt sich das nicht schätzen.",
        "vat": "Alle Beträge ohne Umsatzsteuer und einmalige Gebühren.",
        "calls": "Anrufe im Monat",
        "cost": "Kosten im Monat ({currency}, netto)",
        "you": "Sie: etwa {calls}",
        "no_text": "Die Datei ist kein Text. Speichern Sie Ihr Protokoll als CSV.",
        "no_csv": "Zeile {line} ist kein CSV: Ein Anführungszeichen wird wohl nicht geschlossen.",
        "no_day": "In der ersten Zeile fehlt das Datum. Sie nennt Datum, Uhrzeit und Dauer; da steht: {value}",
        "no_duration": "Die erste Zeile nennt keine Spalte mit der Dauer. Da steht: {value}",
        "no_calls": "In diesem Protokoll steht kein eingehender Anruf.",
        "bad_day": "Zeile {line}: Das ist kein Tag mit Uhrzeit: {value}",
        "bad_duration": "Zeile {line}: Das ist keine Dauer (Sekunden, mm:ss oder hh:mm:ss): {value}",
        "too_many": "Das Protokoll hat mehr als {value} Zeilen. Eine Woche genügt.",
        "too_long": "Zwischen dem ersten und dem letzten Anruf liegen mehr als {value} Tage. Eine Woche genügt.",
    },
    "en": {
        "best": "With about {calls} calls a month “{name}” is the cheapest: {cost}",
        "best.one": "With about one call a month “{name}” is the cheapest: {cost}",
        "best.none": "Without calls “{name}” is the cheapest: {cost}",
        "pays": "; “{flat}” pays from {calls} calls on.",
        "pays.it": "; it is from {calls} calls on.",
        "pays.always": "; it is for any number of calls.",
        "pays.never": "; “{flat}” does not pay, even with {most} calls.",
        "nothing": "There is no tariff whose cost can be estimated from calls.",
        "tariff": "Tariff",
        "likely": "likely",
        "range": "range",
        "from": "“{flat}” is cheaper",
        "from.calls": "from {calls} calls on",
        "from.always": "always",
        "from.never": "not up to {most}",
        "meaning": "In eight of ten months the cost is within the range: so much does the number of calls vary.",
        "month": "Estimated for {month}, with its weekdays{holidays}: {low} to {high} calls.",
        "holidays": " and public holidays ({region})",
        "log": "The log has {calls} calls on {days} days ({first} to {last}).",
        "log.one": "The log has {calls} calls on one day ({first}).",
        "weeks": "Of several equal weekdays the average counts.",
        "lacking": "The log has no {days}: taken to be like the other working days.",
        "weekend": "The log has no {days}: taken to be without calls.",
        "missed": "Missed calls: {calls}. They count, with {usual} minutes each, for we would have taken them.",
        "out": "Outgoing calls: {calls}. They do not count.",
        "talk": "Each call counts with its duration as talk; no log knows of waiting and wrap-up.",
        "typed": "Entered: {calls} calls a week of {usual} minutes each, spread from 9 to 17.",
        "left_out": "“{name}” is by hours of work: that cannot be estimated from calls.",
        "vat": "All amounts without VAT and one-off fees.",
        "calls": "calls a month",
        "cost": "cost a month ({currency}, net)",
        "you": "you: about {calls}",
        "no_text": "The file is no text. Save your log as CSV.",
        "no_csv": "Line {line} is no CSV: a quotation mark is probably not closed.",
        "no_day": "The first line names no column with the day. It needs date, time and duration; it says: {value}",
        "no_duration": "The first line names no column with the duration. It says: {value}",
        "no_calls": "This log holds no incoming call.",
        "bad_day": "Line {line}: this is no day with a time: {value}",
        "bad_duration": "Line {line}: this is no duration (seconds, mm:ss or hh:mm:ss): {value}",
        "too_many": "The log has more than {value} lines. A week is enough.",
        "too_long": "There are more than {value} days between the first call and the last. A week is enough.",
    },
}

_WEEKDAYS: Mapping[Language, Sequence[str]] = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_GERMAN_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
_ENGLISH_MONTHS = "January February March April May June July August September October November December"
_MONTHS: Mapping[Language, Sequence[str]] = {
    "de": tuple(_GERMAN_MONTHS.split()),
    "en": tuple(_ENGLISH_MONTHS.split()),
}
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥"}

NO_RANGE = "–"  # noqa: RUF001 - a dash

_PLAIN = Decimal(20)
"""Below this amount cents matter."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: as text. `cheaper`: from when on each flat rate is cheaper, in the order of the table's."""

    name: str
    likely: str
    range: str
    cheaper: tuple[str, ...]
    best: bool
    flat: bool

    @property
    def has_range(self) -> bool:
        """Whether it is more than one amount."""
        return self.range != NO_RANGE


@dataclass(frozen=True, slots=True)
class Table:
    """The tariffs of one currency, the cheapest first. `heads`: of the columns."""

    currency: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def refusal(error: BadLog, language: Language) -> str:
    """Why a log cannot be read."""
    return WORDS[language][error.code].format(line=error.line, value=error.value)


def advice(found: Forecast, language: Language) -> tuple[str, ...]:
    """A sentence for each currency: which tariff is the cheapest, and from when on a flat rate is."""
    words = WORDS[language]
    return tuple(_advice(found, group, language) for group in by_currency(found.estimates)) or (words["nothing"],)


def _advice(found: Forecast, group: Sequence[Estimate], language: Language) -> str:
    words, best, calls = WORDS[language], group[0], found.volume.likely
    which = "best" if calls > 1 else ("best.none", "best.one")[calls]
    spread = _range(best, language)
    cost = _money(best.likely, best.currency, language) + (f" ({spread})" if spread else "")
    start = words[which].format(calls=number(calls, language), name=best.name, cost=cost)
    flat = next((one for one in group if one.flat), None)
    if flat is None or not found.pays:
        return f"{start}."
    since = _cheapest_from([one for one in found.pays if one.flat == flat.tariff])
    if flat is best:
        if since is None:
            return f"{start}."
        return start + words["pays.it" if since else "pays.always"].format(calls=number(since, language))
    if since is None:
        return start + words["pays.never"].format(flat=flat.name, most=number(MOST, language))
    return start + words["pays"].format(flat=flat.name, calls=number(since, language))


def _cheapest_from(pays: Sequence[Pays]) -> int | None:
    """From how many calls on it is cheaper than all others."""
    since = [one.calls for one in pays]
    known = [one for one in since if one is not None]
    return max(known, default=0) if len(known) == len(since) else None


def tables(found: Forecast, language: Language) -> tuple[Table, ...]:
    """What each tariff costs, by currency."""
    words = WORDS[language]
    made = []
    for group in by_currency(found.estimates):
        flats = [one for one in group if one.flat]
        heads = (words["tariff"], words["likely"], words["range"])
        rows = tuple(
            Row(
                one.name,
                _money(one.likely, one.currency, language),
                _range(one, language) or NO_RANGE,
                tuple(_from(found.pays, flat, one, language) for flat in flats),
                one is group[0],
                one.flat,
            )
            for one in group
        )
        made.append(Table(group[0].currency, (*heads, *(words["from"].format(flat=one.name) for one in flats)), rows))
    return tuple(made)


def _from(pays: Sequence[Pays], flat: Estimate, than: Estimate, language: Language) -> str:
    words = WORDS[language]
    one = next((one for one in pays if (one.flat, one.than) == (flat.tariff, than.tariff)), None)
    if one is None:
        return ""
    if one.calls is None:
        return words["from.never"].format(most=number(MOST, language))
    return words["from.calls"].format(calls=number(one.calls, language)) if one.calls else words["from.always"]


def of_log(log: CallLog, pattern: Pattern, language: Language) -> tuple[str, ...]:
    """What was read, and what is assumed of what is not there."""
    words = WORDS[language]
    days = (log.last - log.first).days + 1
    first, last = _day(log.first, language), _day(log.last, language)
    calls = number(len(log.calls), language)
    found = [words["log" if days > 1 else "log.one"].format(calls=calls, days=days, first=first, last=last)]
    found += of_days(pattern, language)
    if log.missed:
        usual = f"{log.usual // 60}:{log.usual % 60:02}"
        found.append(words["missed"].format(calls=number(log.missed, language), usual=usual))
    if log.out:
        found.append(words["out"].format(calls=number(log.out, language)))
    return (*found, words["talk"])


def of_days(pattern: Pattern, language: Language) -> tuple[str, ...]:
    """What is assumed where a log has more or fewer than seven days."""
    words, names = WORDS[language], _WEEKDAYS[language]
    found = [words["weeks"]] if max(pattern.days) > 1 else []
    if pattern.assumed:
        found.append(words["lacking"].format(days=", ".join(names[one] for one in pattern.assumed)))
    empty = [one for one in range(7) if not pattern.days[one] and one not in pattern.assumed]
    if empty:
        found.append(words["weekend"].format(days=", ".join(names[one] for one in empty)))
    return tuple(found)


def of_forecast(found: Forecast, region: str | None, language: Language) -> tuple[str, ...]:
    """What the estimates are of, what the range means, and what is left out."""
    words = WORDS[language]
    month = f"{_MONTHS[language][found.month.month - 1]} {found.month.year}"
    holidays = words["holidays"].format(region=region) if region else ""
    low, high = (number(one, language) for one in (found.volume.low, found.volume.high))
    left_out = (words["left_out"].format(name=name) for name in found.left_out)
    return (words["month"].format(month=month, holidays=holidays, low=low, high=high), *left_out, words["vat"])


def by_currency(estimates: Sequence[Estimate]) -> tuple[tuple[Estimate, ...], ...]:
    """The estimates of each currency in their order, the currency of most tariffs first."""
    currencies = [one for one, _ in Counter(one.currency for one in estimates).most_common()]
    return tuple(tuple(one for one in estimates if one.currency == currency) for currency in currencies)


def number(value: Decimal | int, language: Language) -> str:
    """With the language's marks: 1.234,50 or 1,234.50."""
    text = f"{value:,}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def sign(currency: str) -> str:
    """€ for EUR."""
    return _SIGNS.get(currency, currency)


def _money(amount: Decimal, currency: str, language: Language) -> str:
    return f"{_amount(amount, amount, language)} {sign(currency)}"


def _amount(amount: Decimal, like: Decimal, language: Language) -> str:
    return number(amount.quantize(Decimal("0.01" if like < _PLAIN else "1"), ROUND_HALF_UP), language)


def _range(one: Estimate, language: Language) -> str:
    """Empty: it is one amount."""
    low, high = (_amount(amount, one.low, language) for amount in (one.low, one.high))
    return f"{low}–{high} {sign(one.currency)}" if low != high else ""  # noqa: RUF001 - a range


def _day(day: date, language: Language) -> str:
    return f"{day.day}. {_MONTHS[language][day.month - 1]} {day.year}" if language == "de" else _english(day)


def _english(day: date) -> str:
    return f"{day.day} {_MONTHS['en'][day.month - 1]} {day.year}"

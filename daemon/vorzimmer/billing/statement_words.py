"""The words of a statement, in German and English; other languages read English."""

from __future__ import annotations

from collections.abc import Mapping

from vorzimmer.core.bill import Special, Unit

Words = Mapping[str, str]

WORDS: Mapping[str, Words] = {
    "de": {
        "title": "Abrechnung {month}",
        "client": "Kunde",
        "period": "Zeitraum",
        "closed": "Abgeschlossen",
        "calls_count": "Anrufe",
        "tariff": "Tarif",
        "net_total": "Summe netto",
        "positions": "Positionen",
        "position": "Position",
        "quantity": "Menge",
        "part": "{told}: {days} von {whole} Tagen",
        "unit": "Einheit",
        "price": "Preis {currency}",
        "amount": "Betrag {currency}",
        "sum": "Summe netto",
        "net": "Alle Beträge sind netto in {currency}; die Umsatzsteuer steht auf der Rechnung.",
        "nothing": "In diesem Monat ist nichts zu berechnen.",
        "balance": "Guthaben",
        "balance.before": "Guthaben vor diesem Monat",
        "balance.taken": "In diesem Monat verbraucht, mit Umsatzsteuer",
        "balance.after": "Guthaben danach",
        "comparison": "Tarifvergleich",
        "comparison.yours": "Dieselben Anrufe in jedem unserer Tarife: Ihr Tarif kostet {yours}, am günstigsten"
        " wäre {cheapest}: {name}.",
        "comparison.best": "Dieselben Anrufe in jedem unserer Tarife: Ihr Tarif ist mit {yours} der günstigste.",
        "comparison.how": "Jeder Tarif ist für den ganzen Monat gerechnet, ohne Optionen, Rabatte und Einmaliges;"
        " was im Voraus berechnet wird, zählt für den Monat, dem es gilt.",
        "comparison.mine": "Ihr Tarif",
        "comparison.difference": "Unterschied {currency}",
        "chart": "Anrufe nach Tageszeit",
        "chart.says": "Wann in diesem Monat angerufen wurde, in der Uhrzeit des Kunden. Die meisten Anrufe begannen"
        " zwischen {from_} und {until} Uhr: {count}.",
        "calls": "Alle Anrufe",
        "calls.none": "In diesem Monat gab es keine Anrufe.",
        "calls.says": "Jeder Anruf steht hier, auch wenn er nichts kostet. Nummern sind gekürzt, soweit keine"
        " vollständigen bestellt sind. Beträge einzelner Anrufe sind genau; gerundet wird, wo der Tarif es sagt.",
        "when": "Beginn",
        "number": "Rufnummer",
        "outcome": "Ergebnis",
        "phases": "Dauer in Sekunden",
        "why": "Was zählt",
        "withheld": "unterdrückt",
        "erased": "gelöscht",
        "unknown": "unbekannt",
        "out": "an {number}",
        "seal": "Prüfsiegel",
        "seal.says": "Jeder Anruf und jeder berechnete Betrag trägt eine Prüfsumme; alle zusammen bilden eine Kette,"
        " deren letztes Glied beim Abschluss hier steht. Wird nachträglich eine Zeile geändert, entfernt oder"
        " eingefügt, stimmt die Kette nicht mehr mit dieser Zahl überein. Geprüft wird mit:"
        " vorzimmer verify, gefolgt von dieser Zahl.",
        "seal.nothing": "Beim Abschluss war noch nichts versiegelt.",
        "kind": "Art",
        "call": "Anruf",
        "direction": "Richtung",
        "direction.in": "ankommend",
        "direction.out": "abgehend",
        "from": "von",
        "until": "bis",
        "hour": "Stunde",
        "total_seconds": "Sekunden",
    },
    "en": {
        "title": "Statement {month}",
        "client": "Client",
        "period": "Period",
        "closed": "Closed",
        "calls_count": "Calls",
        "tariff": "Tariff",
        "net_total": "Net total",
        "positions": "Positions",
        "position": "Position",
        "quantity": "Quantity",
        "part": "{told}: {days} of {whole} days",
        "unit": "Unit",
        "price": "Price {currency}",
        "amount": "Amount {currency}",
        "sum": "Net total",
        "net": "All amounts are net in {currency}; VAT stands on the invoice.",
        "nothing": "There is nothing to bill this month.",
        "balance": "Prepaid balance",
        "balance.before": "Balance before this month",
        "balance.taken": "Used this month, VAT included",
        "balance.after": "Balance after it",
        "comparison": "Comparison of tariffs",
        "comparison.yours": "The same calls under each of our tariffs: yours {yours}, cheapest {cheapest}: {name}.",
        "comparison.best": "The same calls under each of our tariffs: yours is the cheapest at {yours}.",
        "comparison.how": "Each tariff is reckoned for the whole month, without options, discounts and one-off fees;"
        " what is billed in advance counts for the month that it is for.",
        "comparison.mine": "your tariff",
        "comparison.difference": "Difference {currency}",
        "chart": "Calls by hour of the day",
        "chart.says": "When people called this month, by the client's clock. Most calls began between {from_} and"
        " {until}: {count}.",
        "calls": "All calls",
        "calls.none": "There were no calls this month.",
        "calls.says": "Every call stands here, also where it costs nothing. Numbers are shortened unless whole ones"
        " were ordered. Amounts of single calls are exact; they are rounded where the tariff says so.",
        "when": "Began",
        "number": "Number",
        "outcome": "Outcome",
        "phases": "Duration in seconds",
        "why": "What counts",
        "withheld": "withheld",
        "erased": "erased",
        "unknown": "unknown",
        "out": "to {number}",
        "seal": "Seal",
        "seal.says": "Each call and each charge has a checksum; together they form a chain, whose last link at the"
        " close stands here. If a row is changed, taken out or put in afterwards, the chain no longer leads to this"
        " figure. It is checked with: vorzimmer verify, followed by this figure.",
        "seal.nothing": "Nothing was sealed yet at the close.",
        "kind": "Kind",
        "call": "Call",
        "direction": "Direction",
        "direction.in": "in",
        "direction.out": "out",
        "from": "From",
        "until": "Until",
        "hour": "Hour",
        "total_seconds": "Seconds",
    },
}

UNITS: Mapping[str, Mapping[Unit, tuple[str, str]]] = {
    "de": {
        Unit.MONTH: ("Monat", "Monate"),
        Unit.YEAR: ("Jahr", "Jahre"),
        Unit.CALL: ("Anruf", "Anrufe"),
        Unit.MINUTE: ("Minute", "Minuten"),
        Unit.HOUR: ("Stunde", "Stunden"),
        Unit.ONE: ("", ""),
    },
    "en": {
        Unit.MONTH: ("month", "months"),
        Unit.YEAR: ("year", "years"),
        Unit.CALL: ("call", "calls"),
        Unit.MINUTE: ("minute", "minutes"),
        Unit.HOUR: ("hour", "hours"),
        Unit.ONE: ("", ""),
    },
}
"""Of one, and of another quantity."""

LINES: Mapping[str, Words] = {
    "de": {
        Special.FEE: "Einmalig",
        Special.DISCOUNT: "Rabatt",
        Special.MINIMUM: "Bis zum Mindestumsatz",
        Special.ROUNDING: "Rundungsdifferenz",
        "correction": "Ausgleich für im Voraus Berechnetes",
    },
    "en": {
        Special.FEE: "One-off",
        Special.DISCOUNT: "Discount",
        Special.MINIMUM: "Up to the minimum charge",
        Special.ROUNDING: "Difference from rounding",
        "correction": "Adjustment of what was billed in advance",
    },
}
"""Names of lines that are no position of the tariff, or that have no name of their own."""

OUTCOMES: Mapping[str, Words] = {
    "de": {
        "answered": "angenommen",
        "forwarded": "weitergeleitet",
        "message": "Nachricht",
        "announced": "Ansage",
        "abandoned": "aufgelegt",
        "blocked": "abgewiesen",
        "callback": "Rückruf",
        "unreached": "nicht erreicht",
        "failed": "gescheitert",
    },
    "en": {
        "answered": "answered",
        "forwarded": "forwarded",
        "message": "message",
        "announced": "announcement",
        "abandoned": "hung up",
        "blocked": "refused",
        "callback": "call back",
        "unreached": "not reached",
        "failed": "failed",
    },
}


def spoken(language: str) -> str:
    """The one of these languages in which a statement for a reader of that one is written."""
    return language if language in WORDS else "en"


def words_of(language: str) -> Words:
    """By their keys."""
    return WORDS[spoken(language)]


def known(words: Mapping[str, Words], language: str, key: str) -> str:
    """The word of a table; the key itself where the table does not have it."""
    return words.get(language, words["en"]).get(key, key)

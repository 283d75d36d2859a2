"""What the calculator's page says beside its answer."""

from __future__ import annotations

from collections.abc import Mapping

from vorzimmer.core.worth_words import Language

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "title": "Lohnt sich eine Flatrate?",
        "lead": "Eine Woche Ihrer Anrufe genügt: Wir schätzen, was ein Monat in jedem Tarif kostet.",
        "numbers": "Anrufe je Wochentag",
        "mon": "Mo",
        "tue": "Di",
        "wed": "Mi",
        "thu": "Do",
        "fri": "Fr",
        "sat": "Sa",
        "sun": "So",
        "minutes": "Minuten je Anruf",
        "or": "oder Ihr Telefonprotokoll",
        "file": "CSV-Datei",
        "paste": "oder hier eingefügt",
        "hint": "Die erste Zeile nennt die Spalten: Datum, Uhrzeit, Dauer, wenn möglich die Richtung. Auch die"
        " Anrufliste einer FRITZ!Box passt. Höchstens 5.000 Zeilen. Ein Protokoll geht den Zahlen oben vor.",
        "send": "Schätzen",
        "kept": "Nichts davon wird gespeichert.",
        "assumed": "Wie gerechnet wurde",
        "plot": "Kosten im Monat über der Zahl der Anrufe, eine Linie je Tarif; das Band ist Ihre Spanne.",
        "other": "English",
        "too_often": "Das waren viele Fragen. Bitte versuchen Sie es in zehn Minuten noch einmal.",
        "busy": "Gerade rechnen wir für andere. Bitte versuchen Sie es in einer Minute noch einmal.",
        "away": "Das geht gerade nicht. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        "no_form": "Das Formular kam nicht vollständig an. Bitte senden Sie es noch einmal.",
        "bad_numbers": "Je Tag bitte eine ganze Zahl von 0 bis 2.000, und je Anruf höchstens 60 Minuten.",
        "nothing": "Bitte geben Sie an, wie viele Anrufe Sie haben, oder wählen Sie ein Protokoll.",
    },
    "en": {
        "title": "Is a flat rate worth it?",
        "lead": "A week of your calls is enough: we estimate what a month costs by every tariff.",
        "numbers": "Calls by weekday",
        "mon": "Mon",
        "tue": "Tue",
        "wed": "Wed",
        "thu": "Thu",
        "fri": "Fri",
        "sat": "Sat",
        "sun": "Sun",
        "minutes": "Minutes a call",
        "or": "or your telephone log",
        "file": "CSV file",
        "paste": "or pasted here",
        "hint": "The first line names the columns: date, time, duration, if possible the direction. At most 5,000"
        " lines. A log goes before the numbers above.",
        "send": "Estimate",
        "kept": "Nothing of it is kept.",
        "assumed": "How this was reckoned",
        "plot": "Cost of a month over the number of calls, a line for each tariff; the band is your range.",
        "other": "Deutsch",
        "too_often": "These were many questions. Please try again in ten minutes.",
        "busy": "We are reckoning for others. Please try again in a minute.",
        "away": "This does not work at the moment. Please try again in a few minutes.",
        "no_form": "The form did not come whole. Please send it again.",
        "bad_numbers": "For each day a whole number from 0 to 2,000, please, and at most 60 minutes a call.",
        "nothing": "Please say how many calls you have, or choose a log.",
    },
}

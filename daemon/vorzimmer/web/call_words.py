"""A client's calls in words: how they ended, what the caller met, and the headings of a list, in German and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import Phase

Language = Literal["de", "en"]

ENDED: Mapping[Language, Mapping[Disposition, str]] = {
    "de": {
        Disposition.ANSWERED: "angenommen",
        Disposition.FORWARDED: "weitergeleitet",
        Disposition.MESSAGE: "Nachricht hinterlassen",
        Disposition.ANNOUNCED: "Ansage gehört",
        Disposition.ABANDONED: "aufgelegt",
        Disposition.BLOCKED: "abgewiesen",
        Disposition.CALLBACK: "Rückruf gewünscht",
        Disposition.UNREACHED: "nicht erreicht",
        Disposition.FAILED: "gescheitert",
    },
    "en": {
        Disposition.ANSWERED: "answered",
        Disposition.FORWARDED: "forwarded",
        Disposition.MESSAGE: "message left",
        Disposition.ANNOUNCED: "heard an announcement",
        Disposition.ABANDONED: "hung up",
        Disposition.BLOCKED: "refused",
        Disposition.CALLBACK: "wants a call back",
        Disposition.UNREACHED: "not reached",
        Disposition.FAILED: "failed",
    },
}
"""How a call ended for the caller."""

MET: Mapping[Language, Mapping[Phase, str]] = {
    "de": {
        Phase.RING: "es klingelt",
        Phase.ANNOUNCEMENT: "hört eine Ansage",
        Phase.QUEUE: "wartet",
        Phase.TALK: "spricht mit {who}",
        Phase.HOLD: "wird gehalten",
        Phase.PUT_THROUGH: "ist durchgestellt",
        Phase.FORWARDED: "ist weitergeleitet",
        Phase.MACHINE: "beim Anrufbeantworter",
    },
    "en": {
        Phase.RING: "it rings",
        Phase.ANNOUNCEMENT: "hears an announcement",
        Phase.QUEUE: "waits",
        Phase.TALK: "talks with {who}",
        Phase.HOLD: "is on hold",
        Phase.PUT_THROUGH: "is put through",
        Phase.FORWARDED: "is forwarded",
        Phase.MACHINE: "with the answering machine",
    },
}
"""What the caller met, phase by phase."""

ONE_OF_US: Mapping[Language, str] = {"de": "uns", "en": "us"}
"""An agent whose name is not known any more."""

SHEET: Mapping[Language, str] = {"de": "Anrufe", "en": "Calls"}

HEADINGS: Mapping[Language, tuple[str, ...]] = {
    "de": (
        *("Datum", "Beginn", "Richtung", "Ihre Nummer", "Anrufer", "Name", "Ergebnis"),
        *("Warten (s)", "Gespräch (s)", "Weitergeleitet (s)", "Dauer (s)", "Bearbeitet von", "Notiz", "Anruf"),
    ),
    "en": (
        *("day", "began", "direction", "your number", "caller", "name", "outcome"),
        *("wait (s)", "talk (s)", "forwarded (s)", "duration (s)", "agents", "note", "call"),
    ),
}

WITHHELD: Mapping[Language, str] = {"de": "unterdrückt", "en": "withheld"}

ERASED: Mapping[Language, str] = {"de": "gelöscht", "en": "erased"}

DIRECTIONS: Mapping[Language, Mapping[str, str]] = {
    "de": {"in": "ankommend", "out": "abgehend"},
    "en": {"in": "in", "out": "out"},
}

TICKED: Mapping[Language, tuple[str, str]] = {"de": ("nein", "ja"), "en": ("no", "yes")}
"""A field of a note that is a tick."""


def language_of(written: str) -> Language:
    """The reader's, of those in which there are words."""
    return "de" if written == "de" else "en"

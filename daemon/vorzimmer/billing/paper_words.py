"""The words of letterhead and foot, in German and English; other languages read English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "page": "Seite {page} von {all}",
        "vat_id": "USt-IdNr. {number}",
        "tax_number": "Steuernummer {number}",
    },
    "en": {
        "page": "Page {page} of {all}",
        "vat_id": "VAT ID {number}",
        "tax_number": "Tax number {number}",
    },
}


def words_of(language: str) -> Mapping[str, str]:
    """By their keys."""
    return WORDS.get(language, WORDS["en"])

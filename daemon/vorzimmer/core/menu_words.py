"""What stands at the stations of a menu's picture, in German and English."""

from __future__ import annotations

from collections.abc import Mapping

from vorzimmer.core import number
from vorzimmer.core.client import Client
from vorzimmer.core.handling import ToAnnouncement, ToContact, ToGroup, ToMenu, ToNumber, ToQueue
from vorzimmer.core.menu import MenuTarget
from vorzimmer.core.menu_check import ON_CALL
from vorzimmer.core.menu_picture import Label
from vorzimmer.core.model import Language


def labels(client: Client, language: Language, region: str) -> Label:
    """The words of a language; German's where there are none of it. `region`: its numbers are written nationally."""
    words = _WORDS.get(language, _WORDS[Language.GERMAN])

    def label(kind: str, target: MenuTarget | None) -> str:
        """The kind of target in words, and what it names."""
        said = words[kind]
        named = _named(client, target, words, region) if target is not None else ""
        return f"{said}: {named}" if named else said

    return label


def _named(client: Client, target: MenuTarget, words: Mapping[str, str], region: str) -> str:
    named = ""
    match target:
        case ToContact():
            contact = client.contact(target.contact)
            on_call = words["rota"] if target.contact == ON_CALL else target.contact
            named = contact.name if contact is not None else on_call
        case ToNumber():
            named = number.show(target.number, region)
        case ToGroup():
            named = target.group
        case ToQueue():
            named = target.team or ""
        case ToAnnouncement():
            named = ", ".join((target.sound, *target.then))
        case ToMenu():
            named = target.menu
    return named


_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.GERMAN: {
        "open": "Geöffnet",
        "closed": "Geschlossen",
        "at_lunch": "Mittagspause",
        "on_holiday": "Feiertag",
        "on_vacation": "Urlaub",
        "queue": "Zu uns",
        "group": "Gruppe",
        "partner": "Partner",
        "mobile": "Mobil",
        "contact": "Ansprechpartner",
        "rota": "Bereitschaft",
        "callback": "Rückruf",
        "machine": "Anrufbeantworter",
        "announcement": "Ansage",
        "menu": "Menü",
        "back": "Zurück",
        "hangup": "Auflegen",
    },
    Language.ENGLISH: {
        "open": "Open",
        "closed": "Closed",
        "at_lunch": "At lunch",
        "on_holiday": "Holiday",
        "on_vacation": "Vacation",
        "queue": "To us",
        "group": "Group",
        "partner": "Partner",
        "mobile": "Mobile",
        "contact": "Contact",
        "rota": "on call",
        "callback": "Call back",
        "machine": "Answering machine",
        "announcement": "Announcement",
        "menu": "Menu",
        "back": "Back",
        "hangup": "Hang up",
    },
}

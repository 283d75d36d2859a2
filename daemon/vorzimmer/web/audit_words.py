"""The trail of changes as a client's own people read it: in their language, and only what is theirs.

What the operator keeps about a client (team, priority, briefing) is named, its values are not told; nor who of the
operator's people it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vorzimmer.store.audit import Actor, Entry
from vorzimmer.web.call_words import Language

SHOWN = frozenset(
    {
        *("name", "language", "timezone", "holidays", "hours", "lunch", "special_days", "vacations", "override"),
        *("contacts", "rota", "callers", "mail", "announcements", "menus", "greeting", "email", "disabled", "id"),
        *("text", "until", "notify"),
    }
)
"""The values that a client's people see elsewhere too."""


def said(entry: Entry, language: Language) -> str:
    """What was done, in words; of what has none, its code."""
    return _WORDS[language].get(entry.what, entry.what)


def by(actor: Actor, names: Mapping[str, str], house: str, language: Language) -> str:
    """Who did it. `names`: of the client's own users by id; everybody else is the house."""
    if actor.acting_as is not None:
        return _IN_PLACE[language].format(house=house, name=names.get(actor.acting_as, actor.acting_as))
    if actor.name.startswith("phone:"):
        return _BY_TELEPHONE[language]
    return names.get(actor.name, house)


def theirs(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Of what differs, what the client's people may see."""
    return None if values is None else {key: value for key, value in values.items() if key in SHOWN}


_IN_PLACE: Mapping[Language, str] = {"de": "{house} (als {name})", "en": "{house} (as {name})"}
_BY_TELEPHONE: Mapping[Language, str] = {"de": "am Telefon", "en": "by telephone"}

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "client.create": "Auftraggeber angelegt",
        "client.change": "Einstellungen geändert",
        "client.settings": "Einstellungen geändert",
        "client.override": "Erreichbarkeit umgeschaltet",
        "client.hours": "Zeiten geändert",
        "client.contacts": "Ansprechpartner geändert",
        "client.notifications": "Benachrichtigungen geändert",
        "client.menus": "Sprachmenü geändert",
        "client.file": "Akte geändert",
        "message.resend": "Nachricht noch einmal verschickt",
        "message.give-up": "Nachricht aufgegeben",
        "call.answer": "Anruf beantwortet",
        "user.add": "Benutzer angelegt",
        "user.invite": "Benutzer eingeladen",
        "user.invitation": "Einladung angenommen",
        "user.password": "neues Kennwort vergeben",
        "user.password_reset": "neues Kennwort gewählt",
        "user.change": "Benutzer geändert",
        "user.remove": "Benutzer entfernt",
        "user.reset_totp": "zweiter Faktor zurückgesetzt",
        "impersonation.begin": "Seiten eines Benutzers geöffnet",
        "impersonation.end": "Seiten eines Benutzers verlassen",
        "notice.write": "Tageshinweis geschrieben",
        "notice.speak": "Tageshinweis gesprochen",
        "notice.delete": "Tageshinweis gelöscht",
        "pin.set": "PIN gesetzt",
        "pin.remove": "PIN gelöscht",
        "webhook.secret": "Geheimnis für Webhooks erzeugt",
        "number.assign": "Rufnummer zugeteilt",
        "number.release": "Rufnummer zurückgegeben",
        "order.place": "Einrichtung bestellt",
        "order.link": "Bestellverweis verschickt",
        "contract.import": "Vertrag geändert",
        "contract.end": "Vertrag beendet",
        "account.import": "Rechnungsanschrift geändert",
        "balance.add": "Guthaben gebucht",
        "work.add": "Arbeitszeit aufgeschrieben",
        "work.remove": "Arbeitszeit gestrichen",
    },
    "en": {
        "client.create": "client added",
        "client.change": "settings changed",
        "client.settings": "settings changed",
        "client.override": "switched open or closed",
        "client.hours": "hours changed",
        "client.contacts": "contacts changed",
        "client.notifications": "notifications changed",
        "client.menus": "voice menu changed",
        "client.file": "file changed",
        "message.resend": "message sent again",
        "message.give-up": "message given up",
        "call.answer": "call answered",
        "user.add": "user added",
        "user.invite": "user invited",
        "user.invitation": "invitation accepted",
        "user.password": "new password given",
        "user.password_reset": "new password chosen",
        "user.change": "user changed",
        "user.remove": "user removed",
        "user.reset_totp": "second factor reset",
        "impersonation.begin": "a user's pages opened",
        "impersonation.end": "a user's pages left",
        "notice.write": "notice of the day written",
        "notice.speak": "notice of the day spoken",
        "notice.delete": "notice of the day deleted",
        "pin.set": "PIN set",
        "pin.remove": "PIN removed",
        "webhook.secret": "secret for webhooks made",
        "number.assign": "number assigned",
        "number.release": "number released",
        "order.place": "set-up ordered",
        "order.link": "order link sent",
        "contract.import": "contract changed",
        "contract.end": "contract ended",
        "account.import": "billing address changed",
        "balance.add": "balance booked",
        "work.add": "work written down",
        "work.remove": "work taken back",
    },
}

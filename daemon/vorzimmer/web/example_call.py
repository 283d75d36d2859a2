"""A call that nobody made, to show what a message would look like, or to try whether one arrives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vorzimmer.core.cdr import Cdr, Disposition, to_json
from vorzimmer.core.client import Client
from vorzimmer.core.notify_rule import Kind
from vorzimmer.web.call_words import Language

CALLER = "+493023125042"
"""Of the numbers in Berlin that the Bundesnetzagentur keeps for films and examples: nobody has it."""

_DISPOSITIONS = (
    (Kind.ANSWERED, Disposition.ANSWERED),
    (Kind.NOTED, Disposition.ANSWERED),
    (Kind.URGENT, Disposition.ANSWERED),
    (Kind.MESSAGE, Disposition.MESSAGE),
    (Kind.MISSED, Disposition.ABANDONED),
    (Kind.CALLBACK, Disposition.CALLBACK),
    (Kind.PUT_THROUGH, Disposition.FORWARDED),
    (Kind.ANNOUNCED, Disposition.ANNOUNCED),
    (Kind.BLOCKED, Disposition.BLOCKED),
)
"""How an example ends that a rule is about; the first that fits, for it shows most."""

_WORDS: dict[Language, dict[str, str]] = {
    "de": {
        "name": "Erika Beispiel",
        "title": "Rückrufbitte",
        "who": "Name",
        "number": "Rufnummer",
        "what": "Anliegen",
        "said": "Bittet um Rückruf wegen des Termins am Freitag.",
        "test": "Dies ist eine Probe. Niemand hat angerufen.",
        "author": "Anna Beispiel",
    },
    "en": {
        "name": "Erika Example",
        "title": "Please call back",
        "who": "Name",
        "number": "Number",
        "what": "Matter",
        "said": "Asks to be called back about the appointment on Friday.",
        "test": "This is a test. Nobody has called.",
        "author": "Anna Example",
    },
}


def example(client: Client, at: datetime, call_id: str, of: Collection[Kind], language: Language) -> dict[str, Any]:
    """The payload of a plausible call of one of these kinds that ended at `at` (aware); none named: an answered one."""
    ends = next((ends for kind, ends in _DISPOSITIONS if not of or kind in of), Disposition.ANSWERED)
    answered, left = ends is Disposition.ANSWERED, ends is Disposition.MESSAGE
    talk, machine = Decimal(95 if answered else 0), Decimal(31 if left else 0)
    put_through = Decimal(140 if ends is Disposition.FORWARDED else 0)
    queue = Decimal(9)
    length = talk + machine + put_through + queue
    cdr = Cdr(
        call_id=call_id,
        client=client.id,
        did=next((entry.number for entry in client.dids), CALLER),
        direction="in",
        started_at=at - timedelta(seconds=float(length)),
        answered_at=at - timedelta(seconds=float(length - queue)),
        ended_at=at,
        duration=length,
        ring=Decimal(0),
        announcement=Decimal(0),
        queue=queue,
        talk=talk,
        forwarded=put_through,
        machine=machine,
        disposition=ends,
        cause=16,
        hung_up_by="caller",
        answered_by=None,
        office_state="open",
        reason="",
        recording=None,
        recording_seconds=None,
        withheld=False,
        caller=CALLER,
        caller_name=_WORDS[language]["name"],
        diverted_from=None,
        forwarded_to=CALLER if put_through else None,
    )
    payload = {**to_json(cdr), "client_name": client.name, "timezone": client.timezone, "note_follows": False}
    return {**payload, "notes": [_note(_WORDS[language], urgent=Kind.URGENT in of)] if answered else []}


def trial(client: Client, at: datetime, call_id: str, language: Language) -> dict[str, Any]:
    """An example that says of itself that it is one, for a message that is really sent."""
    words = _WORDS[language]
    payload = example(client, at, call_id, (), language)
    note = {**payload["notes"][0], "title": "TEST", "fields": [_line(words["what"], words["test"])]}
    return {**payload, "caller_name": "TEST", "client_name": f"TEST {client.name}", "notes": [note], "test": True}


def _note(words: dict[str, str], *, urgent: bool) -> dict[str, Any]:
    lines = [
        {"label": words["who"], "type": "text", "value": words["name"]},
        {"label": words["number"], "type": "phone", "value": CALLER},
        _line(words["what"], words["said"]),
    ]
    about = {"title": words["title"], "kind": "callback", "name": words["name"], "author": words["author"]}
    return {**about, "fields": lines, "urgent": urgent, "corrected": False}


def _line(label: str, value: str) -> dict[str, str]:
    return {"label": label, "type": "long_text", "value": value}

"""Notes about calls, purely: what a form's values may be, what is filled in beforehand, and what the client reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core import number as numbers
from vorzimmer.core.built_in_forms import CANCELLING
from vorzimmer.core.client import Client
from vorzimmer.core.note_form import FieldType, Form, FormField, FormKind, FromCall
from vorzimmer.core.plain_text import many_lines, single_line

Value = str | bool
"""What a field holds: a text, or a tick."""


class Wrong(StrEnum):
    """What may be wrong with a value."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NO_SUCH_FIELD = "no_such_field"
    WRONG_TYPE = "wrong_type"
    NO_PHONE = "no_phone"
    NO_EMAIL = "no_email"
    NO_DATE = "no_date"
    NO_TIME = "no_time"
    NO_NUMBER = "no_number"
    NO_CHOICE = "no_choice"
    NO_CONTACT = "no_contact"


@dataclass(frozen=True, slots=True)
class Checked:
    """The values cleaned, and what is wrong, by the field's id. What is wrong is left as it was written."""

    values: Mapping[str, Value]
    errors: Mapping[str, Wrong]


@dataclass(frozen=True, slots=True)
class Called:
    """What is known of a call when a note is begun. `arrived` is aware; numbers are E.164 where they could be read.

    `caller` and `caller_name` are None where they were withheld or not told.
    """

    client: str | None
    did: str
    caller: str | None
    caller_name: str | None
    arrived: datetime


def check(form: Form, values: Mapping[str, object], *, complete: bool, client: Client | None, region: str) -> Checked:
    """Clean what was filled in, and find what is wrong with it. Checking what was checked changes nothing.

    Nothing is cut and nothing is lost: of a value that does not fit, the text stays. A number that cannot be read as
    one stays as it was typed as long as it has digits, for an extension or a remark behind it is worth keeping.

    Args:
        form: what is filled in.
        values: by the field's id; what is not there is empty.
        complete: the note is to be finished, so everything must be right; a draft need only fit.
        client: whose contacts may be chosen; None: any.
        region: of national numbers (ISO 3166).
    """
    fields = {field.id: field for field in form.fields}
    cleaned: dict[str, Value] = {}
    errors = {single_line(name)[:_SHOWN]: Wrong.NO_SUCH_FIELD for name in values if name not in fields}
    for field in form.fields:
        if field.id in values:
            value, wrong = _read(field, values[field.id], region)
            cleaned[field.id] = value
        else:
            value, wrong = "", None
        if wrong is None and complete:
            wrong = _unfinished(field, value, client)
        if wrong is not None:
            errors[field.id] = wrong
    return Checked(cleaned, errors)


_SHOWN = 80
"""Characters of an unknown field's name that are told."""


def _read(field: FormField, value: object, region: str) -> tuple[Value, Wrong | None]:
    """The value as its field keeps it."""
    if field.type is FieldType.CHECKBOX:
        return (value, None) if isinstance(value, bool) else (False, None if value in (None, "") else Wrong.WRONG_TYPE)
    match value:
        case None:
            return "", None
        case bool():
            return "", Wrong.WRONG_TYPE
        case int() | float() if field.type is FieldType.NUMBER and abs(value) < _LARGEST:
            text = str(value)
        case str():
            text = many_lines(value) if field.type is FieldType.LONG_TEXT else single_line(value)
        case _:
            return "", Wrong.WRONG_TYPE
    if len(text) > (field.max_length or 0):
        return text, Wrong.TOO_LONG
    return _in_one_form(field.type, text, region), None


_LARGEST = 1e15
"""Below it a number that came as one is written with all its digits."""


def _in_one_form(kind: FieldType, text: str, region: str) -> str:
    """Numbers, dates and times that can be read, in the one form in which they are kept; else the text."""
    match kind:
        case FieldType.PHONE:
            return _phone(text, region)
        case FieldType.DATE:
            return _date(text) or text
        case FieldType.TIME:
            return _time(text) or text
        case _:
            return text


def _phone(text: str, region: str) -> str:
    """E.164 if every digit of the text is in it; the trunk prefix may go."""
    try:
        number = numbers.parse(text.strip(), region)
    except ValueError:
        return text
    typed = "".join(c for c in text.replace("(0)", "") if c in "0123456789").lstrip("0")
    return number if number.endswith(typed) else text


def _date(text: str) -> str | None:
    """ISO 8601, or day, month and year with dots."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = (found["y"], found["m"], found["d"]) if found["y"] else (found["Y"], found["M"], found["D"])
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


_DATE = re.compile(
    r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})|(?P<D>[0-9]{1,2})\. ?(?P<M>[0-9]{1,2})\. ?(?P<Y>[0-9]{4})"
)


def _time(text: str) -> str | None:
    """Hours and minutes."""
    found = _TIME.fullmatch(text.strip())
    return f"{int(found[1]):02}:{found[2]}" if found else None


_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,' ]*")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")


def _unfinished(field: FormField, value: Value, client: Client | None) -> Wrong | None:
    """What keeps a cleaned value from being finished."""
    text = value.strip() if isinstance(value, str) else value
    if not text:
        return Wrong.MISSING if field.required else None
    if not isinstance(text, str):
        return None
    match field.type:
        case FieldType.PHONE:
            fits, wrong = any(c.isdecimal() for c in text), Wrong.NO_PHONE
        case FieldType.EMAIL:
            fits, wrong = _EMAIL.fullmatch(text) is not None, Wrong.NO_EMAIL
        case FieldType.DATE:
            fits, wrong = _date(text) is not None, Wrong.NO_DATE
        case FieldType.TIME:
            fits, wrong = _time(text) is not None, Wrong.NO_TIME
        case FieldType.NUMBER:
            fits, wrong = _NUMBER.fullmatch(text) is not None, Wrong.NO_NUMBER
        case FieldType.CHOICE:
            fits, wrong = text in field.choices, Wrong.NO_CHOICE
        case FieldType.CONTACT:
            fits, wrong = client is None or client.contact(text) is not None, Wrong.NO_CONTACT
        case _:
            return None
    return None if fits else wrong


def beforehand(form: Form, called: Called, *, timezone: str, region: str) -> Mapping[str, Value]:
    """The values with which a note is begun: the fields' defaults, those from the call filled in.

    Args:
        form: what will be filled in.
        called: the call.
        timezone: the client's; the call's date and time are told by it.
        region: of national numbers.
    """
    local = called.arrived.astimezone(ZoneInfo(timezone))
    known = {
        FromCall.CALLER: called.caller,
        FromCall.CALLER_NAME: called.caller_name,
        FromCall.DID: called.did,
        FromCall.DATE: local.date().isoformat(),
        FromCall.TIME: f"{local:%H:%M}",
    }
    wanted = {field.id: field.default for field in form.fields if field.default is not None}
    values = {name: known[FromCall(one)] if one in list(FromCall) else one for name, one in wanted.items()}
    checked = check(form, values, complete=False, client=None, region=region)
    # A foreign name may be longer than the field that it is meant for.
    return {name: value for name, value in checked.values.items() if value != "" and name not in checked.errors}


def words(
    form: Form, values: Mapping[str, Value], *, urgent: bool, author: str, client: Client | None
) -> dict[str, Any]:
    """What the client reads of a finished note, as plain JSON: title, labelled values in order, who wrote it.

    `name` is who called, if the form asks for it: the field that the caller's name is filled into. Empty fields are
    left out; of a chosen contact the name is told. `appointment` is there where one was made: its date and time in ISO
    8601, by the client's clock, and how many minutes it takes.
    """
    told = []
    name = ""
    for field in form.fields:
        value = values.get(field.id, "")
        if isinstance(value, str):
            value = value.strip()
        if value == "":
            continue
        if field.type is FieldType.CONTACT and client is not None and (contact := client.contact(str(value))):
            value = contact.name
        if field.default == FromCall.CALLER_NAME and not name:
            name = str(value)
        told.append({"label": field.label, "type": field.type.value, "value": value})
    planned = _appointment(form, values)
    return {
        "title": form.title,
        "kind": form.kind.value,
        "name": name,
        "fields": told,
        "urgent": urgent,
        "author": author,
        **({} if planned is None else {"appointment": planned}),
    }


USUAL_MINUTES = 30
"""Of an appointment whose form has no number field `minutes`."""


def _appointment(form: Form, values: Mapping[str, Value]) -> dict[str, Any] | None:
    """The first date and time of a form for appointments; None, too, where one is to be cancelled."""
    if form.kind is not FormKind.APPOINTMENT or CANCELLING & {str(value) for value in values.values()}:
        return None
    found = {}
    for kind, read in ((FieldType.DATE, _date), (FieldType.TIME, _time)):
        texts = (str(values[field.id]) for field in form.fields if field.type is kind and field.id in values)
        found[kind.value] = next((one for text in texts if (one := read(text.strip())) is not None), None)
    if None in found.values():
        return None
    minutes = str(values.get("minutes", "")).strip()
    long = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) <= _LONGEST else 0
    return {**found, "minutes": long or USUAL_MINUTES}


_LONGEST = 4
"""Digits of an appointment's minutes."""

"""What a note's values may be, what is filled in beforehand, and what the client reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import make_client
from tests.core.test_note_form import form
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.model import Language
from vorzimmer.core.note_form import FieldType, Form, FormKind
from vorzimmer.core.notes import Called, Checked, Value, Wrong, beforehand, check, words

CLIENT = make_client(contacts=[{"id": "chief", "name": "Frau Müller", "numbers": ["+4989555001"]}])
MESSAGE = built_in(FormKind.MESSAGE, Language.GERMAN)
EVERY = form(
    *(
        {"id": kind.value, "type": kind.value, **({"choices": ["a", "b"]} if kind is FieldType.CHOICE else {})}
        for kind in FieldType
    )
)
"""A form with a field of each type, named after it."""


def checked(values: dict[str, object], *, complete: bool = True, of: Any = EVERY) -> Checked:
    """The values, checked for the client above."""
    return check(of, values, complete=complete, client=CLIENT, region="DE")


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "a\nb\tc", "a b c"),
        ("text", "<script>alert(1)</script> 👩‍👩‍👧", "<script>alert(1)</script> 👩‍👩‍👧"),
        ("long_text", "a\r\nb\0\u2028c", "a\nb\nc"),
        ("phone", " 089 / 12 34 56 ", "+4989123456"),
        ("phone", "+49 (0)89 123456", "+4989123456"),
        ("phone", "0043 1 5811234", "+4315811234"),
        ("phone", "089 123456-0 Durchwahl 12", "089 123456-0 Durchwahl 12"),
        ("phone", "0171 1234567 / 0171 7654321", "0171 1234567 / 0171 7654321"),
        ("phone", "110", "110"),
        ("date", "24.12.2026", "2026-12-24"),
        ("date", "1. 2. 2026", "2026-02-01"),
        ("date", "2026-12-24", "2026-12-24"),
        ("time", "9:30", "09:30"),
        ("time", "09.30", "09:30"),
        ("number", 12, "12"),
        ("number", 1.5, "1.5"),
        ("number", "1.000,50", "1.000,50"),
        ("email", "max@firma.local", "max@firma.local"),
        ("choice", "b", "b"),
        ("contact", "chief", "chief"),
        ("checkbox", True, True),
        ("checkbox", None, False),
        ("text", None, ""),
    ],
)
def test_what_is_right_is_kept_in_one_form(kind: str, typed: object, kept: Value) -> None:
    """Numbers, dates and times however they were typed; a number with a remark behind it loses nothing."""
    assert checked({kind: typed}) == Checked({kind: kept}, {})


@pytest.mark.parametrize(
    ("kind", "typed", "wrong"),
    [
        ("phone", "does not say", Wrong.NO_PHONE),
        ("email", "max at firma", Wrong.NO_EMAIL),
        ("email", "a@b@c.de", Wrong.NO_EMAIL),
        ("date", "31.02.2026", Wrong.NO_DATE),
        ("date", "tomorrow", Wrong.NO_DATE),
        ("time", "25:00", Wrong.NO_TIME),
        ("number", "many", Wrong.NO_NUMBER),
        ("choice", "c", Wrong.NO_CHOICE),
        ("contact", "ghost", Wrong.NO_CONTACT),
    ],
)
def test_what_is_wrong_may_stand_in_a_draft_only(kind: str, typed: str, wrong: Wrong) -> None:
    """While the agent types everything is kept as it is; before the client gets it, it must be right."""
    assert checked({kind: typed}, complete=False) == Checked({kind: typed}, {})
    assert checked({kind: typed}) == Checked({kind: typed}, {kind: wrong})


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"colour": "red"}, {"colour": Wrong.NO_SUCH_FIELD}),
        ({"x" * 500 + "\n": 1}, {"x" * 80: Wrong.NO_SUCH_FIELD}),
        ({"text": "x" * 201}, {"text": Wrong.TOO_LONG}),
        ({"long_text": "x" * 20_001}, {"long_text": Wrong.TOO_LONG}),
        ({"text": 5}, {"text": Wrong.WRONG_TYPE}),
        ({"text": True}, {"text": Wrong.WRONG_TYPE}),
        ({"text": ["a"]}, {"text": Wrong.WRONG_TYPE}),
        ({"checkbox": "yes"}, {"checkbox": Wrong.WRONG_TYPE}),
        ({"number": float("nan")}, {"number": Wrong.WRONG_TYPE}),
        ({"number": 10**30}, {"number": Wrong.WRONG_TYPE}),
    ],
)
def test_what_no_form_takes_is_told_in_a_draft_too(
    *, values: dict[str, object], wrong: dict[str, Wrong], complete: bool
) -> None:
    """A field that is none, a text beyond its limit, a list: named, and nothing is silently cut."""
    found = checked(values, complete=complete)
    assert found.errors == wrong
    assert found.values.get("text", "x" * 201) in ("x" * 201, "")


def test_required_fields_must_be_filled_in_at_the_end() -> None:
    """Blanks are nothing; a box that must be ticked must be ticked."""
    of = form({"id": "a", "required": True}, {"id": "b", "type": "checkbox", "required": True}, {"id": "c"})
    missing = {"a": Wrong.MISSING, "b": Wrong.MISSING}
    assert checked({}, of=of).errors == missing
    assert checked({"a": "  ", "b": False}, of=of).errors == missing
    assert checked({"a": "x", "b": True}, of=of).errors == {}
    assert checked({}, complete=False, of=of).errors == {}


def test_a_contact_of_a_client_that_is_gone_still_goes() -> None:
    """A note need not stay a draft for ever because its client left the book."""
    assert check(EVERY, {"contact": "chief"}, complete=True, client=None, region="DE").errors == {}


_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(), max_size=2), st.binary()
)


@given(
    values=st.dictionaries(st.one_of(st.sampled_from([*FieldType]), st.text(max_size=100)), _ANYTHING, max_size=8),
    complete=st.booleans(),
)
def test_whatever_is_filled_in(*, values: dict[str, object], complete: bool) -> None:
    """It never fails, checking again changes nothing, and what a field of text took is all still there."""
    found = checked(values, complete=complete)
    assert set(found.values) <= set(FieldType)
    assert set(found.values) == set(values) & set(FieldType)
    again = checked(dict(found.values), complete=complete)
    assert again.values == found.values
    for name in ("text", "long_text", "email", "choice", "number", "contact"):
        if isinstance(typed := values.get(name), str):
            kept = found.values[name]
            assert isinstance(kept, str)
            assert [c for c in kept if c.isalnum()] == [c for c in typed if c.isalnum()]


@given(st.text(alphabet="0123456789+()/- ", max_size=30))
def test_no_digit_of_a_number_is_lost(typed: str) -> None:
    """Whatever is made of a number, every digit but the trunk prefix is in it."""
    kept = checked({"phone": typed}, complete=False).values["phone"]
    assert isinstance(kept, str)
    digits = "".join(c for c in typed.replace("(0)", "") if c.isdigit()).lstrip("0")
    assert kept == typed or kept.endswith(digits)


def test_a_form_begins_with_what_the_call_tells() -> None:
    """Caller, name, number, date and time stand there already, by the client's clock; what is unknown stays empty."""
    of = form(
        {"id": "who", "default": "call.caller_name"},
        {"id": "phone", "type": "phone", "default": "call.caller"},
        {"id": "did", "default": "call.did"},
        {"id": "day", "type": "date", "default": "call.date"},
        {"id": "at", "type": "time", "default": "call.time"},
        {"id": "paid", "type": "checkbox", "default": True},
        {"id": "fixed", "default": "as always"},
        {"id": "empty"},
    )
    known = Called("kanzlei", "+4989123", "+4930111111", "Erika\nMuster", datetime(2026, 6, 30, 22, 5, tzinfo=UTC))
    assert beforehand(of, known, timezone="Europe/Berlin", region="DE") == {
        "who": "Erika Muster",
        "phone": "+4930111111",
        "did": "+4989123",
        "day": "2026-07-01",
        "at": "00:05",
        "paid": True,
        "fixed": "as always",
    }
    withheld = Called("kanzlei", "+4989123", None, None, known.arrived)
    assert "phone" not in beforehand(MESSAGE, withheld, timezone="Europe/Berlin", region="DE")


def test_the_client_reads_what_was_filled_in_and_no_more() -> None:
    """Labels in the form's order, a contact by its name, empty fields left out; a box says no as well."""
    values: dict[str, Value] = {
        "message": " Bitte zurückrufen. ",
        "name": "Erika Muster",
        "company": "  ",
        "for_whom": "chief",
        "call_back": False,
    }
    assert words(MESSAGE, values, urgent=True, author="Anna", client=CLIENT) == {
        "title": "Nachricht",
        "kind": "message",
        "name": "Erika Muster",
        "urgent": True,
        "author": "Anna",
        "fields": [
            {"label": "Name", "type": "text", "value": "Erika Muster"},
            {"label": "Für", "type": "contact", "value": "Frau Müller"},
            {"label": "Nachricht", "type": "long_text", "value": "Bitte zurückrufen."},
            {"label": "Rückruf erbeten", "type": "checkbox", "value": False},
        ],
    }


@pytest.mark.parametrize(
    ("values", "planned"),
    [
        ({"date": "2026-12-28", "time": "09:30"}, {"date": "2026-12-28", "time": "09:30", "minutes": 30}),
        ({"date": "28.12.2026", "time": "9.30"}, {"date": "2026-12-28", "time": "09:30", "minutes": 30}),
        ({"date": "2026-12-28"}, None),
        ({"date": "next week", "time": "09:30"}, None),
        ({"date": "2026-12-28", "time": "09:30", "request": "Termin absagen"}, None),
        ({"date": "2026-12-28", "time": "09:30", "request": "Termin verschieben"}, {"minutes": 30}),
    ],
)
def test_an_appointment_is_told_in_one_form(values: dict[str, Value], planned: dict[str, Any] | None) -> None:
    """Its day and time as programs write them; half an hour, where the form does not ask how long."""
    form = built_in(FormKind.APPOINTMENT, Language.GERMAN)
    told = words(form, values, urgent=False, author="Anna", client=None).get("appointment")
    assert (told is None) == (planned is None)
    assert told is None or planned is None or planned.items() <= told.items()


@pytest.mark.parametrize(("typed", "minutes"), [("45", 45), ("", 30), ("0", 30), ("99999", 30), ("-5", 30), ("x", 30)])
def test_a_form_may_ask_how_long_an_appointment_takes(typed: str, minutes: int) -> None:
    """In a field `minutes`; what is no such number is half an hour. Other kinds of forms have no appointment."""
    kinds = {"date": "date", "time": "time", "minutes": "number"}
    fields = [{"id": name, "label": name, "type": kind} for name, kind in kinds.items()]
    about = {"id": "visit", "title": "Besuch", "fields": fields}
    values: dict[str, Value] = {"date": "2026-12-28", "time": "09:30", "minutes": typed}
    form = Form.model_validate({**about, "kind": "appointment"})
    assert words(form, values, urgent=False, author="A", client=None)["appointment"]["minutes"] == minutes
    other = Form.model_validate({**about, "kind": "booking"})
    assert "appointment" not in words(other, values, urgent=False, author="A", client=None)

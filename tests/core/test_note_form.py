"""Forms as data: what may be defined, the built-in ones, and how a client's are written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.examples import make_client
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.client import Client
from vorzimmer.core.model import Language
from vorzimmer.core.note_form import LONGEST_LINE, LONGEST_TEXT, FieldType, Form, FormKind


def form(*fields: dict[str, Any], **more: Any) -> Form:
    """A form of these fields; a label is made where there is none."""
    written = [{"label": "Field", **field} for field in fields] or [{"id": "text", "label": "Text"}]
    return Form.model_validate({"id": "own", "title": "Own", "fields": written, **more})


@pytest.mark.parametrize("kind", FormKind)
@pytest.mark.parametrize("language", Language)
def test_every_kind_is_built_in_in_every_language(kind: FormKind, language: Language) -> None:
    """A client names a kind, and has a form whose every label is in its language, with something required."""
    found = built_in(kind, language)
    assert (found.id, found.kind) == (kind.value, kind)
    assert any(field.required for field in found.fields)
    others = [built_in(kind, other) for other in Language if other is not language]
    assert [[field.id for field in other.fields] for other in others] == [[field.id for field in found.fields]] * 2
    assert all(found.fields != other.fields for other in others)


@pytest.mark.parametrize("kind", list(FieldType))
def test_a_field_is_limited_by_its_type(kind: FieldType) -> None:
    """A page knows how much each field takes: a line, a text, or nothing at all."""
    choices = {"choices": ["a"]} if kind is FieldType.CHOICE else {}
    (field,) = form({"id": "x", "type": kind.value, **choices}).fields
    limits = {FieldType.LONG_TEXT: LONGEST_TEXT, FieldType.CHECKBOX: None}
    assert field.max_length == limits.get(kind, LONGEST_LINE)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"id": "Name"}, "pattern"),
        ({"id": "x", "type": "colour"}, "text"),
        ({"id": "x", "label": "a\nb"}, "printable"),
        ({"id": "x", "type": "choice"}, "choices stand with"),
        ({"id": "x", "choices": ["a"]}, "choices stand with"),
        ({"id": "x", "type": "choice", "choices": ["a", "a"]}, "stands twice"),
        ({"id": "x", "max_length": 201}, "max_length"),
        ({"id": "x", "type": "date", "max_length": 5}, "max_length"),
        ({"id": "x", "type": "long_text", "max_length": 20_001}, "20000"),
        ({"id": "x", "default": True}, "does not fit"),
        ({"id": "x", "type": "checkbox", "default": "yes"}, "does not fit"),
        ({"id": "x", "type": "choice", "choices": ["a"], "default": "b"}, "does not fit"),
        ({"id": "x", "default": "call.secret"}, r"call\.caller_name"),
        ({"id": "x", "max_length": 3, "default": "long"}, "does not fit"),
        ({"id": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_field_that_cannot_work_is_refused(field: dict[str, Any], words: str) -> None:
    """A mistake is told when the book is imported, not while an agent writes."""
    with pytest.raises(ValidationError, match=words):
        form(field)


def test_a_form_is_bounded() -> None:
    """40 fields, each once, and a title that is fit for a mail's subject."""
    assert len(form(*({"id": f"f{n}"} for n in range(40))).fields) == 40
    for fields, more in (
        ([{"id": f"f{n}"} for n in range(41)], {}),
        ([{"id": "x"}, {"id": "x"}], {}),
        ([{"id": "x"}], {"title": "=?utf-8?q?x?="}),
        ([{"id": "x"}], {"title": "a\r\nBcc: b@c.example"}),
    ):
        with pytest.raises(ValidationError):
            form(*fields, **more)


def test_a_client_names_forms_by_their_kind() -> None:
    """What is built in is written in one word, and read in the client's language, also when that changes."""
    own = form({"id": "colour"}).model_dump(mode="json")
    client = make_client(forms=["order", own])
    assert [one.title for one in client.forms] == ["Bestellung", "Own"]
    written = client.model_dump(mode="json")
    assert written["forms"] == ["order", own]
    english = Client.model_validate({**written, "language": "en"})
    assert [one.title for one in english.forms] == ["Order", "Own"]


def test_a_client_without_forms_has_two() -> None:
    """A message and a free note can be taken for everybody."""
    assert [one.kind for one in make_client().note_forms] == [FormKind.MESSAGE, FormKind.FREE]
    assert [one.kind for one in make_client(forms=["booking"]).note_forms] == [FormKind.BOOKING]


@pytest.mark.parametrize(
    ("forms", "words"),
    [(["nachricht"], "no built-in form 'nachricht'"), (["order", "order"], "a form stands twice"), ("order", "tuple")],
)
def test_forms_of_a_client_that_cannot_work_are_refused(forms: Any, words: str) -> None:
    """The sentence names what is allowed."""
    with pytest.raises(ValidationError, match=words):
        make_client(forms=forms)


@pytest.mark.parametrize(
    "fields", [{"greeting": "x" * 501}, {"briefing": "x" * 10_001}, {"note_wait": -1}, {"note_wait": 3601}]
)
def test_what_agents_read_is_bounded(fields: dict[str, Any]) -> None:
    """A screen pop stays a screen's worth, and no mail waits for more than an hour."""
    with pytest.raises(ValidationError):
        make_client(**fields)


def test_a_briefing_keeps_its_lines() -> None:
    """Line breaks stay, what controls a terminal goes."""
    assert make_client(briefing="One\r\nTwo\0\x1b").briefing == "One\nTwo"

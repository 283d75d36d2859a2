"""Notes in a mail: what the client reads first."""
# ruff: noqa: RUF001 - Chinese has brackets and commas of its own

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.notify.examples import payload
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.model import Language
from vorzimmer.core.note_form import Form, FormKind
from vorzimmer.core.notes import Value, check, words
from vorzimmer.notify.render import LOCALES, Page, RenderError, render

TYPED: dict[str, Value] = {
    "name": "Erika Muster",
    "phone": "0171 2345678",
    "message": "Bitte zurückrufen.\n\nFrist: 30.11.",
    "call_back": True,
}


def note(language: str = "de", kind: FormKind = FormKind.MESSAGE, *, urgent: bool = False, **typed: Value) -> Any:
    """A finished note as it stands in a payload."""
    form: Form = built_in(kind, Language(language))
    known: dict[str, object] = {**TYPED, **typed} if kind is FormKind.MESSAGE else dict(typed)
    checked = check(form, known, complete=False, client=None, region="DE")
    return words(form, checked.values, urgent=urgent, author="Anna Weber", client=None)


def mail(*notes: Any, language: str = "de", **changes: Any) -> Page:
    """A mail about an answered call with these notes."""
    call = {"disposition": "answered", "talk": "83.500", "office_state": "open", **changes}
    return render(payload(**call, notes=list(notes)), language, "DE", "none")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", ["Nachricht", "Name", "Rückruf erbeten: ja", "Aufgenommen von Anna Weber", "Anruf angenommen"]),
        ("en", ["Message", "Name", "Please call back: yes", "Taken by Anna Weber", "Call answered"]),
        ("zh", ["留言", "姓名", "请回电: 是", "Anna Weber", "已接听"]),
    ],
)
def test_the_note_stands_above_the_call(language: str, said: list[str]) -> None:
    """In the client's language, in both parts; then the facts of the call, as without a note."""
    page = mail(note(language), language=language)
    for part in (page.text, page.html):
        assert part.index("Bitte zurückrufen.") < part.index("1:24")
        for word in said:
            assert word.partition(": ")[0] in part
    for word in said:
        assert word in page.text
    assert not re.search(r"None|Undefined|\{\{|True|False", page.subject + page.text + page.html)


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Nachricht von Erika Muster für Kanzlei Müller"),
        ("en", "Message from Erika Muster for Kanzlei Müller"),
        ("zh", "Kanzlei Müller 的留言：Erika Muster"),
    ],
)
def test_the_subject_names_form_and_person(language: str, subject: str) -> None:
    """Whoever sees only the list of mails knows what it is and from whom, as the agent wrote it down."""
    assert mail(note(language), language=language).subject == subject


@pytest.mark.parametrize(("language", "word"), [("de", "Dringend"), ("en", "Urgent"), ("zh", "紧急")])
def test_what_is_urgent_says_so_first(language: str, word: str) -> None:
    """In the subject, in text and HTML, and to the mail program."""
    page = mail(note(language, urgent=True), note(language), language=language)
    assert page.subject.startswith(word)
    assert "+1" in page.subject
    assert page.urgent
    assert word in page.text
    assert word in page.html
    calm = mail(note(language), language=language)
    assert not calm.urgent
    assert word not in calm.subject + calm.text + calm.html


def test_a_note_without_a_name_takes_the_callers() -> None:
    """The subject falls back on what the network tells; with a withheld number nobody is named."""
    assert "von Erika Muster (089 12345678) für" in mail(note(name="")).subject
    assert mail(note(name=""), withheld=True).subject == "Nachricht für Kanzlei Müller"


def test_the_button_calls_whom_the_caller_wants_called() -> None:
    """The noted number comes before the one that was called from; without one it is that."""
    assert 'href="tel:+491712345678"' in mail(note()).html
    assert "Zurückrufen: 0171 2345678" in mail(note()).html
    assert "Zurückrufen: 089 12345678" in mail(note(phone="")).html
    assert "tel:" not in mail(note(phone="nur Durchwahl 12"), withheld=True).html


def test_many_lines_stay_many_lines() -> None:
    """A long text keeps its paragraphs in both parts, and blanks are no lines."""
    page = mail(note(message="one\ntwo\n\nthree"))
    assert "Nachricht:\n\n    one\n    two\n    \n    three\n" in page.text
    assert "one<br>two<br><br>three" in page.html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% include 'call.txt.j2' %}",
        "\u202egnihsihp\0\x1b[31m",
        "x\r\nBcc: y@evil.example",
        "👩‍👩‍👧 律师",
    ],
)
def test_whatever_is_noted_is_text(text: str) -> None:
    """No tag, template, header or mark of direction takes effect, wherever it was written."""
    written = {**note(name=text, message=text), "author": text, "title": text}
    page = mail(written)
    assert "\n" not in page.subject
    for active in ("<script", "<img", "\u202e", "\0", "\x1b", "\nBcc"):
        assert active not in page.html
    for active in ("\u202e", "\0", "\x1b"):
        assert active not in page.subject + page.text
    if "{{" in text:
        assert "{{ 7 * 7 }}" in page.html
    if "👩" in text:
        assert text in page.text
        assert text in page.html


def test_a_date_is_written_as_the_client_writes_it() -> None:
    """What is no date stays as it was typed."""
    booked = note("de", FormKind.BOOKING, name="E", what="Zimmer", from_date="2026-12-24", until_date="Ostern")
    text = mail(booked).text
    assert "Von: Donnerstag, 24. Dezember 2026" in text
    assert "Bis: Ostern" in text


@pytest.mark.parametrize("language", LOCALES)
def test_a_note_that_follows_is_announced(language: str) -> None:
    """The mail that did not wait any longer says so, with and without other notes."""
    plain = mail(language=language)
    told = mail(language=language, note_follows=True)
    assert len(told.text.splitlines()) == len(plain.text.splitlines()) + 1
    assert told.html != plain.html


@pytest.mark.parametrize(("language", "word"), [("de", "Berichtigt"), ("en", "Corrected"), ("zh", "更正")])
def test_a_corrected_note_says_that_it_replaces_the_earlier_one(language: str, word: str) -> None:
    """Nobody acts on the old one; a first one says nothing of the kind."""
    page = mail({**note(language), "corrected": True}, language=language, note_alone=True)
    assert page.subject.startswith(word)
    assert word in page.text
    assert word in page.html
    first = mail(note(language), language=language)
    assert word not in first.subject + first.text + first.html


@pytest.mark.parametrize("language", LOCALES)
def test_a_note_of_another_clients_call_tells_who_called_and_when(language: str) -> None:
    """Nothing of what was done for the other client, and no empty lines in its place."""
    gone = dict.fromkeys(("duration", "did", "office_state", "forwarded_to", "ring", "queue", "talk", "forwarded"))
    page = mail(note(language), language=language, **{**gone, "note_alone": True})
    for part in (page.text, page.html):
        assert "089 12345678" in part
        assert "2026" in part
        assert "089 123400" not in part
        assert "0:00" not in part
    assert not re.search(r"None|Undefined", page.subject + page.text + page.html)


@pytest.mark.parametrize("notes", [[{}], ["text"], [{"title": "x", "name": "", "urgent": False, "author": "a"}], 5])
def test_notes_that_are_none_are_refused(notes: Any) -> None:
    """A broken row is put aside in one kind of exception."""
    with pytest.raises(RenderError):
        render(payload(notes=notes), "de", "DE", "none")

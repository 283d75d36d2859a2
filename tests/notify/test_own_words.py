"""Messages in own words: what a template may say, and how little it can do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.notify.conftest import Troubles
from tests.notify.examples import payload
from tests.notify.test_noted import note
from vorzimmer.notify import own_words
from vorzimmer.notify.own_words import OwnWordsError, read_folder, values_of
from vorzimmer.notify.render import Page, RenderError, preview, render, view

BODY = """Hallo {{ client }},
{{ headline }}: {{ name | upcase }}{% if caller %} ({{ caller }}){% endif %}
{% for note in notes -%}
{{ note.title }}: {% for one in note.entries %}{{ one.label }}={{ one.text }};{% endfor %}
{%- endfor %}"""


def written(template: dict[str, str], troubles: Troubles | None = None, **changes: Any) -> Page:
    """A mail by a client's own words."""
    about = payload(disposition="answered", rule={"id": "office", "template": template}, notes=[note()], **changes)
    return render(about, "de", "DE", "none", trouble=Troubles() if troubles is None else troubles)


def test_a_mail_in_own_words() -> None:
    """The client's words with the call's values; the HTML says the same, in the frame of all mails."""
    page = written({"subject": "{{ name }} rief an", "body": BODY})
    assert page.subject == "Erika Muster rief an"
    assert page.text.startswith("Hallo Kanzlei Müller,\nAnruf angenommen: ERIKA MUSTER (089 12345678)\n")
    assert "Nachricht: Name=Erika Muster;Telefon=0171 2345678;" in page.text
    assert "Bitte zurückrufen.\n\nFrist: 30.11." in page.text
    assert "Hallo Kanzlei Müller," in page.html
    assert page.html.startswith("<!doctype html>")


def test_without_a_subject_the_usual_one() -> None:
    """A template may care for the text alone."""
    assert written({"body": "x"}).subject == "Nachricht von Erika Muster für Kanzlei Müller"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x>', "{{ client }}", "{% if %}"])
def test_what_a_caller_is_called_is_text(name: str) -> None:
    """A value is neither markup nor template, whatever it looks like."""
    page = written({"subject": "{{ name }}", "body": "{{ name }}"}, caller_name=name)
    assert page.subject == page.text.strip() == name
    assert "<script" not in page.html
    assert "<img" not in page.html


def test_a_subject_stays_one_line() -> None:
    """Whatever a template makes of it: it is a header."""
    page = written({"subject": "a\r\nBcc: x@evil.example\n{{ name }} =?utf-8?q?x?=", "body": "x"})
    assert page.subject == "a Bcc: x@evil.example Erika Muster utf-8?q?x?="


def test_own_words_know_what_the_rule_lets_be_told() -> None:
    """A fact that the rule leaves out is not there for the template either, and numbers are shortened."""
    rule = {
        "facts": ["caller"],
        "numbers": "shortened",
        "template": {"body": "[{{ did }}{{ date }}{{ dial }}] {{ caller }}"},
    }
    assert render(payload(rule=rule), "de", "DE", "none").text == "[] 089 12345XXX\n"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ({"body": "{% if %}"}, "body: missing expression (line 1)"),
        ({"body": "a\n{{ name | nofilter }}"}, "body: unknown filter 'nofilter' (line 2)"),
        ({"body": "{{ nam }}"}, "body: there is no value 'nam'"),
        ({"body": "{{ name"}, "body: "),
        ({"body": "{% include 'x' %}"}, "body: "),
        ({"body": "  "}, "body: is empty"),
        ({"subject": "{{", "body": "x"}, "subject: "),
        ({"body": "x" * 10_001}, "body: at most 10000 characters"),
        ({"body": "{{ 'now' | date: '%Y' }}"}, "body: unknown filter 'date'"),
    ],
)
def test_a_wrong_template_is_told_where_it_is_wrong(template: dict[str, str], problem: str) -> None:
    """Whoever saves it reads which part, what, and on which line."""
    assert [one for one in own_words.check(template) if one.startswith(problem)]


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..900) %}" * 3 + "{{ notes }}" + "{% endfor %}" * 3,
        "{% for i in (1..2000) %}" + "{{ state }}" * 800 + "{% endfor %}",
        "{% assign a = 'xxxxxxxxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 40 + "{{ a }}",
        "{{ (1..1000000000) | reverse }}",
        "{{ (1..1000000000) | size }}",
        "{% assign a = 'x' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}",
        "{% tablerow i in (1..1000000000) %}x{% endtablerow %}",
        "{{ 99999999999999999999 | plus: 9 }}" + "{% if true %}" * 500 + "{% endif %}" * 500,
        "{{ a" + "[b" * 900 + "]" * 900 + " }}",
        "{% cycle " + "'x'," * 2000 + "'x' %}",
    ],
    ids=["loop", "nested", "wide", "doubling", "reversed", "counted", "growing", "table", "deep", "brackets", "cycle"],
)
def test_no_template_runs_for_ever(body: str, troubles: Troubles) -> None:
    """It ends within a second or two, and the mail goes: by these words or by the built-in ones."""
    began = time.monotonic()
    page = written({"body": body}, troubles)
    assert time.monotonic() - began < 5
    assert page.text
    if troubles:
        assert "Bitte zurückrufen." in page.text
        assert troubles.events() == ["notify.own_words_failed"]


def test_a_template_reaches_nothing_but_its_values() -> None:
    """No attribute of Python's, no file, no setting."""
    tries = "{{ client.__class__ }}{{ notes.__len__ }}{{ notes[0].keys }}{{ self }}{{ settings }}{{ client.upper }}"
    assert written({"body": f"[{tries}]"}).text == "[]\n"


@pytest.mark.parametrize("body", ["{{ nothing }}", "{% if urgent %}x{% endif %}", "\u202e\u200f"])
def test_words_that_say_nothing_give_way_to_the_built_in_ones(body: str, troubles: Troubles) -> None:
    """An empty mail helps nobody; somebody hears that the template failed."""
    page = written({"body": body}, troubles)
    assert "Bitte zurückrufen." in page.text
    assert troubles.events() == ["notify.own_words_failed"]


def test_the_operators_words_are_for_clients_without_any(tmp_path: Path) -> None:
    """By language, out of a folder; a client's own come before them, other languages have the built-in ones."""
    (tmp_path / "email.de.liquid").write_text("Anruf: {{ name }}\n\nGuten Tag, {{ headline }}.\n", encoding="utf-8")
    (tmp_path / "sms.de.liquid").write_text("x\ny\n", encoding="utf-8")
    house = read_folder(tmp_path, "email")
    german = render(payload(), "de", "DE", "none", house=house)
    assert (german.subject, german.text) == ("Anruf: Erika Muster", "Guten Tag, Nachricht hinterlassen.\n")
    own = payload(rule={"template": {"body": "own"}})
    assert render(own, "de", "DE", "none", house=house).text == "own\n"
    assert render(payload(), "en", "DE", "none", house=house) == render(payload(), "en", "DE", "none")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("email.de.liquid", b"subject\n{% if %}", "missing expression"),
        ("email.de.liquid", b"only a subject", "is empty"),
        ("email.xx.liquid", b"s\nb", "the language is one of de, en, zh"),
        ("email.de.liquid", b"s\n\xff", "is not UTF-8"),
    ],
)
def test_a_wrong_file_of_the_operator_is_named(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    """When the worker starts, not with the first mail of the night."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OwnWordsError, match=f"{name}: .*{problem}"):
        read_folder(tmp_path, "email")
    with pytest.raises(OwnWordsError, match="there is no such folder"):
        read_folder(tmp_path / "gone", "email")


def test_a_digest_in_own_words() -> None:
    """Each call by the client's words, one below the other, under the usual subject."""
    about = {"client_name": "Kanzlei Müller", "timezone": "Europe/Berlin"}
    template = {"subject": "x", "body": "{{ name }}"}
    calls = [payload(), payload(caller_name="Max Meier")]
    page = render({"digest": calls, **about, "rule": {"template": template}}, "de", "DE", "none")
    assert page.subject == "2 Anrufe für Kanzlei Müller, 22. November"
    assert [line for line in page.text.split("\n") if line.strip("-")] == ["Erika Muster", "Max Meier"]


def test_a_preview_shows_what_a_rule_would_send() -> None:
    """In the rule's language, with its facts; a template that fails is told, not hidden."""
    rule = {"id": "office", "language": "en", "facts": ["caller"], "recording": "none"}
    page = preview(payload(recording="x.wav", recording_seconds="3"), rule, "de", "DE")
    assert page.subject == "Call from Erika Muster (089 12345678) for Kanzlei Müller: Message left"
    assert "Recording" not in page.text
    with pytest.raises(RenderError, match="nothing is left"):
        preview(payload(), {"template": {"body": "{{ nothing }}"}}, "de", "DE")


def test_every_value_is_described() -> None:
    """What a template may use stands in docs/templates.md, and nothing else."""
    text = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    described = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    noted = {f"note.{name}" for name in values_of(view(payload(notes=[note()]), "de", "DE", "none"))["notes"][0]}
    known = set(values_of(view(payload(), "de", "DE", "none"))) | noted | {"entry.label", "entry.text"}
    assert described == known

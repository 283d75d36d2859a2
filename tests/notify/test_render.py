"""A call as words."""
# ruff: noqa: RUF001 - Chinese has brackets and commas of its own

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.notify.examples import payload
from vorzimmer.notify.render import LOCALES, RenderError, Voicemail, render

DISPOSITIONS: dict[str, dict[str, Any]] = {
    "answered": {"talk": "83.500", "answered_by": "agent-1"},
    "forwarded": {"forwarded": "125.000", "forwarded_to": "+491701234567"},
    "message": {"recording": "x.wav", "recording_seconds": "23.400"},
    "announced": {},
    "abandoned": {"caller": None, "caller_name": None},
    "blocked": {},
    "callback": {},
    "unreached": {"direction": "out"},
    "failed": {"cause": 38},
}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["089 12345678", "Sonntag, 22. November 2026", "14:03:25 Uhr (MEZ)", "außerhalb der Bürozeit", "0:23"]),
        ("en", ["089 12345678", "Sunday, 22 November 2026", "14:03:25 (CET)", "outside office hours", "0:23 min"]),
        ("zh", ["089 12345678", "2026年11月22日星期日", "14:03:25（GMT+01:00）", "营业时间外", "0:23", "见附件"]),
    ],
)
def test_text_and_html_say_the_same_in_the_clients_language(language: str, words: list[str]) -> None:
    """Who, when by the client's clock, for which number and how long stand in both parts."""
    page = render(payload(recording="x.wav", recording_seconds="23.4"), language, "DE", "attached")
    for word in [*words, "Erika Muster", "089 123400"]:
        assert word in page.text
        assert word in page.html


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Anruf von Erika Muster (089 12345678) für Kanzlei Müller: Nachricht hinterlassen"),
        ("en", "Call from Erika Muster (089 12345678) for Kanzlei Müller: Message left"),
        ("zh", "Kanzlei Müller 的来电：Erika Muster（089 12345678），已留言"),
    ],
)
def test_the_subject_names_the_essential(language: str, subject: str) -> None:
    """Whoever sees only the list of mails knows who called, for whom, and what came of it."""
    assert render(payload(), language, "DE", "none").subject == subject


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_every_disposition_has_words_in_every_language(language: str, disposition: str) -> None:
    """No way that a call may end leaves a hole, another language's sentence or a Python word in the mail."""
    page = render(payload(disposition=disposition, **DISPOSITIONS[disposition]), language, "DE", "none")
    others = [render(payload(disposition=o, **DISPOSITIONS[o]), language, "DE", "none") for o in DISPOSITIONS]
    assert sum(other.text == page.text for other in others) == 1
    assert not re.search(r"None|Undefined|\{\{|True|False", page.subject + page.text + page.html)


@pytest.mark.parametrize(
    ("disposition", "words"),
    [
        ("answered", ["angenommen", "Gespräch: 1:24 min"]),
        ("forwarded", ["an 0170 1234567 weitergeleitet", "Gespräch: 2:05 min"]),
        ("message", ["Nachricht: 0:23 min"]),
        ("announced", ["nur die Ansage"]),
        ("abandoned", ["aufgelegt, bevor jemand abnehmen konnte", "Wartezeit: 0:12 min"]),
        ("blocked", ["auf Ihren Wunsch nicht an"]),
        ("callback", ["um Rückruf gebeten"]),
        ("unreached", ["niemanden erreicht"]),
        ("failed", ["technischen Gründen", "Ursache 38"]),
    ],
)
def test_says_what_happened_and_how_long(disposition: str, words: list[str]) -> None:
    """Each way a call ends names the figures that belong to it."""
    text = render(payload(disposition=disposition, **DISPOSITIONS[disposition]), "de", "DE", "none").text
    for word in words:
        assert word in text


@pytest.mark.parametrize(("language", "word"), [("de", "Zurückgerufen"), ("en", "Called back"), ("zh", "已回电")])
def test_a_call_of_ours_is_not_told_as_the_callers(language: str, word: str) -> None:
    """The client reads who called whom."""
    page = render(payload(disposition="answered", direction="out"), language, "DE", "none")
    assert word in page.subject
    assert word in page.text


def test_a_talk_of_who_was_put_through_counts() -> None:
    """Whether the caller was forwarded or put through, the mail tells how long they talked there, in one figure."""
    forwarded = {"forwarded": "60.000", "put_through": "65.000", "forwarded_to": "+491701234567"}
    assert "Gespräch: 2:05 min" in render(payload(disposition="forwarded", **forwarded), "de", "DE", "none").text


@pytest.mark.parametrize(
    ("voicemail", "word"), [("attached", "Aufnahme: im Anhang"), ("missing", "Aufnahme: fehlt"), ("none", None)]
)
def test_says_where_the_recording_is(voicemail: Voicemail, word: str | None) -> None:
    """A recording that is missing is admitted, one that never was is not mentioned."""
    text = render(payload(), "de", "DE", voicemail).text
    assert word in text if word else "Aufnahme" not in text


@pytest.mark.parametrize(("language", "words"), [("de", "unterdrückt"), ("en", "withheld"), ("zh", "号码已隐藏")])
def test_a_withheld_number_stays_withheld(language: str, words: str) -> None:
    """Even where the stored call knows the number: the caller did not want to show it."""
    page = render(payload(withheld=True), language, "DE", "none")
    whole = page.subject + page.text + page.html
    assert words in whole
    for secret in ("12345678", "Erika", "tel:"):
        assert secret not in whole


def test_a_number_that_was_not_given_is_not_called_withheld() -> None:
    """Missing and withheld are different facts."""
    page = render(payload(caller=None, caller_name=None), "de", "DE", "none")
    assert page.subject.startswith("Anruf ohne Nummer für")
    assert "nicht übermittelt" in page.text
    assert "unterdrückt" not in page.text


def test_numbers_are_written_as_in_the_house_region() -> None:
    """A Viennese house sees a German number with its country code."""
    page = render(payload(), "de", "AT", "none")
    assert "+49 89 12345678" in page.text


def test_the_two_half_past_twos_of_autumn_differ() -> None:
    """In the night when the clocks go back, the zone's name tells which hour is meant."""
    first = render(payload(started_at="2026-10-25T00:30:00+00:00"), "de", "DE", "none").text
    second = render(payload(started_at="2026-10-25T01:30:00+00:00"), "de", "DE", "none").text
    assert "02:30:00 Uhr (MESZ)" in first
    assert "02:30:00 Uhr (MEZ)" in second


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("<script>alert(1)</script>", "<script"),
        ('"><img src=x onerror=alert(1)>', "<img"),
        ("{{ 7 * 7 }}", "49<"),
        ("{% include 'call.txt.j2' %}", "-- \n"),
        ("\u202egnihsihp", "\u202e"),
        ("Erika\r\nBcc: x@evil.example", "\nBcc"),
    ],
)
def test_html_never_carries_the_callers_markup(name: str, active: str) -> None:
    """A name from the network is text: no tag, no template, no direction mark, no new line takes effect."""
    page = render(payload(caller_name=name), "de", "DE", "none")
    assert active not in page.html
    assert "\n" not in page.subject
    for part in (page.subject, page.text):
        assert "\u202e" not in part
        assert "\nBcc" not in part


def test_html_needs_nothing_from_elsewhere() -> None:
    """Opening the mail tells nobody: no image, font, script or style is fetched."""
    html = render(payload(), "de", "DE", "none").html
    assert not re.search(r"src=|url\(|https?:|<link|<script|@import", html)
    assert re.findall(r'href="([^"]*)"', html) == ["tel:+498912345678"]


@pytest.mark.parametrize(
    "changes",
    [
        {"disposition": "vanished"},
        {"started_at": "yesterday"},
        {"timezone": "Mars/Olympus"},
        {"duration": "long"},
        {"office_state": "on fire"},
        {"client_name": None},
    ],
)
def test_a_payload_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    """A wrong row says so in one kind of exception, so that the worker can put it aside."""
    with pytest.raises(RenderError):
        render(payload(**changes), "de", "DE", "none")


def test_a_missing_field_or_language_is_refused() -> None:
    """Nothing is sent with holes in it."""
    short = payload()
    del short["caller"]
    with pytest.raises(RenderError, match="caller"):
        render(short, "de", "DE", "none")
    with pytest.raises(RenderError):
        render(payload(), "tlh", "DE", "none")

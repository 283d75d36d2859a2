"""What a rule makes of a call's words, and many calls in one message."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.notify.examples import payload
from tests.notify.test_noted import note
from vorzimmer.core.notify_rule import Fact
from vorzimmer.notify.render import LOCALES, Links, Page, RenderError, Voicemail, render, view

LINKS = Links(
    recording=lambda call, client: f"https://buero.example/r/{call}-{client}",
    answer=lambda call, client: f"https://buero.example/m/{call}-{client}",
    days=9,
)
HOLES = re.compile(r"None|Undefined|\{\{|True|False|: \n|\(\)")
SHOWN = {
    Fact.CALLER: "Erika Muster",
    Fact.TIME: "14:03:25",
    Fact.DID: "089 123400",
    Fact.OFFICE: "außerhalb der Bürozeit",
    Fact.WAITED: "Wartezeit",
    Fact.FORWARDED_TO: "0170 1234567",
    Fact.TALKED: "Gespräch: 2:05",
    Fact.MESSAGE: "Nachricht: 0:23",
    Fact.DURATION: "Gesamtdauer",
    Fact.NOTE: "Bitte zurückrufen.",
}


def ruled(language: str = "de", voicemail: Voicemail = "none", *, rule: dict[str, Any], **changes: Any) -> Page:
    """A mail about a call that was put through, by a rule."""
    call = {"disposition": "forwarded", "forwarded": "125.000", "forwarded_to": "+491701234567"}
    known = {**call, "recording_seconds": "23.4", "notes": [note(language, name="Frau Dr. Muster")], **changes}
    return render(payload(**known, rule=rule), language, "DE", voicemail, LINKS)


def digest(*calls: dict[str, Any], language: str = "de", **rule: Any) -> Page:
    """A digest of these calls."""
    about = {"client_name": "Kanzlei Müller", "timezone": "Europe/Berlin", "rule": {"id": "evening", **rule}}
    return render({"digest": list(calls), **about}, language, "DE", "attached", LINKS)


@pytest.mark.parametrize("fact", Fact)
def test_only_what_a_rule_names_is_told(fact: Fact) -> None:
    """One fact alone: it is there, all others are nowhere in the mail, whatever part of it."""
    page = ruled(rule={"facts": [fact.value]})
    whole = page.subject + page.text + page.html
    assert SHOWN[fact] in whole
    for other, words in SHOWN.items():
        assert (words in whole) == (other is fact)
    if fact is not Fact.CALLER:
        assert "089 12345678" not in whole


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("fact", Fact)
def test_what_is_left_out_leaves_no_hole(fact: Fact, language: str) -> None:
    """Every fact but one, in every language: no empty label, no word of Python, and no claim of a withheld number."""
    page = ruled(language, rule={"facts": [one.value for one in Fact if one is not fact]})
    assert not HOLES.search(page.subject + "\n" + page.text)
    if fact is Fact.CALLER:
        for words in ("unterdrückt", "ohne Nummer", "withheld", "without a number", "隐藏", "未提供"):
            assert words not in page.subject + page.text


def test_an_urgent_note_is_urgent_even_if_it_is_not_told() -> None:
    """The client learns that it should look, not what was said."""
    page = ruled(rule={"facts": ["caller"]}, notes=[note(urgent=True)])
    assert page.urgent
    assert page.subject.startswith("Dringend: Anruf von Erika Muster")
    assert "Bitte zurückrufen." not in page.text


def test_shortened_numbers_are_short_everywhere() -> None:
    """Caller, target, the form's field, a number in the text: no whole one is left, and none can be dialled."""
    noted = note(message="Alternativ 0160 7654321", name="+49 171 2345678")
    page = ruled(rule={"numbers": "shortened"}, notes=[noted], caller_name="08912345678")
    whole = page.subject + page.text + page.html
    for number in ("089 12345XXX", "0170 1234XXX", "0171 2345XXX", "0160 7654XXX"):
        assert number in page.text
    assert "tel:" not in whole
    for digits in ("12345678", "1234567<", "2345678", "7654321"):
        assert digits not in re.sub(r"[ \n]", "", whole).replace("1234567XXX", "")
    assert "089 123400" in page.text  # the client's own


@pytest.mark.parametrize(
    ("rule", "voicemail", "links", "said"),
    [
        ({}, "attached", 0, "im Anhang"),
        ({}, "linked", 1, "Nachricht anhören (9 Tage lang)"),
        ({"recording": "none"}, "linked", 0, None),
        ({"recording": "none"}, "attached", 0, None),
        ({"facts": ["caller"]}, "linked", 0, None),
        ({}, "missing", 0, "fehlt"),
    ],
)
def test_the_recording_is_told_as_the_rule_wants(
    rule: dict[str, Any], voicemail: Voicemail, links: int, said: str | None
) -> None:
    """Attached, linked for some days, or not at all, in both parts."""
    page = ruled("de", voicemail, rule=rule)
    for part in (page.text, page.html):
        assert part.count("https://buero.example/r/1763816605.12-mueller") == links
    assert said is None or said in page.text
    if said is None:
        assert "Aufnahme" not in page.text


@pytest.mark.parametrize(
    ("changes", "links"),
    [
        ({"disposition": "answered", "talk": "9.0"}, 1),
        ({"disposition": "message"}, 1),
        ({"disposition": "abandoned"}, 0),
        ({"disposition": "forwarded", "notes": [note()]}, 1),
        ({"disposition": "blocked"}, 0),
    ],
)
def test_what_there_is_to_do_can_be_answered(changes: dict[str, Any], links: int) -> None:
    """Answered calls, messages and notes have the link to mark them as done; a call that nobody took has none."""
    page = render(payload(**changes), "de", "DE", "none", LINKS)
    for part in (page.text, page.html):
        assert part.count("https://buero.example/m/1763816605.12-mueller") == links


def test_without_links_nothing_is_linked() -> None:
    """Neither a dead link nor a word about one."""
    seen = view(payload(recording="x.wav"), "de", "DE", "linked")
    assert (seen.voicemail, seen.recording_url, seen.answer_url) == ("none", None, None)


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "3 Anrufe für Kanzlei Müller, 25. Dezember"),
        ("en", "3 calls for Kanzlei Müller, 25 December"),
        ("zh", "Kanzlei Müller 的 3 次来电，12月25日"),  # noqa: RUF001 - the comma of Chinese
    ],
)
def test_a_digest_names_count_client_and_day(language: str, subject: str) -> None:
    """In the client's language; the day is that of the calls by the client's clock."""
    calls = [payload(started_at=f"2026-12-25T{hour}:30:00+00:00") for hour in ("07", "12", "22")]
    page = digest(*calls, language=language)
    assert page.subject == subject
    assert subject in page.html
    assert not HOLES.search(page.text)


def test_a_digest_over_days_names_the_first_and_the_last() -> None:
    """Half past eleven in London is the next day in Berlin; one call is one call."""
    calls = [payload(started_at="2026-12-24T12:00:00+00:00"), payload(started_at="2026-12-25T23:30:00+00:00")]
    assert digest(*calls).subject == "2 Anrufe für Kanzlei Müller, 24. Dezember / 26. Dezember"
    assert digest(calls[0]).subject == "1 Anruf für Kanzlei Müller, 24. Dezember"


@pytest.mark.parametrize("language", LOCALES)
def test_a_digest_has_every_call_with_its_notes(language: str) -> None:
    """Who, what, when, the notes, where the message can be heard: for each, in order, in both parts."""
    calls = [
        payload(recording="x.wav", recording_seconds="23.4"),
        payload(call_id="b", disposition="answered", talk="83.5", caller_name="Max Meier", notes=[note(language)]),
        payload(call_id="c", disposition="abandoned", caller=None, caller_name=None, withheld=True),
    ]
    page = digest(*calls, language=language)
    for part in (page.text, page.html):
        places = [
            part.index(words) for words in ("Erika Muster (" if language != "zh" else "Erika Muster", "Max Meier")
        ]
        assert places == sorted(places)
        assert part.count("https://buero.example/r/") == 1
        assert part.count("https://buero.example/m/") == 2
        for words in ("Bitte zurückrufen.", "0:23", "1:24", "Anna Weber"):
            assert words in part
    assert not page.urgent
    assert not HOLES.search(page.text)


def test_a_digests_rule_holds_for_all_its_calls() -> None:
    """Facts, numbers and recordings of each call are those of the digest's rule."""
    calls = [payload(recording="x.wav", recording_seconds="9", notes=[note(urgent=True)])]
    page = digest(*calls, facts=["caller", "note"], numbers="shortened", recording="none")
    assert page.subject == "Dringend: 1 Anruf für Kanzlei Müller"
    assert page.urgent
    assert "089 12345XXX" in page.text
    for words in ("/r/", "2026", "tel:", "12345678"):
        assert words not in page.text + page.html


@pytest.mark.parametrize("calls", [[], [{}], ["text"], 5, [payload(disposition="vanished")]])
def test_a_digest_that_is_none_is_refused(calls: Any) -> None:
    """A broken row is put aside in one kind of exception."""
    with pytest.raises(RenderError):
        render({"digest": calls, "client_name": "x", "timezone": "Europe/Berlin"}, "de", "DE", "none")

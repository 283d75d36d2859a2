"""The words of text messages: the most needed first, and never more than fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.conftest import Troubles
from tests.notify.examples import payload
from vorzimmer.core.sms_text import parts
from vorzimmer.notify.render import RenderError
from vorzimmer.notify.sms_words import Manner, write
from vorzimmer.notify.view import Links

LINK = "https://calls.example/r/" + "x" * 80
LINKED = Manner("DE", 3, Links(recording=lambda _call, _client: LINK))
PLAIN = Manner("DE", 3)


def note(**changes: Any) -> dict[str, Any]:
    """What an agent wrote."""
    fields = [
        {"label": "Name", "type": "text", "value": "Erika Muster"},
        {"label": "Telefon", "type": "phone", "value": "+491712345678"},
        {"label": "Anliegen", "type": "long_text", "value": "Kündigung der Wohnung\nzum 1. Januar."},
    ]
    known = {"title": "Rückrufbitte", "kind": "callback", "name": "Erika Muster", "urgent": False}
    return {**known, "author": "Anna", "fields": fields, **changes}


def quiet(_event: str, /, **_about: Any) -> None:
    """Nobody hears of anything."""


def test_a_note_says_who_what_and_where_to_call(troubles: Troubles) -> None:
    """Urgent first; the name and the number stand there once, the number last and whole."""
    told = write(payload(disposition="answered", notes=[note(urgent=True)]), "de", PLAIN, troubles)
    assert told == (
        "DRINGEND: Rückrufbitte von Erika Muster für Kanzlei Müller, 14:03 Uhr."
        " Anliegen: Kündigung der Wohnung zum 1. Januar.\nTel. 0171 2345678"
    )
    assert not troubles


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", "Anruf von unterdrückter Nummer für Kanzlei Müller, 14:03 Uhr: vorher aufgelegt."),
        ("en", "Call from a withheld number for Kanzlei Müller, 14:03: hung up early."),
        ("zh", "Kanzlei Müller，来电，隐藏号码，14:03，提前挂断。"),  # noqa: RUF001 - Chinese commas
    ],
    ids=["de", "en", "zh"],
)
def test_a_missed_call_in_each_language(language: str, expected: str) -> None:
    """A call without a note says what became of it, and no number that is not known."""
    assert write(payload(withheld=True, disposition="abandoned"), language, PLAIN, quiet) == expected


def test_a_message_is_only_linked_to() -> None:
    """The recording is a link at the end; without one, or where the rule tells none, there is nothing."""
    left = {"recording": "a.wav", "recording_seconds": "42"}
    assert write(payload(**left), "de", LINKED, quiet).endswith(f"\nTel. 089 12345678\nAnhören: {LINK}")
    assert "http" not in write(payload(**left), "de", PLAIN, quiet)
    assert "http" not in write(payload(**left, rule={"id": "x", "recording": "none"}), "de", LINKED, quiet)
    assert "http" not in write(payload(), "de", LINKED, quiet)


def test_what_a_rule_does_not_tell_is_not_told() -> None:
    """A shortened number stays short, and of a caller who is not told neither name nor number stand there."""
    assert write(payload(rule={"id": "x", "numbers": "shortened"}), "de", PLAIN, quiet).endswith("Tel. 089 12345XXX")
    assert write(payload(rule={"id": "x", "facts": ["office"]}), "de", PLAIN, quiet) == (
        "Anruf für Kanzlei Müller: Nachricht hinterlassen."
    )


def test_a_digest_has_a_line_for_each_call() -> None:
    """The number of calls stands above; urgent ones come first; what does not fit is left out by whole lines."""
    calls = [payload(), payload(disposition="callback", notes=[note(urgent=True)]), payload(withheld=True)]
    digest = {"digest": calls, "client_name": "Kanzlei", "timezone": "Europe/Berlin", "rule": {"id": "x"}}
    assert write(digest, "de", PLAIN, quiet).splitlines() == [
        "3 Anrufe für Kanzlei:",
        "DRINGEND: 14:03 Erika Muster, 0171 2345678, Rückrufbitte",
        "14:03 Erika Muster, 089 12345678, Nachricht hinterlassen",
        "14:03 Nummer unterdrückt, Nachricht hinterlassen",
    ]
    many = write({**digest, "digest": calls * 20}, "en", PLAIN, quiet)
    assert parts(many).count == 3
    first, *lines, last = many.splitlines()
    assert (first, last) == ("60 calls for Kanzlei:", "...")
    assert all(line.endswith(("Rückrufbitte", "left a message")) for line in lines)


def test_own_words_are_the_clients(troubles: Troubles) -> None:
    """A rule's template is used; one that fails is told of, and the usual words go."""
    own = {"id": "x", "template": {"body": "{{ name }} rief an: {{ caller }}"}}
    assert write(payload(rule=own), "de", PLAIN, troubles) == "Erika Muster rief an: 089 12345678"
    assert not troubles
    empty = {"id": "x", "template": {"body": "{% if false %}x{% endif %}"}}
    assert write(payload(rule=empty), "de", PLAIN, troubles).startswith("Anruf von Erika Muster")
    assert troubles.events() == ["sms.own_words_failed"]


def test_a_payload_that_is_none_cannot_be_written() -> None:
    """A row of nonsense is one message that cannot be written, in every channel alike."""
    with pytest.raises(RenderError):
        write({"call_id": "x"}, "de", PLAIN, quiet)
    with pytest.raises(RenderError):
        write(payload(), "fr", PLAIN, quiet)


@given(
    st.text(max_size=1500),
    st.text(max_size=300),
    st.integers(1, 4),
    st.sampled_from(["de", "en", "zh"]),
    st.booleans(),
)
def test_whatever_is_noted_fits(text: str, name: str, most: int, language: str, heard: bool) -> None:  # noqa: FBT001 - hypothesis' choice
    """However long and strange a note: at most so many parts, and the number to call back whole behind it."""
    fields = [{"label": "Text", "type": "long_text", "value": text}]
    recording = {"recording": "a.wav", "recording_seconds": "42"} if heard else {}
    told = payload(disposition="answered", notes=[note(name=name, fields=fields)], **recording)
    written = write(told, language, replace(LINKED, parts=most), quiet)
    assert parts(written).count <= most
    number, _, link = written.rpartition("089 12345678")
    assert number
    assert not link or link.endswith(LINK)

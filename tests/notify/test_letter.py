"""Letters as words, and over a real SMTP server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from tests.notify.conftest import MakeEmail
from tests.notify.examples import message
from tests.notify.post_office import PostOffice
from vorzimmer.notify.channel import Sent
from vorzimmer.notify.letter import render_letter
from vorzimmer.notify.render import RenderError

LINK = {"name": "Kanzlei Müller", "url": "https://tel.example/#order/abc", "expires": "2026-12-06T09:00:00+00:00"}


def letter(kind: str = "order_link", **data: Any) -> Mapping[str, Any]:
    """A letter's payload."""
    return {"kind": kind, "data": {**LINK, **data}}


def test_every_kind_is_there_in_each_language() -> None:
    """Whoever adds a letter and forgets a language hears of it here, not from a client without mail."""
    names = {entry.name for entry in resources.files("vorzimmer.notify").joinpath("letters").iterdir()}
    kinds = {name.split(".")[0] for name in names}
    assert names == {f"{kind}.{language}.j2" for kind in kinds for language in ("de", "en")}


def test_a_letter_reads_in_its_language() -> None:
    """Subject, text, dates and the house's name; readers of a third language get English."""
    german = render_letter(letter(), "de", "Büro Süd")
    assert german.subject == "Einrichtung für Kanzlei Müller: bitte auswählen"
    assert "https://tel.example/#order/abc\n" in german.text
    assert "Sonntag, 6. Dezember 2026" in german.text
    assert german.text.endswith("\n\n-- \nBüro Süd\n")
    assert "Sunday, 6 December 2026" in render_letter(letter(), "en", "Büro Süd").text
    assert render_letter(letter(), "zh", "Büro Süd") == render_letter(letter(), "en", "Büro Süd")


def test_nobody_outside_writes_a_line_of_his_own() -> None:
    """A name with line breaks, template signs or an encoded word stays one line of harmless text."""
    page = render_letter(letter(name="A\r\nBcc: x@evil.example\n\n{{ house }} =?utf-8?q?a=0d=0aBcc:x?="), "de", "Süd")
    assert page.subject.startswith("Einrichtung für A Bcc: x@evil.example {{ house }} utf-8?q?")
    assert "\nBcc" not in page.text


@pytest.mark.parametrize(
    "payload", [letter("no_such"), letter("../templates/call"), {"kind": "order_link", "data": {}}, {}]
)
def test_a_letter_that_cannot_be_written_says_so(payload: Mapping[str, Any]) -> None:
    """An unknown kind and missing data are given up and told, not sent half empty."""
    with pytest.raises(RenderError):
        render_letter(payload, "de", "Süd")


async def test_a_letter_arrives(make_email: MakeEmail, office: PostOffice) -> None:
    """One part of plain text, under the house's name, with a Message-ID that a repetition has too."""
    sent = replace(message(), call_id=None, payload=letter(), message_id="<0123@letter>")
    async with make_email(office.port) as channel:
        assert isinstance(await channel.send(sent), Sent)
        assert isinstance(await channel.send(sent), Sent)
    first, second = office.mails()
    assert first["Message-ID"] == second["Message-ID"] == "<0123@vorzimmer.example>"
    assert first["Subject"] == "Einrichtung für Kanzlei Müller: bitte auswählen"
    assert first["From"] == "Büroservice Süd <calls@vorzimmer.example>"
    assert first.get_content_type() == "text/plain"
    assert "bitte hier aus" in first.get_content()

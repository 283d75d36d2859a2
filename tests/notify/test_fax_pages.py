"""Pages of a fax: what is drawn, and that no text breaks it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from tests.notify.examples import payload
from vorzimmer.notify import fax_pages
from vorzimmer.notify.fax_drawing import DrawingError, Words, drawn
from vorzimmer.notify.fax_pages import FONTS, HEIGHT, MOST_PAGES, WIDTH, NoFontError, make_pages, to_pdf
from vorzimmer.notify.render import render

XRES, YRES, COMPRESSION, GROUP4 = 282, 283, 259, 4
"""Tags and values of TIFF 6.0."""

LATIN = FONTS[:1]


def words(text: str, language: str = "de", client: str = "Kanzlei Müller", subject: str = "Anruf") -> Words:
    """What a fax says."""
    return Words(client, subject, text, language)


def read(pdf: bytes) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def dots(tiff: bytes) -> list[np.ndarray[Any, Any]]:
    """The dots of each page: true is white."""
    with Image.open(io.BytesIO(tiff)) as image:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("language", ["de", "zh"])
def test_the_mail_s_words_are_on_paper(language: str) -> None:
    """The client's name, all lines of the mail's text and the page's number, in German and in Chinese."""
    page = render(payload(caller_name="Wałęsa Łódź"), language, "DE", "none")
    (text,) = read(to_pdf(words(page.text, language, subject=page.subject)))
    assert "Kanzlei Müller" in text
    assert "Wałęsa Łódź" in text
    shown = "".join(text.split())
    assert shown.endswith("1/1")
    assert all("".join(line.split()) in shown for line in page.text.splitlines())
    assert "?" not in shown


def test_the_file_is_what_fax_machines_know() -> None:
    """1728 dots across, 204 by 196 to the inch, black on white, one bit, Group 4, several pages."""
    made = make_pages(words("Zeile\n" * 60))
    assert made.count == 2
    with Image.open(io.BytesIO(made.tiff)) as image:
        assert getattr(image, "n_frames", 1) == 2
        for page in ImageSequence.Iterator(image):
            assert (page.size, page.mode) == ((WIDTH, HEIGHT), "1")
            tags = getattr(page, "tag_v2", {})
            assert (round(tags[XRES]), round(tags[YRES])) == (204, 196)
            assert tags[COMPRESSION] == GROUP4
    for paper in dots(made.tiff):
        assert paper[:100].all()  # white, where Asterisk prints its line
        assert 0.001 < 1 - paper.mean() < 0.2


def test_each_page_has_its_number() -> None:
    """Who holds three sheets knows their order, and that there is no fourth."""
    texts = read(to_pdf(words("Zeile\n" * 100, "en")))
    assert ["".join(text.split())[-7:] for text in texts] == ["Page1/3", "Page2/3", "Page3/3"]


@pytest.mark.parametrize("text", ["x" * 90_000, "Wort " * 30_000, "Zeile\n" * 5_000], ids=["sign", "words", "lines"])
def test_what_is_too_long_ends_with_a_sentence_that_says_so(text: str) -> None:
    """No client's fax machine prints for an hour, and nobody takes a part for the whole."""
    texts = read(to_pdf(words(text)))
    assert len(texts) == MOST_PAGES
    assert "Hier endet das Fax" in texts[-1]


def test_a_sign_without_a_font_is_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emoji, and Chinese where no Chinese font is installed: one `?` each, and the rest as it is."""
    monkeypatch.setattr(fax_pages, "FONTS", LATIN)
    (text,) = read(to_pdf(words("\U0001f9ff\ufe0f Hallo 李明 <b>fett</b> **so** {nb}")))
    assert "? Hallo ?? <b>fett</b> **so** {nb}" in text


def test_without_any_font_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """No empty fax goes out."""
    monkeypatch.setattr(fax_pages, "FONTS", ())
    with pytest.raises(NoFontError, match="install fonts-dejavu-core"):
        to_pdf(words("Hallo"))


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Co", "Lo"]), max_size=300)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS)
def test_no_text_breaks_a_page(monkeypatch: pytest.MonkeyPatch, text: str, name: str) -> None:
    """Control characters, marks of direction, combining signs by the dozen: pages come out."""
    monkeypatch.setattr(fax_pages, "FONTS", LATIN)
    assert 1 <= len(read(to_pdf(words(text, client=name)))) <= MOST_PAGES


async def test_the_program_draws_the_same(tmp_path: Path) -> None:
    """What the worker gets from the program is what the function makes; a font that is missing harms nobody."""
    same = words("Frau Łódź bittet um Rückruf.")
    assert np.array_equal(
        dots(await drawn(same, [tmp_path / "none.ttf"]))[0],
        dots(make_pages(same).tiff)[0],
    )


async def test_a_program_that_fails_says_why() -> None:
    """The worker tries later, and a person reads the reason."""
    with pytest.raises(DrawingError, match="the pages cannot be drawn: KeyError: 'xx'"):
        await drawn(words("Hallo", "xx"))

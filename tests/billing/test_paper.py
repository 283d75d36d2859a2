"""How texts are set on the paper of documents."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pypdf
import pytest

from tests.billing.statement_samples import HOUSE
from vorzimmer.billing import fonts
from vorzimmer.billing.paper import WIDTH, Paper, Subject

SERIF = Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf")
UE = "\u1d6b"
"""A sign that the main font lacks and `SERIF` has."""


def paper(text: str = "") -> Paper:
    """An empty page, ready to write on."""
    made = Paper(HOUSE, Subject("Abrechnung", "de", datetime(2026, 11, 2, tzinfo=UTC), text))
    made.pen(9)
    return made


def set_texts(made: Paper) -> list[tuple[str, str]]:
    """Where each text of the first page begins, and the text."""
    content = made.pages[1].contents
    assert isinstance(content, bytearray)
    return re.findall(r"BT (\S+ \S+) Td.*?\((.*?)\) Tj ET", content.decode("latin-1"), re.DOTALL)


@pytest.mark.parametrize("align", ["L", "C", "R"])
def test_texts_stand_where_a_cell_would_set_them(align: Literal["L", "C", "R"]) -> None:
    """At the left, in the middle, at the right; as wide as they are."""
    fast, slow = paper(), paper()
    fast.put(40, 60, 70, 5, "Grüße 12,50", align)
    slow.set_xy(40, 60)
    slow.cell(70, 5, "Grüße 12,50", align=align)
    assert set_texts(fast) == set_texts(slow)
    assert fast.length("Grüße") == pytest.approx(slow.get_string_width("Grüße"))


def test_one_row_may_need_two_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a sign of another font is the main one's again, and each text is the one that was written."""
    monkeypatch.setattr(fonts, "OTHERS", (SERIF,))
    made = paper(UE)
    for at, text in enumerate(("Anfang", f"{UE} GmbH", "10115 Berlin", "Schlüssel")):
        made.put(30, 60 + 10 * at, WIDTH, 5, made.shown(text))
    told = pypdf.PdfReader(io.BytesIO(made.finished())).pages[0].extract_text()
    assert all(text in told for text in ("Anfang", f"{UE} GmbH", "10115 Berlin", "Schlüssel"))

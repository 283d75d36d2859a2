"""The fonts of documents, and text that they can show. All are embedded, as PDF/A-3 wants (ISO 19005-3, 6.2.11)."""

from __future__ import annotations

import io
import logging
import unicodedata
from functools import cache
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]  # it has no types

from vorzimmer.core.plain_text import single_line

REGULAR = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
BOLD = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
"""Of Debian's fonts-dejavu-core: all European letters."""

OTHERS = (
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
"""For Chinese: of fonts-droid-fallback, fonts-noto-cjk. Where neither has a sign, `?` stands in its place."""

_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose between a sign's forms (Unicode 23.4), of which a font of ours has one."""

_FONTTOOLS = logging.getLogger("fontTools")
_FONTTOOLS.setLevel(logging.ERROR)  # it tells of every table that it leaves out
_FPDF = logging.getLogger("fpdf")
_FPDF.setLevel(logging.ERROR)


_USUAL = ((0x20, 0x17F), (0x2010, 0x203A), (0x20A0, 0x20BF), (0x2212, 0x2212))
"""The letters of the languages from Lisbon to Riga, currencies, and what stands between words."""


class NoFontError(Exception):
    """There is no font to write with; the text says which package has one."""


def needed(text: str) -> tuple[Path, ...]:
    """The fonts beside the main one that this text needs: a Chinese font takes seconds to read.

    Raises:
        NoFontError: the main one is not there.
    """
    if not REGULAR.is_file() or not BOLD.is_file():
        raise NoFontError("no font to write documents with: install fonts-dejavu-core")
    missing = set(map(ord, text)) - _signs(REGULAR)
    found: list[Path] = []
    for font in (one for one in OTHERS if missing and one.is_file()):
        if missing & _signs(font):
            found.append(font)
            missing -= _signs(font)
    return tuple(found)


def light(font: Path, text: str) -> io.BytesIO | Path:
    """The font with the usual signs only, which is read in a third of the time; all of it where the text has others."""
    usual = all(any(low <= ord(sign) <= high for low, high in _USUAL) for sign in set(text) if sign.isprintable())
    return io.BytesIO(_light(font)) if usual else font


@cache
def _light(font: Path) -> bytes:
    options = subset.Options(layout_features=[], name_IDs=["*"], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["FFTM"]  # an editor's, which cannot be cut
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[sign for low, high in _USUAL for sign in range(low, high + 1)])
    written = io.BytesIO()
    with TTFont(font, lazy=True, recalcTimestamp=False) as whole:
        subsetter.subset(whole)
        whole.save(written)
    return written.getvalue()


def shown(text: str, others: tuple[Path, ...]) -> str:
    """One line that the main font and these can show: no control characters, `?` for a sign that none of them has."""
    if text.isascii() and text.isprintable():
        return text
    whole = unicodedata.normalize("NFC", single_line(text))
    return "".join(_shown(sign, others) for sign in whole)


@cache
def _shown(sign: str, others: tuple[Path, ...]) -> str:
    if unicodedata.category(sign) == "Cf" or sign in _SELECTORS:
        return ""  # joiners and the like change how their neighbours look; alone they are nothing
    if any(ord(sign) in _signs(font) for font in (REGULAR, *others)):
        return sign
    return "" if unicodedata.combining(sign) else "?"


@cache
def _signs(font: Path) -> frozenset[int]:
    """The signs that a font has (of a collection: its first one)."""
    if font.suffix == ".ttc":
        with TTCollection(font, lazy=True) as fonts:
            return frozenset(fonts.fonts[0].getBestCmap())
    with TTFont(font, lazy=True) as one:
        return frozenset(one.getBestCmap())

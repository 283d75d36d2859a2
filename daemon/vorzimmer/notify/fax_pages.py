"""Words as the pages of a fax: laid out on A4 as PDF, drawn, and written as the TIFF that fax machines know.

A line of a fax has 1728 dots (ITU-T T.4); at fine resolution there are 204 dots to the inch across and 196 down. Both
numbers stand in the file, as does "nothing but black and white": Group 4 (T.6), one page after another.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pypdfium2
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]  # it has no types
from fpdf import FPDF
from fpdf.enums import WrapMode
from PIL import Image

from vorzimmer.core.plain_text import many_lines
from vorzimmer.notify.fax_drawing import NO_FONT, Words

WIDTH = 1728
"""Dots of a line (ITU-T T.4)."""

HEIGHT = 2292
"""Lines of an A4 page at `DOWN`."""

ACROSS, DOWN = 204, 196
"""Dots per inch of a fax at fine resolution."""

FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
"""Where Debian has fonts: fonts-dejavu-core for all European letters; fonts-droid-fallback or fonts-noto-cjk for
Chinese. The first one must be there; where no font has a sign, `?` stands in its place."""

MOST_PAGES = 20
"""What is longer ends with a sentence that says so: a fax occupies the client's telephone for a minute a page."""

_SIZE, _TITLE_SIZE, _FOOT_SIZE = 12, 15, 9
_LINE = 1.35  # times the size of the letters
_MARGIN = 20.0  # mm
_WHITE = 150  # the darkest grey that is white on paper
_ALL = "\u00a4\u00a4\u00a4\u00a4"  # stands for the count of pages until that is known; nobody writes that
_POINT = 25.4 / 72  # mm
_PAPER = (210.0, 297.0)  # mm

_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose between a sign's forms (Unicode 23.4), of which a font of ours has one."""

_PIECE = 500
"""Signs; written widest they take less than the space below `_LAST_LINE`."""

_LAST_LINE = 150.0  # mm from the top of the last page

_QUIET = logging.getLogger("fpdf")
_QUIET.setLevel(logging.ERROR)
_FONTTOOLS = logging.getLogger("fontTools")
_FONTTOOLS.setLevel(logging.ERROR)


class NoFontError(Exception):
    """There is no font to write with; the text says which package has one."""


PAGE = {"de": "Seite", "en": "Page", "zh": "页"}
"""The word before a page's number."""

CUT = {
    "de": "[Hier endet das Fax; der Rest wurde nicht gefaxt.]",
    "en": "[The fax ends here; the rest was not faxed.]",
    "zh": "[传真到此为止。其余内容未传真。]",
}
"""What stands where the text was cut off."""


@dataclass(frozen=True, slots=True)
class Pages:
    """A fax ready to go: the TIFF, and how many pages it has."""

    tiff: bytes
    count: int


def make_pages(words: Words, more_fonts: Sequence[Path] = ()) -> Pages:
    """Write, draw and pack the pages; a tenth of a second of processor time and more: not in an event loop.

    Raises:
        NoFontError: no font is installed.
    """
    return to_tiff(to_pdf(words, more_fonts))


def to_pdf(words: Words, more_fonts: Sequence[Path] = ()) -> bytes:
    """The pages as PDF, A4, numbered.

    Raises:
        NoFontError: no font is installed.
    """
    fonts = _installed((*more_fonts, *FONTS))
    if not fonts:
        raise NoFontError("no font to write a fax with: install fonts-dejavu-core, or name a file in fax.fonts")
    clean = _Cleaner(fonts)
    sheet = _Sheet(clean(PAGE[words.language]))
    sheet.use(_needed(fonts, "".join((words.client, words.subject, words.text, PAGE[words.language]))))
    _write(sheet, clean(words.client), _TITLE_SIZE)
    _write(sheet, clean(words.subject), _SIZE)
    sheet.ln(4)
    sheet.line(_MARGIN, sheet.get_y(), _PAPER[0] - _MARGIN, sheet.get_y())
    sheet.ln(4)
    for line in _short(clean(words.text).split("\n")):
        if sheet.page_no() == MOST_PAGES and sheet.get_y() > _LAST_LINE:
            _write(sheet, clean(CUT[words.language]), _SIZE)
            break
        _write(sheet, line, _SIZE)
    return bytes(sheet.output())


def _short(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those of a giant in pieces, so that the end of the last page is noticed."""
    for line in lines:
        yield from (line[at : at + _PIECE] for at in range(0, len(line) or 1, _PIECE))


def to_tiff(pdf: bytes) -> Pages:
    """The pages of a PDF as a TIFF for fax machines: white where nothing is, 1728 dots wide, Group 4."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        drawn = [_drawn(page) for page in document]
    finally:
        document.close()
    first, *others = drawn
    out = io.BytesIO()
    first.save(out, "TIFF", compression="group4", dpi=(ACROSS, DOWN), save_all=True, append_images=others)
    return Pages(out.getvalue(), len(drawn))


def _drawn(page: pypdfium2.PdfPage) -> Image.Image:
    """One page in black and white: drawn twice as fine, then halved and cut at a grey, which keeps thin lines."""
    width, _ = page.get_size()
    picture = page.render(scale=2 * WIDTH / width, grayscale=True).to_pil()
    page.close()
    # Dots of a fax are not square.
    halved: Image.Image = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    return halved.point(lambda grey: 255 * (grey > _WHITE)).convert("1")


class _Sheet(FPDF):
    """A4 with a page number at the foot of each page."""

    def __init__(self, page: str) -> None:
        super().__init__(format="A4")
        self._page_word = page
        self.set_margin(_MARGIN)
        self.alias_nb_pages(_ALL)
        self.set_auto_page_break(auto=True, margin=_MARGIN)

    def use(self, fonts: Sequence[Path]) -> None:
        """Write with these fonts, each where those before it lack a sign; begin the first page."""
        names = [f"font{number}" for number, _ in enumerate(fonts)]
        for name, file in zip(names, fonts, strict=True):
            self.add_font(name, fname=file)
        self.set_fallback_fonts(names[1:], exact_match=False)
        self.set_font(names[0], size=_SIZE)
        self.add_page()

    def footer(self) -> None:
        """The page's number; fpdf2 puts in how many there are."""
        self.set_y(-_MARGIN + 5)
        self.set_font_size(_FOOT_SIZE)
        self.cell(0, 5, f"{self._page_word} {self.page_no()}/{_ALL}", align="R")


def _write(sheet: _Sheet, line: str, size: int) -> None:
    sheet.set_font_size(size)
    height = size * _LINE * _POINT
    if not line.strip():
        sheet.ln(height)
        return
    wrap = WrapMode.CHAR if _wide(line) else WrapMode.WORD
    sheet.multi_cell(0, height, line, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode=wrap)


def _wide(line: str) -> bool:
    """Whether it has no blanks to break at, as Chinese has none."""
    return any(unicodedata.east_asian_width(sign) in "WF" for sign in line)


class _Cleaner:
    """Text that these fonts can show: one `?` for each sign that none of them has."""

    def __init__(self, fonts: Sequence[Path]) -> None:
        self._fonts = fonts

    def __call__(self, text: str) -> str:
        whole = unicodedata.normalize("NFC", many_lines(text)).replace("\t", "    ")
        return "".join(map(self._shown, whole))

    def _shown(self, sign: str) -> str:
        if unicodedata.category(sign) == "Cf" or sign in _SELECTORS:
            return ""  # joiners and the like change how their neighbours look; alone they are nothing
        if sign == "\n" or any(ord(sign) in _signs(font) for font in self._fonts):
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


def _needed(fonts: Sequence[Path], text: str) -> Sequence[Path]:
    """Without those that add nothing: a Chinese font takes seconds to read."""
    open_signs, needed = set(map(ord, text)), [fonts[0]]
    for font in fonts:
        if open_signs & _signs(font):
            needed.append(font)
            open_signs -= _signs(font)
    return tuple(dict.fromkeys(needed))


def _installed(fonts: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(font for font in dict.fromkeys(fonts) if font.is_file())


def main() -> int:
    """As a program: words as JSON come in (`words`, and `fonts`, paths), the TIFF goes out."""
    told = json.load(sys.stdin)
    try:
        tiff = make_pages(Words(**told["words"]), [Path(font) for font in told["fonts"]]).tiff
    except NoFontError as error:
        sys.stderr.write(f"{error}\n")
        return NO_FONT
    sys.stdout.buffer.write(tiff)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The paper of statements and invoices: A4 as PDF/A-3B with letterhead, foot, page numbers; tables: `paper_table`.

Widths and heights are millimetres, sizes of letters points. The address stands in the window of an envelope (DIN 5008,
form B). `FPDF.cell` cuts nothing: what may be too long is cut or wrapped here.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fpdf import FPDF
from fpdf.enums import DocumentCompliance, WrapMode
from fpdf.fonts import TTFFont

from vorzimmer.billing import fonts
from vorzimmer.billing.paper_words import words_of

LEFT, RIGHT, TOP, FOOT = 22.0, 18.0, 24.0, 30.0
WIDTH = 210.0 - LEFT - RIGHT

INK, SOFT, FAINT, ACCENT, TINT = (28, 38, 48), (92, 104, 115), (205, 212, 218), (24, 92, 120), (242, 246, 248)
"""Colours: of text, of what stands back, of rules, of the house, behind headings."""

_ALL = "\u00a4\u00a4\u00a4"  # stands for the count of pages until that is known; nobody writes that
_NARROW = 90.0  # percent: DejaVu as its condensed cut
POINT = 25.4 / 72

Align = Literal["L", "C", "R"]
_ADDRESS = 46.0  # mm from the top
_ADDRESS_LINES = 6  # that the window shows
_TITLE = 96.0


@dataclass(frozen=True, slots=True)
class House:
    """Who sends the document. What is empty is left out. `country`: ISO 3166; `bank`: its name."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "DE"
    tax_number: str = ""
    vat_id: str = ""
    phone: str = ""
    mail: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""

    @property
    def place(self) -> str:
        """Postcode and city."""
        return " ".join(filter(None, (self.postcode, self.city)))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is. `title`: also its name in a reader; `made_at`: aware, the same for the same document.

    `text`: all that will be written in it by others than us, by which fonts are chosen.
    """

    title: str
    language: str
    made_at: datetime
    text: str = ""


class Paper(FPDF):
    """A document that is being written, from the top of its first page on.

    Raises:
        fonts.NoFontError: see there.
    """

    def __init__(self, house: House, subject: Subject) -> None:
        super().__init__(format="A4", enforce_compliance=DocumentCompliance.PDFA_3B)
        self.house, self.document = house, subject
        self.paper_words = words_of(subject.language)
        told = (house.name, house.street, house.city, house.bank, subject.title, subject.text)
        self._others = fonts.needed("".join(told))
        self.set_margins(LEFT, TOP, RIGHT)
        self.set_auto_page_break(auto=False, margin=FOOT)
        self.alias_nb_pages(_ALL)
        self.set_title(self.shown(subject.title))
        self.set_author(self.shown(house.name))
        self.set_creator("Vorzimmer")
        self.set_lang("de-DE" if subject.language == "de" else "en-GB")
        self.set_creation_date(subject.made_at)
        for style, file in (("", fonts.REGULAR), ("B", fonts.BOLD)):
            light = fonts.light(file, "".join(told))
            font = TTFFont(self, light, f"text{style}", style)  # type: ignore[arg-type]  # a file too
            font.ttfont.recalcBBoxes = False  # a part of a font has its measures; anew they take longest
            self.fonts[f"text{style}"] = font
        for number, file in enumerate(self._others):
            self.add_font(f"other{number}", "", file)  # for bold text too: to read it twice would take seconds more
        self.set_fallback_fonts([f"other{number}" for number in range(len(self._others))], exact_match=False)
        self.add_page()

    def shown(self, text: str) -> str:
        """The text as these fonts can show it, in one line."""
        return fonts.shown(text, self._others)

    def cell(self, *told: Any, **more: Any) -> bool:
        """As of fpdf2, which after a text in another font takes its own one for written already."""
        broken = super().cell(*told, **more)
        if self._others:
            self.current_font_is_set_on_page = False
        return broken

    def put(self, x: float, y: float, width: float, height: float, text: str, align: Align = "L") -> None:
        """What `cell` would write at this place, in a fraction of its time: a list of calls has thousands of texts."""
        if self._mixed(text):
            self.set_xy(x, y)
            self.cell(width, height, text, align=align)
            return
        free = width - self.length(text)
        left = {"L": self.c_margin, "C": free / 2, "R": free - self.c_margin}[align]
        self.text(x + left, y + height / 2 + 0.3 * self.font_size, text)

    def length(self, text: str) -> float:
        """How wide the text is, as it is written now; `get_string_width` takes several times as long."""
        font = self.current_font
        if self._mixed(text) or font is None:
            return float(self.get_string_width(text))
        return float(font.get_text_width(text, self.font_size_pt, None)[1] * self.font_stretching * 0.01 / self.k)

    def _mixed(self, text: str) -> bool:
        """Whether it may need more than the main font."""
        return bool(self._others) and not text.isascii()

    @property
    def left_over(self) -> float:
        """What is free below on this page."""
        return float(self.h - FOOT - self.get_y())

    def pen(self, size: float, colour: tuple[int, int, int] = INK, *, strong: bool = False) -> None:
        """Write so from here on."""
        self.set_font("text", "B" if strong else "", size)
        self.set_stretching(_NARROW)  # a new page has forgotten it
        self.set_text_color(*colour)
        self.set_fill_color(*colour)  # or each text would tell its colour anew

    def header(self) -> None:
        """On the first page the house's name; on all others what this is."""
        if self.page_no() == 1:
            self.pen(17, ACCENT, strong=True)
            self.set_xy(LEFT, 17)
            self.cell(WIDTH, 9, self.shown(self.house.name))
            self.rule(29, ACCENT, 0.5)
        else:
            self.pen(8, SOFT)
            self.set_xy(LEFT, 12)
            self.cell(WIDTH, 4, self.cut(self.house.name, WIDTH / 2))
            self.set_xy(LEFT, 12)
            self.cell(WIDTH, 4, self.cut(self.document.title, WIDTH / 2), align="R")
            self.rule(17.5, FAINT, 0.2)
        self.set_xy(LEFT, TOP)

    def footer(self) -> None:
        """Who the house is, where it is paid, and the page's number."""
        self.rule(self.h - FOOT + 5, FAINT, 0.2)
        for number, lines in enumerate(self._foot()):
            for at, line in enumerate(lines):
                self.pen(6.8, SOFT)
                self.set_xy(LEFT + number * WIDTH / 4, self.h - FOOT + 7 + at * 3.3)
                self.cell(WIDTH / 4, 3.3, self.cut(line, WIDTH / 4 - 2))
        self.pen(7.5, SOFT)
        page = self.paper_words["page"].format(page=self.page_no(), all=_ALL)
        # Not at the right: the count is put in last and is narrower than what stands for it.
        self.set_xy(LEFT + 3 * WIDTH / 4 + 12, self.h - FOOT + 7)
        self.cell(WIDTH / 4, 3.3, page)

    def _foot(self) -> tuple[tuple[str, ...], ...]:
        house, told = self.house, self.paper_words
        columns = (
            (house.name, house.street, house.place),
            (
                house.phone,
                house.mail,
                house.vat_id and told["vat_id"].format(number=house.vat_id),
                house.tax_number and told["tax_number"].format(number=house.tax_number),
            ),
            (house.bank, house.iban and f"IBAN {_in_fours(house.iban)}", house.bic and f"BIC {house.bic}"),
        )
        return tuple(tuple(filter(None, lines)) for lines in columns)

    def letterhead(self, to: Iterable[str], facts: Iterable[tuple[str, str]]) -> None:
        """To whom this goes, in the envelope's window, and beside it what it is: names and values. Then the title."""
        sender = " · ".join(filter(None, (self.house.name, self.house.street, self.house.place)))
        self.pen(6.5, SOFT)
        self.set_xy(LEFT, _ADDRESS)
        self.cell(85, 4, self.cut(sender, 85))
        self.set_xy(LEFT, _ADDRESS + 6)
        self.pen(10.5)
        lines = [line for told in to if told for line in self.lines_of(told, 85)]
        for line in lines[:_ADDRESS_LINES]:
            self.set_x(LEFT)
            self.cell(85, 5, self.cut(line, 85), new_x="LMARGIN", new_y="NEXT")
        self.set_y(_ADDRESS)
        for name, value in facts:
            self.pen(8.5, SOFT)
            self.set_x(LEFT + 98)
            self.cell(30, 5, self.cut(name, 30))
            self.pen(8.5)
            self.cell(WIDTH - 128, 5, self.cut(value, WIDTH - 128), align="R", new_x="LMARGIN", new_y="NEXT")
        self.set_xy(LEFT, _TITLE - 10)
        self.pen(15, strong=True)
        self.cell(WIDTH, 8, self.cut(self.document.title, WIDTH), new_x="LMARGIN", new_y="NEXT")
        self.ln(3)

    def heading(self, text: str, keep: float = 25.0) -> None:
        """A heading, and at least so much room for what follows it."""
        self.room(keep + 12)
        if self.get_y() > TOP:
            self.ln(6)
        self.pen(11, ACCENT, strong=True)
        self.cell(WIDTH, 6, self.shown(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def paragraph(self, text: str, size: float = 9, colour: tuple[int, int, int] = INK) -> None:
        """Words, wrapped, all on one page."""
        self.pen(size, colour)
        height = size * 1.4 * POINT
        lines = self.lines_of(text, WIDTH - 2 * self.c_margin)
        self.room(len(lines) * height)
        for line in lines:
            self.cell(WIDTH, height, line, new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def room(self, height: float) -> bool:
        """Begin a new page where less than this is free; whether it did."""
        if self.left_over >= height:
            return False
        self.add_page()
        return True

    def rule(self, y: float, colour: tuple[int, int, int], width: float) -> None:
        """A line across, at this height of the page."""
        self.set_draw_color(*colour)
        self.set_line_width(width)
        self.line(LEFT, y, LEFT + WIDTH, y)

    def lines_of(self, text: str, width: float) -> list[str]:
        """The text in lines of this width, as it is written now."""
        shown = self.shown(text)
        if self.length(shown) <= width:
            return [shown]
        words = [(word, self.length(word)) for word in shown.split(" ")]
        if max(long for _, long in words) <= width:
            return _filled(words, self.length(" "), width)
        wrap = WrapMode.WORD if " " in shown else WrapMode.CHAR
        found = self.multi_cell(width + 2, 4, shown, align="L", wrapmode=wrap, dry_run=True, output="LINES")
        return list(found) if isinstance(found, list) else [shown]

    def cut(self, text: str, width: float) -> str:
        """The text in one line of this width, as it is written now; dots where something is left out."""
        shown = self.shown(text)
        if self.length(shown) <= width:
            return shown
        fitting = bisect(range(len(shown)), width, key=lambda end: self.length(shown[:end] + "…"))
        return f"{shown[: max(fitting - 1, 0)].rstrip()}…"

    def finished(self) -> bytes:
        """The document."""
        return bytes(self.output())


def _filled(words: Sequence[tuple[str, float]], space: float, width: float) -> list[str]:
    """Lines of words, each as full as it gets. fpdf2's own way measures letter by letter."""
    lines, used = [words[0][0]], words[0][1]
    for word, long in words[1:]:
        used += space + long
        if used <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            used = long
    return lines


def _in_fours(iban: str) -> str:
    """As an IBAN is written on paper (ISO 13616)."""
    plain = iban.replace(" ", "")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))

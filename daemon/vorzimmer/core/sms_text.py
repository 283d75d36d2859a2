"""How long a text message is, and how a text is made to fit.

A message of the alphabet of 3GPP TS 23.038 holds 160 septets, of any other letters 70 units of UCS-2; of a longer text
each part holds 153 or 67, for a header says which part it is (TS 23.040, 9.2.3.24.1).

Signs that look like others (dashes, quotes) are replaced where the text then needs no UCS-2. Letters and emoji are
never replaced: a name is told as it is written, and the message holds less.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, 6.2.1: a septet each."""

_EXTENDED = frozenset("\f^{}\\[~]|€")
"""3GPP TS 23.038, 6.2.1.1: an escape and a septet, never parted."""

_SIMPLER = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u0060\u00b4", "'")
    | dict.fromkeys("\t\u00a0\u2007\u2009\u200a\u202f\u3000", " ")
    | {"\u2026": "...", "\u2192": "->", "\u2022": "-", "\u00b7": "-", "\u00d7": "x"}
)
"""Dashes and the minus; double quotes; single quotes, accents alone and the prime; blanks; ellipsis, arrow, bullets."""

_WHOLE: dict[Encoding, int] = {"gsm7": 160, "ucs2": 70}
_PART: dict[Encoding, int] = {"gsm7": 153, "ucs2": 67}

ELLIPSIS = "..."

_NUMBER = re.compile(r"[+0-9](?:[ ()/-]{0,2}[0-9]){3,}")
"""A telephone number, or another one that means nothing or something else if its end is missing."""

_LATEST_WORD = 25
"""Characters given up for a whole word; in a longer one, or where there are no blanks, the cut falls inside."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How a text goes over the air. `units`: septets or UCS-2 units of the text without headers; `count`: of parts."""

    encoding: Encoding
    units: int
    count: int


def parts(text: str) -> Parts:
    """What a text costs. An empty one is still one part."""
    encoding = _encoding(text)
    return Parts(encoding, sum(_units(c, encoding) for c in text), len(split(text)))


def split(text: str) -> tuple[str, ...]:
    """The text of each part; no escape is parted from its sign, no half of a surrogate pair from the other."""
    encoding = _encoding(text)
    sizes = [_units(c, encoding) for c in text]
    if sum(sizes) <= _WHOLE[encoding]:
        return (text,)
    found, begin, used = [], 0, 0
    for index, size in enumerate(sizes):
        if used + size > _PART[encoding]:
            found.append(text[begin:index])
            begin, used = index, 0
        used += size
    return (*found, text[begin:])


def simplified(text: str) -> str:
    """The text with simpler signs where that spares UCS-2, else as it is."""
    simpler = text.translate(_SIMPLER)
    return simpler if _encoding(simpler) == "gsm7" else text


def fit(text: str, most_parts: int, keep: str = "") -> str:
    """The text and after it `keep`, in at most so many parts; a text that is too long ends at a word with `...`.

    `keep` (a number to call back) is never cut; alone it must fit. No number in the text is cut in its middle: half of
    one would be dialled.
    """
    whole = simplified(text + keep)
    if parts(whole).count <= most_parts:
        return whole
    text, keep = _alike(text, keep, most_parts)

    def too_long(end: int) -> bool:
        return parts(text[:end].rstrip() + ELLIPSIS + keep).count > most_parts

    longest = bisect_right(range(len(text)), x=False, key=too_long) - 1
    return text[: _cut(text, max(longest, 0))].rstrip(" \n,;:-") + ELLIPSIS + keep


def _alike(text: str, keep: str, most_parts: int) -> tuple[str, str]:
    """Both in simpler signs, if what will be left of the text then needs no UCS-2."""
    room = most_parts * _WHOLE["gsm7"]
    simpler = text.translate(_SIMPLER)[:room], keep.translate(_SIMPLER)
    return simpler if _encoding("".join(simpler)) == "gsm7" else (text[:room], keep)


def _cut(text: str, longest: int) -> int:
    """Where to end a text that may have at most `longest` characters."""
    word = max(text.rfind(" ", 0, longest + 1), text.rfind("\n", 0, longest + 1))
    end = word if longest - word <= _LATEST_WORD and word > 0 else longest
    for number in _NUMBER.finditer(text):
        if number.start() < end < number.end():
            end = number.start()
    while 0 < end < len(text) and _belong_together(text[end - 1], text[end]):
        end -= 1
    return end


def _belong_together(left: str, right: str) -> bool:
    """Whether two characters make one sign: an accent, a skin colour, an emoji of several."""
    joiner, selectors, colours = "\u200d", "\ufe00\ufe0f", "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
    return joiner in (left, right) or right in selectors + colours or unicodedata.combining(right) > 0


def _encoding(text: str) -> Encoding:
    return "gsm7" if all(c in _BASIC or c in _EXTENDED for c in text) else "ucs2"


def _units(character: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1

"""What people type, made harmless and otherwise left as it is: emoji, HTML and every script stay the text they are.

Out go control characters, half characters that no database takes, and the marks that show text in another order than
it has. Cleaning what is clean changes nothing.
"""

from __future__ import annotations

import re

_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Every way in which a line ends."""

_HARMFUL = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""C0 and C1 controls but breaks and tabs, marks of direction, byte order marks, lone surrogates, what XML has not."""


def many_lines(text: str) -> str:
    """The text with its line breaks, each as LF."""
    return _HARMFUL.sub("", _BREAKS.sub("\n", text))


def single_line(text: str) -> str:
    """The text with a blank for each line break and tab."""
    return many_lines(text).replace("\n", " ").replace("\t", " ")

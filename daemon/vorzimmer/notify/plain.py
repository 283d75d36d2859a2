"""Text from outside as one harmless line, for headers of mails and for notes in the database."""

from __future__ import annotations

import re

DIALLABLE = re.compile(r"\+[0-9]{5,15}")
"""What may stand in a tel: link."""


def one_line(text: str, longest: int = 500) -> str:
    """Printable characters only, blanks single, no `=?`, at most `longest` characters.

    Line breaks would start a header of their own; direction marks would show another text than is there; and some
    Python versions decode an encoded word (`=?utf-8?q?a=0d=0aBcc:…?=`) into real header lines.
    """
    printable = "".join(c if c.isprintable() else " " for c in text[: longest * 4])
    while "=?" in printable:
        printable = printable.replace("=?", " ")
    return " ".join(printable.split())[:longest].rstrip()

"""What people type, made harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.plain_text import many_lines, single_line


@pytest.mark.parametrize(
    ("typed", "lines", "line"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd", "a b c d"),
        ("a\u2028b\x0bc\x85d", "a\nb\nc\nd", "a b c d"),
        ("a\tb", "a\tb", "a b"),
        ("\0a\x1b[31mb\x7f\ufeff", "a[31mb", "a[31mb"),
        ("\u202egnihsihp\u2066", "gnihsihp", "gnihsihp"),
        ("half \ud83d", "half ", "half "),
        ("👩‍👩‍👧 <b>&amp;</b> 律师 Ü\u00a0", "👩‍👩‍👧 <b>&amp;</b> 律师 Ü\u00a0", "👩‍👩‍👧 <b>&amp;</b> 律师 Ü\u00a0"),
    ],
)
def test_cleans(typed: str, lines: str, line: str) -> None:
    """Breaks are LF or a blank; what controls a terminal, a database or the direction goes; all else stays."""
    assert many_lines(typed) == lines
    assert single_line(typed) == line


@given(st.text())
def test_nothing_that_can_be_read_is_lost(typed: str) -> None:
    """Every letter, mark, digit and sign of any script is still there, and cleaning again changes nothing."""
    cleaned = many_lines(typed)
    assert many_lines(cleaned) == cleaned
    assert single_line(single_line(typed)) == single_line(typed)
    assert [c for c in cleaned if unicodedata.category(c)[0] in "LMNPS"] == [
        c for c in typed if unicodedata.category(c)[0] in "LMNPS"
    ]
    assert not set(single_line(typed)) & {*map(chr, range(32)), "\x7f"}

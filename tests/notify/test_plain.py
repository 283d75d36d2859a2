"""Text from outside as one harmless line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.notify.plain import one_line


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("=?\r\n\t\0\u202e ")), max_size=200))
def test_whatever_comes_a_printable_line_leaves(text: str) -> None:
    """No control or format character, no encoded word, no lone surrogate reaches a header or the database."""
    line = one_line(text, 60)
    assert line.isprintable()
    assert "=?" not in line
    assert len(line) <= 60
    assert line == line.strip()
    line.encode()


def test_an_encoded_word_does_not_grow_together_again() -> None:
    """Taking `=?` out of `==??` must not leave `=?`."""
    assert one_line("==??utf-8?q?a=0d=0aBcc:x?=") == "= ?utf-8?q?a=0d=0aBcc:x?="


def test_keeps_what_people_write() -> None:
    """Umlauts and Chinese stay, blanks become single ones."""
    assert one_line("  Jürgen \n 王小明 ") == "Jürgen 王小明"

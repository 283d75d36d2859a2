"""How long text messages are, and how texts are made to fit."""

from __future__ import annotations

import re

import pytest
from aiosmpplib.codec import GSM7BitCodec
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.sms_text import ELLIPSIS, Parts, fit, parts, simplified, split

LETTERS = st.text(
    st.sampled_from("aäöüß {}[]^~|\\€@Δ0123456789\n-") | st.sampled_from("ł\u2013“😀👍🏽中é"), max_size=700
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Parts("gsm7", 0, 1)),
        ("a" * 160, Parts("gsm7", 160, 1)),
        ("a" * 161, Parts("gsm7", 161, 2)),
        ("a" * 306, Parts("gsm7", 306, 2)),
        ("a" * 307, Parts("gsm7", 307, 3)),
        ("€" * 80, Parts("gsm7", 160, 1)),
        ("€" * 81, Parts("gsm7", 162, 2)),
        ("a" * 152 + "€" * 5, Parts("gsm7", 162, 2)),
        ("€" * 153, Parts("gsm7", 306, 3)),
        ("ł" * 70, Parts("ucs2", 70, 1)),
        ("ł" * 71, Parts("ucs2", 71, 2)),
        ("ł" * 134, Parts("ucs2", 134, 2)),
        ("😀" * 35, Parts("ucs2", 70, 1)),
        ("😀" * 67, Parts("ucs2", 134, 3)),
        ("ç", Parts("ucs2", 1, 1)),
    ],
    ids=range(15),
)
def test_lengths_are_those_of_the_standard(text: str, expected: Parts) -> None:
    """160 and 153 septets, 70 and 67 units; signs of the extension and of surrogate pairs count two, unparted."""
    assert parts(text) == expected


def test_the_alphabet_is_the_standards() -> None:
    """Our table agrees with another implementation on every character of the first plane."""
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    ours = {c for c in characters if parts(c).encoding == "gsm7"}
    assert ours == {c for c in characters if GSM7BitCodec.is_gsm_text(c)} - {"\x1b"}


@given(LETTERS)
def test_parts_are_the_text(text: str) -> None:
    """The parts together are the text, none is longer than a part may be, and their number is the count."""
    found = split(text)
    assert "".join(found) == text
    assert len(found) == parts(text).count
    most = {"gsm7": 153, "ucs2": 67}[parts(text).encoding]
    if len(found) > 1:
        for part in found:
            alone = len(part) + sum(c in "\f^{}\\[~]|€" for c in part)
            units = alone if most == 153 else len(part.encode("utf-16-be")) // 2
            assert 0 < units <= most


def test_looks_are_spared_before_letters() -> None:
    """Dashes and quotes become simple ones where that makes the text cheaper; a name keeps its letters."""
    assert simplified("„Ja“ \u2013 sagt sie…") == '"Ja" - sagt sie...'
    assert simplified("Łukasz \u2013 „Ja“") == "Łukasz \u2013 „Ja“"
    assert simplified("Max 😀") == "Max 😀"


@given(LETTERS, st.integers(1, 4), st.sampled_from(["", "\nRückruf: 089 12345678", "\n回拨 +86 21 12345678"]))
def test_whatever_is_said_fits(text: str, most: int, keep: str) -> None:
    """There are never more parts than allowed, and the number to call back is whole at the end."""
    fitted = fit(text, most, keep)
    assert parts(fitted).count <= most
    assert fitted.endswith(keep)
    if parts(text + keep).count <= most:
        assert fitted in (text + keep, simplified(text + keep))
    else:
        assert ELLIPSIS in fitted


def test_the_end_is_at_a_word() -> None:
    """A long text ends behind a whole word."""
    text = "Bitte rufen Sie wegen der Kündigung zurück. " * 10
    fitted = fit(text, 1)
    assert fitted.endswith(ELLIPSIS)
    assert re.sub(r"\W", " ", text).startswith(re.sub(r"\W", " ", fitted.removesuffix(ELLIPSIS)))
    assert text[len(fitted) - len(ELLIPSIS)] in " .,"


def test_no_number_is_cut() -> None:
    """Where the end would fall into a number, the number goes as a whole."""
    for ahead in range(130, 165):
        fitted = fit("x" * 20 + " " + "y" * (ahead - 21) + " 089 123 456-78 bis abends, danach 0171 2345678 bitte", 1)
        digits = re.sub(r"\D", "", fitted)
        assert digits in ("", "08912345678", "0891234567801712345678")


def test_emoji_of_several_stay_whole() -> None:
    """A hand keeps its colour, a family its members."""
    for ahead in range(55, 70):
        fitted = fit("ł" * ahead + "👩‍👩‍👧👍🏽" * 5, 1).removesuffix(ELLIPSIS)
        rest = fitted.lstrip("ł")
        assert re.fullmatch("(👩‍👩‍👧|👍🏽)*", rest), rest

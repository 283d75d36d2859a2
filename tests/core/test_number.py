"""Telephone numbers: reading, cleaning what the network sends, and telling what a number costs."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.number import NumberKind, clean, clean_name, country, kind, parse, show


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+4989123456", "DE", "+4989123456"),
        ("+49 89 123456", "DE", "+4989123456"),
        ("+49 (0)89 / 123-456", "DE", "+4989123456"),
        ("089 123456", "DE", "+4989123456"),
        ("(089) 12 34 56", "DE", "+4989123456"),
        ("0049 89 123456", "DE", "+4989123456"),
        ("4989123456", "DE", "+4989123456"),
        ("491711234567", "DE", "+491711234567"),
        ("89 99998123", "DE", "+498999998123"),
        ("089\u00a099998\u2011123", "DE", "+498999998123"),
        ("\u202a+49 89 123456\u202c", "DE", "+4989123456"),
        ("\uff0b\uff14\uff19 89 123456", "DE", "+4989123456"),
        ("030 23125 000", "DE", "+493023125000"),
        ("0171 39200 55", "DE", "+491713920055"),
        ("01 58858", "AT", "+43158858"),
        ("044 668 18 00", "CH", "+41446681800"),
        ("06 698 12345", "IT", "+390669812345"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("011 49 89 123456", "US", "+4989123456"),
        ("010 8888 8888", "CN", "+861088888888"),
    ],
)
def test_any_writing_becomes_e164(text: str, region: str, number: str) -> None:
    """National and international writings, fictitious numbers too, are one number inside."""
    assert parse(text, region) == number


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a complete telephone number"),
        ("+", "not a complete telephone number"),
        ("101", "not a complete telephone number in DE; write it with area code"),
        ("110", "not a complete"),
        ("11880", "not a complete"),
        ("116117", "not a complete"),
        ("+110", "not a complete"),
        ("+49 89", "not a complete"),
        ("+999 123456789", "not a complete"),
        ("99999999999999999999", "not a complete"),
        ("0800 BLUMEN", "is not a telephone number"),
        ("089 123456 ext 5", "is not a telephone number"),
        ("089 123456#5", "extension"),
        ("089 123456\r\nBcc: x", "is not a telephone number"),
        ("9" * 65, "is not a telephone number"),
    ],
)
def test_what_is_no_number_is_refused(text: str, says: str) -> None:
    """Short codes, extensions, words and too many digits are errors that say what to write."""
    with pytest.raises(ValueError, match=re.escape(says)):
        parse(text, "DE")


@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.text("0123456789", min_size=3, max_size=14),
)
def test_bare_e164_is_read_as_the_library_reads_it(code: int, national: str) -> None:
    """The quick way for +digits never differs from the full parser."""
    text = f"+{code}{national}"
    try:
        number = phonenumbers.parse(text)
        possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    except phonenumbers.NumberParseException:
        possible = False
    if possible:
        assert parse(text, "DE") == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    else:
        with pytest.raises(ValueError, match="not a complete telephone number"):
            parse(text, "DE")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("+4989123456", "+4989123456"),
        ("089123456", "+4989123456"),
        ("004989123456", "+4989123456"),
        ("4989123456", "+4989123456"),
        (" 089 123456\r\n", "+4989123456"),
        ("101", "101"),
        ("110", "110"),
        ("+110", "110"),
        ("123456", "123456"),
        ("9" * 40, "9" * 20),
        (None, None),
        ("", None),
        ("+", None),
        ("anonymous", None),
        ("Restricted", None),
        ("101\r\nEvent: QueueMemberPause", None),
        ("101\x00", None),
        ("+4989123456;phone-context=x", None),
        ("\u0660\u0663\u0660\u0662\u0663\u0661\u0662\u0665", None),
        ("\uff11\uff10\uff11", None),
        ("${SHELL(id)}", None),
        ("../../etc/passwd", None),
        ("1" * 65, None),
    ],
)
def test_a_number_from_the_network_is_cleaned(raw: str | None, cleaned: str | None) -> None:
    """E.164 if it reads as a number, bare digits if it is short, and nothing if it holds anything else."""
    assert clean(raw, "DE") == cleaned


@given(st.one_of(st.text(), st.text("+0123456789 -/().\r\n\u0661=?%")), st.sampled_from(["DE", "AT", "US", "CN", "XX"]))
def test_no_text_gets_through_the_cleaning_of_numbers(raw: str, region: str) -> None:
    """Whatever arrives: ASCII digits with at most one leading plus, at most 32 characters; and stable if done again."""
    cleaned = clean(raw, region)
    assert cleaned is None or re.fullmatch(r"\+?[0-9]{1,20}", cleaned, re.ASCII)
    assert clean(cleaned, region) in (cleaned, None) or cleaned is None or not cleaned.startswith("+")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Erika Mustermann", "Erika Mustermann"),
        ("  Erika \t Mustermann ", "Erika Mustermann"),
        ("Mu\u0308ller", "M\u00fcller"),
        ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"),
        ("a\r\nBcc: x@example.org", "a Bcc: x@example.org"),
        ("=?utf-8?q?a=0d=0aBcc:x?=", "utf-8?q?a=0d=0aBcc:x?="),
        ("==??utf-8", "utf-8"),
        ("=\u200b?utf-8", "utf-8"),
        ("a\u202eb", "ab"),
        ("a\u2028b\x85c", "a b c"),
        ("\ud800x", "x"),
        ("x" * 500, "x" * 80),
        ("\r\n", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_from_the_network_is_cleaned(raw: str | None, cleaned: str | None) -> None:
    """No control or hidden characters, no encoded words; blanks collapsed, composed, at most 80 characters."""
    assert clean_name(raw) == cleaned


@given(st.one_of(st.text(), st.text("=?\r\n \x00\u200b\u0308u")))
def test_no_text_gets_through_the_cleaning_of_names(raw: str) -> None:
    """Whatever arrives, a name can stand in a mail header and on a log line; and cleaning it again changes nothing."""
    name = clean_name(raw)
    if name is not None:
        assert name.isprintable()
        assert "=?" not in name
        assert 0 < len(name) <= 80
        assert unicodedata.is_normalized("NFC", name)
        assert clean_name(name) == name


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+4989123456", NumberKind.FIXED),
        ("+493023125000", NumberKind.FIXED),
        ("+491713920055", NumberKind.MOBILE),
        ("+12125550100", NumberKind.FIXED_OR_MOBILE),
        ("+4932123456789", NumberKind.VOIP),
        ("+493212345", NumberKind.VOIP),
        ("+4970012345678", NumberKind.PERSONAL),
        ("+498001234567", NumberKind.TOLL_FREE),
        ("+80012345678", NumberKind.TOLL_FREE),
        ("+491801123456", NumberKind.SHARED_COST),
        ("+4918012", NumberKind.SHARED_COST),
        ("+4918812345678", NumberKind.SHARED_COST),
        ("+491371234567", NumberKind.SHARED_COST),
        ("+491381234567", NumberKind.SHARED_COST),
        ("+43820123456", NumberKind.SHARED_COST),
        ("+499001234567", NumberKind.PREMIUM),
        ("+499001", NumberKind.PREMIUM),
        ("+491901234567", NumberKind.PREMIUM),
        ("+43900123456", NumberKind.PREMIUM),
        ("+41901123456", NumberKind.PREMIUM),
        ("+33892123456", NumberKind.PREMIUM),
        ("+19005551234", NumberKind.PREMIUM),
        ("+979123456789", NumberKind.PREMIUM),
        ("+881612345678", NumberKind.SATELLITE),
        ("+882161234567", NumberKind.SATELLITE),
        ("+883510012345678", NumberKind.SATELLITE),
        ("+870773123456", NumberKind.SATELLITE),
        ("+4911880", NumberKind.DIRECTORY),
        ("+49110", NumberKind.SERVICE),
        ("+49112", NumberKind.SERVICE),
        ("+49115", NumberKind.SERVICE),
        ("+49116117", NumberKind.SERVICE),
        ("+491921234", NumberKind.SERVICE),
        ("+41581234567", NumberKind.FIXED),
        ("110", NumberKind.SHORT),
        ("101", NumberKind.SHORT),
        ("", NumberKind.SHORT),
        ("+447700900123", NumberKind.UNKNOWN),
        ("+", NumberKind.UNKNOWN),
        ("+999", NumberKind.UNKNOWN),
        ("+x", NumberKind.UNKNOWN),
    ],
)
def test_the_kind_of_a_number(number: str, expected: NumberKind) -> None:
    """What costs more than a call is known even where the number is too short to be valid."""
    assert kind(number) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+4989123456", "DE"),
        ("+49999", "DE"),
        ("+43158858", "AT"),
        ("+12125550100", "US"),
        ("+18095551234", "DO"),
        ("+77011234567", "KZ"),
        ("+74951234567", "RU"),
        ("+441534123456", "JE"),
        ("+1900", None),
        ("+881612345678", None),
        ("+80012345678", None),
        ("110", None),
        ("", None),
    ],
)
def test_the_country_of_a_number(number: str, expected: str | None) -> None:
    """Countries that share a code are told apart; what cannot be told has none."""
    assert country(number) == expected


@pytest.mark.parametrize(
    ("number", "region", "shown"),
    [
        ("+498999998123", "DE", "089 99998123"),
        ("+498999998123", "AT", "+49 89 99998123"),
        ("+43158858", "AT", "01 58858"),
        ("+491801", "DE", "+49 1801"),
        ("110", "DE", "110"),
        ("+x", "DE", "+x"),
    ],
)
def test_a_number_is_shown_as_people_write_it(number: str, region: str, shown: str) -> None:
    """National at home, international elsewhere; what is no number is shown as it is."""
    assert show(number, region) == shown

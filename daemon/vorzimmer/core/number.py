"""Telephone numbers: any writing in, E.164 inside, and what kind of number it is.

Metadata come from libphonenumber. Fictitious and freshly allotted numbers must work, so reading a number asks only
whether its length is *possible* in its country; what may be dialled for money (`core.dialing`) asks for the kind,
which only a number of a known range has.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

LONGEST_WRITING = 64
"""Characters of a number as written; longer text is not looked at."""

LONGEST_NAME = 80
LONGEST_SHORT = 20
SHORTEST_NATIONAL = 7
"""Fewer digits without a country code are an extension or a short code (101, 110, 116117), not a national number."""


class NumberKind(StrEnum):
    """What a number leads to, as far as its price and the right to dial it depend on it."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed or mobile"
    VOIP = "voip"
    PERSONAL = "personal"
    TOLL_FREE = "toll-free"
    SHARED_COST = "shared cost"
    PREMIUM = "premium"
    SATELLITE = "satellite"
    DIRECTORY = "directory"
    SERVICE = "service"
    SHORT = "short"
    UNKNOWN = "unknown"


def parse(text: str, region: str) -> str:
    """Read a number in any national or international writing; `region` (ISO 3166) reads national ones.

    The check is libphonenumber's "possible" (length), not "valid" (range), so that test ranges work.

    Raises:
        ValueError: it is no number, has an extension, is too short or too long, or is a short code.
    """
    shown = text[:LONGEST_WRITING]
    if len(text) > LONGEST_WRITING or any(unicodedata.category(c) in _NOT_IN_NUMBERS for c in text):
        raise ValueError(f"{shown!r} is not a telephone number; write for example +49 89 123456")
    number = _read(text, region)
    if number is None:
        raise ValueError(
            f"{shown!r} is not a complete telephone number in {region}; write it with area code, "
            "or with country code such as +49 89 123456"
        )
    if number.extension:
        raise ValueError(f"{shown!r} has an extension; write the number that can be dialled from outside")
    return _e164(number)


_NOT_IN_NUMBERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Cc", "Co", "Cs"})
"""Unicode categories of letters and control characters."""


def clean(raw: str | None, region: str) -> str | None:
    """A caller's or diverting number from the network: hostile text in, nothing harmful out.

    Returns E.164 where the text reads as a number, else its bare ASCII digits (an extension such as 101, a short code
    such as 110; at most 20), else None: for empty text, for names ("anonymous"), and for anything that holds a
    control character or other foreign character inside.
    """
    text = (raw or "").strip()
    if len(text) > LONGEST_WRITING or not _NETWORK_NUMBER.fullmatch(text):
        return None
    number = _read(text, region)
    if number is not None:
        return _e164(number)
    return "".join(c for c in text if c in "0123456789")[:LONGEST_SHORT] or None


_NETWORK_NUMBER = re.compile(r"\+?[0-9 ()./-]*[0-9][0-9 ()./-]*")


def clean_name(raw: str | None) -> str | None:
    """A display name from the network, fit for logs and mails; None if nothing is left.

    Control, format and private characters go, and so does `=?`: some Python versions decode an encoded word in an
    address into header lines of its own. Then NFC, single blanks, at most 80 characters.
    """
    blanked = "".join(" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in (raw or "")[:_NAME_READ])
    text = "".join(c for c in blanked if unicodedata.category(c)[0] != "C")
    while "=?" in text:
        text = text.replace("=?", "")
    return unicodedata.normalize("NFC", " ".join(text.split()))[:LONGEST_NAME].rstrip() or None


_NAME_READ = 1000
"""Characters of a raw name that are looked at."""


@lru_cache(maxsize=65536)
def kind(number: str) -> NumberKind:
    """The kind of an E.164 number; of bare digits (no plus) always SHORT. Never raises."""
    if not number.startswith("+"):
        return NumberKind.SHORT
    parsed = _split(number) or _parsed(number)
    if parsed is None or parsed.country_code is None:
        return NumberKind.UNKNOWN
    if parsed.country_code in _GLOBAL:
        return _GLOBAL[parsed.country_code]
    if parsed.country_code == 49:
        german = _GERMAN.match(number)
        if german:
            return next(kind for name, kind in _GERMAN_KINDS.items() if german[name])
    found = phonenumbers.number_type(parsed)
    if found is PhoneNumberType.UAN and parsed.country_code != 49:
        return NumberKind.FIXED
    return _KINDS.get(found, NumberKind.UNKNOWN)


_KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.VOIP: NumberKind.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PERSONAL,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
}

_GLOBAL = {
    800: NumberKind.TOLL_FREE,
    808: NumberKind.SHARED_COST,
    870: NumberKind.SATELLITE,  # Inmarsat
    878: NumberKind.PERSONAL,
    881: NumberKind.SATELLITE,  # global mobile satellite systems
    882: NumberKind.SATELLITE,  # international networks, priced like satellite
    883: NumberKind.SATELLITE,
    888: NumberKind.SERVICE,
    979: NumberKind.PREMIUM,
}
"""Country codes that belong to no country (ITU-T E.164, list of assigned codes)."""

_GERMAN = re.compile(
    r"\+49(?:(?P<directory>118)|(?P<service>11[0256]|10|19(?!0)|31)|(?P<premium>900|190|12)"
    r"|(?P<shared>137|138|18)|(?P<personal>700)|(?P<free>800)|(?P<voip>32))"
)
_GERMAN_KINDS = {
    "directory": NumberKind.DIRECTORY,
    "service": NumberKind.SERVICE,
    "premium": NumberKind.PREMIUM,
    "shared": NumberKind.SHARED_COST,
    "personal": NumberKind.PERSONAL,
    "free": NumberKind.TOLL_FREE,
    "voip": NumberKind.VOIP,
}
"""Ranges of the Bundesnetzagentur's numbering plan that have no area code, by prefix: so that a number too short or too
long to be valid is still known for what it costs (0900 premium, 012 innovative services, 0137 mass voting, 018 shared
cost and corporate, 118 directories, 110/112/115/116 service and emergency, 010 call-by-call, 019 online, 031 test)."""


@lru_cache(maxsize=65536)
def country(number: str) -> str | None:
    """ISO 3166 country of an E.164 number; None for global networks, short codes and undecidable ones."""
    parsed = (_split(number) or _parsed(number)) if number.startswith("+") else None
    if parsed is None or parsed.country_code is None:
        return None
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code)
    region = regions[0] if len(regions) == 1 else phonenumbers.region_code_for_number(parsed)
    return None if region == "001" else region


def show(number: str, region: str) -> str:
    """The number as people of `region` write it: national at home, else international; bare digits as they are."""
    parsed = (_split(number) or _parsed(number)) if number.startswith("+") else None
    if parsed is None:
        return number
    home = parsed.country_code == phonenumbers.country_code_for_region(region)
    # the national form of an unknown range lacks its leading zero
    national = home and phonenumbers.is_valid_number(parsed)
    style = PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def _read(text: str, region: str) -> PhoneNumber | None:
    """The number behind the writing if its length is possible, else None.

    Carriers also send E.164 without the plus: digits that begin with the region's own country code and are valid so
    are taken for that, before they are read as a national number without its leading zero.
    """
    text = unicodedata.normalize("NFKC", text)
    if "+" in text:
        return _possible(_split(text) or _parsed(text))
    digits = "".join(c for c in text if c.isdecimal())
    if len(digits) < SHORTEST_NATIONAL:
        return None
    if digits.startswith(str(phonenumbers.country_code_for_region(region))):
        number = _split("+" + digits)
        if number is not None and phonenumbers.is_valid_number(number):
            return number
    return _possible(_parsed(text, region))


def _possible(number: PhoneNumber | None) -> PhoneNumber | None:
    if number is None or number.country_code is None:
        return None
    lengths = _plan(number.country_code).lengths
    return number if len(phonenumbers.national_significant_number(number)) in lengths else None


def _parsed(text: str, region: str | None = None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _split(number: str) -> PhoneNumber | None:
    """Read bare E.164 (+ and digits): what `phonenumbers.parse` says, at a tenth of the time; None if it needs that.

    It needs that where a prefix might have to be taken off behind the country code.
    """
    if not _BARE.fullmatch(number):
        return None
    for end in (2, 3, 4):
        code = int(number[1:end])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            national = number[end:]
            plain = _plan(code).plain and not national.startswith("0")
            return PhoneNumber(country_code=code, national_number=int(national)) if plain else None
    return None


_BARE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Of a country code: the possible lengths of its numbers; whether no prefix but 0 may precede them."""

    lengths: frozenset[int]
    plain: bool


@lru_cache(maxsize=512)
def _plan(country_code: int) -> _Plan:
    region = phonenumbers.region_code_for_country_code(country_code)
    known = (
        PhoneMetadata.metadata_for_nongeo_region(country_code)
        if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
        else PhoneMetadata.metadata_for_region(region)
    )
    if known is None or known.general_desc is None:
        return _Plan(frozenset(), plain=False)
    return _Plan(frozenset(known.general_desc.possible_length), known.national_prefix_for_parsing in (None, "0"))


def _e164(number: PhoneNumber) -> str:
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"

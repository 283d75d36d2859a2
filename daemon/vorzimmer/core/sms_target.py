"""To whom text messages go: never where they cost more than a message, or reach nobody."""

from __future__ import annotations

from collections.abc import Collection

from vorzimmer.core import number as numbers
from vorzimmer.core.number import NumberKind

MOBILE = frozenset({NumberKind.MOBILE, NumberKind.FIXED_OR_MOBILE})
FIXED = frozenset({NumberKind.FIXED, NumberKind.VOIP})
"""Some networks read messages aloud there; most gateways take the money and deliver nothing."""


def no_text_to(number: str, countries: Collection[str], *, fixed: bool) -> str | None:
    """Why no text message goes to this number (E.164), as a sentence; None: it may.

    `countries`: ISO 3166, released for messages. `fixed`: the gateway takes fixed numbers.
    """
    kind = numbers.kind(number)
    if kind is NumberKind.UNKNOWN:
        return "the number belongs to no known range, so its price is not known"
    if kind in FIXED and not fixed:
        return "text messages go to mobile numbers, and this is a fixed one; sms.fixed lets them go there too"
    if kind not in MOBILE | FIXED:
        return f"text messages never go to {kind} numbers"
    country = numbers.country(number)
    if country not in countries:
        place = f"country {country}" if country else "a number of no country"
        return f"{place} is not released for text messages; released: {', '.join(sorted(countries)) or 'none'}"
    return None

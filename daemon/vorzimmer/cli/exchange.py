"""Rates to the euro, as a person writes them: units of a currency for one euro (§ 16 (6) UStG)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from vorzimmer.cli import context
from vorzimmer.cli.show import plain

_CURRENCY = re.compile("[A-Z]{3}")


def rate_argument(written: str | None) -> Decimal | None:
    """A positive number; anything else ends the command with 2."""
    if written is None:
        return None
    try:
        rate = Decimal(written)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or rate <= 0:
        context.fail(f"--rate: {plain(written)} is no positive number", code=context.USAGE)
    return rate


def rates_argument(written: Iterable[str]) -> dict[str, Decimal]:
    """Several, each as `CNY=7.85`."""
    found = {}
    for one in written:
        currency, _, number = one.partition("=")
        rate = rate_argument(number)
        if rate is None or not _CURRENCY.fullmatch(currency):
            context.fail(f"--rate: write CNY=7.85, not {plain(one)}", code=context.USAGE)
        found[currency] = rate
    return found

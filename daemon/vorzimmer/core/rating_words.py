"""Why a call costs what it costs, in sentences: the arithmetic of its charges, for the portal and the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from vorzimmer.core.money import Where
from vorzimmer.core.rating import SIXTY, Charge, Part, billed
from vorzimmer.core.tariff import Calls, Counted, Minutes, Surcharge, Tariff

Words = Mapping[str, str]

WORDS: Mapping[str, Words] = {
    "de": {
        "point": ",",
        "nothing": "Keine Position des Tarifs „{tariff}“ betrifft diesen Anruf.",
        "counts": "Gezählt: {phases} = {total} s.",
        "no_time": "Gezählt: 0 s.",
        "increments": "Im Takt {first}/{then}: {seconds} s.",
        "by_phase": "Jede Phase im Takt {first}/{then}: {seconds} s.",
        "short": "Kürzer als {seconds} s: frei.",
        "free": "Davon frei: {free} {unit}.",
        "part": "{units} {unit} x {price} {currency} = {amount} {currency}.",
        "part_minutes": "{units} s x {price} {currency} je Minute / 60 = {amount} {currency}.",
        "deferred": "Der Preis richtet sich nach der Menge des Monats: {units} {unit} zählen dazu.",
        "share": "{percent} % auf {base} {currency} = {amount} {currency}.",
        "sum": "Zuschlag {amount} {currency}.",
        "rounded": "Je Anruf gerundet: {amount} {currency}.",
        "rounded_phases": "Jede Phase gerundet: {phases} = {amount} {currency}.",
        "rounded_phase": "{phase} {exact} auf {amount}",
        "unrounded": "Nicht je Anruf gerundet, erst {where}.",
        "position": "in der Summe der Position",
        "invoice": "in der Summe der Rechnung",
        "total": "Zusammen: {amount} {currency} netto.",
        "call": "Anruf",
        "calls": "Anrufe",
        "seconds": "s",
        "ring": "Klingeln",
        "announcement": "Ansage",
        "queue": "Warten",
        "talk": "Gespräch",
        "hold": "Halten",
        "put_through": "durchgestellt",
        "forwarded": "weitergeleitet",
        "machine": "Anrufbeantworter",
        "wrap_up": "Nachbearbeitung",
        "capped": "höchstens {cap}",
    },
    "en": {
        "point": ".",
        "nothing": "No position of the tariff '{tariff}' is about this call.",
        "counts": "Counted: {phases} = {total} s.",
        "no_time": "Counted: 0 s.",
        "increments": "In increments of {first}/{then}: {seconds} s.",
        "by_phase": "Each phase in increments of {first}/{then}: {seconds} s.",
        "short": "Shorter than {seconds} s: free.",
        "free": "Of these free: {free} {unit}.",
        "part": "{units} {unit} x {price} {currency} = {amount} {currency}.",
        "part_minutes": "{units} s x {price} {currency} a minute / 60 = {amount} {currency}.",
        "deferred": "The price depends on the month's volume: {units} {unit} count for it.",
        "share": "{percent} % of {base} {currency} = {amount} {currency}.",
        "sum": "Surcharge {amount} {currency}.",
        "rounded": "Rounded for each call: {amount} {currency}.",
        "rounded_phases": "Each phase rounded: {phases} = {amount} {currency}.",
        "rounded_phase": "{phase} {exact} to {amount}",
        "unrounded": "Not rounded for each call, but {where}.",
        "position": "in the position's sum",
        "invoice": "in the invoice's sum",
        "total": "Together: {amount} {currency} net.",
        "call": "call",
        "calls": "calls",
        "seconds": "s",
        "ring": "ringing",
        "announcement": "announcement",
        "queue": "waiting",
        "talk": "talk",
        "hold": "hold",
        "put_through": "put through",
        "forwarded": "forwarded",
        "machine": "answering machine",
        "wrap_up": "wrap-up",
        "capped": "at most {cap}",
    },
}

PLACES = Decimal("0.000001")
"""To which an amount is shown that is not yet rounded."""


def explain(charges: Iterable[Charge], tariff: Tariff, language: str) -> tuple[str, ...]:
    """The arithmetic of one call's charges, a sentence or a heading a line; English where the language is neither."""
    words = WORDS.get(language, WORDS["en"])
    mine = tuple(charges)
    if not mine:
        return (words["nothing"].format(tariff=tariff.name),)
    lines: list[str] = []
    for charge in mine:
        position = next(one for one in tariff.positions if one.id == charge.position)
        lines.append(f"{position.name}:")
        match position:
            case Calls() | Minutes():
                told = _counted(charge, position, tariff, words)
            case Surcharge():
                told = _surcharge(charge, position, mine, tariff, words)
            case _:
                told = []
        lines += [f"  {one}" for one in told]
    total = sum((charge.sixtieths for charge in mine), Decimal(0)) / SIXTY
    return (*lines, words["total"].format(amount=_money(total, words), currency=tariff.currency))


def _counted(charge: Charge, position: Counted, tariff: Tariff, words: Words) -> list[str]:
    lines: list[str] = []
    if isinstance(position, Minutes) or position.free_short is not None:
        lines.append(_measured(charge, position, words))
    if charge.short and position.free_short is not None:
        return [*lines, words["short"].format(seconds=position.free_short.seconds)]
    if isinstance(position, Minutes) and _is_in_increments(charge, position):
        key = "increments" if position.increments_of == "call" else "by_phase"
        seconds = " + ".join(_number(one, words) for one in billed(charge.measured, position))
        lines.append(words[key].format(first=position.first, then=position.then, seconds=seconds))
    unit = _unit(charge.units, position, words)
    if charge.free:
        lines.append(words["free"].format(free=_number(charge.free, words), unit=_unit(charge.free, position, words)))
    if charge.deferred:
        return [*lines, words["deferred"].format(units=_number(charge.units, words), unit=unit)]
    lines += [_part(part, position, tariff, words) for part in charge.parts]
    if isinstance(position, Minutes) and tariff.rounding.at is Where.PHASE and charge.parts:
        return [*lines, _rounded_phases(charge, position, tariff, words)]
    return [*lines, *_rounding(charge, tariff, words)] if charge.parts else lines


def _is_in_increments(charge: Charge, position: Minutes) -> bool:
    """Whether increments are to be told: where they are more than seconds, or a second was begun."""
    return (position.first, position.then) != (1, 1) or charge.units != sum(spent for _, spent in charge.measured)


def _rounded_phases(charge: Charge, position: Minutes, tariff: Tariff, words: Words) -> str:
    """What each phase costs: free seconds first, then those of each price, in the order of the phases."""
    queue = [Part(charge.free, Decimal(0)), *charge.parts]
    told: list[str] = []
    for (phase, _), count in zip(charge.measured, billed(charge.measured, position), strict=True):
        left, exact = count, Decimal(0)
        while left:
            part = queue.pop(0)
            taken = min(left, part.units)
            exact, left = exact + taken * part.price / SIXTY, left - taken
            if taken < part.units:
                queue.insert(0, Part(part.units - taken, part.price))
        rounded = _money(tariff.rounding.round(exact), words)
        told.append(words["rounded_phase"].format(phase=words[phase], exact=_money(exact, words), amount=rounded))
    return words["rounded_phases"].format(
        phases=" + ".join(told), amount=_money(charge.amount, words), currency=tariff.currency
    )


def _measured(charge: Charge, position: Counted, words: Words) -> str:
    if not charge.measured:
        return words["no_time"]
    told = []
    for phase, spent in charge.measured:
        cap = position.caps.get(phase)
        limit = f" ({words['capped'].format(cap=cap)})" if cap is not None and spent == cap else ""
        told.append(f"{words[phase]} {_number(spent, words)} s{limit}")
    total = sum((spent for _, spent in charge.measured), Decimal(0))
    return words["counts"].format(phases=" + ".join(told), total=_number(total, words))


def _unit(units: Decimal, position: Counted, words: Words) -> str:
    if isinstance(position, Minutes):
        return words["seconds"]
    return words["call" if units == 1 else "calls"]


def _part(part: Part, position: Counted, tariff: Tariff, words: Words) -> str:
    by_time = isinstance(position, Minutes)
    amount = part.units * part.price / (SIXTY if by_time else 1)
    return words["part_minutes" if by_time else "part"].format(
        units=_number(part.units, words),
        unit=_unit(part.units, position, words),
        price=_money(part.price, words),
        amount=_money(amount, words),
        currency=tariff.currency,
    )


def _surcharge(
    charge: Charge, position: Surcharge, charges: Iterable[Charge], tariff: Tariff, words: Words
) -> list[str]:
    lines: list[str] = []
    if position.percent:
        base = sum((one.sixtieths for one in charges if one.position in position.on), Decimal(0)) / SIXTY
        share = base * position.percent / 100
        lines.append(
            words["share"].format(
                percent=_number(position.percent, words),
                base=_money(base, words),
                amount=_money(share, words),
                currency=tariff.currency,
            )
        )
    if position.amount:
        lines.append(words["sum"].format(amount=_money(position.amount, words), currency=tariff.currency))
    return [*lines, *_rounding(charge, tariff, words)]


def _rounding(charge: Charge, tariff: Tariff, words: Words) -> list[str]:
    where = tariff.rounding.at
    if where in (Where.CALL, Where.PHASE):
        return [words["rounded"].format(amount=_money(charge.amount, words), currency=tariff.currency)]
    return [words["unrounded"].format(where=words[where.value])]


def _money(amount: Decimal, words: Words) -> str:
    """With two places, or as many up to six as it has."""
    shown = amount.quantize(PLACES).normalize()
    exponent = shown.as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{shown:.{places}f}".replace(".", words["point"])


def _number(value: Decimal, words: Words) -> str:
    return f"{value.normalize():f}".replace(".", words["point"])

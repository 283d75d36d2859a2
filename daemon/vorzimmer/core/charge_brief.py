"""What a call costs and why, in one short line of a statement; the whole arithmetic: `core.rating_words`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.rating import Charge
from vorzimmer.core.tariff import SERVED, Calls, Minutes, Surcharge, Tariff

Words = Mapping[str, str]

WORDS: Mapping[str, Words] = {
    "de": {
        "point": ",",
        "trial": "Probezeit",
        "outside": "kein Vertrag an diesem Tag",
        "waiting": "noch nicht berechnet",
        "failed": "nicht bedient, kostet nichts",
        "nothing": "kostet im Tarif nichts",
        "short": "kurz, frei",
        "included": "enthalten",
        "some": "{free} {unit} enthalten",
        "deferred": "Preis nach der Menge des Monats",
        "calls": "{units} x {price}",
        "seconds": "{units} s zu {price}/min",
        "uncounted": "0 s gezählt",
        "added": "{name} {amount}",
        "late": "Nachtrag",
        "call": "Anruf",
        "second": "s",
    },
    "en": {
        "point": ".",
        "trial": "trial",
        "outside": "no contract on this day",
        "waiting": "not charged yet",
        "failed": "not served, costs nothing",
        "nothing": "costs nothing in this tariff",
        "short": "short, free",
        "included": "included",
        "some": "{free} {unit} included",
        "deferred": "priced by the month's volume",
        "calls": "{units} x {price}",
        "seconds": "{units} s at {price}/min",
        "uncounted": "0 s counted",
        "added": "{name} {amount}",
        "late": "belated",
        "call": "call",
        "second": "s",
    },
    "zh": {
        "point": ".",
        "trial": "试用期",
        "outside": "当日无合同",
        "waiting": "尚未计费",
        "failed": "未接通 不收费",
        "nothing": "套餐内不收费",
        "short": "短通话 免费",
        "included": "套餐内",
        "some": "{free} {unit}在套餐内",
        "deferred": "按当月总量计价",
        "calls": "{units} x {price}",
        "seconds": "{units} 秒 每分钟 {price}",
        "uncounted": "计费 0 秒",
        "added": "{name} {amount}",
        "late": "补计",
        "call": "次",
        "second": "秒",
    },
}


class Mark(StrEnum):
    """What is known of a call besides its charges; the first two are marks of its rows."""

    TRIAL = "trial"
    LATE = "late"
    OUTSIDE = "outside"
    """On its day no contract holds."""
    WAITING = "waiting"
    """It is not rated yet, or somebody has to look at it first."""


def brief(
    charges: Sequence[Charge],
    tariff: Tariff | None,
    disposition: Disposition,
    marks: Collection[str],
    language: str,
) -> str:
    """The line; English where the language is unknown.

    Args:
        charges: of one call, without those of no position.
        tariff: by which; None: by none.
        disposition: how the call ended.
        marks: see `Mark`.
        language: of the reader.
    """
    words = WORDS.get(language, WORDS["en"])
    late = [words["late"]] if Mark.LATE in marks else []
    if Mark.WAITING in marks:
        return words["waiting"]
    if Mark.OUTSIDE in marks or tariff is None:
        return "; ".join([*late, words["outside"]])
    if Mark.TRIAL in marks:
        return "; ".join([*late, words["trial"]])
    if not charges:
        return "; ".join([*late, words["nothing" if disposition in SERVED else "failed"]])
    order = [position.id for position in tariff.positions]
    ordered = sorted(charges, key=lambda one: order.index(one.position) if one.position in order else len(order))
    return "; ".join([*late, *(_told(charge, tariff, words) for charge in ordered)])


def _told(charge: Charge, tariff: Tariff, words: Words) -> str:
    position = next((one for one in tariff.positions if one.id == charge.position), None)
    match position:
        case Surcharge():
            return words["added"].format(name=position.name, amount=_number(charge.amount, words))
        case Calls() | Minutes():
            return _counted(charge, words, by_time=isinstance(position, Minutes))
        case _:
            return charge.position


def _counted(charge: Charge, words: Words, *, by_time: bool) -> str:
    if charge.short:
        return words["short"]
    if charge.deferred:
        return words["deferred"]
    if not charge.units:
        return words["uncounted"]
    paid = [part for part in charge.parts if part.price]
    if not paid:
        return words["included"]
    found = [
        words["seconds" if by_time else "calls"].format(
            units=_number(part.units, words, 0), price=_number(part.price, words)
        )
        for part in paid
    ]
    if charge.free:
        unit = words["second" if by_time else "call"]
        found.insert(0, words["some"].format(free=_number(charge.free, words, 0), unit=unit))
    return " + ".join(found)


def _number(value: Decimal, words: Words, places: int = 2) -> str:
    """With at least so many places, and at most six."""
    shown = value.quantize(Decimal("0.000001")).normalize()
    exponent = shown.as_tuple().exponent
    most = max(places, -exponent if isinstance(exponent, int) else places)
    return f"{shown:.{most}f}".replace(".", words["point"])

"""Why a call costs what it costs, from what is stored: for the terminal and the client's pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.billing.explaining_words import WORDS
from vorzimmer.billing.rater import used_before
from vorzimmer.billing.reckoning import CLOCK, OUTSIDE
from vorzimmer.core import rating_words
from vorzimmer.core.charge_brief import Mark
from vorzimmer.core.charge_row import Row, charge_of, plain
from vorzimmer.core.rating import SIXTY, Call
from vorzimmer.core.stretches import Month, NoTariff, Stretch, included, stretches
from vorzimmer.core.tariff import SERVED, Calls, Minutes, Tariff
from vorzimmer.store import billing_book
from vorzimmer.store.charged_call import ChargedCall, charged_call, units_before
from vorzimmer.store.client_change import NoSuchClient, load

Words = Mapping[str, str]


async def explain(conn: asyncpg.Connection, call_id: str, language: str) -> tuple[str, ...] | None:
    """The arithmetic of a finished call, a sentence a line; None: there is no such call, or it is nobody's.

    `language`: de or en; English where it is neither.
    """
    found = await charged_call(conn, call_id)
    if found is None:
        return None
    words = WORDS.get(language, WORDS["en"])
    zone = await _zone(conn, found.client)
    lines = [*_call(found.call, zone, words, language), *_taken_back(found, words)]
    turns = found.turns
    if turns and len(turns) % 2:
        return (*lines, *await _charged(conn, found.call, turns[-1], zone, language))
    if found.parked is not None:
        return (*lines, words["parked"].format(why=words[_why(found.parked)]))
    return (*lines, words["back" if turns else "waiting"])


async def _zone(conn: asyncpg.Connection, client: str) -> ZoneInfo:
    """The client's; of one who is gone, that of records."""
    try:
        _version, known = await load(conn, client)
    except NoSuchClient:
        return ZoneInfo("UTC")
    return ZoneInfo(known.timezone)


def _why(reason: str) -> str:
    """Why a call is put aside, as clients are told; what is to be done about it is the house's (`rate --parked`)."""
    if reason == OUTSIDE:
        return "outside"
    return "clock" if reason.endswith(CLOCK) else "unclear"


def _call(call: Call, zone: ZoneInfo, words: Words, language: str) -> Iterator[str]:
    began = call.began.astimezone(zone).strftime(words["began"])
    yield words["head"].format(call=call.id, began=began, how=f"{words[call.direction]}, {words[call.disposition]}")
    names = rating_words.WORDS.get(language, rating_words.WORDS["en"])
    told = [
        words["phase"].format(name=names[phase], seconds=_number(spent, words))
        for phase, spent in call.seconds.items()
        if spent
    ]
    yield words["phases"].format(phases=", ".join(told)) if told else words["no_phases"]


def _taken_back(found: ChargedCall, words: Words) -> Iterator[str]:
    """The turns that stand no more."""
    for n, rows in enumerate(found.turns[1::2], 1):
        amount = -sum((row.sixtieths for row in rows), Decimal(0)) / SIXTY
        yield words["turn"].format(n=n, amount=_money(amount, words), currency=rows[0].currency)


async def _charged(
    conn: asyncpg.Connection, call: Call, rows: Sequence[Row], zone: ZoneInfo, language: str
) -> list[str]:
    """What stands: by which tariff, in which month, what was counted before, and the arithmetic."""
    words, first = WORDS.get(language, WORDS["en"]), rows[0]
    versions = await billing_book.tariffs(conn)
    tariff = next((one for one in versions if (one.id, one.since) == (first.tariff, first.since)), None)
    total = _money(sum((row.sixtieths for row in rows), Decimal(0)) / SIXTY, words)
    order = [position.id for position in tariff.positions] if tariff is not None else []
    charged = [row for row in rows if row.position]
    if tariff is None or any(row.position not in order for row in charged):
        return [words["changed"].format(amount=total, currency=first.currency)]
    since, month = first.since.strftime(words["day"]), first.month.strftime(words["month"])
    lines = [words["tariff"].format(name=tariff.name, id=tariff.id, since=since, month=month)]
    marks = first.marks.split()
    if Mark.LATE in marks:
        lines.append(words["late"].format(own=call.began.astimezone(zone).strftime(words["month"])))
    if Mark.TRIAL in marks:
        return [*lines, words["trial"]]
    if not charged and call.disposition not in SERVED:
        return [*lines, words["failed_free"]]
    charged.sort(key=lambda row: order.index(row.position))
    volumes = [await _volume(conn, call, row, tariff, versions, zone, words) for row in charged]
    told = rating_words.explain([charge_of(row) for row in charged], tariff, language)
    return [*lines, *(line for line in volumes if line), *told]


async def _volume(
    conn: asyncpg.Connection,
    call: Call,
    row: Row,
    tariff: Tariff,
    versions: Sequence[Tariff],
    zone: ZoneInfo,
    words: Words,
) -> str | None:
    """How many units were counted before and after, and how many are free.

    None: the price does not depend on it, or what was agreed has changed since.
    """
    position = next(one for one in tariff.positions if one.id == row.position)
    if not isinstance(position, Calls | Minutes) or not (position.included or position.tiers):
        return None
    month = Month(row.month.year, row.month.month)
    day = call.began.astimezone(zone).date()
    parts = await _parts(conn, row, versions)
    part = next((one for one in parts if day < month.first or one.first <= day <= one.last), None)
    if part is None or (part.tariff.id, part.tariff.since) != (row.tariff, row.since):
        return None
    since, earlier = _counted_from(parts, part, day, yearly=position.pool == "year")
    before = await units_before(conn, row, datetime.combine(since, time(), zone) if since else None)
    if earlier:
        before += (await used_before(conn, row.client, month)).get(position.id, Decimal(0))
    free = included(position, part, month)
    unit = words["second" if isinstance(position, Minutes) else "one_call" if before == 1 else "call"]
    return words["volume" if free else "paid_volume"].format(
        name=position.name,
        before=_number(before, words),
        after=_number(before + row.units, words),
        unit=unit,
        included=_number(free, words),
    )


async def _parts(conn: asyncpg.Connection, row: Row, versions: Sequence[Tariff]) -> tuple[Stretch, ...]:
    """The stretches of the charge's month; none, where what was agreed does not fit it any more."""
    agreed = [one.contract for one in await billing_book.agreements(conn, row.client)]
    try:
        return stretches(agreed, versions, Month(row.month.year, row.month.month))
    except (NoTariff, ValueError):
        return ()


def _counted_from(parts: Sequence[Stretch], part: Stretch, day: date, *, yearly: bool) -> tuple[date | None, bool]:
    """From which day on units are counted together with a call's, and whether those of months before are too.

    None: from the bill's first call on, late ones among them. See `core.bill`.
    """
    if not yearly:
        return (None if part == parts[0] else part.first), False
    contract = part.contract
    began = contract.year_began(max(day, contract.since))
    if began < parts[0].first:
        return None, True
    return (None if contract == parts[0].contract and began == contract.since else began), False


def _number(value: Decimal, words: Words) -> str:
    return plain(value).replace(".", words["point"])


def _money(amount: Decimal, words: Words) -> str:
    """With at least two places."""
    shown = plain(amount.quantize(Decimal("0.000001")))
    whole, _, places = shown.partition(".")
    return f"{whole}{words['point']}{places.ljust(2, '0')}"

"""The query that charges all calls of many clients' month by one tariff; for the shapes of `core.bulk_shape`.

A client's calls are read once. Each position is a branch: its calls in their order, what of their time counts, how many
units were used before, and the price of the tiers in between. `OFFSET 0` keeps the planner from working out an
expression again wherever it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from vorzimmer.core.bulk_shape import whole_units
from vorzimmer.core.charge_row import VERSION, plain
from vorzimmer.core.money import Rounding, Where
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import SERVED, Calls, Counted, FreeShort, Minutes, Tariff, When

_LATER = {"hold": "coalesce(hold, 0)", "put_through": "coalesce(put_through, 0)"}
"""Columns that are null in old records."""

_CHARGES = """
INSERT INTO charge (
    call_id, turn, position, client, month, tariff, since, currency,
    units, free, sixtieths, measured, parts, marks, digest
)
SELECT call_id, 0, position, client, {month}, {tariff}, {since}, {currency},
    units, free, sixtieths, measured, parts, marks,
    sha256(convert_to(concat(
        {head}, call_id, E'\\x1f0\\x1f', position, E'\\x1f', client, {under}, units, E'\\x1f', free, E'\\x1f',
        trim_scale(sixtieths), E'\\x1f', measured, E'\\x1f', parts, E'\\x1f', marks
    ), 'UTF8'))
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS book (client, begins, ends)
CROSS JOIN LATERAL (
    WITH mine AS MATERIALIZED (
        SELECT call_id, cdr.started_at{columns}{about} FROM {calls}
        WHERE cdr.client = book.client AND cdr.started_at >= book.begins AND cdr.started_at < book.ends
    )
    {branches}
) AS made
"""

_NOTHING = """
SELECT call_id, ''::text AS position, 0::bigint AS units, 0::bigint AS free, 0::numeric AS sixtieths,
    ''::text AS measured, ''::text AS parts, ''::text AS marks
FROM mine WHERE NOT ({any})
"""

_BRANCH = """
SELECT call_id, {position} AS position, units, free, {sixtieths} AS sixtieths, measured, {parts} AS parts,
    CASE WHEN short THEN 'short' ELSE {mark} END AS marks
FROM (
    SELECT call_id, units, measured, short, least({included}, used) - least({included}, used - units) AS free{inside}
    FROM (
        SELECT *, {used} AS used FROM (
            SELECT *, CASE WHEN short THEN 0 ELSE {units} END AS units FROM (
                SELECT *, {short} AS short FROM (
                    SELECT *, {together} AS together, {measured} AS measured FROM (
                        SELECT call_id, started_at{phases} FROM mine WHERE {about} OFFSET 0
                    ) AS capped OFFSET 0
                ) AS timed
            ) AS marked OFFSET 0
        ) AS counted
    ) AS used OFFSET 0
) AS priced OFFSET 0
"""

_IN_ORDER = 'ORDER BY started_at, call_id COLLATE "C" ROWS UNBOUNDED PRECEDING'


class _Values:
    """The query's parameters."""

    def __init__(self, *first: Any) -> None:
        self.all: list[Any] = list(first)

    def of(self, value: Any, kind: str) -> str:
        """How the query names this value."""
        self.all.append(value)
        return f"${len(self.all)}::{kind}"


def charging(tariff: Tariff, month: Month, book: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """The query and its parameters.

    Args:
        tariff: fits (`core.bulk_shape.fits`).
        month: in which is charged.
        book: the clients' ids, and the instants at which the month begins and ends for each.
    """
    values = _Values(*book)
    counted = [one for one in tariff.positions if isinstance(one, Calls | Minutes)]
    names = [f"about{n}" for n in range(len(counted))]
    branches = [_branch(one, name, tariff.rounding, values) for one, name in zip(counted, names, strict=True)]
    branches.append(_NOTHING.format(any=" OR ".join(names) or "false"))
    about = (f", {_matched(one.when, values)} AS {name}" for one, name in zip(counted, names, strict=True))
    phases = sorted({phase for one in counted for phase in one.phases})
    under = ("", month.first.isoformat(), tariff.id, tariff.since.isoformat(), tariff.currency, "")
    text = _CHARGES.format(
        month=values.of(month.first, "date"),
        tariff=values.of(tariff.id, "text"),
        since=values.of(tariff.since, "date"),
        currency=values.of(tariff.currency, "text"),
        head=values.of(f"{VERSION}\x1f", "text"),
        under=values.of("\x1f".join(under), "text"),
        columns="".join(f", {_LATER.get(phase, phase)} AS {phase}" for phase in phases),
        about="".join(about),
        calls=_calls(counted),
        branches=" UNION ALL ".join(f"({branch})" for branch in branches),
    )
    return text, values.all


def _calls(positions: Iterable[Counted]) -> str:
    """Calls, with the numbers kept beside them where a position asks for these."""
    return "cdr LEFT JOIN cdr_person AS person USING (call_id)" if any(one.when.to for one in positions) else "cdr"


def _matched(when: When, values: _Values) -> str:
    """See `core.rating.matches`; never null."""
    rules = [f"cdr.disposition = ANY ({values.of([one.value for one in when.of or SERVED], 'text[]')})"]
    if when.direction is not None:
        rules.append(f"cdr.direction = {values.of(when.direction, 'text')}")
    if when.to:
        number = "CASE WHEN cdr.direction = 'out' THEN person.caller ELSE person.forwarded_to END"
        rules.append(f"coalesce(({number}) ^@ ANY ({values.of(list(when.to), 'text[]')}), false)")
    return f"({' AND '.join(rules)})"


def _branch(position: Counted, about: str, rounding: Rounding, values: _Values) -> str:
    """What calls cost by one position."""
    phases = list(dict.fromkeys(position.phases))
    included = whole_units(position.included, position)
    steps = () if position.mode == "whole" else _steps(position)
    sums = included or len(steps) > 1
    return _BRANCH.format(
        position=values.of(position.id, "text"),
        about=about,
        phases="".join(f", {_capped(one, position, values)} AS {one}" for one in phases),
        together=" + ".join(phases),
        measured=f"concat_ws(' ', {', '.join(map(_told, phases))})",
        short=_short(position.free_short, values),
        units="1::bigint" if isinstance(position, Calls) else _increments(position, phases, values),
        used=f"(sum(units) OVER ({_IN_ORDER}))::bigint" if sums else "units",
        included=values.of(included, "bigint"),
        inside="".join(f", {_inside(step, included, values)} AS inside{n}" for n, step in enumerate(steps)),
        sixtieths=_sixtieths(position, [one.price for one in steps], rounding, values),
        parts=_parts([one.price for one in steps], values),
        mark="'deferred'" if position.mode == "whole" else "''",
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """A price for the paid units above `begin`, up to `end`; None: all that are left."""

    begin: int
    end: int | None
    price: Decimal


def _steps(position: Counted) -> tuple[_Step, ...]:
    """The tiers; neighbours at the same price are one."""
    found: list[_Step] = []
    begin = 0
    for tier in position.steps:
        end = None if tier.up_to is None else whole_units(tier.up_to, position)
        if found and found[-1].price == tier.price:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(_Step(begin, end, tier.price))
        begin = end or begin
    return tuple(found)


def _capped(phase: str, position: Counted, values: _Values) -> str:
    """The seconds of a phase that count."""
    cap = position.caps.get(phase)
    return phase if cap is None else f"least({phase}, {values.of(Decimal(cap), 'numeric')})"


def _told(phase: str) -> str:
    return f"CASE WHEN {phase} > 0 THEN '{phase}:' || trim_scale({phase})::text END"


def _short(free: FreeShort | None, values: _Values) -> str:
    """Whether a call costs nothing for it was short, and not too many were before it."""
    if free is None:
        return "false"
    rule = f"together < {values.of(Decimal(free.seconds), 'numeric')}"
    if free.most is None:
        return rule
    return f"{rule} AND count(*) FILTER (WHERE {rule}) OVER ({_IN_ORDER}) <= {values.of(free.most, 'bigint')}"


def _increments(position: Minutes, phases: Sequence[str], values: _Values) -> str:
    """The seconds after the increments."""
    times = phases if position.increments_of == "phase" else ["together"]
    return " + ".join(_in_increments(one, position, values) for one in times)


def _in_increments(spent: str, position: Minutes, values: _Values) -> str:
    first, then = (values.of(one, "bigint") for one in (position.first, position.then))
    rest = f"(({spent} * 1000)::bigint - {first} * 1000 + {then} * 1000 - 1) / ({then} * 1000)"
    return f"CASE WHEN {spent} > 0 THEN {first} + greatest({rest}, 0) * {then} ELSE 0 END"


def _inside(step: _Step, included: int, values: _Values) -> str:
    """How many of a call's paid units are in a tier."""
    until = "used" if step.end is None else f"least(used, {values.of(included + step.end, 'bigint')})"
    return f"greatest({until} - greatest(used - units, {values.of(included + step.begin, 'bigint')}), 0)"


def _sixtieths(position: Counted, prices: Sequence[Decimal], rounding: Rounding, values: _Values) -> str:
    scale = 1 if isinstance(position, Minutes) else 60
    each = [f"inside{n} * {values.of(price * scale, 'numeric')}" for n, price in enumerate(prices)]
    exact = " + ".join(each) or "0::numeric"
    return _rounded(exact, rounding, values) if each and rounding.at is Where.CALL else exact


def _rounded(exact: str, rounding: Rounding, values: _Values) -> str:
    """To multiples of 60 times `to`, by whole quotients: a quotient with decimals might lie."""
    unit = values.of(rounding.to * 60, "numeric")
    floor, rest = f"div({exact}, {unit})", f"mod({exact}, {unit})"
    match rounding.how:
        case "half_up":
            whole = f"div({exact} + {unit} / 2, {unit})"
        case "half_even":
            over = f"{rest} * 2 > {unit} OR {rest} * 2 = {unit} AND mod({floor}, 2) = 1"
            whole = f"{floor} + CASE WHEN {over} THEN 1 ELSE 0 END"
        case "up":
            whole = f"{floor} + CASE WHEN {rest} > 0 THEN 1 ELSE 0 END"
        case "down":
            whole = floor
    return f"(({whole}) * {unit})"


def _parts(prices: Sequence[Decimal], values: _Values) -> str:
    told = (
        f"CASE WHEN inside{n} > 0 THEN inside{n} || {values.of(f'@{plain(price)}', 'text')} END"
        for n, price in enumerate(prices)
    )
    return f"concat_ws(' ', {', '.join(told)})" if prices else "''"

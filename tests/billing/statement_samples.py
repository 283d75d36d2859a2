"""A statement and its calls as the tests of its documents need them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from vorzimmer.billing.paper import House
from vorzimmer.core.account import Account
from vorzimmer.core.bill import Line, Special, Unit
from vorzimmer.core.statement import Balance, CallLine, Hidden, Offer, Statement, chart_of
from vorzimmer.core.stretches import Month

OCTOBER = Month(2026, 10)
BERLIN = ZoneInfo("Europe/Berlin")

HOUSE = House(
    name="Büro am Markt GmbH",
    street="Marktplatz 3",
    postcode="80331",
    city="München",
    vat_id="DE123456788",
    phone="+49 89 12345600",
    mail="rechnung@markt.example",
    iban="DE02 1203 0000 0000 2020 51",
    bic="BYLADEM1001",
    bank="Beispielbank",
)

ACCOUNT = Account(client="mueller", name="Kanzlei Müller", street="Sendlinger Str. 1", postcode="80331", city="München")

LINES = (
    Line(
        "base",
        "Grundgebühr",
        date(2026, 11, 1),
        date(2026, 11, 30),
        *(Decimal(1), Unit.MONTH, Decimal(39), Decimal(39), Decimal("39.00")),
    ),
    Line(
        "calls",
        "Angenommene Anrufe",
        OCTOBER.first,
        OCTOBER.last,
        *(Decimal(118), Unit.CALL, Decimal("1.20"), Decimal("141.60"), Decimal("141.60")),
    ),
    Line(
        "minutes",
        "Gesprächsminuten über 100",
        OCTOBER.first,
        OCTOBER.last,
        *(Decimal("12.5"), Unit.MINUTE, Decimal("0.0475"), Decimal("0.59375"), Decimal("0.59")),
    ),
    Line(
        Special.ROUNDING,
        "",
        OCTOBER.first,
        OCTOBER.last,
        *(Decimal(1), Unit.ONE, None, Decimal("0.01"), Decimal("0.01")),
    ),
)

COMPARISON = (
    Offer("package-200", "Paket 200", Decimal("149.00")),
    Offer("each-call", "Büro nach Anrufen", Decimal("181.20"), yours=True),
    Offer("flat", "Flatrate", Decimal("249.00")),
)


def calls_of(count: int) -> tuple[CallLine, ...]:
    """So many calls of October, spread over working hours."""
    return tuple(_call(n) for n in range(count))


def _call(n: int) -> CallLine:
    began = datetime(2026, 10, 1 + n % 31, 8 + (n * n) % 10, n % 60, n * 7 % 60, tzinfo=BERLIN)
    answered = n % 5 != 4
    return CallLine(
        id=f"1790000{n:06}.{n}",
        began=began,
        direction="out" if n % 17 == 16 else "in",
        disposition="answered" if answered else "abandoned",
        number=None if n % 11 == 10 else "+49891234XXX",
        hidden=Hidden.WITHHELD if n % 11 == 10 else None,
        phases=(("ring", Decimal("4.2")), ("talk", Decimal(60 + n % 90))) if answered else (("queue", Decimal(12)),),
        net=Decimal("1.20") if answered else Decimal(0),
        why="1 Anruf x 1,20 EUR" if answered else "nicht berechnet",
        late=n == 3,
    )


def statement_of(calls: tuple[CallLine, ...], balance: Balance | None = None) -> Statement:
    """The statement of these calls."""
    return Statement(
        client="mueller",
        month=OCTOBER,
        currency="EUR",
        lines=LINES,
        head=bytes(range(32)),
        closed_at=datetime(2026, 11, 2, 5, 30, tzinfo=UTC) + timedelta(hours=1),
        closed_by="worker",
        used={},
        advanced={},
        versions=(("each-call", date(2026, 1, 1)),),
        chart=chart_of((call.began for call in calls), "Europe/Berlin"),
        comparison=COMPARISON,
        balance=balance,
    )

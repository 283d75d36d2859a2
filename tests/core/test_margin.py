"""What is left of what a client pays."""

from __future__ import annotations

from decimal import Decimal

from vorzimmer.core.margin import Costs, Effort, Revenue, margins

COSTS = Costs("EUR", Decimal("21.60"), Decimal("0.015"))


def test_a_margin_by_hand() -> None:
    """149.00 - 2.5 h x 21.60 = 54.00 - 200 min x 0.015 = 3.00: 92.00 are left."""
    found, foreign = margins(
        [Effort("huber", 90, Decimal(9000), Decimal(12_000))],
        [Revenue("huber", "EUR", Decimal("149.00"), closed=True)],
        COSTS,
    )
    (one,) = found
    assert (one.wages, one.lines, one.amount) == (Decimal("54.00"), Decimal("3.000"), Decimal("92.000"))
    assert one.share is not None
    assert round(one.share, 4) == Decimal("0.6174")
    assert foreign == ()


def test_calls_without_revenue_cost_and_revenue_without_calls_stays() -> None:
    """A trial costs us what it costs; a base fee of a quiet month is all margin. No share of nothing."""
    found, _ = margins(
        [Effort("trial", 1, Decimal(3600), Decimal(0))],
        [Revenue("quiet", "EUR", Decimal(29), closed=True)],
        COSTS,
    )
    assert [(one.client, one.amount, one.share) for one in found] == [
        ("quiet", Decimal(29), Decimal(1)),
        ("trial", Decimal("-21.60"), None),
    ]


def test_another_currency_has_no_margin() -> None:
    """Yuan less euros is no figure: such a client is named apart."""
    revenue = Revenue("beijing", "CNY", Decimal(900), closed=False)
    found, foreign = margins([Effort("beijing", 1, Decimal(60), Decimal(60))], [revenue], COSTS)
    assert found == ()
    assert foreign == (revenue,)

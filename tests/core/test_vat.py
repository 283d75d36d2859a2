"""VAT on a service, by who buys it and where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vorzimmer.core.vat import (
    ABROAD,
    DOMESTIC,
    REVERSE_CHARGE,
    SMALL_BUSINESS,
    MissingVatId,
    Party,
    Vat,
    is_small_amount,
    vat_for,
)


@pytest.mark.parametrize(
    ("client", "small", "found"),
    [
        (Party("DE"), False, DOMESTIC),
        (Party("DE", business=False), False, DOMESTIC),
        (Party("DE"), True, SMALL_BUSINESS),
        (Party("AT", "ATU13585627"), False, REVERSE_CHARGE),
        (Party("AT", business=False), False, DOMESTIC),
        (Party("AT", "ATU13585627"), True, REVERSE_CHARGE),
        (Party("CH"), False, ABROAD),
        (Party("CN"), False, ABROAD),
        (Party("CH"), True, ABROAD),
        (Party("CH", business=False), False, DOMESTIC),
    ],
)
def test_who_pays_vat(client: Party, found: Vat, *, small: bool) -> None:
    """19 % at home; a business elsewhere owes it itself or owes none; whoever is no business is billed as at home."""
    assert vat_for(client, small_business=small) is found


def test_a_business_in_the_union_has_a_vat_id() -> None:
    """Without one the house would owe the VAT that it did not charge."""
    with pytest.raises(MissingVatId, match="a business in FR needs a VAT id"):
        vat_for(Party("FR"), small_business=False)


@pytest.mark.parametrize("told", ["DE123456788", "CH123456789", "GR094259216", "ATU12345678"])
def test_only_ids_of_other_member_states_shift_the_tax(told: str) -> None:
    """A German id, one from outside the Union or a wrong prefix or check digit proves no business elsewhere in it."""
    with pytest.raises(MissingVatId, match="no VAT id of another member state"):
        vat_for(Party("AT", told), small_business=False)
    assert vat_for(Party("GR", "EL094259216"), small_business=False) is REVERSE_CHARGE


@pytest.mark.parametrize(("total", "small"), [("250.00", True), ("250.01", False)])
def test_small_amounts(total: str, *, small: bool) -> None:
    """§ 33 UStDV counts the total with VAT, 250 € included."""
    assert is_small_amount(Decimal(total)) is small

"""To whom a client's invoices go: what is refused when an account is read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vorzimmer.core.account import Account


@pytest.mark.parametrize("told", ["DE123456789", "ATU12345678", "FR12345", "EL12345678"])
def test_a_slip_in_a_vat_id_is_refused(told: str) -> None:
    """A wrong digit would shift the tax to nobody, and be found by the tax office; it is found at the import."""
    with pytest.raises(ValidationError, match="no VAT id"):
        Account(client="mueller", name="Kanzlei", vat_id=told)


@pytest.mark.parametrize("told", ["DE123456788", "ATU13585627", "EL094259216", "NL123456789B13", "CHE123456789"])
def test_a_vat_id_that_holds_is_taken(told: str) -> None:
    """Also one from outside the Union, of whose form nothing is known here."""
    assert Account(client="mueller", name="Kanzlei", vat_id=told).vat_id == told

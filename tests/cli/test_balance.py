"""`vorzimmer balance`."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from tests.orders.house import CLIENT, save_client


@pytest.fixture
def _client(dsn: str) -> None:
    """A client in the book."""

    async def fill() -> None:
        conn = await asyncpg.connect(dsn)
        await save_client(conn)
        await conn.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("_client")
def test_payments_are_written_down_and_shown(vorzimmer: Vorzimmer) -> None:
    """500.00 paid, 20.00 taken back: 480.00; each entry is shown, and the trail has them."""
    assert vorzimmer("balance", "add", CLIENT.id, "500").stdout == f"{CLIENT.id}: 500.00 EUR\n"
    assert vorzimmer("balance", "add", CLIENT.id, "--what", "typing error", "--", "-20").stdout.endswith("480.00 EUR\n")
    shown = vorzimmer("balance", "show", CLIENT.id).stdout
    assert "typing error" in shown
    assert shown.endswith("480.00 EUR\n")
    entries = [json.loads(line) for line in vorzimmer("balance", "show", CLIENT.id, "--json").stdout.splitlines()]
    assert [(one["amount"], one["month"]) for one in entries] == [("500.00", None), ("-20.00", None)]
    assert "balance.add" in vorzimmer("audit").stdout


@pytest.mark.usefixtures("_client")
@pytest.mark.parametrize("amount", ["0", "1.234", "viel", "NaN", "1e9"])
def test_what_is_no_amount_is_refused(vorzimmer: Vorzimmer, amount: str) -> None:
    """Nothing, fractions of a cent, words, and slips of the pen."""
    refused = vorzimmer("balance", "add", CLIENT.id, amount)
    assert (refused.exit_code, "is no amount" in refused.stderr) == (2, True)
    assert vorzimmer("balance", "show", CLIENT.id).stdout == "no entries\n"


def test_unknown_client_has_no_balance(vorzimmer: Vorzimmer) -> None:
    """Nor does one in a currency that is none."""
    refused = vorzimmer("balance", "add", "nobody", "5")
    assert (refused.exit_code, refused.stderr) == (1, "there is no client 'nobody'\n")
    assert vorzimmer("balance", "add", "nobody", "5", "--currency", "euro").exit_code == 2

"""`vorzimmer rate` and `vorzimmer explain`."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from tests.billing.months import EACH, PACKAGE, Made, account, client, contract, furnish, store
from tests.cli.conftest import Vorzimmer


@pytest.fixture
def calls(dsn: str) -> None:
    """One call that can be rated, and one of a client whose tariff is gone."""

    async def write() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            agreed = [contract("mueller"), contract("other", "each")]
            await furnish(conn, [client("mueller"), client("other", 2)], agreed, [account("mueller")], [PACKAGE, EACH])
            await conn.execute("""UPDATE contract SET data = data || '{"tariff": "gone"}' WHERE client = 'other'""")
            await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("x", "other", "2026-11-03T09:00"))
        finally:
            await conn.close()

    asyncio.run(write())


@pytest.mark.usefixtures("calls")
def test_rate_says_what_it_did_and_what_it_could_not(vorzimmer: Vorzimmer) -> None:
    """One client's trouble is told and exits with 1; the other one's month is rated, and alone it exits with 0."""
    result = vorzimmer("rate")
    assert result.exit_code == 1
    assert "months rated: 1, calls parked: 1" in result.output
    assert "other 2026-11: tariff 'gone' has no version that holds on 2026-11-01" in result.output
    assert vorzimmer("rate", "--client", "mueller", "--month", "2026-11").output == (
        "months rated: 1, calls parked: 0\n"
    )
    parked = vorzimmer("rate", "--parked").output.splitlines()
    assert parked[0].startswith("parked  2026-11-03 09:00:00  other  x: tariff 'gone' has no version")
    assert json.loads(vorzimmer("rate", "--parked", "--json").output)["call"] == "x"


@pytest.mark.usefixtures("calls")
def test_explain_prints_the_arithmetic(vorzimmer: Vorzimmer) -> None:
    """In either language, for people and programs; a call that there is not is said to be none."""
    vorzimmer("rate", "--client", "mueller")
    assert "Anrufe: 0 calls counted before, 1 after; 2 are free." in vorzimmer("explain", "a").output
    told = json.loads(vorzimmer("explain", "a", "--language", "de", "--json").output)
    assert told["lines"][-1] == "Zusammen: 0,00 EUR netto."
    result = vorzimmer("explain", "none")
    assert (result.exit_code, "there is no finished call 'none'" in result.output) == (1, True)


@pytest.mark.usefixtures("calls")
def test_rate_refuses_who_is_not_there(vorzimmer: Vorzimmer) -> None:
    """A client that does not exist, and a month that is none."""
    assert "there is no client 'nobody'" in vorzimmer("rate", "--client", "nobody").output
    assert vorzimmer("rate", "--month", "2026-13").exit_code == 2

"""The end of a trial is told once, to the client and to the lead, with what a month would cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from tests.billing.months import EACH, PACKAGE, Made, client, contract, furnish, store
from vorzimmer.billing.trial_letters import House, write_due
from vorzimmer.notify.letter import render_letter

HOUSE = House(("lead@house.example",), "en", "https://house.example/")
OVER = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)
"""The 17th in Berlin: the trial was from the 10th to the 16th."""


async def in_trial(conn: Any) -> None:
    """A client in its trial week with three calls, and one without a trial."""
    tariffs: list[dict[str, Any]] = [{**PACKAGE, "trial_days": 7}, EACH]
    agreed = [contract(name, since="2026-11-10", trial=trial) for name, trial in (("mueller", True), ("meier", False))]
    await furnish(conn, [client("mueller", holidays="DE-BY"), client("meier", 2)], agreed, [], tariffs)
    await store(conn, *(Made(f"c{day}", "mueller", f"2026-11-{day}T09:00") for day in (10, 11, 12)))


async def letters(conn: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """To whom, in which language, and what."""
    rows = await conn.fetch("SELECT recipient, language, payload FROM outbox WHERE about LIKE 'letter:%' ORDER BY 1")
    return [(row["recipient"], row["language"], orjson.loads(row["payload"])) for row in rows]


async def test_client_and_lead_hear_of_it_once(conn: Any) -> None:
    """When the day after has begun by the client's clock, however often it is looked for."""
    await in_trial(conn)
    assert await write_due(conn, HOUSE, OVER - timedelta(hours=1)) == 0
    assert await write_due(conn, HOUSE, OVER) == 1
    assert await write_due(conn, HOUSE, OVER + timedelta(hours=1)) == 0
    told = await letters(conn)
    assert [one[:2] for one in told] == [("lead@house.example", "en"), ("mueller@client.example", "de")]
    inside, outside = (render_letter(payload, language, "Büro Süd") for _, language, payload in told)
    assert inside.subject == "The trial of Mueller is over"
    assert outside.subject == "Ihre Probezeit ist zu Ende: welcher Tarif passt?"
    assert "10. November 2026 bis Montag, 16. November 2026, 3 Anrufe." in outside.text
    assert "ist „Paket“ am günstigsten: 2" in outside.text
    assert "\n- Je Anruf: " in outside.text
    assert "(DE-BY)" in outside.text
    assert "\n\n\n" not in outside.text


async def test_a_worker_that_was_away_tells_nothing_old(conn: Any) -> None:
    """After a week nobody wants to know."""
    await in_trial(conn)
    assert await write_due(conn, HOUSE, OVER + timedelta(days=7)) == 0
    assert await letters(conn) == []

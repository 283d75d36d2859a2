"""A month of made-up calls for three clients, closed: statements, e-invoices, and what a week says about tariffs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pypdfium2

from tests.demo.stage import ROOT, DemoError, Stage
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record
from vorzimmer.store import batch

MONTH = "2026-10"
"""October: the clock goes back in it."""

SELLER = """
[billing.seller]
name = "Vorzimmer Telefonservice GmbH"
street = "Sendlinger Straße 8"
postcode = "80331"
city = "München"
vat_id = "DE123456788"
contact = "Rechnungswesen"
phone = "+49 89 100000"
mail = "rechnung@house.example"
iban = "DE02120300000000202051"
bank = "Beispielbank"
"""

CALLS = {"mueller": ("+4989100002", 96), "praxis": ("+4989100003", 245), "laden": ("+4989100004", 131)}
"""Each client's number, and how many call it."""

BERLIN = ZoneInfo("Europe/Berlin")
ONE_IN_TEN = 0.1


async def closed(stage: Stage) -> None:
    """From the records of the month to the documents; what they say is looked at.

    Raises:
        DemoError: a document is missing, or the chain does not hold.
    """
    with stage.sandbox.settings_toml.open("a") as settings:
        settings.write(SELLER)
    async with stage.database() as conn:
        for client, (did, count) in CALLS.items():
            await batch.store(conn, _bodies(client, did, count), "house.example")
    await stage.vorzimmer("tariff", "import", str(ROOT / "docs/tariffs.example.toml"))
    await stage.vorzimmer("tariff", "import", str(Path(__file__).with_name("contracts.toml")))
    output = stage.folder / "output"
    await stage.show("close-month", MONTH, "--output", str(output))
    await stage.show("invoice", "list")
    await stage.show("explain", "demo-praxis-0244")
    await stage.show("verify")
    await stage.show("worth", "--client", "mueller", "--week", "2026-W42")
    documents = sorted(path for path in output.rglob("*") if path.is_file())
    for path in documents:
        stage.say(f"   {path.relative_to(stage.folder)}, {path.stat().st_size} bytes")
    for client in CALLS:
        for ending in (".pdf", ".csv", ".xlsx"):
            if not any(client in str(path) and path.suffix == ending for path in documents):
                raise DemoError(f"{client} has no {ending} of {MONTH}")
    stage.say(f"   its first page: {_first_page(next(path for path in documents if path.suffix == '.pdf'))}")


def _first_page(document: Path) -> Path:
    """The page as a picture beside the document."""
    with pypdfium2.PdfDocument(document) as pages:
        pages[0].render(scale=1.5).to_pil().save(document.with_suffix(".png"))
    return document.with_suffix(".png")


def _bodies(client: str, did: str, count: int) -> list[bytes]:
    """The calls as the journal has them at their ends."""
    chance = random.Random(client)  # noqa: S311 - the same month at each demo
    begun = sorted(_instant(chance) for _ in range(count))
    return [
        orjson.dumps({"t": "end", "record": end_record(build_cdr(events), [], segments_of(events))})
        for number, at in enumerate(begun, 1)
        for events in [tuple(_events(f"demo-{client}-{number:04}", client, did, at, chance))]
    ]


def _instant(chance: random.Random) -> datetime:
    """Most calls come on working days between eight and six, some at night and on Sundays."""
    while True:
        day = datetime(2026, 10, chance.randint(1, 31), tzinfo=BERLIN)
        if day.weekday() < 5 or chance.random() < ONE_IN_TEN:
            hour = chance.choice((8, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 17))
            if chance.random() < ONE_IN_TEN:
                hour = chance.randrange(24)
            return day.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60))


def _events(call_id: str, client: str, did: str, at: datetime, chance: random.Random) -> Iterator[CallEvent]:
    """One call from its arrival to its end; one in ten callers leaves before somebody answers."""
    talk = chance.uniform(8, 240)
    caller = f"+4917{chance.randrange(10**8, 10**9)}"
    told: list[tuple[float, Kind, dict[str, Any]]] = [
        (0.0, Kind.ARRIVED, {"dialled": did, "caller": caller}),
        (0.1, Kind.ROUTED, {"client": client, "state": "open", "reason": "open"}),
        (0.2, Kind.RINGING, {}),
    ]
    answer = chance.uniform(2, 15)
    if chance.random() >= ONE_IN_TEN:
        told += [(answer, Kind.ANSWERED, {}), (answer, Kind.TALKING, {"by": "anna"})]
        answer += talk
    told += [(answer, Kind.HANGUP, {"by": "caller", "cause": 16}), (answer, Kind.ENDED, {})]
    for number, (after, kind, data) in enumerate(told):
        identity = UUID(int=chance.getrandbits(128), version=4)
        yield CallEvent(str(identity), call_id, number, at + timedelta(seconds=after), kind, data)

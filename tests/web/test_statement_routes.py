"""A client's bills over the API: months, lines, calls with their arithmetic, and files."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import datetime
from decimal import Decimal

import pytest

from tests.billing.statement_samples import OCTOBER, calls_of, statement_of
from tests.store.test_invoices import issue
from tests.web.portal_house import PortalHouse
from vorzimmer.core.account import BillingBook
from vorzimmer.core.charge_row import Row, Under, row_of
from vorzimmer.core.rating import Charge, Part
from vorzimmer.store import billing_book, statements
from vorzimmer.web.routes import client_statements

BOOK = BillingBook.model_validate(
    {
        "tariff": [
            {
                "id": "each-call",
                "name": "Büro nach Anrufen",
                "since": "2026-01-01",
                "positions": [
                    {"kind": "recurring", "id": "base", "name": "Grundgebühr", "amount": "39.00"},
                    {"kind": "calls", "id": "calls", "name": "Angenommene Anrufe", "price": "1.20"},
                ],
            }
        ],
        "contract": [{"client": "mueller", "tariff": "each-call", "since": "2026-10-01"}],
        "account": [{"client": "mueller", "name": "Kanzlei Müller"}],
    }
)

OF = "/clients/mueller"
NOTHING = (
    "statements/2026-09",
    "statements/2026-12",
    "statements/2026-09/calls",
    "statements/2026-09/file.pdf",
    "calls/x/charges",
    "invoice-files?invoice=R1&name=x",
    "invoice-files?invoice=R%00&name=x",
)
CHARGE = Row.__dataclass_fields__


async def october(house: PortalHouse) -> None:
    """A closed October with one call that is charged; November runs, with one that is not rated."""
    await billing_book.save(house.conn, BOOK, "root")
    await statements.add(house.conn, statement_of(calls_of(10)))
    await house.called("first", "mueller", datetime.fromisoformat("2026-10-05T09:00:00+02:00"))
    await house.called("second", "mueller", datetime.fromisoformat("2026-11-20T09:00:00+01:00"))
    one = Charge("first", "calls", (), Decimal(1), Decimal(0), (Part(Decimal(1), Decimal("1.2")),), Decimal(72))
    under = Under("mueller", OCTOBER.first, "each-call", BOOK.tariff[0].since, "EUR")
    row = row_of(one, under)
    places = ", ".join(f"${n}" for n in range(1, len(CHARGE) + 2))
    await house.conn.execute(
        f"INSERT INTO charge ({', '.join(CHARGE)}, digest) VALUES ({places})",  # noqa: S608 - our names
        *astuple(row),
        row.digest,
    )


async def test_months_are_listed_and_told(portal: PortalHouse) -> None:
    """The closed month as it was at the close, and the one that runs; none before the contract."""
    await october(portal)
    erika = await portal.inside("erika")
    closed = (await erika.ask("GET", f"{OF}/statements/2026-10")).json()
    assert sum(Decimal(line["amount"]) for line in closed["lines"]) == Decimal(closed["total"]) == Decimal("181.20")
    assert [one["name"] for one in closed["comparison"] if one["yours"]] == ["Büro nach Anrufen"]
    assert (closed["head"], sum(closed["chart"]), closed["calls"]) == (bytes(range(32)).hex(), 10, 10)
    told = (await erika.ask("GET", f"{OF}/statements")).json()
    assert [(one["month"], one["state"], one["total"]) for one in told["months"]] == [
        ("2026-11", "open", None),
        ("2026-10", "closed", "181.20"),
    ]
    assert told["running"] == "2026-11"
    assert all(one["invoices"] == [] for one in told["months"])


async def test_the_month_that_runs_is_billed_as_things_are(portal: PortalHouse) -> None:
    """One call and the base fee so far; nothing is written by looking."""
    await october(portal)
    told = (await (await portal.inside("erika")).ask("GET", f"{OF}/statements/2026-11")).json()
    assert (told["state"], told["head"], told["closed_at"]) == ("open", None, None)
    assert {line["position"]: line["amount"] for line in told["lines"]} == {"base": "39.00", "calls": "1.20"}
    assert (told["calls"], told["chart"][9]) == (1, 1)
    assert await portal.conn.fetchval("SELECT count(*) FROM charge") == 1


async def test_every_call_is_itemised_and_explained(portal: PortalHouse) -> None:
    """The number without its last three digits, what it costs; the whole arithmetic on demand, in one's language."""
    await october(portal)
    erika = await portal.inside("erika")
    [call] = (await erika.ask("GET", f"{OF}/statements/2026-10/calls")).json()["calls"]
    assert (call["id"], call["number"], Decimal(call["net"])) == ("first", "+491701234XXX", Decimal("1.2"))
    why = (await erika.ask("GET", f"{OF}/calls/first/charges")).json()
    assert (why["month"], why["tariff"], why["net"]) == ("2026-10", "Büro nach Anrufen", "1.2")
    assert "Zusammen: 1,20 EUR netto." in why["lines"]
    english = await (await portal.inside("max")).ask("GET", f"{OF}/calls/first/charges")
    assert "Together: 1.20 EUR net." in english.json()["lines"]
    behind = (await erika.ask("GET", f"{OF}/statements/2026-10/calls?after=1")).json()
    assert behind == {"calls": [], "next": None}
    later = (await erika.ask("GET", f"{OF}/calls/second/charges")).json()
    assert (later["month"], later["lines"][-1]) == (None, "Noch nicht berechnet.")


async def test_many_calls_are_had_page_by_page(portal: PortalHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page says where the next one begins, the last one that there is none; what is not rated yet says so."""
    monkeypatch.setattr(client_statements, "PAGE", 2)
    await october(portal)
    for n in range(3):
        await portal.called(f"more{n}", "mueller", datetime.fromisoformat(f"2026-11-20T1{n}:00:00+01:00"))
    erika = await portal.inside("erika")
    pages = [(await erika.ask("GET", f"{OF}/statements/2026-11/calls?after={after}")).json() for after in (0, 2)]
    assert [[call["id"] for call in page["calls"]] for page in pages] == [["second", "more0"], ["more1", "more2"]]
    assert [page["next"] for page in pages] == [2, None]
    assert {call["why"] for page in pages for call in page["calls"]} == {"noch nicht berechnet"}


async def test_a_closed_month_is_had_as_files(portal: PortalHouse) -> None:
    """Under names that say what they are; of a month that is not closed there is none."""
    await october(portal)
    erika = await portal.inside("erika")
    for form, begins in (("pdf", b"%PDF-"), ("csv", "\ufeffArt;".encode()), ("xlsx", b"PK")):
        answer = await erika.ask("GET", f"{OF}/statements/2026-10/file.{form}")
        assert answer.status_code == 200
        assert answer.content.startswith(begins)
        assert f'filename="statement-mueller-2026-10.{form}"' in answer.headers["content-disposition"]
        assert (await erika.ask("GET", f"{OF}/statements/2026-11/file.{form}")).status_code == 404


async def test_invoices_are_had_as_they_were_issued(portal: PortalHouse) -> None:
    """Beside their month, with the names of their files; byte by byte, and not by somebody else's people."""
    await october(portal)
    number = (await issue(portal.conn)).number
    erika = await portal.inside("erika")
    [shown] = (await erika.ask("GET", f"{OF}/statements/2026-10")).json()["invoices"]
    assert (shown["number"], shown["kind"], shown["files"]) == (number, "380", [f"{number}.xml"])
    path = f"invoice-files?invoice={number}&name={number}.xml"
    answer = await erika.ask("GET", f"{OF}/{path}")
    assert (answer.content, answer.headers["content-type"]) == (number.encode(), "application/xml")
    foreign = await (await portal.inside("fremd")).ask("GET", f"/clients/meier/{path}")
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "unknown")


async def test_what_there_is_not_is_not_there(portal: PortalHouse) -> None:
    """Before the contract, in the future, of no call or invoice: one answer; and none of somebody else's months."""
    await october(portal)
    erika, fremd = await portal.inside("erika"), await portal.inside("fremd")
    answers = []
    for path in NOTHING:
        answer = await erika.ask("GET", f"{OF}/{path}")
        answers.append((answer.status_code, answer.json()["error"]["code"]))
        foreign = await fremd.ask("GET", f"{OF}/{path}")
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "unknown_client")
    assert answers == [(404, "unknown")] * len(NOTHING)
    for month in ("2026-13", "2026-1", "1999-01", "2026-10'"):
        assert (await erika.ask("GET", f"{OF}/statements/{month}")).status_code == 422


async def test_the_house_sees_who_is_closed(portal: PortalHouse) -> None:
    """An admin sees every client with a contract in a month, closed or not; a client's user does not."""
    await october(portal)
    await statements.add(portal.conn, replace(statement_of(()), client="gone"))
    number = (await issue(portal.conn)).number
    root = await portal.inside("root")
    told = (await root.ask("GET", "/statements?month=2026-10")).json()
    assert [(one["client"], one["name"], one["total"]) for one in told] == [
        ("gone", "gone", "181.20"),
        ("mueller", "Kanzlei Müller", "181.20"),
    ]
    assert [[invoice["number"] for invoice in one["invoices"]] for one in told] == [[], [number]]
    [running] = (await root.ask("GET", "/statements?month=2026-11")).json()
    assert (running["client"], running["total"], running["closed_at"]) == ("mueller", None, None)
    assert (await (await portal.inside("erika")).ask("GET", "/statements?month=2026-10")).status_code == 403

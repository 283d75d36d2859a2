"""A set-up from the mailed link to its fees: real pages, PostgreSQL, outbox and mail server; the time is given."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests.e2e.house import eventually
from tests.notify.conftest import MakeEmail, Troubles, make_email, office, recordings, troubles
from tests.notify.post_office import PostOffice
from tests.orders.house import BOSS, CLIENT, NOW, SETTING_UP, save_client, setup
from tests.web.door import BOOK, Door, door
from vorzimmer.core.directory import Directory
from vorzimmer.core.price_list import Role
from vorzimmer.notify import worker
from vorzimmer.notify.channel import Lane
from vorzimmer.orders import chase
from vorzimmer.store import client_change, orders
from vorzimmer.store.retention import connecting
from vorzimmer.web.routes import order_links
from vorzimmer.web.routes import orders as order_routes

__all__ = ["make_email", "office", "recordings", "troubles"]

CHOICE = {
    "options": {"own-number": {"number": "089 123456"}, "extension-mp3": {}},
    "factor": "eu",
    "voip": "own",
    "wishes": "Bitte vor Weihnachten.",
}


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages of a house that sets clients up."""
    async with door(dsn) as opened:
        conn = await asyncpg.connect(dsn)
        await save_client(conn)
        await conn.close()
        directory = Directory((), (CLIENT,), BOOK.agent)
        opened.parts.directory = lambda: directory
        opened.parts.setting_up = SETTING_UP
        for routes in (order_routes, order_links):
            opened.app.include_router(routes.router)
        yield opened


class Looks:
    """How the chase gets at the database: it counts, and the first `away` times there is none."""

    def __init__(self, dsn: str, away: int = 0) -> None:
        self._connect = connecting(dsn)
        self._away = away
        self.done = 0

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        """A connection."""
        try:
            if self.done < self._away:
                raise OSError("away")
            async with self._connect() as conn:
                yield conn
        finally:
            self.done += 1

    async def more(self, count: int) -> None:
        """Wait until so many more looks are over."""
        goal = self.done + count

        async def done() -> int:
            return self.done

        await eventually(done, lambda looks: looks >= goal)


@contextlib.asynccontextmanager
async def at_work(house: Door, make_email: MakeEmail, office: PostOffice, troubles: Troubles) -> AsyncIterator[Looks]:
    """What the worker role does: mails go out, answers are chased by the house's clock."""
    looks = Looks(house.dsn)
    stop = asyncio.Event()
    async with make_email(office.port) as email:
        sending = asyncio.create_task(
            worker.run(
                partial(asyncpg.connect, house.dsn),
                {"email": Lane(email)},
                stop=stop,
                jitter=lambda: 0.0,
                trouble=troubles,
                domain="vorzimmer.example",
            )
        )
        chasing = asyncio.create_task(chase.run(looks, SETTING_UP, clock=house.watch, trouble=troubles, every=0.05))
        try:
            yield looks
        finally:
            chasing.cancel()
            stop.set()
            await asyncio.gather(sending, chasing, return_exceptions=True)


async def mails(office: PostOffice, subject: str, most: int = 1) -> list[tuple[str, EmailMessage]]:
    """The mails of this subject, with whom they went to, once there are so many; they are taken away."""

    async def found() -> list[Any]:
        return [one for one in office.envelopes if subject in office.parsed(one)["Subject"]]

    taken = await eventually(found, lambda some: len(some) >= most)
    office.envelopes = [one for one in office.envelopes if one not in taken]
    return sorted((one.rcpt_tos[0], office.parsed(one)) for one in taken)


async def ask(who: Any, method: str, path: str, body: Any = None) -> Any:
    """What a good answer holds."""
    answer = await who.ask(method, path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_set_up_from_link_to_fee(
    house: Door, make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """The client orders by the link, those in charge hear of it; of three silent days the lead does, with the case."""
    root, somebody = await house.inside("root"), await house.browser("203.0.113.7")
    async with at_work(house, make_email, office, troubles) as looks:
        await ask(root, "POST", "/clients/mueller/order-links", {})
        [(to, link)] = await mails(office, "Einrichtung für Kanzlei Müller: bitte auswählen")
        assert to == "kanzlei@example.org"
        token = re.search(r"#order=(\S+)", link.get_content())
        assert token is not None
        order = await ask(somebody, "POST", f"/order-links/{token[1]}", CHOICE)

        told = await mails(office, "Einrichtung 1: Kanzlei Müller", 3)
        assert [to for to, _ in told] == ["it@house.example", "lead@house.example", "sales@house.example"]
        assert "Bitte vor Weihnachten." in told[0][1].get_content()
        [(to, confirmed)] = await mails(office, "Ihre Bestellung 1")
        assert (to, "148,90\xa0€" in confirmed.get_content()) == ("kanzlei@example.org", True)

        house.watch.pass_by(days=3, seconds=-1)
        await looks.more(2)
        assert await house.sql("SELECT count(*) FROM outbox WHERE payload->>'kind' = 'escalation'") == 0
        house.watch.pass_by(seconds=1)
        [(to, case)] = await mails(office, "Seit 3 Tagen keine Antwort von IT")
        assert to == "lead@house.example"
        text = case.get_content()
        for part in (
            "Kanzlei Müller, Auftrag 1",
            "Technisch prüfen, ob die Rufnummer hier eingerichtet werden kann",
            "Ihre Rufnummer: +4989123456",
            "IT wurde am 22. November 2026, 13:00 gefragt",
            "Telefonate innerhalb der EU (0.3)",
            "https://tel.example/admin#/at/mueller/orders/1",
        ):
            assert part in f"{case['Subject']}\n{text}"
        await mails(office, "Seit 3 Tagen keine Antwort von Vertrieb")

        root = await house.inside("root")  # the session of three days ago is over
        steps = {step["n"]: step for step in order["steps"]}
        check = next(n for n, step in steps.items() if "Check technically" in step["title"]["en"])
        await ask(root, "POST", f"/orders/1/steps/{check}/answer", {"text": "Geht bis Freitag."})
        for n in steps:
            await ask(root, "POST", f"/orders/1/steps/{n}/done")
        [(_, done), *_inside] = await mails(office, "Fertig: Auftrag 1 für Kanzlei Müller", 3)
        assert "148,90\xa0€ netto" in done.get_content()
        house.watch.pass_by(days=30)
    conn = await asyncpg.connect(house.dsn)
    assert await orders.escalate(conn, SETTING_UP, house.watch()) == 0
    charged = [(one.option, one.net) for one in await orders.charges(conn, client="mueller")]
    assert sorted(charged) == [("extension-mp3", Decimal("49.90")), ("own-number", Decimal("99.00"))]
    _, client = await client_change.load(conn, "mueller")
    assert (client.file.voip, client.file.telephone_factor) == ("own", "eu")
    assert await conn.fetchval("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0
    await conn.close()
    assert troubles == []


async def test_the_chase_goes_on_when_the_database_comes_back(dsn: str, troubles: Troubles) -> None:
    """A database that is away is told of, and nobody is forgotten over it."""
    looks = Looks(dsn, away=2)
    task = asyncio.create_task(chase.run(looks, SETTING_UP, clock=lambda: NOW, trouble=troubles, every=0.01))
    await looks.more(4)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert troubles.events() == ["orders.chase_failed", "orders.chase_failed"]


async def test_a_house_without_a_lead_is_told_so(dsn: str, troubles: Troubles) -> None:
    """What nobody reads is not written in silence: the log says that somebody should have been told, once."""
    alone = replace(SETTING_UP, in_charge={**SETTING_UP.in_charge, Role.LEAD: ()})
    conn = await asyncpg.connect(dsn)
    await save_client(conn)
    await orders.place(conn, setup(), alone, actor=BOSS)
    await conn.close()
    looks = Looks(dsn)
    late = NOW + timedelta(days=3)
    task = asyncio.create_task(chase.run(looks, alone, clock=lambda: late, trouble=troubles, every=0.01))
    await looks.more(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [(event, about["unanswered"]) for event, about in troubles] == [("orders.nobody_told", 2)]


async def test_a_row_that_cannot_be_read_ends_no_worker(dsn: str, troubles: Troubles) -> None:
    """An order that another version has written is told of, again and again, and the mails go on."""
    conn = await asyncpg.connect(dsn)
    await save_client(conn)
    await orders.place(conn, setup(), SETTING_UP, actor=BOSS)
    await conn.execute("UPDATE setup_order SET items = '[{}]'")
    await conn.close()
    looks = Looks(dsn)
    task = asyncio.create_task(chase.run(looks, SETTING_UP, clock=lambda: NOW, trouble=troubles, every=0.01))
    await looks.more(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert set(troubles.events()) == {"orders.chase_failed"}

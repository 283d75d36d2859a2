"""The watchdog's rounds with a real database, beside a calls process that answers what the test says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests.core.examples import make_client
from tests.store.records import Troubles
from vorzimmer.control.commands import NumberCheck, Refused
from vorzimmer.control.server import Server
from vorzimmer.core.client import Book, Client
from vorzimmer.core.forwarding_watch import RETRY, Rules, Told, Verdict
from vorzimmer.notify.letter import render_letter
from vorzimmer.numbers.watchdog import AT_ONCE, Watchdog
from vorzimmer.store import forwarding_checks
from vorzimmer.store.book import save_book
from vorzimmer.store.forwarding_checks import Addressees, Check

BERLIN = ZoneInfo("Europe/Berlin")
DID, OWN = "+4989123456", "+4989777"
EIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=BERLIN)
Answer = tuple[str, str, list[str]]

FORWARDED: Answer = ("forwarded", "came back", [DID])
BUSY: Answer = ("not_forwarded", "not forwarded: it is busy, and nothing came back", [])
REFUSED: Answer = ("not_checked", "country FR is not released", [])


def client(name: str = "mueller", **fields: Any) -> Client:
    """A client who is open from 8 to 18 on workdays, whose own number is watched."""
    own = [{"number": OWN, "did": DID, "tell_client": True}]
    given = {"id": name, "hours": {"mon-fri": ["08:00-18:00"]}, "dids": [DID], "own_numbers": own, **fields}
    return make_client(**{"name": "Kanzlei Müller", "mail": ["kanzlei@client.example"], **given})


class House:
    """A worker's watchdog and the calls process that it asks, by a clock that the test moves."""

    def __init__(self, conn: Any, folder: Path) -> None:
        self.conn = conn
        self.now = EIGHT - timedelta(minutes=10)
        self.answer: Any = FORWARDED
        self.asked: list[str] = []
        self.unknown: set[str] = set()
        self.troubles = Troubles()
        self.socket = folder / "control.sock"
        self.watchdog = Watchdog(
            self.socket,
            Rules(timedelta(minutes=60), per_day=1000, per_client=10),
            Addressees(("boss@house.example",), "de", "Europe/Berlin"),
            clock=lambda: self.now,
            trouble=self.troubles,
        )

    async def check(self, command: NumberCheck) -> dict[str, Any]:
        """What the calls process does."""
        self.asked.append(command.number)
        if isinstance(self.answer, Refused):
            raise self.answer
        if command.client in self.unknown:
            raise Refused("unknown_client", "there is no such client")
        verdict, reason, seen = self.answer
        about = {"client": command.client, "number": command.number, "did": DID, "seconds": 1.5}
        return {**about, "verdict": verdict, "reason": reason, "seen": seen}

    @contextlib.asynccontextmanager
    async def calls(self) -> AsyncIterator[None]:
        """The calls process is there."""
        server = Server(self.socket, {NumberCheck: self.check}, lambda: self.now, self.troubles)
        running = asyncio.create_task(server.run())
        try:
            await server.listening.wait()
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def look(self, later: timedelta = timedelta(), answer: Any = None) -> None:
        """A look, so much later, of a house with such numbers."""
        self.now += later
        self.answer = answer or self.answer
        await self.watchdog.look(self.conn)

    async def checks(self) -> list[Check]:
        """What was kept, the oldest first."""
        return (await forwarding_checks.of_client(self.conn, "mueller"))[::-1]

    async def mails(self) -> list[tuple[str, str, str]]:
        """Recipient, kind and subject of what was mailed."""
        rows = await self.conn.fetch("SELECT recipient, language, payload FROM outbox ORDER BY id")
        read = [(row["recipient"], row["language"], orjson.loads(row["payload"])) for row in rows]
        return [(to, one["kind"], render_letter(one, language, "Büro").subject) for to, language, one in read]


@pytest.fixture
async def house(conn: Any, tmp_path: Path) -> House:
    """One client, ten minutes before its office opens."""
    await save_book(conn, Book(client=(client(),)))
    return House(conn, tmp_path)


async def test_a_forwarded_number_is_rung_once_and_nobody_is_told(house: House) -> None:
    """One check before the opening, kept with what was seen; the next look and a restart find it done."""
    async with house.calls():
        await house.look()
        await house.look(RETRY)
        house.watchdog._clients.clear()
        await house.look(RETRY)
    (check,) = await house.checks()
    assert (check.verdict, check.number, check.seen, check.actor) == (Verdict.FORWARDED, OWN, (DID,), "watchdog")
    assert check.opening == EIGHT
    assert await house.mails() == []


async def test_two_bad_checks_alarm_once_and_a_good_one_clears(house: House) -> None:
    """The first says nothing yet; the second tells operator and client; the next day's only what has changed."""
    async with house.calls():
        await house.look(answer=BUSY)
        assert await house.mails() == []
        await house.look(RETRY)
        alarm = "Rufumleitung gestört: +4989777 (Kanzlei Müller)"
        alarms = [(to, "forwarding_alarm", alarm) for to in ("boss@house.example", "kanzlei@client.example")]
        assert await house.mails() == alarms
        await house.look(timedelta(days=1) - RETRY)
        await house.look(RETRY)
        assert (len(await house.checks()), await house.mails()) == (4, alarms)
        await house.look(timedelta(days=1) - RETRY, FORWARDED)
    clear = "Rufumleitung wieder in Ordnung: +4989777 (Kanzlei Müller)"
    clears = [(to, "forwarding_clear", clear) for to in ("boss@house.example", "kanzlei@client.example")]
    assert await house.mails() == [*alarms, *clears]
    assert [one.told for one in await house.checks()] == [None, Told.ALARM, None, None, Told.CLEAR]


async def test_a_person_s_check_clears_and_does_not_alarm(house: House) -> None:
    """Whoever has mended the forwarding and tries it frees the others of the alarm, without waiting for the morning."""

    async def by_hand(answer: Any) -> None:
        verdict, reason, seen = answer
        found = {"client": "mueller", "number": OWN, "did": DID, "seconds": 1}
        found |= {"verdict": verdict, "reason": reason, "seen": seen}
        await forwarding_checks.note(house.conn, forwarding_checks.read(found, house.now, actor="cli:root"))

    async with house.calls():
        await by_hand(BUSY)
        await house.look(timedelta(hours=4), answer=BUSY)
        assert await house.mails() == []
        await house.look(timedelta(days=1) - timedelta(hours=4))
        await house.look(RETRY)
        await by_hand(FORWARDED)
        await house.look(timedelta(hours=1))
    assert [kind for _, kind, _ in await house.mails()] == ["forwarding_alarm"] * 2 + ["forwarding_clear"] * 2


async def test_a_client_who_does_not_wish_it_is_not_told(house: House) -> None:
    """The operator is, always."""
    own = [{"number": OWN, "did": DID}]
    await save_book(house.conn, Book(client=(client(own_numbers=own),)))
    async with house.calls():
        await house.look(answer=BUSY)
        await house.look(RETRY)
    assert [to for to, _, _ in await house.mails()] == ["boss@house.example"]


async def test_while_the_calls_process_is_away_checks_are_put_off(house: House) -> None:
    """Said once, however long; when it is back the number is rung, and the next absence is said again."""
    for _ in range(3):
        await house.look()
    assert house.troubles.events == ["watchdog.calls_away"]
    async with house.calls():
        await house.look()
    assert len(await house.checks()) == 1
    await house.look(timedelta(days=1))
    assert house.troubles.events == ["watchdog.calls_away"] * 2


async def test_what_cannot_be_rung_is_said_and_alarms_nobody(house: House) -> None:
    """A refusal of the gate is kept and logged; one of the moment is tried again at the next look."""
    async with house.calls():
        await house.look(answer=Refused("not_now", "is being checked at this moment"))
        assert await house.checks() == []
        await house.look(answer=REFUSED)
        await house.look(RETRY)
        await house.look(RETRY)
    assert [one.verdict for one in await house.checks()] == [Verdict.NOT_CHECKED] * 2
    assert house.troubles.events == ["watchdog.refused", *["watchdog.not_checked"] * 2]
    assert await house.mails() == []


async def test_changed_hours_and_numbers_count_at_once(house: House) -> None:
    """What is read once is read again when it changes; a client who is gone, or opens later, is rung no more."""
    async with house.calls():
        await save_book(house.conn, Book(client=(client(hours={"mon-fri": ["12:00-18:00"]}),)))
        await house.look()
        await save_book(house.conn, Book(client=(client(own_numbers=[{"number": "+4989778", "did": DID}]),)))
        await house.look()
        await save_book(house.conn, Book(client=(client(own_numbers=[]),)))
        await house.look(timedelta(days=1))
    assert house.asked == ["+4989778"]


async def test_many_are_rung_a_few_at_a_look(house: House) -> None:
    """Each takes seconds: what changes meanwhile counts for the rest, and none is forgotten."""
    many = [
        client(f"c{n}", dids=[f"+498900{n:03}"], own_numbers=[{"number": f"+498911{n:03}", "did": f"+498900{n:03}"}])
        for n in range(AT_ONCE + 3)
    ]
    await save_book(house.conn, Book(client=tuple(many)), prune=True)
    async with house.calls():
        await house.look()
        assert len(house.asked) == AT_ONCE
        await house.look()
        await house.look()
    assert len(set(house.asked)) == len(house.asked) == len(many)


async def test_those_who_are_refused_keep_nobody_waiting(house: House) -> None:
    """Of more clients than are rung at a look the calls process knows nothing yet: the others are rung all the same."""
    many = [
        client(f"c{n}", dids=[f"+498900{n:03}"], own_numbers=[{"number": f"+498911{n:03}", "did": f"+498900{n:03}"}])
        for n in range(AT_ONCE + 3)
    ]
    await save_book(house.conn, Book(client=(client(), *many)), prune=True)
    house.unknown = {one.id for one in many}
    async with house.calls():
        await house.look()
    assert len(await house.checks()) == 1
    assert house.troubles.events == ["watchdog.refused"]

"""Several channels and targets: none waits for another, and those that are away are left alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.notify.conftest import MakeEmail, Troubles, soon
from tests.notify.desk import Desk, Scripted, attempts, put, states, until
from tests.notify.post_office import PostOffice
from vorzimmer.notify.channel import Lane, Outcome, RetryLater, Sent
from vorzimmer.store.outbox import Leased


class Costly(Scripted):
    """A channel that can be asked what became of an attempt; `found` is its answer."""

    found: Outcome | None = None
    asked = 0

    async def look(self, _: Leased, /) -> Outcome | None:
        """Count and answer."""
        self.asked += 1
        return self.found


async def well(_: Leased) -> Outcome:
    """Take it."""
    return Sent("well")


async def hang(_: Leased) -> Outcome:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


def a_second_ago(conn: Any) -> Any:
    """Leases and pauses are over, as if a second had passed."""
    return conn.execute("UPDATE outbox SET leased_until = leased_until - interval '1 h', next_at = now()")


async def test_a_hanging_channel_holds_up_no_mail(desk: Desk, conn: Any) -> None:
    """Ten faxes that never end, and the mails go."""
    await put(conn, *(f"f{n}" for n in range(10)), channel="fax")
    await put(conn, *(f"m{n}" for n in range(30)))
    async with desk({"email": Scripted(well), "fax": Lane(Scripted(hang), places=3, seconds=1)}, pauses=True):
        await until(conn, "SELECT count(*) = 30 FROM outbox WHERE state = 'sent' AND channel = 'email'")
        assert await conn.fetchval("SELECT count(*) FROM outbox WHERE channel = 'fax' AND state = 'sent'") == 0


async def test_a_hanging_target_holds_up_no_other(desk: Desk, conn: Any) -> None:
    """A host that never answers takes its own places only, and no more of them are leased than it may have."""
    await put(conn, *(f"https://slow.example/{n}" for n in range(9)), channel="webhook")
    await put(conn, *(f"https://quick.example/{n}" for n in range(9)), channel="webhook")

    async def answer(message: Leased) -> Outcome:
        return await (hang if message.target == "slow.example" else well)(message)

    async with desk({"webhook": Lane(Scripted(answer), places=4, per_target=2, seconds=1)}, pauses=True):
        await until(conn, "SELECT count(*) = 9 FROM outbox WHERE state = 'sent'")
        assert await conn.fetchval("SELECT count(*) FROM outbox WHERE state = 'leased'") <= 2


async def test_retries_hold_up_no_first_attempt(desk: Desk, conn: Any) -> None:
    """Whatever failed before starts after the calls that nobody knows of yet, but is not left for ever."""
    await put(conn, *(f"old{n}" for n in range(4)), *(f"new{n}" for n in range(8)))
    await conn.execute("UPDATE outbox SET attempts = 3 WHERE recipient LIKE 'old%'")
    channel = Scripted(well)
    async with desk({"email": channel}, places=1):
        await until(conn, "SELECT count(*) = 12 FROM outbox WHERE state = 'sent'")
    assert "".join(told[:3] + told[3] for told in channel.told if told.startswith("new")) == "".join(
        f"new{n}" for n in range(8)
    )
    assert [told[:3] for told in channel.told[:4]] == ["new", "new", "new", "old"]


async def test_a_server_that_is_away_is_probed_and_its_mails_go_when_it_is_back(
    desk: Desk, conn: Any, make_email: MakeEmail, troubles: Troubles
) -> None:
    """Few attempts are made meanwhile, none is counted against a mail, and all arrive in their order at once."""
    office = PostOffice()
    async with office:
        pass
    names = [f"r{n:03}" for n in range(100)]
    await put(conn, *names)
    async with make_email(office.port) as channel, desk({"email": Lane(channel, probe=0.05)}, pauses=True):
        await until(conn, "SELECT count(*) > 0 FROM outbox WHERE away AND attempts = 0")
        await office.open(office.port)
        await until(conn, "SELECT count(*) = 100 FROM outbox WHERE state = 'sent'")
    assert Counter(envelope.rcpt_tos[0] for envelope in office.envelopes) == Counter(f"{n}@x.example" for n in names)
    assert await conn.fetchval("SELECT max(attempts) FROM outbox") <= 2
    assert await conn.fetchval("SELECT count(*) FROM outbox_attempt WHERE outcome = 'retry'") <= 10
    assert troubles.events() == ["email.server_unreachable", "outbox.target_away"]
    await office.close()


async def test_what_failed_before_the_worker_started_is_probed_at_once(desk: Desk, conn: Any) -> None:
    """A restart forgets no outage, and no mail waits an hour although the server is back."""
    await put(conn, "a", "b")
    await conn.execute("UPDATE outbox SET away = true, attempts = 9, next_at = now() + interval '1 h'")
    async with desk({"email": Scripted(well)}, pauses=True):
        await until(conn, "SELECT count(*) = 2 FROM outbox WHERE state = 'sent'")


async def test_a_target_that_stays_away_is_given_up_after_two_days(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """Probes count against no message, but none waits for ever."""
    await put(conn, "old", "new")
    await conn.execute("UPDATE outbox SET away = true, created_at = now() - interval '49 h' WHERE id = 1")

    async def refuse(_: Leased) -> Outcome:
        return RetryLater("refused", away=True)

    async with desk({"email": Scripted(refuse)}, pauses=True):
        await until(conn, "SELECT state = 'dead' FROM outbox WHERE id = 1")
    assert await states(conn) == {"dead": 1, "pending": 1}
    assert "outbox.dead" in troubles.events()


async def test_what_is_over_a_clients_pace_waits(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """The first ones go, in order; the others wait for their turn uncounted, and it is told once. Others go on."""
    await put(conn, *(f"a{n}" for n in range(20)))
    await put(conn, "b")
    await conn.execute("UPDATE outbox SET client_id = 'other' WHERE recipient LIKE 'b%'")
    channel = Scripted(well)
    async with desk({"email": channel}, per_hour={"email": 5}):
        await until(conn, "SELECT count(*) = 6 FROM outbox WHERE state = 'sent'")
        await until(conn, "SELECT count(*) = 15 FROM outbox WHERE next_at > now() + interval '11 min'")
        assert channel.told == [*(f"a{n}@x.example" for n in range(5)), "b@x.example"]
        assert await conn.fetchval("SELECT max(attempts) FROM outbox WHERE state = 'pending'") == 0
        await conn.execute("UPDATE outbox_pace SET spent_until = spent_until - interval '13 min'")
        await a_second_ago(conn)
        await until(conn, "SELECT count(*) = 7 FROM outbox WHERE state = 'sent'")
    assert channel.told[-1] == "a5@x.example"
    assert [event for event, _ in troubles] == ["outbox.pace"]


@pytest.mark.parametrize(("found", "sent"), [(Sent("delivered", "id7"), 0), (None, 1)], ids=["arrived", "not-sent"])
async def test_where_a_repetition_costs_it_is_asked_first(
    desk: Desk, conn: Any, found: Outcome | None, sent: int
) -> None:
    """After a death in mid-sending the gateway says whether the message is there; only if not it is sent."""
    await put(conn, "a", channel="sms")
    await conn.execute("UPDATE outbox SET state = 'leased', attempts = 1, leased_until = now()")
    channel = Costly(well)
    channel.found = found
    async with desk({"sms": channel}):
        await until(conn, "SELECT state = 'sent' FROM outbox")
    assert (channel.asked, len(channel.told)) == (1, sent)
    assert [outcome for outcome, _ in await attempts(conn)] == ["unclear", "sent"]


async def test_an_attempt_that_takes_too_long_is_unclear_where_that_matters(desk: Desk, conn: Any) -> None:
    """It may have arrived; whoever is asked knows."""
    await put(conn, "a", channel="sms")
    channel = Costly(hang)
    channel.found = Sent("delivered")
    async with desk({"sms": Lane(channel, seconds=0.05, probe=0.01)}):
        await until(conn, "SELECT state = 'sent' FROM outbox")
    assert [outcome for outcome, _ in await attempts(conn)] == ["unclear", "sent"]


async def test_a_wish_to_be_left_alone_is_heard(desk: Desk, conn: Any) -> None:
    """The other side knows best when it has room again."""
    await put(conn, "a")

    async def busy(_: Leased) -> Outcome:
        return RetryLater("429", after=timedelta(minutes=30))

    async with desk({"email": Scripted(busy)}, pauses=True):
        await until(conn, "SELECT count(*) = 1 FROM outbox_attempt")
    assert await conn.fetchval("SELECT next_at > now() + interval '29 min' FROM outbox")


@pytest.mark.parametrize("set_to", ["3 h", "-3 h"])
async def test_a_clock_that_is_set_stalls_nothing_and_doubles_nothing(desk: Desk, conn: Any, set_to: str) -> None:
    """While a mail is under way the database's clock jumps: it is not sent twice, and a waiting one goes at once."""
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def slow(message: Leased) -> Outcome:
        if message.recipient.startswith("slow"):
            begun.set()
            await go_on.wait()
        return Sent("well")

    await put(conn, "slow")
    channel = Scripted(slow)
    async with desk({"email": channel}):
        await soon(begun)
        # What the database's clock says now is what it said then, and the difference.
        await conn.execute(
            "UPDATE outbox SET leased_until = leased_until - $1::text::interval,"
            " next_at = next_at - $1::text::interval, created_at = created_at - $1::text::interval",
            set_to,
        )
        await put(conn, "late")
        await conn.execute(
            "UPDATE outbox SET next_at = next_at - $1::text::interval, created_at = created_at - $1::text::interval"
            " WHERE recipient LIKE 'late%'",
            set_to,
        )
        await until(conn, "SELECT state = 'sent' FROM outbox WHERE recipient LIKE 'late%'")
        go_on.set()
        await until(conn, "SELECT count(*) = 2 FROM outbox WHERE state = 'sent'")
    assert sorted(channel.told) == ["late@x.example", "slow@x.example"]

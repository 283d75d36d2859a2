"""The worker on a real PostgreSQL and a real SMTP server."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import structlog

from tests.e2e.house import eventually
from tests.notify.conftest import MakeEmail, Troubles, soon
from tests.notify.desk import Desk, Scripted, attempts, put, states, until
from tests.notify.post_office import PostOffice
from tests.store.noting import begin, finish, open_house, ship
from vorzimmer.core.retry import ATTEMPTS
from vorzimmer.notify import worker
from vorzimmer.notify.channel import Dead, Lane, Outcome, RetryLater, Sent
from vorzimmer.store.outbox import Backlog, Leased


async def test_a_message_is_sent_once(desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice) -> None:
    """What lies in the outbox arrives, is marked with the server's words, and is not sent again."""
    await put(conn, "a")
    async with make_email(office.port) as channel:
        async with desk({"email": channel}):
            await soon(office.arrived)
        async with desk({"email": channel}):
            pass
    assert [envelope.rcpt_tos for envelope in office.envelopes] == [["a@x.example"]]
    assert await states(conn) == {"sent": 1}
    assert await attempts(conn) == [("sent", "OK")]


async def test_a_temporary_refusal_is_tried_again_under_the_same_message_id(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice
) -> None:
    """451, then taken: two attempts, two rows that say so, one mail, one Message-ID."""
    await put(conn, "a")
    office.data_answers.append("451 later")
    async with make_email(office.port) as channel, desk({"email": channel}):
        await until(conn, "SELECT state = 'sent' FROM outbox")
    assert [outcome for outcome, _ in await attempts(conn)] == ["retry", "sent"]
    assert office.offered == ["<a@vorzimmer.example>"] * 2
    assert len(office.envelopes) == 1


async def test_a_retry_waits_for_its_time(desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice) -> None:
    """The next attempt is set by the worker's clock and the pause, jitter included."""
    await put(conn, "a")
    office.data_answers.append("451 later")
    before = datetime.now(UTC)
    async with make_email(office.port) as channel, desk({"email": channel}, pauses=True):
        await soon(office.arrived)
    next_at = await conn.fetchval("SELECT next_at FROM outbox WHERE state = 'pending'")
    assert timedelta(seconds=13) < next_at - before < timedelta(seconds=33)
    assert not office.envelopes


async def test_a_permanent_refusal_is_dead_and_reported(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """550 is not tried again; somebody hears which call's message was lost and why."""
    await put(conn, "a")
    office.answers.append("550 no such user")
    async with make_email(office.port) as channel, desk({"email": channel}):
        await until(conn, "SELECT state = 'dead' FROM outbox")
    assert await attempts(conn) == [("dead", "recipient refused: 550 no such user")]
    [(event, about)] = troubles
    assert event == "outbox.dead"
    assert about["call_id"] == "call-a"
    assert "550" in about["detail"]


async def test_a_mail_server_that_comes_back_gets_everything(desk: Desk, conn: Any, make_email: MakeEmail) -> None:
    """Mails of an outage go out after it, each once."""
    office = PostOffice()
    async with office:
        pass
    await put(conn, *"abcde")
    async with make_email(office.port) as channel, desk({"email": channel}):
        await until(conn, "SELECT count(*) >= 5 FROM outbox_attempt WHERE outcome = 'retry'")
        await office.open(office.port)
        await until(conn, "SELECT count(*) = 5 FROM outbox WHERE state = 'sent'")
    assert sorted(envelope.rcpt_tos[0][0] for envelope in office.envelopes) == [*"abcde"]
    await office.close()


async def test_two_workers_send_no_row_twice(desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice) -> None:
    """Side by side they share the outbox: 200 messages, 200 mails."""
    await put(conn, *(f"r{n}" for n in range(200)))
    async with (
        make_email(office.port) as one,
        make_email(office.port) as two,
        desk({"email": one}),
        desk({"email": two}),
    ):
        await until(conn, "SELECT count(*) = 200 FROM outbox WHERE state = 'sent'")
    assert len(office.offered) == len(set(office.offered)) == 200
    assert await conn.fetchval("SELECT count(*) FROM outbox_attempt") == 200


async def test_first_attempts_go_in_order(desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice) -> None:
    """The call that ended first is told first."""
    await put(conn, *"hgfedcba")
    async with make_email(office.port) as channel, desk({"email": channel}, places=1):
        await until(conn, "SELECT count(*) = 8 FROM outbox WHERE state = 'sent'")
    assert "".join(envelope.rcpt_tos[0][0] for envelope in office.envelopes) == "hgfedcba"


async def test_a_notify_wakes_the_worker(desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice) -> None:
    """A message that is announced does not wait for the next look into the outbox."""
    await put(conn, "a")
    async with make_email(office.port) as channel, desk({"email": channel}, poll=3600.0):
        await soon(office.arrived)
        office.arrived.clear()
        async with conn.transaction():
            await put(conn, "b")
            await conn.execute("NOTIFY vorzimmer_outbox")
        await soon(office.arrived)
    assert await states(conn) == {"sent": 2}


async def test_a_bad_row_stops_no_other(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """A channel that nobody knows and a language without words are dead, with the reason; the rest is sent."""
    await put(conn, "a", channel="telex")
    await put(conn, "b", language="tlh")
    await put(conn, "c")
    async with make_email(office.port) as channel, desk({"email": channel}):
        await soon(office.arrived)
        await until(conn, "SELECT count(*) = 3 FROM outbox_attempt")
    details = {row["outbox_id"]: row["detail"] for row in await conn.fetch("SELECT * FROM outbox_attempt")}
    assert details[1] == "there is no channel 'telex'"
    assert "tlh" in details[2]
    assert await states(conn) == {"dead": 2, "sent": 1}
    assert troubles.events() == ["outbox.dead"] * 2


async def test_a_fault_in_a_channel_is_reported_and_tried_again(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """A programming error costs an attempt, not the message and not the worker."""
    await put(conn, "a")

    async def stumble(message: Leased) -> Outcome:
        if message.attempts == 1:
            raise RuntimeError("stumbled\0")
        return Sent("well")

    async with desk({"email": Scripted(stumble)}):
        await until(conn, "SELECT state = 'sent' FROM outbox")
    assert await attempts(conn) == [("retry", "RuntimeError: stumbled"), ("sent", "well")]
    assert troubles.events() == ["outbox.fault"]


async def test_a_sending_that_never_ends_is_ended(desk: Desk, conn: Any) -> None:
    """No channel can hold a message beyond its lease."""
    await put(conn, "a")

    async def hang(_: Leased) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async with desk({"email": Lane(Scripted(hang), seconds=0.05)}, pauses=True):
        await until(conn, "SELECT count(*) = 1 FROM outbox_attempt")
    assert [outcome for outcome, _ in await attempts(conn)] == ["retry"]


@pytest.mark.parametrize(("before", "tries"), [(ATTEMPTS - 1, 1), (ATTEMPTS, 0)])
async def test_gives_up_after_the_last_attempt(
    desk: Desk, conn: Any, troubles: Troubles, before: int, tries: int
) -> None:
    """The last refusal is final and reported, and a message that killed every worker so far is not even tried."""
    await put(conn, "a")
    await conn.execute("UPDATE outbox SET attempts = $1", before)

    async def refuse(_: Leased) -> Outcome:
        return RetryLater("451 later")

    channel = Scripted(refuse)
    async with desk({"email": channel}):
        await until(conn, "SELECT state = 'dead' FROM outbox")
    assert len(channel.told) == tries
    [(_, detail)] = await attempts(conn)
    assert detail.startswith("given up")
    assert troubles.events() == ["outbox.dead"]


async def test_no_more_than_allowed_are_under_way(desk: Desk, conn: Any) -> None:
    """A long outbox is worked off in bounded parallel, and only what is under way is leased."""
    await put(conn, *(f"r{n}" for n in range(20)))
    full, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: Leased) -> Outcome:
        if len(channel.told) == 3:
            full.set()
        await go_on.wait()
        return Sent("well")

    channel = Scripted(wait)
    async with desk({"email": channel}, places=3):
        await soon(full)
        assert await states(conn) == {"leased": 3, "pending": 17}
        assert len(channel.told) == 3
        go_on.set()
        await until(conn, "SELECT count(*) = 20 FROM outbox WHERE state = 'sent'")


async def test_stop_finishes_what_is_under_way(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice
) -> None:
    """Nothing is sent twice because of a restart, and nothing new is begun once it is asked for."""
    await put(conn, "a", "b")
    office.hold = asyncio.Event()
    async with make_email(office.port) as channel, desk({"email": channel}, places=1):
        await soon(office.arrived)
        asyncio.get_running_loop().call_soon(office.hold.set)  # leaving asks to stop first
    assert await states(conn) == {"sent": 1, "pending": 1}


async def test_a_worker_that_dies_repeats_under_the_same_message_id(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice
) -> None:
    """Between the sending and the mark lies a gap; the message goes again when the lease is over, and can be known."""
    await put(conn, "a")
    office.hold = asyncio.Event()
    async with make_email(office.port) as channel:
        with contextlib.suppress(asyncio.CancelledError):
            async with desk({"email": channel}) as task:
                await soon(office.arrived)
                task.cancel()
        office.hold.set()
        assert await states(conn) == {"leased": 1}
        await conn.execute("UPDATE outbox SET leased_until = now()")
        async with desk({"email": channel}):
            await until(conn, "SELECT state = 'sent' FROM outbox")
    assert office.offered == ["<a@vorzimmer.example>"] * 2


async def test_the_database_may_be_away_at_the_start(
    desk: Desk, dsn: str, conn: Any, make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """The worker waits for it, says so, and then works; asyncpg's own confusion does not end it either."""
    await put(conn, "a")
    refusals = [
        ConnectionRefusedError("nobody there"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ]

    async def connect() -> Any:
        if refusals:
            raise refusals.pop()
        return await asyncpg.connect(dsn)

    async with make_email(office.port) as channel, desk({"email": channel}, connect=connect):
        await soon(office.arrived)
    assert troubles.events() == ["outbox.database_away"] * 3
    assert await states(conn) == {"sent": 1}


async def test_what_was_sent_while_the_database_was_away_is_marked_afterwards(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """A lost connection in mid-sending causes no second mail."""
    await put(conn, "a")
    office.hold = asyncio.Event()
    async with make_email(office.port) as channel, desk({"email": channel}):
        await soon(office.arrived)
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        office.hold.set()
        await until(conn, "SELECT state = 'sent' FROM outbox")
    assert len(office.offered) == 1
    assert "outbox.database_away" in troubles.events()


async def test_a_database_that_hangs_counts_as_away(
    dsn: str,
    make_email: MakeEmail,
    office: PostOffice,
    troubles: Troubles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A query that never ends does not stop the worker for ever: it opens a new connection."""
    monkeypatch.setattr(worker, "ROUND_SECONDS", 0.1)
    hung = asyncio.Event()

    def trouble(event: str, /, **about: Any) -> None:
        troubles(event, **about)
        hung.set()

    other = await asyncpg.connect(dsn)
    async with other.transaction():
        await other.execute("LOCK TABLE outbox")
        stop = asyncio.Event()
        async with make_email(office.port) as channel, asyncio.TaskGroup() as group:
            group.create_task(
                worker.run(
                    lambda: asyncpg.connect(dsn),
                    {"email": Lane(channel)},
                    stop=stop,
                    jitter=lambda: 0.0,
                    trouble=trouble,
                    domain="vorzimmer.example",
                )
            )
            await soon(hung)
            stop.set()
    await other.close()
    assert set(troubles.events()) == {"outbox.database_away"}


async def test_stops_although_the_database_is_away(desk: Desk, troubles: Troubles) -> None:
    """A shutdown does not wait for a database that may never come back."""

    async def connect() -> Any:
        raise ConnectionRefusedError("nobody there")

    async with desk({}, connect=connect):
        pass
    assert set(troubles.events()) == {"outbox.database_away"}


async def test_what_it_does_is_counted(desk: Desk, conn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher sees every outcome, what is under way, what waits, and whether the database is there."""
    monkeypatch.setattr(worker, "BACKLOG_SECONDS", 0.0)
    await put(conn, "sent", "retry", "dead", "hangs")
    go_on, tally = asyncio.Event(), worker.Tally()
    outcomes: dict[str, Outcome] = {"retry@x.example": RetryLater("busy"), "dead@x.example": Dead("unknown")}

    async def backlog() -> Backlog:
        return tally.backlog

    async def answer(message: Leased) -> Outcome:
        if message.recipient.startswith("hangs"):
            await go_on.wait()
        return outcomes.get(message.recipient, Sent("well"))

    async with desk({"email": Scripted(answer)}, tally=tally, pauses=True):
        await until(conn, "SELECT count(*) = 3 FROM outbox_attempt")
        await put(conn, "far", channel="pigeon")
        await until(conn, "SELECT count(*) = 4 FROM outbox_attempt")
        await eventually(backlog, lambda seen: seen.dead == 2)
        assert (tally.sent, tally.retry, tally.dead, tally.under_way) == (1, 1, 2, {"email": 1})
        assert tally.backlog == Backlog(pending=1, leased=1, dead=2, oldest_due=0.0)
        assert tally.connected
        go_on.set()
    assert not tally.connected
    assert (tally.sent, tally.under_way) == (2, {"email": 0})


async def test_every_line_names_the_call(
    desk: Desk, conn: Any, troubles: Troubles, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is logged while a message is sent, by whichever module, carries the call's id; troubles do too."""
    await put(conn, "a")

    async def answer(_: Leased) -> Outcome:
        structlog.get_logger().info("somewhere.deep")
        return Dead("unknown") if channel.told[1:] else RetryLater("busy")

    channel = Scripted(answer)
    async with desk({"email": channel}):
        await until(conn, "SELECT count(*) = 1 FROM outbox WHERE state = 'dead'")
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["somewhere.deep", "outbox.retry", "somewhere.deep"]
    assert {line["call_id"] for line in lines} | {about["call_id"] for _, about in troubles} == {"call-a"}


async def test_the_mail_waits_for_the_note_and_holds_it(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice
) -> None:
    """While the agent writes nothing is sent; when the note is done both recipients read it, at once."""
    await open_house(conn)
    await ship(conn, "c1")
    note = await begin(conn, "c1")
    async with make_email(office.port) as channel, desk({"email": channel}, poll=3600.0):
        await ship(conn, "c2", of="baecker")
        await soon(office.arrived)
        assert [mail["To"] for mail in office.mails()] == ["laden@baecker.example"]
        await finish(conn, note, "Rückruf <b>heute</b>", urgent=True)
        await until(conn, "SELECT count(*) = 3 FROM outbox WHERE state = 'sent'")
    mails = office.mails()[1:]
    assert sorted(mail["To"] for mail in mails) == ["a@mueller.example", "b@mueller.example"]
    for mail in mails:
        assert mail["Subject"] == "Dringend: Nachricht von Erika für Kanzlei Müller"
        assert mail["Importance"] == "high"
        body = mail.get_body(("plain",))
        assert body is not None
        assert "Rückruf <b>heute</b>" in body.get_content()


async def test_a_late_note_is_a_mail_beside_the_calls(
    desk: Desk, conn: Any, make_email: MakeEmail, office: PostOffice
) -> None:
    """It refers to the mail that said that it follows."""
    await open_house(conn)
    await ship(conn, "c1", ended=timedelta(minutes=3))
    note = await begin(conn, "c1")
    async with make_email(office.port) as channel, desk({"email": channel}, poll=3600.0):
        await until(conn, "SELECT count(*) = 2 FROM outbox WHERE state = 'sent'")
        await finish(conn, note, "spät")
        await until(conn, "SELECT count(*) = 4 FROM outbox WHERE state = 'sent'")
    first, late = [mail for mail in office.mails() if mail["To"] == "a@mueller.example"]
    assert late["References"] == first["Message-ID"] != late["Message-ID"]
    body = first.get_body(("plain",))
    assert body is not None
    assert "wird noch geschrieben und folgt" in body.get_content()

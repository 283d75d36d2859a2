"""Text messages from the outbox to a gateway and back: sent once, asked for when unclear, reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import tomli_w

from tests.notify import sms_gateway as documented
from tests.notify.conftest import Troubles
from tests.notify.desk import Desk, attempts, until
from tests.notify.examples import NOW, payload
from tests.notify.smpp_server import PASSWORD, Carrier
from tests.notify.sms_gateway import END_OF_LINE, Asked, Provider, Reply
from tests.notify.sms_over import MOBILE, TEXT, channel, made
from vorzimmer.notify.sms import reference
from vorzimmer.roles.text_messages import text_messages
from vorzimmer.settings import load
from vorzimmer.store import delivery_reports, outbox
from vorzimmer.store.audit import Actor

MESSAGE_ID = "<call-1@vorzimmer.example>"


async def put(conn: Any, **changes: Any) -> None:
    """Lay a text message into the outbox."""
    await conn.execute(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id)"
        " VALUES ('call-1', 'mueller', 'sms', $1, 'de', $2, $3)",
        MOBILE,
        orjson.dumps(payload(**changes)).decode(),
        MESSAGE_ID,
    )


def with_journal(asked: Asked) -> Reply:
    """A gateway whose journal has our message."""
    entry = {"id": "77229318510", "foreign_id": reference(MESSAGE_ID)}
    return Reply(json=[entry]) if asked.method == "GET" else documented.seven(asked)


def texts_sent(provider: Provider) -> list[Any]:
    """The references of all messages that the gateway was asked to send."""
    return [asked.fields["foreign_id"] for asked in provider.asked if asked.method == "POST"]


async def test_a_message_is_sent_kept_and_reported(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """The gateway's id and what was sent stand in the outbox; the report that comes later finds its message."""
    await put(conn)
    async with Provider(documented.seven) as provider:
        async with channel(made("seven", provider.url), troubles) as texts, desk({"sms": texts}):
            await until(conn, "SELECT state = 'sent' FROM outbox")
        assert texts_sent(provider) == [reference(MESSAGE_ID)]
    row = await conn.fetchrow("SELECT provider_id, media_type, content FROM outbox JOIN outbox_copy ON outbox_id = id")
    assert tuple(row) == ("77229318510", "text/plain; charset=utf-8", TEXT.encode())
    assert (await delivery_reports.take(conn, "sms", "77229318510", "delivered", NOW)).call_id == "call-1"


async def test_what_went_is_not_sent_again(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """The line was cut after the request: the gateway's journal has it, so it counts as sent."""
    await put(conn)
    async with Provider(with_journal) as provider:
        provider.replies.append(END_OF_LINE)
        async with channel(made("seven", provider.url), troubles) as texts, desk({"sms": texts}):
            await until(conn, "SELECT state = 'sent' FROM outbox")
        assert len(texts_sent(provider)) == 1
    assert [outcome for outcome, _ in await attempts(conn)] == ["unclear", "sent"]
    assert await conn.fetchval("SELECT provider_id FROM outbox") == "77229318510"


async def test_what_never_came_is_sent_again_under_its_reference(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """The journal does not have it: it goes once more, and the gateway would know it."""
    await put(conn)
    async with Provider(documented.seven) as provider:
        provider.replies.append(END_OF_LINE)
        async with channel(made("seven", provider.url), troubles) as texts, desk({"sms": texts}):
            await until(conn, "SELECT state = 'sent' FROM outbox")
        assert texts_sent(provider) == [reference(MESSAGE_ID)] * 2


async def test_what_nobody_can_tell_waits_for_a_person(desk: Desk, conn: Any, troubles: Troubles) -> None:
    """A gateway that cannot be asked: the message is dead with a clear word, and goes when a person wants it."""
    await put(conn)
    async with Provider() as provider:
        provider.replies += [END_OF_LINE, Reply(json={"data": [{"id": 7}]})]
        async with channel(made("template", provider.url), troubles) as texts, desk({"sms": texts}):
            await until(conn, "SELECT state = 'dead' FROM outbox")
            assert len(provider.asked) == 1
            number = await conn.fetchval("SELECT id FROM outbox")
            await outbox.resend(conn, number, Actor("root"))
            await until(conn, "SELECT state = 'sent' FROM outbox")
    assert len(provider.asked) == 2
    assert "outbox.dead" in troubles.events()
    assert "a person decides" in (await attempts(conn))[1][1]


async def test_a_carriers_receipt_reaches_its_message(
    desk: Desk, conn: Any, dsn: str, tmp_path: Path, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the settings alone: bound, sent, and the receipt is noted at the message; a failure is told."""
    await put(conn)
    monkeypatch.setattr("vorzimmer.roles.text_messages.trouble", troubles)
    async with Carrier() as carrier:
        smpp = {"host": "127.0.0.1", "port": carrier.port}
        sms = {"gateway": "smpp", "user": "us", "password": PASSWORD, "sender": "Kanzlei", "smpp": smpp}
        tables = {"ari": {"password": "a"}, "ami": {"password": "b"}, "database": {"dsn": dsn}, "sms": sms}
        (tmp_path / "vorzimmer.toml").write_text(tomli_w.dumps(tables))
        texts = text_messages(load(tmp_path / "vorzimmer.toml"))
        assert texts is not None
        async with texts, desk({"sms": texts}):
            await until(conn, "SELECT state = 'sent' FROM outbox")
            for stat in ("ENROUTE", "UNDELIV"):
                number = carrier.receipt("m1", stat)
                await carrier.until(f"{number} in deliveries")
    assert carrier.parts[0].short_message == TEXT
    assert await conn.fetchval("SELECT report FROM outbox WHERE provider_id = 'm1'") == "undelivered"
    assert troubles.events() == ["sms.undelivered"]

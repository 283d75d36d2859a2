"""A webhook from the real house: from the call's end to the client's own server."""

from __future__ import annotations

import asyncio
from datetime import datetime

import asyncpg

from tests.e2e.house import CALLER, House
from tests.e2e.test_calls import DID, client
from tests.notify.webhook_receiver import Receiver
from vorzimmer.roles.running import now
from vorzimmer.store import webhook_secrets
from vorzimmer.store.audit import Actor


async def test_the_client_server_is_told_of_a_call(house: House) -> None:
    """Once, signed with the client's secret; what it was told is kept, byte for byte."""
    async with Receiver() as receiver:
        webhook = house.settings.webhook.model_copy(update={"private": True})
        house.settings = house.settings.model_copy(update={"webhook": webhook})
        rule = {"id": "crm", "channel": "webhook", "to": [receiver.url], "numbers": "shortened"}
        await house.use(client({"to": "hangup"}, begin="answer", mail=None, notify=[rule]))
        conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
        receiver.secret = await webhook_secrets.replace(conn, "mueller", now(), actor=Actor("test")) or ""
        await conn.close()
        await house.start()
        call = await house.call(DID)
        await call.finished()
        async with asyncio.timeout(15):
            await receiver.arrived.wait()
        cdr = await house.cdr()
        await house.stop()
    (got,) = receiver.got
    assert got.valid
    told = got.said["data"]["call"]
    assert (told["id"], told["did"], told["caller"]) == (cdr["call_id"], DID, f"{CALLER[:-3]}XXX")
    assert datetime.fromisoformat(told["started_at"]) == cdr["started_at"]
    (kept,) = await house.query("SELECT state, content, rule FROM outbox JOIN outbox_copy ON outbox_id = outbox.id")
    assert (kept["state"], bytes(kept["content"]), kept["rule"]) == ("sent", got.content, "crm")

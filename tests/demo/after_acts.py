"""After the call: the note that was written in the browser, as each of its receivers really got it."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta

import asyncpg

from tests.demo.act import Act
from tests.demo.page_acts import NOTED
from tests.demo.stage import DemoError, Stage, patiently
from vorzimmer.notify.channel import Sent
from vorzimmer.roles.text_messages import text_messages
from vorzimmer.sandbox.fax_machine import fax_machine
from vorzimmer.sandbox.fax_png import as_png
from vorzimmer.settings import load
from vorzimmer.store.outbox import Leased

FAX_PATIENCE = 120.0
"""Seconds: a page takes half a minute, and the machine may be busy with calls."""

_CALL = """
SELECT id, call_id, client_id, channel, recipient, language, payload::text, message_id, attempts, created_at, rule
FROM outbox WHERE client_id = 'sommer' AND channel = $1 AND about = 'call' AND state = 'sent'
"""


async def told_everywhere(stage: Stage) -> None:
    """The urgent note of Clara's call went out by four ways at once; a carrier's link is the fifth."""
    await _by_gateway(stage)
    await _by_carrier(stage)
    await _by_webhook(stage)
    await _on_paper(stage)
    await stage.show("message", "list", "--client", "sommer")


async def _by_gateway(stage: Stage) -> None:
    """Over HTTP, as seven.io takes it."""
    await _sent(stage, "sms")
    [asked] = [one for one in stage.receivers.gateway.asked if one.path == "/sms"]
    stage.say(f"   the gateway (HTTP) got for {asked.fields['to']}: {asked.fields['text']!r}")
    if NOTED[:20] not in asked.fields["text"]:
        raise DemoError("the text message does not tell the note")


async def _by_carrier(stage: Stage) -> None:
    """The same row again, over SMPP, as a house with a carrier's link would send it."""
    row = await _sent(stage, "sms")
    known = load(stage.sandbox.settings_toml)
    channel = text_messages(known.model_copy(update={"sms": stage.receivers.by_carrier}))
    assert channel is not None
    message = Leased(**{**dict(row), "payload": json.loads(row["payload"]), "age": timedelta(0)})
    carrier = stage.receivers.carrier
    async with channel:
        async with asyncio.timeout(30):
            await carrier.until("len(binds) == 1")
        outcome = await channel.send(message)
    if not isinstance(outcome, Sent) or outcome.copy is None:
        raise DemoError(f"the carrier took nothing: {outcome}")
    parts = len(carrier.parts)
    stage.say(f"   the carrier (SMPP) got {parts} parts, as {outcome.provider_id}: {outcome.copy.content.decode()!r}")


async def _by_webhook(stage: Stage) -> None:
    """Signed; the receiver has checked the signature by the convention's own library."""
    await _sent(stage, "webhook")
    [got] = stage.receivers.web.got
    if not got.valid:
        raise DemoError("the webhook's signature is not valid")
    said = got.said
    stage.say(f"   the client's server got {said['type']} with a valid signature, id {got.headers['webhook-id']}")
    for line in json.dumps(said["data"], ensure_ascii=False, indent=1).splitlines()[:12]:
        print(f"          {line}")


async def _on_paper(stage: Stage) -> None:
    """The page that the fax machine received, as a picture."""
    async with asyncio.timeout(FAX_PATIENCE):
        [fax] = await fax_machine(stage.sandbox.fax_machine, 1)
    if fax.status != "SUCCESS":
        raise DemoError(f"the fax machine says {fax.status}")
    row = await _sent(stage, "fax")
    [page] = await asyncio.to_thread(as_png, fax.tiff, stage.folder)
    picture = stage.folder / "pictures" / "fax.png"
    await asyncio.to_thread(shutil.move, page, picture)
    stage.say(f"   the fax machine {row['recipient']} got {fax.pages} page at {fax.rate} bit/s: {picture}")


async def _sent(stage: Stage, channel: str) -> asyncpg.Record:
    """The message about the call by this channel, once it is sent.

    Raises:
        DemoError: it is not, or there are several.
    """
    async with stage.database() as conn:
        rows = await patiently(lambda: conn.fetch(_CALL, channel), bool)
    if len(rows) != 1:
        raise DemoError(f"{len(rows)} messages were sent by {channel}")
    return rows[0]


ACTS = (Act("the note of Herr Krause's call, by e-mail, text message, webhook and fax", told_everywhere, ()),)

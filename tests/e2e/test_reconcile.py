"""Asterisk's own record of real calls: it agrees with ours, and stands in for it where ours was lost."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import numpy as np
from pydantic import SecretStr

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.outage import VORZIMMER, Cable, serving, write_settings
from tests.e2e.test_calls import DID, MACHINE, OFFICE, client, group, talking
from tests.sipp import sound
from vorzimmer.asterisk.cdr_file import Witness, read

AGREE = timedelta(seconds=0.5)

ALONE = 20.0
"""Seconds of patience for a caller: the dialplan waits for the daemon for eight of them."""


async def witnessed(house: House, since: datetime, count: int = 1) -> list[Witness]:
    """Asterisk's records of the calls that ended since then, once there are so many."""

    async def look() -> list[Witness]:
        return list(read(house.settings.paths.cdr, since))

    return await eventually(look, lambda found: len(found) == count)


async def reconcile(house: House, since: datetime) -> tuple[int | None, str]:
    """Run the command on all calls since then, also the one that has just ended; its exit status and what it said."""
    config = write_settings(house.settings, house.folder / "reconcile.toml")
    window = ("--since", since.isoformat(), "--until", datetime.now(UTC).isoformat())
    process = await asyncio.create_subprocess_exec(
        *(VORZIMMER, "--config", config, "reconcile", *window),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_asterisk_and_we_write_down_the_same(house: House) -> None:
    """Begin, answer and end of calls of each kind agree to a tenth of a second, so nothing differs afterwards."""
    since = datetime.now(UTC)
    await house.use(client(group(), MACHINE), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    answered = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(answered, talk)
    await talk.hang_up()
    abandoned = await house.call(DID)
    (await phone.invited()).ring()
    await abandoned.ringing(180)
    await abandoned.hang_up()
    greeted = await house.call(DID)
    (await phone.invited()).reject(486)
    await greeted.answered()
    await greeted.hang_up()
    ours = await house.cdrs(3)
    theirs = await witnessed(house, since, 3)
    assert [cdr["disposition"] for cdr in ours] == ["answered", "abandoned", "announced"]
    for cdr, witness in zip(ours, theirs, strict=True):
        assert (witness.call_id, witness.channel_id) == (cdr["call_id"], cdr["call_id"])
        assert abs(cdr["started_at"] - witness.started_at) < AGREE
        assert abs(cdr["ended_at"] - witness.ended_at) < AGREE
        assert (cdr["answered_at"] is None) == (witness.answered_at is None)
        if witness.answered_at is not None:
            assert abs(cdr["answered_at"] - witness.answered_at) < AGREE
    status, said = await reconcile(house, since)
    assert (status, "compared 3" in said) == (0, True), said


async def test_a_call_whose_journal_is_lost_is_completed_once(house: House, dsn: str) -> None:
    """Database away, daemon dead, its disk gone: Asterisk's record becomes the CDR, and the second run is content."""
    since = datetime.now(UTC)
    await house.use(client(group()), groups=(OFFICE,))
    port = urlsplit(dsn).port
    assert port is not None
    async with Cable(port) as cable:
        through = SecretStr(dsn.replace(f":{port}/", f":{cable.port}/"))
        cut_off = house.settings.model_copy(
            update={"database": house.settings.database.model_copy(update={"dsn": through})}
        )
        async with serving(cut_off, house.folder, "--role", "calls") as daemon:
            await daemon.ready()
            await cable.cut()
            phone = await house.agent(1)
            call = await house.call(DID)
            talk = await phone.invited()
            await talk.answer()
            await talking(call, talk)
            await call.hang_up()
            [witness] = await witnessed(house, since)
            await talk.finished()
            await house.quiet()
            daemon.kill()
            await daemon.exit_status()
    await asyncio.to_thread(shutil.rmtree, house.settings.paths.state / "journal")

    status, said = await reconcile(house, since)
    assert (status, f"{witness.call_id}  there is no CDR" in said) == (1, True), said
    assert "completed as failed, client mueller" in said
    cdr = await house.cdr()
    assert (cdr["ended_at"], cdr["answered_at"]) == (witness.ended_at, witness.answered_at)
    assert (cdr["caller"], cdr["talk"], cdr["duration"] > 0) == (CALLER, Decimal(0), True)
    assert len(await house.query("SELECT * FROM outbox")) == 1

    status, said = await reconcile(house, since)
    assert (status, "differing 0" in said) == (0, True), said
    await house.cdr()
    assert len(await house.query("SELECT * FROM outbox")) == 1


async def test_a_message_whose_note_is_lost_is_found(house: House) -> None:
    """The dialplan took a message alone, its note is gone: the message reaches the client all the same."""
    since = datetime.now(UTC)
    await house.use(client(MACHINE, announcements={"machine": "m.wav"}))
    await house.announce("mueller", seconds=1.5, machine=12)
    await house.start()
    await house.dialplan_ready()
    await house.stop()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(12, 1.5), patience=ALONE)
    spoken = sound.announcement(77, 2.0)
    call.line.speak(np.concatenate([np.zeros(8000, dtype=np.int16), spoken]))
    await call.line.sent()
    await call.hang_up()
    [witness] = await witnessed(house, since)
    await house.quiet()
    (house.settings.paths.fallback / "calls" / f"{witness.call_id}.call").unlink()

    status, said = await reconcile(house, since)
    assert (status, "the dialplan answered alone" in said) == (1, True), said
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["recording"]) == ("message", f"message-{witness.call_id}.wav")
    assert sound.similarity(sound.load(house.settings.paths.recordings / cdr["recording"]), spoken) > 0.9
    await house.start()
    [mail] = await house.mails()
    assert len(list(mail.iter_attachments())) == 1

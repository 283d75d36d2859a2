"""A house is backed up while a call is talking, and another one made of the backup takes calls."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from tests.e2e.house import House
from tests.e2e.outage import VORZIMMER, serving, write_settings
from tests.e2e.test_calls import DID, OFFICE, client, group, talking
from tests.e2e.test_confined import CHECKOUT, under
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.settings import Settings
from vorzimmer.store import calls

MESSAGES = "+4989999999"


async def leave_a_message(house: House) -> str:
    """Speak to the answering machine; the name of the recording."""
    call = await house.call(MESSAGES)
    await call.line.hears(sound.announcement(42, 0.5))
    call.line.speak(sound.announcement(77, 2.0))
    await call.line.sent()
    await call.hang_up()
    return str((await house.cdr())["recording"])


async def in_talk(house: House, phone: Phone) -> tuple[Outgoing, Incoming]:
    """A call that an agent has answered."""
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


async def vorzimmer(prefix: Sequence[str], config: Path, *arguments: object) -> str:
    """Run a command to its end; what it printed."""
    command = [*prefix, str(VORZIMMER), f"--config={config}", *map(str, arguments)]
    done = await asyncio.to_thread(
        subprocess.run, command, check=False, capture_output=True, text=True, timeout=60, cwd=CHECKOUT
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def moved(settings: Settings, folder: Path, dsn: str) -> Settings:
    """The same house with other folders and another database."""
    paths = settings.paths.model_copy(update={name: folder / name for name in ("state", "library", "recordings")})
    database = settings.database.model_copy(update={"dsn": SecretStr(dsn)})
    return settings.model_copy(update={"paths": paths, "database": database})


async def test_a_restored_house_takes_calls(house: House, empty_dsn: str, tmp_path: Path) -> None:
    """The backup runs as its unit lets it, beside a daemon in a talk, and nobody in the talk notices.

    The restored house has the old CDR, its recording and the announcement; it completes the call that was talking
    then, and takes the next ones.
    """
    answering = {
        **client({"to": "machine", "silence": 9}, announcements={"machine": "machine.wav"}),
        "id": "schulz",
        "dids": [MESSAGES],
    }
    await house.use(client(group()), answering, groups=(OFFICE,))
    await house.announce("schulz", 0.5, machine=42)
    phone = await house.agent(1)
    backups, new = tmp_path / "backups", tmp_path / "new"
    backups.mkdir()
    new.mkdir()
    async with serving(house.settings, tmp_path) as daemon:
        await daemon.ready()
        recording = await leave_a_message(house)
        await house.mails()
        call, talk = await in_talk(house, phone)
        confined = under("vorzimmer-backup", [tmp_path, house.sandbox.folder], [backups])
        told = await vorzimmer(confined, tmp_path / "vorzimmer.toml", "backup", backups, "--keep", 2)
        assert "1 rows in cdr, 2 rows in client, recordings: 1 files" in told
        await talking(call, talk)
        await call.hang_up()
        await house.cdrs(2)
        daemon.terminate()
        assert await daemon.exit_status() == 0
    [file] = backups.iterdir()
    house.settings = moved(house.settings, new, empty_dsn)
    config = write_settings(house.settings, new / "vorzimmer.toml")
    await vorzimmer([], config, "restore", file)
    assert (new / "recordings" / recording).stat().st_size == (tmp_path / "recordings" / recording).stat().st_size
    await house.start()
    late, late_talk = await in_talk(house, phone)
    await late.hang_up()
    await late_talk.finished()
    again = await house.call(MESSAGES)
    await again.line.hears(sound.announcement(42, 0.5))
    await again.hang_up()
    cdrs = await house.cdrs(4)
    assert [cdr["client"] for cdr in cdrs] == ["schulz", "mueller", "mueller", "schulz"]
    assert [cdr["answered_by"] for cdr in cdrs[1:3]] == ["agent1", "agent1"]
    assert cdrs[0]["recording"] == recording
    conn = await asyncpg.connect(empty_dsn)
    try:
        assert [await calls.verify_digest(conn, cdr["call_id"]) for cdr in cdrs] == [True] * 4
    finally:
        await conn.close()

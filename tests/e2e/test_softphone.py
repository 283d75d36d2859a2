"""A real softphone as an agent's telephone: baresip, with a password that the house made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from tests.e2e.house import CALLER, House
from tests.e2e.test_calls import DID, client, group
from tests.sipp import baresip, sound
from vorzimmer.cli.main import app
from vorzimmer.core.client import Book
from vorzimmer.store import book as books

ANNA = {"id": "anna", "name": "Anna", "phones": ["anna-home"]}
HER_GROUP = {"id": "office", "endpoints": ["anna-home"]}


Command = Callable[..., Awaitable[str]]


@pytest.fixture
def vorzimmer(house: House, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A command that must succeed, beside the running daemon; what it prints."""
    monkeypatch.setenv("VORZIMMER_DATABASE__DSN", house.settings.database.dsn.get_secret_value())

    async def command(*arguments: str) -> str:
        line = ["--config", str(house.sandbox.settings_toml), *arguments]
        result = await asyncio.to_thread(lambda: CliRunner().invoke(app, line))
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    return command


@pytest.fixture
async def password(house: House, vorzimmer: Command) -> AsyncIterator[str]:
    """Anna's telephone, made by the commands that an operator gives, and its password. Afterwards it is gone."""
    await house.use(client(group()), groups=(HER_GROUP,))
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    await books.save_book(conn, Book.model_validate({"agent": [ANNA]}))
    await conn.close()
    made = await vorzimmer("phone", "password", "anna-home")
    try:
        await vorzimmer("phone", "apply")
        yield made
    finally:
        house.settings.phones.file.unlink(missing_ok=True)
        await house.sandbox.cli("module reload res_pjsip.so")


async def test_a_softphone_registers_is_rung_and_talks(
    house: House, vorzimmer: Command, password: str, tmp_path: Path
) -> None:
    """It registers over UDP with the generated password, shows the caller, answers, and both sides hear each other.

    Bringing telephones to Asterisk meanwhile ends neither the talk nor the registration.
    """
    hers, callers = sound.announcement(2, 1.5), sound.announcement(1, 1.5)
    async with baresip.running(tmp_path / "baresip", says=hers) as phone:
        await phone.register("anna-home", password, ("127.0.0.1", house.sandbox.sip_port))
        await house.start()
        call = await house.call(DID)
        ringing = await phone.told("CALL_INCOMING")
        assert CALLER in ringing["peeruri"]
        await call.ringing(180)
        await phone.do("accept")
        await call.line.hears(hers)
        await vorzimmer("phone", "apply")
        call.line.speak(callers)
        await call.line.sent()
        await call.hang_up()
        await phone.told("CALL_CLOSED")
        assert (await vorzimmer("phone", "list")).endswith(" there")
    [heard] = phone.heard()
    assert sound.similarity(heard, callers) > 0.9
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"], cdr["hung_up_by"]) == ("answered", "anna-home", "caller")

"""`vorzimmer audit`."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from vorzimmer.store import audit
from vorzimmer.store.audit import Actor


@pytest.fixture
def trail(dsn: str) -> None:
    """Two changes."""

    async def write() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            override = {"override": {"state": "closed"}}
            await audit.note(conn, Actor("root", "erika"), "client.override", client="mueller", after=override)
            await audit.note(conn, Actor("cli:ops"), "number.add", about="+4989123456")
        finally:
            await conn.close()

    asyncio.run(write())


@pytest.mark.usefixtures("trail")
def test_the_trail_is_printed(vorzimmer: Vorzimmer) -> None:
    """Oldest first: when, who and in whose place, what, from what to what."""
    lines = vorzimmer("audit").output.splitlines()
    assert 'root as erika: client.override of mueller  - -> {"override":{"state":"closed"}}' in lines[0]
    assert lines[1].endswith("cli:ops: number.add +4989123456")


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--client", "mueller"], ["client.override"]),
        (["--by", "cli:ops"], ["number.add"]),
        (["--what", "client."], ["client.override"]),
        (["--limit", "1"], ["number.add"]),
        (["--since", "2999-01-01T00:00"], []),
    ],
)
def test_the_trail_is_filtered(vorzimmer: Vorzimmer, arguments: list[str], found: list[str]) -> None:
    """By client, by who, by kind, by time, and cut."""
    lines = vorzimmer("audit", "--json", *arguments).output.splitlines()
    assert [json.loads(line)["what"] for line in lines] == found

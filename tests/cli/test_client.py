"""`vorzimmer client`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import Result

from tests.cli.conftest import Vorzimmer
from tests.cli.test_user import BOOK
from vorzimmer.core.login import PIN_DIGITS
from vorzimmer.web.passwords import HASHER


@pytest.fixture
def client(vorzimmer: Vorzimmer, tmp_path: Path) -> Callable[..., Result]:
    """Run `vorzimmer client …` in a house with a client."""
    (tmp_path / "book.toml").write_text(BOOK)
    assert vorzimmer("import", tmp_path / "book.toml").exit_code == 0

    def command(*arguments: object) -> Result:
        result: Result = vorzimmer("client", *arguments)
        assert "Traceback" not in result.output
        return result

    return command


def rows(dsn: str, sql: str) -> list[Any]:
    """Rows of the database."""

    async def fetch() -> list[Any]:
        conn = await asyncpg.connect(dsn)
        try:
            return list(await conn.fetch(sql))
        finally:
            await conn.close()

    return asyncio.run(fetch())


def test_a_pin_is_shown_once_and_kept_as_a_hash(client: Callable[..., Result], dsn: str) -> None:
    """Made, never chosen; a second one takes its place; taken away it is gone; each is noted without the PIN."""
    shown = [client("pin", "mueller").stdout.split() for _ in range(2)]
    assert [code for code, _ in shown] == ["1001", "1001"]
    assert all(len(pin) == PIN_DIGITS and pin.isdecimal() for _, pin in shown)
    (kept,) = rows(dsn, "SELECT hash, set_by FROM client_pin")
    assert HASHER.verify(kept["hash"], shown[1][1])
    assert kept["set_by"].startswith("cli:")
    assert client("pin", "mueller", "--remove").stdout == "the PIN is gone\n"
    assert rows(dsn, "SELECT FROM client_pin") == []
    noted = rows(dsn, "SELECT what, after FROM audit WHERE what LIKE 'pin.%' ORDER BY id")
    assert [tuple(row) for row in noted] == [("pin.set", None), ("pin.set", None), ("pin.remove", None)]


def test_the_codes_that_agents_key_in(client: Callable[..., Result]) -> None:
    """The client's own first, then those of its announcements."""
    lines = client("codes", "mueller").stdout.splitlines()
    assert lines[:3] == ["1001  mueller", "   1  greeting", "   2  closed"]


@pytest.mark.parametrize("command", [("pin", "nobody"), ("pin", "nobody", "--remove"), ("codes", "nobody")])
def test_a_client_that_does_not_exist(client: Callable[..., Result], command: tuple[str, ...]) -> None:
    """One sentence, and exit code 1."""
    result = client(*command)
    assert result.exit_code == 1
    assert "there is no client 'nobody'" in result.output


def test_a_client_that_comes_back_has_its_code_again(
    client: Callable[..., Result], vorzimmer: Vorzimmer, tmp_path: Path, dsn: str
) -> None:
    """A code is never another client's, nor changed by an import; a PIN goes with the client."""
    client("pin", "mueller")
    other = BOOK.replace("mueller", "baecker").replace("089 123456", "089 654321")
    for text in (other, BOOK, BOOK.replace("Kanzlei", "Büro")):
        (tmp_path / "book.toml").write_text(text)
        assert vorzimmer("import", tmp_path / "book.toml", "--prune").exit_code == 0
    assert client("codes", "mueller").stdout.startswith("1001  mueller\n")
    assert [tuple(row) for row in rows(dsn, "SELECT * FROM client_code ORDER BY code")][1][0] == "baecker"
    assert rows(dsn, "SELECT FROM client_pin") == []

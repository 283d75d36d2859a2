"""`vorzimmer verify`, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
import pytest

from tests.cli.conftest import Vorzimmer
from tests.store.sealing import put_call, put_charge, put_statement, tamper
from vorzimmer.store.seals import head, seal_new

On = Callable[[Callable[[Any], Awaitable[Any]]], Any]


@pytest.fixture
def on(dsn: str) -> On:
    """Do something on a connection to the database."""

    async def connected(work: Callable[[Any], Awaitable[Any]]) -> Any:
        conn = await asyncpg.connect(dsn)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return lambda work: asyncio.run(connected(work))


async def sealed_house(conn: Any) -> str:
    """A call and its charge, sealed, and another that waits; the head."""
    await put_call(conn, "c1")
    await put_charge(conn, "c1")
    await seal_new(conn)
    await put_charge(conn, "c1", turn=1)
    return (await head(conn)).hex()


def test_all_is_whole(vorzimmer: Vorzimmer, on: On) -> None:
    """It says how much that was, what waits, how fast it went, and the head; one from paper may have blanks in it."""
    printed = on(sealed_house)
    done = vorzimmer("verify", "--head", f"{printed[:32]} {printed[32:]}".upper())
    assert done.exit_code == 0
    first, waiting, last = done.stdout.splitlines()
    assert first.startswith("ok     1 calls and 1 charges in 2 seals are as they were sealed (")
    assert first.endswith(" rows/s)")
    assert (waiting, last) == ("not sealed yet: 0 calls and 1 charges", f"head {printed}")
    told = orjson.loads(vorzimmer("verify", "--json").stdout)
    assert {name: told[name] for name in ("whole", "found", "seals", "rows", "not_sealed", "head")} == {
        "whole": True,
        "found": None,
        "seals": 2,
        "rows": {"cdr": 1, "charge": 1},
        "not_sealed": {"cdr": 0, "charge": 1},
        "head": printed,
    }


def test_the_first_wrong_row_is_named(vorzimmer: Vorzimmer, on: On) -> None:
    """And the command fails."""
    on(sealed_house)
    on(lambda conn: tamper(conn, "UPDATE charge SET sixtieths = 6"))
    done = vorzimmer("verify")
    assert done.exit_code == 1
    wrong, until = done.stdout.splitlines()
    assert wrong == "WRONG  seal 2: the charge of call c1, turn 0, position talk is changed"
    assert until.startswith("until then 1 calls and 0 charges in 2 seals were compared (")
    told = orjson.loads(vorzimmer("verify", "--json").stdout)
    assert (told["whole"], told["found"]["what"], told["found"]["key"]) == (False, "changed", "c1\x1f0\x1ftalk")


def test_a_head_that_is_in_no_chain_is_named(vorzimmer: Vorzimmer, on: On) -> None:
    """On a statement, or given by hand, behind `verify` as statements say."""
    on(sealed_house)
    for given in (("--head", "ab" * 32), ("ab" * 32,), ("abab " * 16).split()):
        done = vorzimmer("verify", *given)
        assert done.exit_code == 1
        assert "WRONG  the head that was given is none of the chain's 2 seals" in done.stdout
    on(lambda conn: put_statement(conn, "mueller", bytes(31) + b"1"))
    done = vorzimmer("verify")
    assert done.exit_code == 1
    assert "WRONG  the head on the statement of mueller, 2026-03, is none of the chain's 2 seals" in done.stdout


@pytest.mark.parametrize("head", ["", "ab", "xy" * 32, "ab" * 33])
def test_what_is_no_head_is_refused(vorzimmer: Vorzimmer, head: str) -> None:
    """Before anything is compared."""
    done = vorzimmer("verify", "--head", head)
    assert done.exit_code == 2
    assert "64 digits from 0 to f" in done.stderr

"""`vorzimmer number`: the stock at the command line, and a check of a client's own number."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from tests.store.books import book
from vorzimmer.control.client import Unreachable
from vorzimmer.numbers import checking
from vorzimmer.store import forwarding_checks
from vorzimmer.store.book import save_book
from vorzimmer.store.forwarding_checks import Check

DID, OWN = "+4989123456", "+498977766"


@pytest.fixture
def clients(dsn: str) -> None:
    """Two clients, one with an own number."""

    async def save() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            own = [{"number": OWN, "did": DID}]
            await save_book(
                conn,
                book({"id": "mueller", "dids": [DID], "own_numbers": own}, {"id": "meier", "dids": ["+4930987654"]}),
            )
        finally:
            await conn.close()

    asyncio.run(save())


def kept(dsn: str) -> list[Check]:
    """The checks in the database."""

    async def read() -> list[Check]:
        conn = await asyncpg.connect(dsn)
        try:
            return await forwarding_checks.of_client(conn, "mueller")
        finally:
            await conn.close()

    return asyncio.run(read())


@pytest.mark.usefixtures("clients")
def test_a_number_goes_its_way(vorzimmer: Vorzimmer) -> None:
    """A block is added, one number of it reserved, assigned, released, and each step is said in a line."""
    assert vorzimmer("number", "add", "089 55501", "089 55504", "--note", "block A").output == "4 added\n"
    for arguments, said in (
        (
            ("reserve", "+498955501", "--client", "mueller", "--until", "2099-01-01"),
            "reserved, mueller until 2099-01-01",
        ),
        (("assign", "089 55501", "--client", "mueller"), "with client, mueller"),
        (("release", "+498955501"), "cooling, mueller until "),
        (("release", "+498955501", "--at-once"), "free"),
        (("port", "+498955501", "--out"), "ported"),
        (("port", "+498955501", "--in", "--client", "meier"), "reserved, meier"),
    ):
        result = vorzimmer("number", *arguments)
        assert (result.exit_code, result.output.startswith(f"+498955501: {said}")) == (0, True), result.output
    rows = [json.loads(line) for line in vorzimmer("number", "list", "--state", "free", "--json").output.splitlines()]
    assert [(row["number"], row["note"]) for row in rows] == [(f"+49895550{n}", "block A") for n in (2, 3, 4)]
    assert "reserved" in vorzimmer("number", "list").output


@pytest.mark.usefixtures("clients")
def test_what_cannot_be_done_is_said(vorzimmer: Vorzimmer) -> None:
    """A sentence and an exit code; 2 for what was written wrong."""
    vorzimmer("number", "add", "+498955501")
    for arguments, code, said in (
        (("add", "+498955501"), 1, "in the stock already"),
        (("add", "+498955501", "+498955500"), 2, "are added at once"),
        (("add", "no number"), 2, "is not a telephone number"),
        (("assign", "+498955502", "--client", "mueller"), 1, "is not in the stock; add it first"),
        (("assign", "+498955501", "--client", "nobody"), 1, "there is no client 'nobody'"),
        (("release", "+498955501"), 1, "is free already"),
        (("check", "+4989999"), 1, "is not among any client's own_numbers"),
        (("check", OWN), 1, "the calls process is not running"),
    ):
        result = vorzimmer("number", *arguments)
        assert (result.exit_code, said in result.output) == (code, True), result.output


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize(("verdict", "code"), [("forwarded", 0), ("loop", 1), ("not_checked", 1)])
def test_a_check_is_shown_and_kept(
    vorzimmer: Vorzimmer, dsn: str, monkeypatch: pytest.MonkeyPatch, verdict: str, code: int
) -> None:
    """The verdict and its reason in a line; the exit code tells a script whether all is well."""

    async def ask(_: Any, client: str, number: str, at: datetime, *, actor: str) -> Check:
        found = {"client": client, "number": number, "did": DID, "verdict": verdict, "reason": "so it is"}
        return forwarding_checks.read({**found, "seen": [], "seconds": 1}, at, actor=actor)

    monkeypatch.setattr(checking, "ask", ask)
    result = vorzimmer("number", "check", "089 77766")
    assert (result.exit_code, result.output) == (code, f"{verdict.replace('_', ' ')}: so it is\n")
    (check,) = kept(dsn)
    assert (check.client, check.number, check.verdict, check.opening) == ("mueller", OWN, verdict, None)
    assert check.actor.startswith("cli:")
    assert datetime.now(UTC) >= check.at


@pytest.mark.usefixtures("clients")
def test_a_check_that_is_lost_is_not_kept(vorzimmer: Vorzimmer, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what came of it: no verdict is made up."""

    async def ask(*_: Any, **__: Any) -> Check:
        raise Unreachable("the calls process has closed the connection")

    monkeypatch.setattr(checking, "ask", ask)
    result = vorzimmer("number", "check", OWN, "--client", "mueller")
    assert (result.exit_code, "has closed the connection" in result.output) == (1, True)
    assert kept(dsn) == []

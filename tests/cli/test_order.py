"""`vorzimmer order`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from click.testing import Result

from tests.cli.conftest import Vorzimmer
from tests.orders.house import BOSS, SETTING_UP, save_client, setup
from vorzimmer.store import orders

Run = Callable[..., Result]


@pytest.fixture
def order(vorzimmer: Vorzimmer, dsn: str) -> Run:
    """Run `vorzimmer order …` in a house with a client who has ordered a professional announcement and a number."""

    async def fill() -> None:
        conn = await asyncpg.connect(dsn)
        await save_client(conn)
        await orders.place(conn, setup(), SETTING_UP, actor=BOSS, request=uuid4())
        await conn.close()

    asyncio.run(fill())

    def command(*arguments: object) -> Result:
        result: Result = vorzimmer("order", *arguments)
        assert "Traceback" not in result.output
        return result

    return command


def lines(result: Result) -> list[Any]:
    """What was printed as JSON."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_an_order_is_brought_on_to_its_fees(order: Run) -> None:
    """Listed, shown, asked, answered, done step by step; the fees follow, and a step done twice is told."""
    assert "own-number" in order("list").stdout
    assert "3. Check technically whether the number can be configured here: it" in order("show", 1).stdout
    assert "? Geht das?" in order("ask", 1, 3, "Geht das?", "--of", "it").stdout
    assert "= Ja. (cli:" in order("answer", 1, 3, "Ja.").stdout
    for step in (1, 2, 3, 4):
        assert order("done", 1, step).exit_code == 0
    again = order("done", 1, 4)
    assert (again.exit_code, again.stderr.startswith("step 4 is done already: by cli:")) == (1, True)
    assert order("list").stdout.startswith("no open orders")
    [closed] = lines(order("list", "--all", "--json"))
    assert (closed["state"], len(closed["steps"])) == ("done", 4)
    charged = lines(order("charges", "--client", "mueller", "--json"))
    assert [(one["option"], one["net"]) for one in charged] == [
        ("extension-professional", "249.00"),
        ("own-number", "99.00"),
    ]
    assert "249.00 EUR" in order("charges").stdout


def test_a_link_is_mailed(order: Run) -> None:
    """The link is printed too, for whoever is on the telephone with the client."""
    sent = order("link", "mueller")
    assert sent.exit_code == 0
    assert sent.stdout.startswith("http://localhost:8080/#order=")
    assert "to kanzlei@example.org, until " in sent.stderr


def test_a_change_order(order: Run) -> None:
    """A change of agent on behalf of the client; the same wish twice is told."""
    assert order("change", "mueller", "agent", "Bitte Frau Weber.").stdout.startswith("order 2: Change of agent")
    assert order("change", "mueller", "agent", "Bitte Frau Weber.").stderr.startswith("order 2 of ")
    assert order("drop", 2, 1).stdout.startswith("order 2: Kanzlei Müller (mueller), change, cancelled")
    assert order("cancel", 1).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", 7), "there is no order 7"),
        (("done", 1, 9), "order 1 has no step 9"),
        (("link", "nobody"), "there is no client 'nobody'"),
        (("link", "mueller", "--to", "x"), "--to: value is not a valid email address"),
        (("change", "mueller", "colour", "red"), "change: there is no such change here (there is: agent, wish)"),
        (("ask", 1, 1, "Wer?", "--of", "boss"), "--of: 'boss' is nobody"),
        (("answer", 1, 2, "Ja."), "step 2 has not begun"),
        (("answer", 1, 1, " "), "text: an answer says something"),
    ],
)
def test_a_slip_of_the_pen_is_told(order: Run, arguments: tuple[object, ...], told: str) -> None:
    """A sentence on stderr, and nothing was done."""
    result = order(*arguments)
    assert result.exit_code != 0
    assert result.stderr.startswith(told)


def test_the_shipped_prices_are_a_list_to_begin_from(order: Run, vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """What is printed is taken as a list of one's own; `check` names what is wrong in it."""
    own = tmp_path / "prices.toml"
    own.write_text(order("prices").stdout)
    settings = tmp_path / "vorzimmer.toml"
    settings.write_text(settings.read_text() + f'[setup]\nprice_list = "{own}"\n')
    assert order("change", "mueller", "wish", "Mehr.").exit_code == 0
    own.write_text("option = 1")
    refused = order("change", "mueller", "wish", "Noch mehr.")
    assert (refused.exit_code, refused.stderr.startswith(f"{own}: option: Input should be")) == (2, True)
    assert f"{own}: option: Input should be" in vorzimmer("check").output

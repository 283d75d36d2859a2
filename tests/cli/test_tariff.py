"""`vorzimmer tariff`, `contract` and `work`."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from vorzimmer.core.account import BillingBook

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/tariffs.example.toml"

CLIENT = """
[[client]]
id = "mueller"
name = "Kanzlei Müller"
hours = { mon-fri = ["08:00-18:00"] }
dids = ["+498912345"]
open.chain = [{ to = "machine" }]
"""

CONTRACT = """
[[contract]]
client = "mueller"
tariff = "each-call"
since = 2026-03-01

[[account]]
client = "mueller"
name = "Kanzlei Müller"
"""

TARIFF = """
[[tariff]]
id = "own"
name = "Own"
since = 2026-01-01
[[tariff.positions]]
kind = "calls"
id = "calls"
name = "Calls"
"""


TERMS = """terms = [{ months = 12, percent = "60" }]
prepayments = [{ months = 12, percent = "60" }]
[[tariff."""

WORK = TARIFF.replace('"calls"', '"work"') + 'rate = "38"\n'


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """A file with this content."""

    def write(text: str) -> Path:
        file = tmp_path / "billing.toml"
        file.write_text(text)
        return file

    return write


@pytest.fixture
def house(vorzimmer: Vorzimmer, tmp_path: Path) -> Vorzimmer:
    """A client, the example tariffs, and its contract."""
    book = tmp_path / "book.toml"
    book.write_text(CLIENT)
    assert vorzimmer("import", book).exit_code == 0
    assert vorzimmer("tariff", "import", EXAMPLES).exit_code == 0
    file = tmp_path / "contract.toml"
    file.write_text(CONTRACT)
    assert vorzimmer("tariff", "import", file).exit_code == 0
    return vorzimmer


def test_what_is_imported_is_listed_and_shown(house: Vorzimmer) -> None:
    """A second import changes nothing; what `show` prints is a file that means the same."""
    again = house("tariff", "import", EXAMPLES)
    assert "tariffs: 0 new or different, 11 as they were" in again.output
    assert "us-minutes" in house("tariff", "list").output
    shown = BillingBook.model_validate(tomllib.loads(house("tariff", "show", "call-centre").output))
    [given] = [
        one for one in BillingBook.model_validate(tomllib.loads(EXAMPLES.read_text())).tariff if one.id == "call-centre"
    ]
    assert shown.tariff == (given,)
    assert house("tariff", "show", "none").exit_code == 1
    assert "each-call" in house("contract", "list", "mueller").output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            TARIFF + 'price = "-1"',
            "tariff[own].positions[0].price: Input should be greater than or equal to 0, not '-1'",
        ),
        (TARIFF + 'price = "1,20"', "positions[0].price: Input should be a valid decimal, not '1,20'"),
        (TARIFF + 'price = "1"\nphases = ["talk", "talk"]', "phases: phase 'talk' stands twice"),
        (TARIFF + 'price = "1"\ncaps = { hold = 60 }', "there is a cap for 'hold', which does not count"),
        (TARIFF + 'price = "1"\nwhen = { of = ["failed"] }', "calls that end as 'failed' are never billed"),
        (TARIFF.replace("[[tariff.", 'currency = "EURO"\n[[tariff.') + 'price = "1"', "'EURO' is no currency"),
        (
            TARIFF.replace("[[tariff.", TERMS) + 'price = "1"',
            "tariff own: terms and prepayments together give a discount of 120 %",
        ),
        (
            WORK + 'factors = { germany = "9", eu = "0.3" }',
            "factors.germany: Input should be less than or equal to 1, not",
        ),
        (WORK + 'factors = { germany = "0.2" }', "the factor of 'eu' is missing"),
        (
            TARIFF.replace("2026-01-01", "0206-01-01") + 'price = "1"',
            "since: Input should be greater than or equal to 2000",
        ),
        (CONTRACT + 'country = "Germany"', "account[mueller].country: String should match pattern '^[A-Z]{2}$', not"),
        (TARIFF + 'price = "1"\nphases = ["talk", "sleep"]', "there is no phase 'sleep' (allowed: ring, announcement"),
        (TARIFF + 'tiers = [{ up_to = 10, price = "1" }]', "tiers have a gap: above 10 there is no price"),
        (
            TARIFF + 'tiers = [{ up_to = 10, price = "1" }, { up_to = 5, price = "2" }, { price = "3" }]',
            "tiers overlap: one ends at 10, the next one at 5",
        ),
        (TARIFF + 'price = "1"' + TARIFF + 'price = "2"', "tariff own has two versions from 2026-01-01"),
        (TARIFF + 'price = "1"\ncolour = "red"', "tariff[own].positions[0].colour: unknown key (allowed: "),
        (CONTRACT + CONTRACT.partition("[[account]]")[0], "two contracts of mueller hold on 2026-03-01"),
        (CONTRACT.replace("each-call", "gold"), "contract of mueller: there is no tariff 'gold'"),
        (CONTRACT.replace("mueller", "meier"), "account of meier: there is no such client"),
        (
            CONTRACT.replace("[[account]]", 'options = ["machin"]\n[[account]]'),
            "tariff 'each-call' has no option 'machin'",
        ),
        (
            CONTRACT.replace("each-call", "tiers").replace("[[account]]", "trial = true\n[[account]]"),
            "contract of mueller: tariff 'tiers' has no trial days",
        ),
        (CONTRACT.replace("2026-03-01", "2025-03-01"), "tariff 'each-call' holds from 2026-01-01 on"),
        ("[[tariff", "is no TOML"),
    ],
    ids=lambda value: value[:40] if " " in value and "\n" not in value else "",
)
def test_what_cannot_be_is_told_and_changes_nothing(
    house: Vorzimmer, written: Callable[[str], Path], text: str, said: str
) -> None:
    """Each mistake by its place and a sentence; nothing of the file is taken."""
    before = house("tariff", "list").output
    found = house("tariff", "import", written(text))
    assert (found.exit_code, said in found.output, "nothing was changed" in found.output) == (1, True, True)
    assert house("tariff", "list").output == before


def test_a_tariff_that_was_billed_by_does_not_change(
    house: Vorzimmer, written: Callable[[str], Path], dsn: str
) -> None:
    """A closed month keeps the prices it was billed by; a later version, and leaving the offer, are welcome."""
    priced = written(TARIFF + 'price = "1"')
    assert house("tariff", "import", priced).exit_code == 0
    _execute(
        dsn,
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        """ VALUES ('mueller', '2026-03-01', 'EUR', 0, '{"versions": [["own", "2026-01-01"]]}', $1, 'test')""",
        bytes(32),
    )
    found = house("tariff", "import", written(TARIFF + 'price = "2"'))
    assert (found.exit_code, "months are billed by it, add a version of a later day" in found.output) == (1, True)
    within = house("tariff", "import", written(TARIFF.replace("2026-01-01", "2026-03-20") + 'price = "2"'))
    assert "tariff own from 2026-03-20: 2026-03 is closed by the one before" in within.output
    later = TARIFF.replace("2026-01-01", "2026-04-01") + 'price = "2"'
    assert house("tariff", "import", written(later)).exit_code == 0
    for offered, changed in (("true", 0), ("false", 1)):
        told = TARIFF.replace("[[tariff.", f"offered = {offered}\n[[tariff.") + 'price = "1.00"'
        assert f"tariffs: {changed} new or different" in house("tariff", "import", written(told)).output


def test_a_contract_does_not_change_what_is_closed(house: Vorzimmer, written: Callable[[str], Path], dsn: str) -> None:
    """Neither by other terms, nor by a new one, nor by an end in it; from the next month on all of it is welcome."""
    _execute(
        dsn,
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ('mueller', '2026-04-01', 'EUR', 0, '{}', $1, 'test')",
        bytes(32),
    )
    held = CONTRACT.partition("[[account]]")[0]
    more = held.replace("2026-03-01", "2026-04-20")
    for wrong in (
        held.replace("each-call", "flat"),
        held + "until = 2026-04-19\n",
        held + "until = 2026-04-19\n" + more,
    ):
        found = house("tariff", "import", written(wrong))
        assert (found.exit_code, "2026-04 is closed already, what is new begins on 2026-05-01" in found.output) == (
            1,
            True,
        )
    ended = held + "until = 2026-05-31\n"
    for right in (held, ended, ended + held.replace("2026-03-01", "2026-06-01").replace("each-call", "flat")):
        assert house("tariff", "import", written(right)).exit_code == 0
    assert house("contract", "list", "mueller").output.count("mueller") == 2


def test_a_contract_ends(house: Vorzimmer, dsn: str) -> None:
    """With the day that is named; a day without a contract, or in a closed month, is told."""
    assert "each-call ends on 2026-06-30" in house("contract", "end", "mueller", "2026-06-30").output
    assert "2026-06-30" in house("contract", "list").output
    assert "no contract of mueller holds on 2026-07-01" in house("contract", "end", "mueller", "2026-07-01").output
    _execute(
        dsn,
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ('mueller', '2026-04-01', 'EUR', 0, '{}', $1, 'test')",
        bytes(32),
    )
    assert "2026-04 of mueller is closed already" in house("contract", "end", "mueller", "2026-04-10").output


def test_work_is_written_down(house: Vorzimmer, tmp_path: Path) -> None:
    """Minutes and talk of each hour; what is no hour is refused, and so is work that would be on no bill."""
    refused = house("work", "add", "mueller", "Umfrage", "60", "--day", "2026-03-04")
    assert "tariff each-call, which holds for mueller on 2026-03-04, has no position for work" in refused.output
    refused = house("work", "add", "mueller", "Umfrage", "60", "--day", "2026-02-28")
    assert "no contract of mueller holds on 2026-02-28" in refused.output
    file = tmp_path / "hourly.toml"
    file.write_text(CONTRACT.replace("each-call", "assistant"))
    assert house("tariff", "import", file).exit_code == 0
    added = house("work", "add", "mueller", "Umfrage", "60/12", "25", "--day", "2026-03-04", "--region", "eu")
    assert "mueller: 85 minutes of work, 12 of talk on 2026-03-04" in added.output
    listed = house("work", "list", "mueller", "2026-03").output
    assert all(one in listed for one in ("2026-03-04", "Umfrage", "eu", "85", "12"))
    for wrong in ("61", "30/40", "x", "-1", "nan"):
        assert house("work", "add", "mueller", "Umfrage", "--", wrong).exit_code == 2
    assert "there is no client 'meier'" in house("work", "add", "meier", "Umfrage", "60").output


def test_work_is_taken_back_while_its_month_is_open(house: Vorzimmer, tmp_path: Path, dsn: str) -> None:
    """A slip is no reason for a credit note; what is on a statement stays, and so does another client's work."""
    file = tmp_path / "hourly.toml"
    file.write_text(CONTRACT.replace("each-call", "assistant"))
    assert house("tariff", "import", file).exit_code == 0
    for day in ("2026-03-04", "2026-04-04"):
        assert house("work", "add", "mueller", "Umfrage", "60", "--day", day).exit_code == 0
    early, late = (house("work", "list", "mueller", month).output.split()[-1] for month in ("2026-03", "2026-04"))
    _execute(
        dsn,
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ('mueller', '2026-03-01', 'EUR', 0, '{}', $1, 'test')",
        bytes(32),
    )
    for client, work in (("mueller", early), ("meier", late)):
        assert f"'{client}' has no such work, or it is on a statement" in house("work", "remove", client, work).output
    assert "the work on 2026-04-04 is taken back" in house("work", "remove", "mueller", late).output
    assert early in house("work", "list", "mueller", "2026-03").output
    assert late not in house("work", "list", "mueller", "2026-04").output


def test_a_stored_tariff_that_nobody_understands_is_told(house: Vorzimmer, dsn: str) -> None:
    """In a sentence, not in a trace of the program."""
    _execute(dsn, """UPDATE tariff SET data = data || '{"minimum": "-1"}' WHERE id = $1""", "flat")
    told = house("tariff", "list")
    assert "a tariff that this version does not understand: minimum: Input should be greater" in told.output
    assert told.exit_code == 1


def _execute(dsn: str, sql: str, *args: object) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            await conn.execute(sql, *args)
        finally:
            await conn.close()

    asyncio.run(run())

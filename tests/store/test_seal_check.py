"""What a superuser does to calls, charges and seals is found and named, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.store.sealing import put_call, put_charge, put_statement, seal_anew, tamper, without_call
from vorzimmer.core.charge_row import Row
from vorzimmer.core.seal import GENESIS, Found, What
from vorzimmer.store import erasure, seal_check
from vorzimmer.store.seal_check import verify
from vorzimmer.store.seals import head, seal_new

DOCUMENT = Path(__file__).parents[2] / "docs" / "seal.md"


@pytest.fixture
async def house(conn: Any) -> Any:
    """Three rounds of a call and its charge: seals 1 to 6; statements under the heads of the second and the third."""
    await put_statement(conn, "early", GENESIS)
    for number in (1, 2, 3):
        await put_call(conn, f"c{number}")
        await put_charge(conn, f"c{number}")
        await seal_new(conn)
        if number > 1:
            await put_statement(conn, f"client{number}", await head(conn))
    return conn


async def test_a_house_that_nobody_touched_is_whole(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is counted, also what is in no seal yet, and whoever waits is told how far it is."""
    monkeypatch.setattr(seal_check, "CHUNK", 2)
    told: list[tuple[int, int]] = []
    await put_charge(house, "c9")
    checked = await verify(house, await head(house), lambda done, total: told.append((done, total)))
    assert (checked.found, checked.seals, checked.head) == (None, 6, await head(house))
    assert checked.rows == {"cdr": 3, "charge": 3}
    assert checked.loose == {"cdr": 0, "charge": 1}
    assert told == [(2, 6), (4, 6), (6, 6), (6, 6)]


async def test_an_empty_house_is_whole(conn: Any) -> None:
    """Before the first seal, and with a statement from before it."""
    await put_statement(conn, "early", GENESIS)
    assert await verify(conn) == seal_check.Checked(head=GENESIS)


@pytest.mark.parametrize(
    ("what", "number", "source", "statement"),
    [
        (What.CHANGED, 4, "charge", "UPDATE charge SET sixtieths = 60 WHERE call_id = 'c2'"),
        (What.CHANGED, 4, "charge", "UPDATE charge SET marks = 'trial' WHERE call_id = 'c2'"),
        (What.CHANGED, 4, "charge", "UPDATE charge SET digest = sha256('') WHERE call_id = 'c2'"),
        (What.MISSING, 4, "charge", "DELETE FROM charge WHERE call_id = 'c2'"),
        (What.MISSING, 4, "charge", "UPDATE charge SET turn = 2 WHERE call_id = 'c2'"),
        (What.CHANGED, 3, "cdr", "UPDATE cdr SET talk = talk + 1 WHERE call_id IN ('c2', 'c3')"),
        (What.CHANGED, 3, "cdr", "UPDATE cdr SET caller_mac = NULL WHERE call_id = 'c2'"),
        (What.CHANGED, 3, "cdr", "UPDATE cdr_person SET caller = '+4930999' WHERE call_id = 'c2'"),
        (What.MISSING, 3, "cdr", without_call("c2")),
    ],
)
async def test_a_row_is_named(house: Any, what: What, number: int, source: str, statement: str) -> None:
    """The first one that is not as it was, however its digest was made to fit."""
    await tamper(house, statement)
    key = "c2" if source == "cdr" else "c2\x1f0\x1ftalk"
    assert (await verify(house)).found == Found(what, number, source, key)


async def test_a_change_whose_digest_fits_breaks_nothing_less(house: Any) -> None:
    """The amount and the row's digest are changed together: it is not what was sealed."""
    await put_charge(house, "forged", amount="1")
    await tamper(
        house,
        "UPDATE charge SET call_id = 'c2', turn = 5, digest = (SELECT digest FROM charge WHERE call_id = 'c1')"
        " WHERE call_id = 'forged'",
        "DELETE FROM charge WHERE call_id = 'c2' AND turn = 0",
        "UPDATE charge SET turn = 0 WHERE call_id = 'c2'",
    )
    assert (await verify(house)).found == Found(What.CHANGED, 4, "charge", "c2\x1f0\x1ftalk")


@pytest.mark.parametrize(
    ("found", "statement"),
    [
        (Found(What.GAP, 3), "DELETE FROM seal WHERE number = 3"),
        (Found(What.GAP, 1), "DELETE FROM seal WHERE number = 1"),
        (Found(What.BROKEN, 3), "UPDATE seal SET digests = sha256('') WHERE number = 3"),
        (Found(What.BROKEN, 4), "UPDATE seal SET seal = sha256('') WHERE number = 4"),
        (Found(What.BROKEN, 4), "UPDATE seal SET at = at - interval '1 day' WHERE number = 4"),
        (Found(What.MISSING, 4, "charge", "c9"), "UPDATE seal SET keys = '{c9}' WHERE number = 4"),
        (Found(What.MISSING, 4, "charge", "c\x1fx\x1f"), r"UPDATE seal SET keys[1] = E'c\x1fx\x1f' WHERE number = 4"),
    ],
)
async def test_a_seal_is_named(house: Any, found: Found, statement: str) -> None:
    """The first one that is gone, or does not fit."""
    await tamper(house, statement)
    assert (await verify(house)).found == found


async def test_a_cut_tail_shows_by_the_statement(house: Any) -> None:
    """The last seals and their rows are gone, and what the sealer remembers was made to fit."""
    await tamper(
        house,
        "DELETE FROM charge WHERE call_id = 'c3'",
        without_call("c3"),
        "DELETE FROM seal WHERE number > 4",
    )
    await tamper(house, "UPDATE sealing SET number = 4, head = (SELECT seal FROM seal WHERE number = 4)")
    found = (await verify(house)).found
    assert found == Found(What.HEAD, 4, whose="on the statement of client3, 2026-03,")
    await tamper(house, "DELETE FROM statement WHERE client = 'client3'")
    assert (await verify(house)).found is None  # nothing bears that head any more, but paper does


async def test_a_cut_tail_shows_by_what_the_sealer_remembers(house: Any) -> None:
    """Whoever forgets that is found without any statement."""
    await tamper(house, "DELETE FROM seal WHERE number > 4", "TRUNCATE statement")
    assert (await verify(house)).found == Found(What.HEAD, 4, whose="that the sealer left")


async def test_a_chain_written_anew_shows_by_the_first_statement(house: Any) -> None:
    """A charge is changed, and its digest and all seals are computed anew: the chain is right in itself."""
    paper = await house.fetchval("SELECT head FROM statement WHERE client = 'client2'")
    await put_charge(house, "model", amount="6")
    await tamper(
        house,
        "DELETE FROM charge WHERE call_id = 'c1'",
        "UPDATE charge SET call_id = 'c1' WHERE call_id = 'model'",
    )
    digest = Row(*(await house.fetchrow(ROW))).digest
    await tamper(house, f"UPDATE charge SET digest = '\\x{digest.hex()}' WHERE call_id = 'c1'")  # noqa: S608 - our own
    await seal_anew(house)
    assert (await verify(house)).found == Found(What.HEAD, 6, whose="on the statement of client2, 2026-03,")
    await tamper(house, "TRUNCATE statement")
    assert (await verify(house)).found is None
    assert (await verify(house, paper)).found == Found(What.HEAD, 6, whose="that was given")


ROW = """
SELECT call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths, measured, parts, marks
FROM charge WHERE call_id = 'c1'
"""


@pytest.mark.parametrize("xact", ["3", "(SELECT max(xact) FROM cdr)", "1000000000"])
async def test_a_row_put_in_between_is_named(house: Any, xact: str) -> None:
    """Past the sealer: with the number of a transaction long sealed, or of one that there has not been."""
    await put_charge(house, "c1", turn=7)
    await tamper(house, f"UPDATE charge SET xact = {xact} WHERE turn = 7")  # noqa: S608 - the test's own
    await seal_new(house)
    assert (await verify(house)).found == Found(What.ADDED, 0, "charge", "c1\x1f7\x1ftalk")


async def test_a_row_whose_seal_was_cut_off_is_named(house: Any) -> None:
    """All that remembers the last seal is made to fit, but the row is still there."""
    await tamper(house, "DELETE FROM seal WHERE number = 6", "TRUNCATE statement")
    await tamper(house, "UPDATE sealing SET number = 5, head = (SELECT seal FROM seal WHERE number = 5)")
    assert (await verify(house)).found == Found(What.ADDED, 0, "charge", "c3\x1f0\x1ftalk")


async def test_a_row_sealed_twice_is_named(house: Any) -> None:
    """It would make room for one that is in no seal."""
    await tamper(house, "UPDATE charge SET xact = pg_current_xact_id()::text::bigint WHERE call_id = 'c1'")
    assert await seal_new(house) == 1
    assert (await verify(house)).found == Found(What.TWICE, 0, "charge", "c1\x1f0\x1ftalk")


async def test_a_seal_hung_on_behind_is_named(house: Any) -> None:
    """It fits, but the sealer did not write it."""
    await put_charge(house, "c4")
    await house.execute("CREATE TEMP TABLE mark AS SELECT * FROM sealing")
    await seal_new(house)
    await house.execute("DELETE FROM sealing; INSERT INTO sealing SELECT * FROM mark")
    assert (await verify(house)).found == Found(What.FOREIGN, 7)


async def test_erasing_a_number_leaves_all_valid(house: Any) -> None:
    """The caller's numbers and names go; record and charge are what was sealed."""
    await erasure.erase_numbers(house, ["c1", "c2"], datetime.now(UTC))
    assert await house.fetchval("SELECT count(*) FROM cdr_person") == 1
    assert (await verify(house)).found is None


async def test_the_document_checks_by_hand(house: Any, tmp_path: Path) -> None:
    """What docs/seal.md says to do finds the head, and the charge that was changed."""
    text = DOCUMENT.read_text()
    await put_charge(house, "c1", turn=1, amount="1234.50")
    await seal_new(house)
    await tamper(house, "UPDATE charge SET units = 59 WHERE call_id = 'c2'")
    for query, file in re.findall(r"\\copy \((.*)\) TO '(.*)' CSV", text):
        await house.copy_from_query(query, output=tmp_path / file, format="csv")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    first, changed = done.stdout.splitlines()
    assert first == (await head(house)).hex()
    assert changed.startswith("changed, or not sealed yet: ['c2', '0', 'talk'")

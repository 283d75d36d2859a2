"""`vorzimmer announcement`, and what import and export make of approved versions."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from tests.announcements.sounds import speech, wav
from tests.cli.conftest import Vorzimmer
from vorzimmer.announcements import items
from vorzimmer.announcements.convert import ALAW, SLN16
from vorzimmer.store import announcement_queue as queue
from vorzimmer.store.announcements import Sound

BOOK = """
[[client]]
id = "mueller"
name = "Kanzlei Müller"
hours = "always"
dids = ["089 123456"]
announcements = { closed = "closed.wav" }
open = { chain = [{ to = "machine" }] }
"""

ITEM = "a" * 16


@pytest.fixture
def file(vorzimmer: Vorzimmer, tmp_path: Path) -> Path:
    """A new sound for a client that has one already."""
    (tmp_path / "mueller").mkdir()
    (tmp_path / "mueller" / "closed.wav").write_bytes(wav(speech(1.0, 8000), 8000))
    (tmp_path / "uploads").mkdir()
    (tmp_path / "clients.toml").write_text(BOOK)
    assert vorzimmer("import", tmp_path / "clients.toml").exit_code == 0
    sound = tmp_path / "Neue Ansage.wav"
    sound.write_bytes(wav(speech(1.0, 8000, seed=2), 8000))
    return sound


def convert(dsn: str, version: int, folder: Path) -> None:
    """What the worker does."""
    made = folder / "made"
    made.mkdir()
    for form in (ALAW, SLN16):
        (made / form).write_bytes(b"sound")
    original = folder / "uploads" / str(version) / "original.wav"
    items.add(folder / "library", "mueller", ITEM, original, made)

    async def store() -> None:
        conn = await asyncpg.connect(dsn)
        await queue.converted(conn, version, Sound(ITEM, Decimal(1), Decimal(-23), (1.0,), None))
        await conn.close()

    asyncio.run(store())


def test_a_version_from_the_file_to_the_callers(vorzimmer: Vorzimmer, file: Path, dsn: str) -> None:
    """Added, listed, heard by its code, approved, exported as what is heard, not overruled by an import, withdrawn."""
    folder = file.parent
    version = vorzimmer("announcement", "add", "mueller", "closed", file).stdout.strip()
    assert file.exists()
    assert "not been converted yet" in vorzimmer("announcement", "approve", "mueller", version).stderr
    convert(dsn, int(version), folder)
    assert len(vorzimmer("announcement", "play-code", "mueller", version).stdout.strip()) == 6
    assert vorzimmer("announcement", "approve", "mueller", version).exit_code == 0
    told = json.loads(vorzimmer("announcement", "list", "mueller", "--json").stdout)
    assert (told["state"], told["file_name"], told["production"]) == ("approved", "Neue Ansage.wav", "import")
    out = folder / "out"
    vorzimmer("export", "--files", out)
    assert (out / "mueller" / "closed.wav").read_bytes() == file.read_bytes()
    again = vorzimmer("import", folder / "clients.toml")
    assert "an approved version is heard instead of this file" in again.stderr
    assert (folder / "library" / "mueller" / f"{ITEM}.alaw").exists()
    assert vorzimmer("announcement", "withdraw", "mueller", version).exit_code == 0
    assert vorzimmer("import", folder / "clients.toml").stderr == ""
    assert "withdrawn" in vorzimmer("announcement", "list", "mueller").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "nobody", "closed", "FILE"), "there is no such client"),
        (("add", "mueller", "clossed", "FILE"), "did you mean 'closed'"),
        (("add", "mueller", "closed", "/nonexistent.wav"), "the file cannot be taken"),
        (("add", "mueller", "closed", "/etc/hostname"), "is no sound file by its ending"),
        (("approve", "mueller", "4711"), "no such version"),
        (("approve", "mueller", "4711", "--from", "soon"), "not a time"),
        (("list", "nobody"), "there is no such client"),
    ],
)
def test_what_is_wrong_is_one_sentence(vorzimmer: Vorzimmer, file: Path, arguments: tuple[str, ...], says: str) -> None:
    """And nothing is kept."""
    result = vorzimmer("announcement", *(file if one == "FILE" else one for one in arguments))
    assert result.exit_code != 0
    assert says in result.stderr
    assert list((file.parent / "uploads").iterdir()) == []


def test_an_order_is_cancelled(vorzimmer: Vorzimmer, file: Path) -> None:
    """Ordered with its text, seen in the list, delivered with a file or deleted."""
    ordered = vorzimmer("announcement", "order", "mueller", "greeting", "--text", "Guten Tag.").stdout.strip()
    assert "Guten Tag." in vorzimmer("announcement", "list", "mueller").stdout
    assert vorzimmer("announcement", "deliver", "mueller", ordered, file).exit_code == 0
    assert vorzimmer("announcement", "delete", "mueller", ordered).exit_code == 0
    assert "no versions" in vorzimmer("announcement", "list", "mueller").stdout

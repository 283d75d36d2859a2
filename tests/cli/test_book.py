"""`vorzimmer import`, `export` and `schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.announcements.sounds import speech, wav
from tests.cli.conftest import Vorzimmer
from vorzimmer.store.book_file import json_schema

BOOK = """
[[group]]
id = "office"
endpoints = ["anna", "ben"]

[[client]]
id = "mueller"
name = "Kanzlei Müller"
hours = { mon-fri = ["08:00-18:00"] }
dids = ["089 123456"]
mail = ["kanzlei@example.org"]
announcements = { closed = "closed.wav" }

[client.open]
chain = [{ to = "group", group = "office" }, { to = "machine" }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A book with one client and its announcement beside it."""
    folder = tmp_path / "books"
    (folder / "mueller").mkdir(parents=True)
    (folder / "mueller" / "closed.wav").write_bytes(wav(speech(1.0, 8000), 8000))
    path = folder / "clients.toml"
    path.write_text(BOOK)
    return path


def test_import_brings_clients_and_sounds(vorzimmer: Vorzimmer, file: Path, tmp_path: Path) -> None:
    """Clients are in the database, sounds in the library; the same file again changes nothing."""
    first = vorzimmer("import", file)
    assert first.exit_code == 0, first.output
    assert (
        first.stdout
        == "clients: 1 added (mueller), 0 unchanged\ngroups: 1 added (office), 0 unchanged\nagents: 0 unchanged\n"
    )
    assert (tmp_path / "library" / "mueller" / "closed.alaw").stat().st_size == 8000
    assert vorzimmer("import", file).stdout == "clients: 1 unchanged\ngroups: 1 unchanged\nagents: 0 unchanged\n"


def test_export_and_import_lose_nothing(vorzimmer: Vorzimmer, file: Path, tmp_path: Path) -> None:
    """What was exported with its sounds imports into an empty house and exports the same again."""
    vorzimmer("import", file)
    out = tmp_path / "backup"
    exported = vorzimmer("export", "--files", out)
    assert exported.exit_code == 0, exported.output
    assert (out / "mueller" / "closed.wav").read_bytes() == (file.parent / "mueller" / "closed.wav").read_bytes()
    (out / "clients.toml").write_text(exported.stdout)
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    removed = vorzimmer("import", "--prune", empty)
    assert (
        removed.stdout
        == "clients: 1 removed (mueller), 0 unchanged\ngroups: 1 removed (office), 0 unchanged\nagents: 0 unchanged\n"
    )
    assert not (tmp_path / "library" / "mueller").exists()
    assert vorzimmer("export").stdout == ""
    assert vorzimmer("import", out / "clients.toml").exit_code == 0
    assert vorzimmer("export").stdout == exported.stdout


def test_export_names_a_sound_that_is_gone(vorzimmer: Vorzimmer, file: Path, tmp_path: Path) -> None:
    """A backup that lacks a sound is told and fails, so that nobody relies on it."""
    vorzimmer("import", file)
    (tmp_path / "library" / "mueller" / "closed.alaw").unlink()
    exported = vorzimmer("export", "--files", tmp_path / "backup")
    assert exported.exit_code == 1
    assert "client mueller, announcement closed: closed.wav is not in the library" in exported.stderr
    assert "Kanzlei Müller" in exported.stdout


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[[group]]", "[[group", "is no TOML"),
        ('"08:00-18:00"', '"08:00-18:00", "17:00-19:00"', "client[mueller].hours: "),
        ('"089 123456"', '"089 123456", "+4989123456"', "stands twice"),
        ('name = "Kanzlei', 'timezone = "Mars"\nname = "Kanzlei', "client[mueller].timezone: unknown time zone 'Mars'"),
        ('name = "Kanzlei', 'colour = "red"\nname = "Kanzlei', "client[mueller].colour: unknown key (allowed: "),
        ('group = "office" }', 'group = "away" }', "there is no group 'away'"),
        ('"closed.wav"', '"gone.wav"', "client mueller, announcement closed: gone.wav cannot be read"),
        ('"closed.wav"', '"../closed.wav"', "client[mueller].announcements.closed"),
    ],
)
def test_any_mistake_changes_nothing(
    vorzimmer: Vorzimmer, file: Path, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """A wrong file is named with its key, exits with 1, and leaves database and library as they were."""
    vorzimmer("import", file)
    before = vorzimmer("export").stdout
    file.write_text(file.read_text().replace(old, new).replace("Kanzlei Müller", "Other"))
    result = vorzimmer("import", file)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{file}: ")
    assert sentence in result.stderr
    assert result.stderr.endswith("nothing was changed\n")
    assert vorzimmer("export").stdout == before
    assert (tmp_path / "library" / "mueller" / "closed.alaw").exists()


def test_broken_sound_changes_nothing(vorzimmer: Vorzimmer, file: Path) -> None:
    """A sound that cannot be played keeps its client, and all others of the file, out."""
    (file.parent / "mueller" / "closed.wav").write_bytes(b"this is no sound at all" * 100)
    result = vorzimmer("import", file)
    assert result.exit_code == 1
    assert f"{file}: client mueller, announcement closed: closed.wav" in result.stderr
    assert vorzimmer("export").stdout == ""


def test_missing_file_is_told(vorzimmer: Vorzimmer) -> None:
    """A file that is not there is a sentence."""
    result = vorzimmer("import", "/nowhere.toml")
    assert result.exit_code == 1
    assert result.stderr.startswith("/nowhere.toml: cannot be read")


def test_published_schema_is_the_programs(vorzimmer: Vorzimmer) -> None:
    """docs/book.schema.json, which editors use, is what `schema` prints; renew it by `vorzimmer schema`."""
    printed = vorzimmer("schema").stdout
    assert json.loads(printed) == json_schema()
    assert Path(__file__).parents[2].joinpath("docs/book.schema.json").read_text() == printed

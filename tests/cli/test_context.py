"""Settings at the command line: every mistake is a sentence, never a traceback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import SETTINGS, Vorzimmer
from vorzimmer.cli import context


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[ari\n", "this is not TOML"),
        (b"\xff\xfe", "this is not UTF-8"),
        (b"[ari]\npassword = 'hunter22'\n", "ami: the section is missing"),
        (b"[ari]\npasswort = 'hunter22'\n", "ari.passwort: unknown key; allowed: app, password, url, user"),
        (b"ari = 'hunter22'\n", "ari: Input should be a valid dictionary or instance of Ari"),
    ],
)
def test_wrong_file_is_told_and_exits_with_2(run: Vorzimmer, tmp_path: Path, content: bytes, sentence: str) -> None:
    """The file, the key and what is wrong are named on stderr; no value is repeated."""
    file = tmp_path / "vorzimmer.toml"
    file.write_bytes(content)
    result = run("--config", file, "calls")
    assert result.exit_code == 2
    assert f"{file}: {sentence}" in result.stderr
    assert "hunter22" not in result.output
    assert "Traceback" not in result.output


def test_missing_file_is_told(run: Vorzimmer) -> None:
    """A file that does not exist is not silently replaced by defaults."""
    result = run("--config", "/nowhere/vorzimmer.toml", "calls")
    assert result.exit_code == 2
    assert result.stderr == "/nowhere/vorzimmer.toml: no settings file at /nowhere/vorzimmer.toml\n"


def test_environment_that_is_no_json_is_told(run: Vorzimmer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A section given as broken JSON in the environment is named."""
    monkeypatch.setenv("VORZIMMER_ARI", "{hunter22")
    result = run("calls")
    assert result.exit_code == 2
    assert 'environment: error parsing value for field "ari"' in result.stderr
    assert "hunter22" not in result.output


def test_database_away_is_one_sentence(run: Vorzimmer, tmp_path: Path) -> None:
    """With the database away a command says so without the password, and exits with 1."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn="postgresql://u:hunter22@127.0.0.1:1/d", folder=tmp_path))
    result = run("--config", file, "calls")
    assert result.exit_code == 1
    assert result.stderr.startswith("the database cannot be reached (database.dsn): ")
    assert "hunter22" not in result.output


def test_times_as_people_write_them() -> None:
    """A time without offset is local to the house, across DST; with one it is kept; a date is its first instant."""
    assert context.read_time("2026-07-01T12:00", "Europe/Berlin") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert context.read_time("2026-12-24", "Europe/Berlin") == datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert context.read_time("2026-12-24T12:00+03:00", "Europe/Berlin").utcoffset() == timedelta(hours=3)
    with pytest.raises(ValueError, match="not a time: 'noon'"):
        context.read_time("noon", "Europe/Berlin")

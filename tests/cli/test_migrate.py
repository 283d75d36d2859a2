"""`vorzimmer migrate`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import SETTINGS, Vorzimmer


def test_empty_database_is_refused_then_migrated_then_left_alone(
    run: Vorzimmer, empty_dsn: str, tmp_path: Path
) -> None:
    """Other commands say to migrate; migrate names what it applied; a second run applies nothing."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=empty_dsn, folder=tmp_path))
    refused = run("--config", file, "calls")
    assert refused.exit_code == 1
    assert "run `vorzimmer migrate`" in refused.stderr
    first = run("--config", file, "migrate")
    assert first.exit_code == 0
    assert first.stdout.startswith("applied 0001_")
    second = run("--config", file, "migrate")
    assert second.stdout == "the schema is current\n"
    assert run("--config", file, "calls").stdout == "no calls\n"

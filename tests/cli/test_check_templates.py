"""`vorzimmer check` about the operator's own words."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import SETTINGS
from vorzimmer.cli.check_templates import templates
from vorzimmer.settings import Settings, load


def settings(folder: Path, more: str) -> Settings:
    """Settings with these lines besides."""
    file = folder / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn="postgresql://x", folder=folder) + more)
    return load(file)


def test_own_words_that_can_be_used_are_named(tmp_path: Path) -> None:
    """By channel and language; without any that is said."""
    assert templates(settings(tmp_path, "")).good.startswith("none")
    (tmp_path / "email.de.liquid").write_text("Anruf\nHallo {{ client }}")
    (tmp_path / "sms.en.liquid").write_text("\nCall: {{ caller }}")
    assert templates(settings(tmp_path, f'[notify]\ntemplates = "{tmp_path}"\n')).good == "email (de), sms (en)"


def test_a_wrong_file_is_told_before_the_worker_starts(tmp_path: Path) -> None:
    """With its name and the line."""
    (tmp_path / "email.de.liquid").write_text("Anruf\nHallo {{ client | nofilter }}")
    [finding] = templates(settings(tmp_path, f'[notify]\ntemplates = "{tmp_path}"\n')).findings
    assert "email.de.liquid: body: unknown filter 'nofilter' (line 1)" in finding
    [missing] = templates(settings(tmp_path, f'[notify]\ntemplates = "{tmp_path / "gone"}"\n')).findings
    assert "there is no such folder" in missing

"""systemd's units fit the program: its roles, its credentials, its folders."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vorzimmer.app import DRAIN_SECONDS, SHIP_SECONDS, Role
from vorzimmer.cli.main import app
from vorzimmer.settings import Paths, Settings

UNITS = Path(__file__).parents[1] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))


def values(unit: Path, key: str) -> list[str]:
    """Every value of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_command_is_one_that_exists(unit: Path) -> None:
    """ExecStart names a command and options of the program, and a role it has."""
    program, *arguments = shlex.split(values(unit, "ExecStart")[0])
    assert program == "/opt/vorzimmer/.venv/bin/vorzimmer"
    assert arguments[-1] in set(Role)
    assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_credentials_are_settings(unit: Path) -> None:
    """Each credential is `section.key` of the settings, and every setting without a default is among them."""
    named = {value.partition(":")[0] for value in values(unit, "LoadCredential")}
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    required = {
        f"{name}.{key}"
        for name, section in sections.items()
        for key, field in section.model_fields.items()  # type: ignore[union-attr]  # every field is a section
        if field.is_required()
    }
    assert named == required


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_stop_leaves_time_to_drain(unit: Path) -> None:
    """Systemd kills only after the daemon's own limits have passed."""
    assert float(values(unit, "TimeoutStopSec")[0]) > DRAIN_SECONDS + SHIP_SECONDS


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_unit_gives_no_more_than_is_needed(unit: Path) -> None:
    """The settings that keep a broken-into daemon harmless stay in place."""
    for key, value in (
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("User", "vorzimmer"),
        ("MemoryDenyWriteExecute", "yes"),
        ("RestrictSUIDSGID", "yes"),
    ):
        assert values(unit, key) == [value]


def test_folders_are_the_settings_defaults() -> None:
    """tmpfiles.conf makes every folder that the settings name by default; callers' data is closed to others."""
    lines = [line.split() for line in (UNITS / "tmpfiles.conf").read_text().splitlines() if line.startswith("d ")]
    modes = {Path(path): mode for _, path, mode, *_ in lines}
    defaults = Paths()
    assert {getattr(defaults, name) for name in Paths.model_fields} <= modes.keys()
    assert modes[defaults.state] == modes[defaults.recordings] == "0700"
    assert modes[defaults.library] == modes[defaults.fallback] == "0755"

"""systemd's units: they fit the program, systemd understands them, and they leave a broken-into daemon little."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.e2e.outage import VORZIMMER
from tests.systemd.unit import UNITS, last, read, words, yes
from vorzimmer.app import Role
from vorzimmer.cli.main import app
from vorzimmer.settings import Settings
from vorzimmer.settings_sections import Paths

SERVICES = sorted(UNITS.glob("*.service"))
PROGRAM = "/opt/vorzimmer/.venv/bin/vorzimmer"

LASTING = [unit for unit in SERVICES if last(read(unit), "Type") == "notify"]
"""Those that run for ever."""

MOST_EXPOSED = 2.0
"""Of the ten points that systemd gives."""

each = pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
each_lasting = pytest.mark.parametrize("unit", LASTING, ids=lambda unit: unit.stem)


@each
def test_command_is_one_that_exists(unit: Path) -> None:
    """ExecStart names a command and options of the program, and a role it has."""
    program, *arguments = shlex.split(last(read(unit), "ExecStart"))
    assert program == PROGRAM
    assert "--role" not in arguments or arguments[-1] in set(Role)
    assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


@each
def test_credentials_are_settings(unit: Path) -> None:
    """Each credential is `section.key` of the settings, and every setting without a default is among them."""
    named = {value.partition(":")[0] for value in read(unit)["LoadCredential"]}
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    required = {
        f"{name}.{key}"
        for name, section in sections.items()
        for key, field in section.model_fields.items()  # type: ignore[union-attr]  # every field is a section
        if field.is_required()
    }
    assert named == required


@each_lasting
def test_it_always_comes_back(unit: Path) -> None:
    """Whatever it dies of, however often: also a freeze, of which a stopped process can only be killed."""
    found = read(unit)
    assert (last(found, "Restart"), last(found, "StartLimitIntervalSec")) == ("always", "0")
    assert last(found, "WatchdogSignal") == "SIGKILL"
    assert 0 < int(last(found, "WatchdogSec")) <= 30


def test_a_frozen_daemon_is_killed_in_ten_seconds() -> None:
    """The promise of the role that takes the calls; and it is back before callers notice."""
    calls = read(UNITS / "vorzimmer-calls.service")
    assert (last(calls, "WatchdogSec"), last(calls, "RestartSec")) == ("10", "100ms")


def test_the_rescue_outlives_the_daemon() -> None:
    """Nothing binds it to the units that it stands in for."""
    unit = read(UNITS / "vorzimmer-rescue.service")
    bound = [word for key in ("PartOf", "BindsTo", "Requires", "After", "Wants") for word in words(unit, key)]
    assert sorted(bound) == ["asterisk.service", "vorzimmer.target"]


def test_the_target_brings_up_everything() -> None:
    """Every service that runs for ever, and every timer, is wanted by the target, ends with it, and can be enabled."""
    wanted = words(read(UNITS / "vorzimmer.target"), "Wants")
    timers = [unit.name for unit in UNITS.glob("*.timer")]
    assert sorted(wanted) == sorted([*(unit.name for unit in LASTING), *timers])
    for name in wanted:
        unit = read(UNITS / name)
        assert (last(unit, "PartOf"), last(unit, "WantedBy")) == ("vorzimmer.target", "vorzimmer.target")


@each
def test_unit_gives_no_more_than_is_needed(unit: Path) -> None:
    """The settings that keep a broken-into daemon harmless stay in place."""
    found = read(unit)
    assert (last(found, "User"), last(found, "ProtectSystem")) == ("vorzimmer", "strict")
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == [""]
    for key in (
        *("ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateMounts", "ProtectProc", "ProcSubset", "ProtectClock"),
        *("ProtectHostname", "ProtectControlGroups", "ProtectKernelLogs", "ProtectKernelModules"),
        *("ProtectKernelTunables", "NoNewPrivileges", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
        *("LockPersonality", "MemoryDenyWriteExecute", "KeyringMode", "RemoveIPC"),
    ):
        assert yes(found, key), key
    assert words(found, "RestrictAddressFamilies") == ["AF_UNIX", "AF_INET", "AF_INET6"]
    assert last(found, "SystemCallArchitectures") == "native"
    assert {"@system-service", "~@privileged"} <= set(words(found, "SystemCallFilter"))


@each
def test_systemd_finds_it_hardly_exposed(unit: Path) -> None:
    """By systemd's own reckoning of what the unit could do."""
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit], check=True, capture_output=True, text=True
    )
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert level is not None
    assert float(level.group(1)) <= MOST_EXPOSED


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    """No unknown key, no wrong value, no unit that names a missing one of ours."""
    units = [Path(shutil.copy(unit, tmp_path)) for unit in UNITS.glob("vorzimmer*") if unit.suffix]
    for unit in units:
        unit.write_text(unit.read_text().replace(PROGRAM, str(VORZIMMER)))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], check=False, capture_output=True, text=True
    )
    assert (told.stderr, told.returncode) == ("", 0)


def test_folders_are_the_settings_defaults() -> None:
    """tmpfiles.conf makes every folder that the settings name by default; callers' data is closed to others."""
    lines = [line.split() for line in (UNITS / "tmpfiles.conf").read_text().splitlines() if line.startswith("d ")]
    modes = {Path(path): mode for _, path, mode, *_ in lines}
    defaults = Paths()
    folders = {getattr(defaults, name) for name in Paths.model_fields if name not in ("cdr", "control")}
    assert folders | {defaults.cdr.parent} <= modes.keys()
    assert modes[defaults.state] == modes[defaults.recordings] == modes[defaults.uploads] == "0700"
    assert modes[defaults.library] == modes[defaults.fallback] == "0755"


def test_the_control_socket_has_a_folder() -> None:
    """The folder of the socket is made for the process that opens it, and is closed to strangers."""
    unit = read(UNITS / "vorzimmer-calls.service")
    assert Path("/run") / last(unit, "RuntimeDirectory") == Paths().control.parent
    assert last(unit, "RuntimeDirectoryMode") == "0750"

"""The command line as a whole."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.cli.conftest import Vorzimmer
from vorzimmer.cli.main import COMMANDS


def test_every_command_is_there_and_says_what_it_does(run: Vorzimmer) -> None:
    """The table of commands names functions that exist; each has a line in the help, and an own help."""
    listed = run("--help").stdout
    for name in COMMANDS:
        assert f"│ {name} " in listed
        assert f"vorzimmer {name}" in run(name, "--help").stdout


def test_an_unknown_command_is_refused(run: Vorzimmer) -> None:
    """A typing error is said, with the exit code of wrong usage."""
    result = run("nonsense")
    assert result.exit_code == 2
    assert "No such command 'nonsense'" in result.stderr


def test_rescue_loads_little() -> None:
    """What looks after calls on a machine in trouble needs no database driver, no sound library, no web pages."""
    program = """
import json, sys
from typer.testing import CliRunner
from vorzimmer.cli.main import app
CliRunner().invoke(app, ["rescue", "--help"])
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)
    loaded = set(json.loads(done.stdout))
    assert "vorzimmer.calls.rescue" in loaded
    assert not any(name.startswith(("vorzimmer.store", "vorzimmer.app")) for name in loaded)
    assert loaded.isdisjoint({"asyncpg", "av", "babel", "jinja2", "numpy", "panoramisk", "prometheus_client", "uvloop"})

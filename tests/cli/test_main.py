"""The command line as a whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.cli.conftest import Vorzimmer
from vorzimmer.cli.main import COMMANDS, about


def test_every_command_is_there_and_says_what_it_does(run: Vorzimmer) -> None:
    """The table of commands names functions that exist; each has a line in the help, and an own help."""
    listed = run("--help").stdout
    for name, place in COMMANDS.items():
        assert f"│ {name} " in listed
        told = run(name, "--help").stdout
        assert f"vorzimmer {name}" in told
        sentence = about(*place.split(":")).partition("\n")[0]
        assert sentence
        assert sentence in " ".join(re.sub("[│\\n]", " ", told).split())


def test_an_unknown_command_is_refused(run: Vorzimmer) -> None:
    """A typing error is said, with the exit code of wrong usage."""
    result = run("nonsense")
    assert result.exit_code == 2
    assert "No such command 'nonsense'" in result.stderr


def test_commands_load_little() -> None:
    """What looks after calls on a machine in trouble needs no database, sound library or pages; the list does neither.

    The commands of tariffs, work, rating and the calculator do not need what writes documents and plots.
    """
    program = """
import importlib, json, sys
from typer.testing import CliRunner
from vorzimmer.cli.main import app
assert "export-datev" in CliRunner().invoke(app, ["--help"]).stdout
CliRunner().invoke(app, ["rescue", "--help"])
print(json.dumps(sorted(sys.modules)))
for name in ("tariff", "contract", "work", "rate", "explain", "balance", "margin", "datev", "verify", "worth"):
    importlib.import_module(f"vorzimmer.cli.{name}")
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)
    loaded, for_money = (set(json.loads(line)) for line in done.stdout.splitlines())
    assert "vorzimmer.calls.rescue" in loaded
    assert not any(name.startswith(("vorzimmer.store", "vorzimmer.app")) for name in loaded)
    assert loaded.isdisjoint({"asyncpg", "av", "babel", "jinja2", "numpy", "panoramisk", "prometheus_client", "uvloop"})
    assert "vorzimmer.cli.worth" in for_money
    assert for_money.isdisjoint({"drafthorse", "fpdf", "lxml", "matplotlib", "numpy", "saxonche", "xlsxwriter"})

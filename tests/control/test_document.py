"""docs/control.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from vorzimmer.control.answering import REMEMBERED
from vorzimmer.control.commands import COMMANDS, Command
from vorzimmer.control.peer import LONGEST_LINE
from vorzimmer.control.server import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "control.md").read_text()


def test_every_command_stands_there_with_its_fields() -> None:
    """Nothing is missing, nothing is made up, and no field is forgotten."""
    rows = {
        name: set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", fields)))
        for name, fields in re.findall(r"^\| `([a-z]+(?:\.[a-z]+)?)` \|([^|]*)\| [^|]* \|$", PAGE, re.MULTILINE)
        if name != "do"  # the table's head
    }
    own = {name: kind.model_fields.keys() - Command.model_fields.keys() for name, kind in COMMANDS.items()}
    assert rows == own


def test_the_limits_are_those_of_the_code() -> None:
    """Whoever writes a client relies on these numbers."""
    limits = Limits()
    for said in (
        f"at most {LONGEST_LINE // 1024} KiB",
        f"within {REMEMBERED:g} s",
        f"on a connection ({limits.commands})",
        f"{limits.connections} connections are open",
        f"more than {limits.events} events",
    ):
        assert said in PAGE

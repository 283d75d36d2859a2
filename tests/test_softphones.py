"""The page about telephones names the keys, the settings and the ports that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from vorzimmer.core.client import Book
from vorzimmer.core.talk_codes import Code
from vorzimmer.settings_sections import Phones

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "softphones.md").read_text()
BLOCKS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_code_is_one_and_every_one_is_there() -> None:
    """An agent who dials or presses what stands there gets what stands there."""
    dialled = set(re.findall(r"(?m)^exten => (\*\d+),", (ROOT / "dialplan" / "agents.conf").read_text()))
    pressed = {f"*{code}" for code in Code}
    rows = [row.split("|")[1] for row in PAGE.splitlines() if row.startswith("| `*")]
    assert set(re.findall(r"`(\*\d+)`", "".join(rows))) == dialled | pressed


def test_the_example_can_be_imported() -> None:
    """The agent of the page is one."""
    [agent] = Book.model_validate(BLOCKS[0]).agent
    assert agent.endpoints == ("anna-desk", "anna-home")


def test_the_settings_are_those_that_there_are() -> None:
    """Every key of the section stands there, and those that have a default with it."""
    [shown] = [block["phones"] for block in BLOCKS if "phones" in block]
    assert shown.keys() == Phones.model_fields.keys()
    assert Phones.model_validate(shown)
    for key in ("file", "tcp", "tls"):
        assert shown[key] == str(Phones.model_fields[key].default)

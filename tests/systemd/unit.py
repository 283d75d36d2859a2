"""Reading a unit of systemd."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

UNITS = Path(__file__).parents[2] / "systemd"

Unit = Mapping[str, Sequence[str]]
"""Every value of each key, in order."""


def read(file: Path) -> Unit:
    """A unit's keys. The names of keys differ between its sections, so these are left out."""
    unit: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            unit.setdefault(key, []).append(value)
    return unit


def last(unit: Unit, key: str, otherwise: str = "") -> str:
    """The value of a key that counts once."""
    return unit.get(key, [otherwise])[-1]


def yes(unit: Unit, key: str) -> bool:
    """Whether a restriction is switched on."""
    return last(unit, key) in ("yes", "true", "1", "strict", "invisible", "pid", "private")


def words(unit: Unit, key: str) -> list[str]:
    """The words of all values of a key."""
    return [word for value in unit.get(key, ()) for word in shlex.split(value)]

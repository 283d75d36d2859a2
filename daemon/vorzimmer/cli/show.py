"""Output for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
import typer
from rich.console import Console

WIDTH_OF_A_PIPE = 200
"""Columns where stdout is no terminal: enough that nothing is cut for `grep`."""


def console() -> Console:
    """For tables: as wide as the terminal; values are never read as markup."""
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)


def plain(text: str) -> str:
    """Text from outside, without anything that steers a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def percent(share: Decimal | None) -> str:
    """A share of 1 for people; a dash where there is none."""
    return "-" if share is None else f"{share * 100:.1f} %"


def pairs(data: Mapping[str, Any]) -> str:
    """Names and values for a person, nothing of what is empty: `to: 0, steps: [Answer, Queue], looped: no`."""
    return ", ".join(f"{key}: {_written(value)}" for key, value in data.items() if value not in (None, "", [], {}))


def _written(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return f"({pairs(value)})"
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case _:
            return str(value)


def print_json(value: Mapping[str, Any]) -> None:
    """One object, one line; times ISO 8601, decimals as text."""
    typer.echo(orjson.dumps(value, default=str).decode())

"""Where a plot goes: the option `--plot FILE` of several commands."""

from __future__ import annotations

from pathlib import Path

import typer

from vorzimmer.cli import context

FORMS = ("svg", "png")


def plot_file(file: Path | None) -> str:
    """The form of the plot by the ending of its file; ends the command with 2 where it is neither SVG nor PNG."""
    if file is None:
        return FORMS[0]
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMS:
        context.fail(f"a plot is a file .svg or .png, not {file.name!r}", code=context.USAGE)
    return form


def write(file: Path, content: bytes) -> None:
    """Write a plot; ends the command with 1 where that cannot be."""
    try:
        file.write_bytes(content)
    except OSError as error:
        context.fail(f"{file} cannot be written: {error.strerror}")
    typer.echo(f"plot: {file}", err=True)

"""What every command needs first, and all that some need: `--config`, the settings, and how an error reaches a person.

It imports little, for the sake of commands that must be there at once.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from vorzimmer import settings as sources
from vorzimmer.settings import Settings

FAILED, USAGE = 1, 2
"""Exit codes: it was tried and did not work; it could not be tried as asked for (settings, arguments)."""


def remember(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings; else $VORZIMMER_CONFIG, else the file in /etc."),
    ] = None,
) -> None:
    """Vorzimmer: engine of a telephone answering service, on Asterisk."""
    ctx.obj = config


def settings(ctx: typer.Context) -> Settings:
    """The settings; what is wrong with them is printed, one line for each key, and ends the command with 2."""
    named: Path | None = ctx.obj
    file = sources.chosen_file(named)
    try:
        return sources.load(named)
    except ValidationError as error:
        fail(*sources.problems(error, named), code=USAGE)
    except tomllib.TOMLDecodeError as error:
        fail(f"{file}: this is not TOML: {error}", code=USAGE)
    except UnicodeDecodeError:
        fail(f"{file}: this is not UTF-8 text", code=USAGE)
    except SettingsError as error:
        fail(f"environment: {error}", code=USAGE)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", code=USAGE)


def fail(*lines: str, code: int = FAILED) -> NoReturn:
    """Print to stderr and end the command."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(code)

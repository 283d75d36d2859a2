"""`vorzimmer verify`: are all calls and charges as they were sealed?"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vorzimmer.cli import context
from vorzimmer.cli.show import plain, print_json
from vorzimmer.core.seal import DIGEST
from vorzimmer.settings import Settings
from vorzimmer.store import seal_check
from vorzimmer.store.seal_check import Checked


def verify(
    ctx: typer.Context,
    figure: Annotated[
        list[str] | None, typer.Argument(metavar="[HEX …]", help="A seal as a statement bears it; it must be there.")
    ] = None,
    head: Annotated[str | None, typer.Option("--head", metavar="HEX", help="The same.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare every call and charge with its seal, and the seals with each other and with all statements.

    Names the first row that was changed, taken away or added, and then exits with 1.
    """
    settings = context.settings(ctx)
    told = [*(figure or ()), *([] if head is None else [head])]
    given = _head(" ".join(told)) if told else None
    began = time.monotonic()
    checked = context.run(_verify(settings, given))
    seconds = time.monotonic() - began
    if json:
        print_json(_as_json(checked, seconds))
    else:
        for line in _lines(checked, seconds):
            typer.echo(plain(line))
    if checked.found is not None:
        raise typer.Exit(context.FAILED)


def _head(text: str) -> bytes:
    """A head as it is printed: 64 hexadecimal digits, in groups or not."""
    try:
        found = bytes.fromhex("".join(text.split()))
    except ValueError:
        found = b""
    if len(found) != DIGEST:
        context.fail(f"not a head: {text!r}; a statement bears 64 digits from 0 to f", code=context.USAGE)
    return found


async def _verify(settings: Settings, head: bytes | None) -> Checked:
    async with context.database(settings) as conn:
        with _bar() as progress:
            return await seal_check.verify(conn, head, progress)


@contextlib.contextmanager
def _bar() -> Iterator[seal_check.Progress]:
    """A progress bar on the terminal, if standard error is one."""
    console = Console(stderr=True)
    columns = (TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("rows", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _lines(checked: Checked, seconds: float) -> Iterator[str]:
    speed = f"{seconds:.1f} s, {_speed(checked, seconds)} rows/s"
    rows = f"{checked.rows['cdr']} calls and {checked.rows['charge']} charges in {checked.seals} seals"
    if checked.found is not None:
        yield f"WRONG  {checked.found}"
        yield f"until then {rows} were compared ({speed})"
        return
    yield f"ok     {rows} are as they were sealed ({speed})"
    if any(checked.loose.values()):
        yield f"not sealed yet: {checked.loose['cdr']} calls and {checked.loose['charge']} charges"
    yield f"head {checked.head.hex()}"


def _speed(checked: Checked, seconds: float) -> int:
    return int(sum(checked.rows.values()) / max(seconds, 0.001))


def _as_json(checked: Checked, seconds: float) -> dict[str, object]:
    found = checked.found
    return {
        "whole": found is None,
        "found": None if found is None else {**asdict(found), "told": str(found)},
        "seals": checked.seals,
        "rows": checked.rows,
        "not_sealed": checked.loose,
        "head": checked.head.hex(),
        "seconds": round(seconds, 3),
        "rows_per_second": _speed(checked, seconds),
    }

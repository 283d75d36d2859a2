"""Questions on a telephone: sounds are played, keys are pressed. All sounds are Asterisk's own, in German and English.

Keys that are pressed while a question is asked are its answer already.
"""

from __future__ import annotations

from collections.abc import Sequence

from vorzimmer.asterisk.agi_session import Session

ENTER_NUMBER = ("vm-toenternumber", "vm-then-pound")
"""… a number, then press pound."""
ENTER_PIN = ("vm-password",)
WRONG_NUMBER = "invalid"
WRONG_PIN = "vm-incorrect"
SPEAK = "vm-rec-temp"
"""After the tone …, then press pound."""
REVIEW = "vm-review"
"""Press 1 to accept this recording, 2 to listen to it, 3 to record it again."""
TOO_SHORT = "vm-tooshort"
SAVED = "vm-msgsaved"
GOODBYE = "vm-goodbye"

ALL, END, LEAVE = "0123456789*#", "#", "*"

TIMES = 3
"""How often something is asked before somebody who says nothing, or only wrong things, is hung up."""

WAIT = 5_000
"""Milliseconds without a key after which an answer is over."""


class Left(Exception):
    """The caller leaves what is being done, by the star."""


async def said(session: Session, *names: str) -> None:
    """Play these to their end."""
    for name in names:
        await session.stream_file(name)


async def chosen(session: Session, names: Sequence[str]) -> str:
    """The one key that is pressed while these are played or soon after; nothing if there was none, or the pound."""
    return await _keys(session, names, 1)


async def number(session: Session, names: Sequence[str], most: int) -> str:
    """The number that is keyed in, of at most so many digits, up to the pound; nothing: none, or a longer one.

    Raises:
        Left: the star was pressed.
    """
    keys = await _keys(session, names, most + 1)  # one more, or the pound behind the last would answer what comes next
    if LEAVE in keys:
        raise Left
    return keys if keys.isdecimal() and len(keys) <= most else ""


def digits(code: str) -> tuple[str, ...]:
    """The sounds that say a number digit by digit."""
    return tuple(f"digits/{digit}" for digit in code)


async def _keys(session: Session, names: Sequence[str], most: int) -> str:
    key, keys = "", ""
    for name in names:
        if key := await session.stream_file(name, ALL):
            break
    key = key or await session.wait_for_digit(WAIT)
    while key and key != END:
        keys += key
        if len(keys) == most or key == LEAVE:
            break
        key = await session.wait_for_digit(WAIT)
    return keys

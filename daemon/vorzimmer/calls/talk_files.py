"""The two files of a recorded talk, while Asterisk writes them and afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

import structlog

from vorzimmer.calls.recording import move
from vorzimmer.store.sound_file import samples, wav_seconds

log = structlog.get_logger()


class TalkFiles:
    """The files of one call's talk: what the caller said, and what the caller heard.

    Args:
        spool: Asterisk's recording folder, where they come to be.
        folder: ours, where they are kept.
    """

    def __init__(self, call_id: str, spool: Path, folder: Path) -> None:
        names = [f"talk-{call_id}-{who}.wav" for who in ("caller", "agent")]
        self.caller, self.agent = names
        self.begun = tuple(spool / name for name in names)
        self.kept = tuple(folder / name for name in names)

    @property
    def exist(self) -> bool:
        """Whether there is any of them."""
        return any(file.exists() for file in (*self.begun, *self.kept))

    @property
    def are_whole(self) -> bool:
        """Whether Asterisk has written to their ends those that it had begun."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return all(_is_whole(file) for file in self.begun if file.exists())
        return True

    def delete(self) -> None:
        """Let none of them be there.

        Raises:
            OSError: one could not be deleted.
        """
        for file in (*self.begun, *self.kept):
            file.unlink(missing_ok=True)

    def seconds(self) -> Decimal:
        """Length of the longer one; 0 where there is no sound.

        Raises:
            OSError: one cannot be read.
        """
        return max((_seconds(file) for file in (*self.begun, *self.kept) if file.exists()), default=Decimal(0))

    def keep(self) -> None:
        """Move them to our folder. Repeatable: those that were moved before are left there.

        Raises:
            OSError: one cannot be moved; it is where it was.
        """
        for source, target in zip(self.begun, self.kept, strict=True):
            if source.exists():
                move(source, target)


def keep_left(spool: Path, folder: Path, busy: Collection[str]) -> list[str]:
    """Move what `folder` did not take when its call ended; returns the names.

    `busy`: ids of the calls that may still talk, or are about to keep their recording themselves.
    """
    moved = []
    for source in spool.glob("talk-*.wav"):
        if source.stem.removeprefix("talk-").rpartition("-")[0] in busy:
            continue
        with contextlib.suppress(OSError):  # told when its call ended; tried again
            move(source, folder / source.name)
            moved.append(source.name)
    return moved


def _is_whole(file: Path) -> bool:
    """Whether the header claims what is there: Asterisk writes that last."""
    found = samples(file)
    return found is not None and found.claimed == found.present > 0


def _seconds(file: Path) -> Decimal:
    try:
        return wav_seconds(file)
    except ValueError as error:
        log.warning("talk_recording.unreadable", file=str(file), error=str(error))
        return Decimal(0)

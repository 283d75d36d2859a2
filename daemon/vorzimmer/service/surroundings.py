"""What the conversations at the keypad are given, and what they ask of those who call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from vorzimmer.core.agent import Agent
from vorzimmer.core.directory import Directory
from vorzimmer.core.model import Language
from vorzimmer.core.ports import Clock
from vorzimmer.service.tries import Tries


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The surroundings of all conversations.

    Args:
        connected: with the database, while inside; raises what asyncpg raises.
        directory: agents and clients as calls are answered now.
        agent_at: who answers at a telephone.
        media_uri: the name of a medium as ARI takes it.
        pin_fits: whether a PIN is the one that is kept under this hash; of None it never is, after the same time.
        spool: Asterisk's folder of recordings; `uploads`, `recordings`: ours.
        tries: those of codes and PINs.
        clock: the time.
        language: of the service number, until a client is known.
    """

    connected: Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]
    directory: Callable[[], Directory]
    agent_at: Callable[[str], Agent | None]
    media_uri: Callable[[str], str]
    pin_fits: Callable[[str | None, str], Awaitable[bool]]
    spool: Path
    uploads: Path
    recordings: Path
    tries: Tries
    clock: Clock
    language: Language

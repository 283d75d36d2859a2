"""What each number needs to be answered while the daemon is away: from the clients to the fallback's entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from vorzimmer.announcements.fallback import FallbackEntry
from vorzimmer.core.client import Client, did_keys
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import ToMachine
from vorzimmer.core.routing import fallback_media


def entries(directory: Directory, library: Path, at: datetime) -> Iterator[FallbackEntry]:
    """One entry for each way in, as of `at` (aware).

    A message is taken for clients whose chains know the answering machine.
    """
    for client in directory.clients.values():
        machine = _machine(client)
        kind, _, name = fallback_media(client, at).partition(":")
        for did in client.dids:
            for dialled, diverting in did_keys(did):
                yield FallbackEntry(
                    did=dialled,
                    diverted_from=diverting,
                    media_file=library / f"{name}.alaw" if kind == "lib" else None,
                    record=machine is not None,
                    language=client.language.value,
                    max_seconds=machine.max_seconds if machine else 0,
                    silence=machine.silence if machine else 0,
                )


def any_begins(directory: Directory, since: datetime, until: datetime) -> bool:
    """Whether a version of any announcement begins to be heard after `since`, at the latest at `until` (aware)."""
    return any(
        since < version.since <= until
        for client in directory.clients.values()
        for versions in client.versions.values()
        for version in versions
    )


def _machine(client: Client) -> ToMachine | None:
    """The first answering machine of the open chain, else of the closed one."""
    chain = (*client.open.chain, *client.closed.chain)
    return next((target for target in chain if isinstance(target, ToMachine)), None)

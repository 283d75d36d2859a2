"""Which client a call is for: by the dialled number, or by the number that forwarded it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from vorzimmer.core.client import Client, Did, Group, Handling, ToGroup, did_keys


@dataclass(frozen=True, slots=True)
class Match:
    """The client and the entry that a call is for, and how it was found."""

    client: Client
    did: Did
    reason: str


class Directory:
    """Groups and clients, ready for lookup. Numbers and ids that stand twice are `conflicts`; here the last counts.

    `own_numbers`: every DID of the house, E.164.
    """

    def __init__(self, groups: Iterable[Group], clients: Iterable[Client]) -> None:
        self.groups: Mapping[str, Group] = {group.id: group for group in groups}
        self.clients: Mapping[str, Client] = {client.id: client for client in clients}
        self._entries = {
            key: (client, did) for client in self.clients.values() for did in client.dids for key in did_keys(did)
        }
        self.own_numbers = frozenset(dialled for dialled, _ in self._entries)

    def find(self, dialled: str, diverted_from: str | None) -> Match | None:
        """The entry for this diverting number, else the one for the dialled number alone. Both are E.164."""
        if diverted_from is not None:
            found = self._entries.get((dialled, diverted_from))
            if found is not None:
                return Match(*found, "by diverting number")
        found = self._entries.get((dialled, None))
        return Match(*found, "by dialled number") if found is not None else None


def conflicts(groups: Iterable[Group], clients: Iterable[Client]) -> list[str]:
    """What keeps all these from standing side by side, one sentence each; an empty list is good.

    Ids that stand twice, numbers that lead to several clients, groups that do not exist.
    """
    known, everyone = tuple(groups), tuple(clients)
    return [*repeated(known, everyone), *missing_groups({group.id for group in known}, everyone)]


def repeated(groups: Iterable[Group], clients: Iterable[Client]) -> list[str]:
    """Ids that stand twice and numbers that lead to several of these clients."""
    group_ids, everyone = Counter(group.id for group in groups), tuple(clients)
    client_ids = Counter(client.id for client in everyone)
    return [
        *(f"group {name!r} stands {n} times" for name, n in group_ids.items() if n > 1),
        *(f"client {name!r} stands {n} times" for name, n in client_ids.items() if n > 1),
        *_shared_numbers(everyone),
    ]


def missing_groups(known: Container[str], clients: Iterable[Client]) -> list[str]:
    """Groups that these clients ring and that are not `known` (ids)."""
    return [
        f"client {client.id!r}, {where}: there is no group {target.group!r}"
        for client in clients
        for where, target in _group_targets(client)
        if target.group not in known
    ]


def _shared_numbers(clients: Iterable[Client]) -> list[str]:
    owners: dict[tuple[str, str | None], list[str]] = {}
    for client in clients:
        for did in client.dids:
            for key in did_keys(did):
                owners.setdefault(key, []).append(client.id)
    return [
        f"number {dialled}{f' diverted from {diverting}' if diverting else ''} belongs to clients "
        f"{' and '.join(repr(name) for name in names)}; tell them apart by diverted_from"
        for (dialled, diverting), names in owners.items()
        if len(names) > 1
    ]


def _group_targets(client: Client) -> Iterable[tuple[str, ToGroup]]:
    for key in ("open", "closed", "at_lunch", "on_holiday", "on_vacation"):
        handling: Handling | None = getattr(client, key)
        for n, target in enumerate(handling.chain if handling else (), 1):
            if isinstance(target, ToGroup):
                yield f"{key}.chain[{n}]", target

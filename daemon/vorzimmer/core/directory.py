"""Which client a call is for, by the dialled number or by the number that forwarded it; and all who may answer."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Container, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Self, cast

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client, Did, did_keys
from vorzimmer.core.handling import Group, Handling, ToGroup
from vorzimmer.core.menu import targets_in


@dataclass(frozen=True, slots=True)
class Match:
    """The client and the entry that a call is for, and how it was found."""

    client: Client
    did: Did
    reason: str


Key = tuple[str, str | None]
"""A dialled number, and the number that diverted it or None."""


class Directory:
    """Groups, clients and agents, ready for lookup. What stands twice is told by `conflicts`; here the last counts.

    `own_numbers`: every DID of the house, E.164.
    """

    def __init__(self, groups: Iterable[Group], clients: Iterable[Client], agents: Iterable[Agent] = ()) -> None:
        self.groups: Mapping[str, Group] = {group.id: group for group in groups}
        self.clients: Mapping[str, Client] = {client.id: client for client in clients}
        self.agents: Mapping[str, Agent] = {agent.id: agent for agent in agents}
        self._index({key: one.id for one in self.clients.values() for did in one.dids for key in did_keys(did)})

    @classmethod
    def indexed(
        cls,
        groups: Mapping[str, Group],
        clients: Mapping[str, Client],
        agents: Mapping[str, Agent],
        numbers: Mapping[Key, str],
    ) -> Self:
        """A directory whose groups, clients and agents may be made when they are first asked for.

        `numbers`: the client that each number leads to.
        """
        made = cls((), ())
        made.groups, made.clients, made.agents = groups, clients, agents
        made._index(numbers)
        return made

    def _index(self, numbers: Mapping[Key, str]) -> None:
        self._numbers = numbers
        self.own_numbers = frozenset(dialled for dialled, _ in numbers)

    def with_client(self, client: Client) -> Self:
        """The same with this client in place of the one of its id, to try what a change would do; same numbers."""
        rest = cast("MutableMapping[str, Client]", self.clients)  # what is behind the first map is only read
        return self.indexed(self.groups, ChainMap({client.id: client}, rest), self.agents, self._numbers)

    def find(self, dialled: str, diverted_from: str | None) -> Match | None:
        """The entry for this diverting number, else the one for the dialled number alone. Both are E.164."""
        if diverted_from is not None and (found := self._entry((dialled, diverted_from))):
            return Match(*found, "by diverting number")
        found = self._entry((dialled, None))
        return Match(*found, "by dialled number") if found else None

    def _entry(self, key: Key) -> tuple[Client, Did] | None:
        client = self.clients.get(self._numbers.get(key, ""))
        dids = client.dids if client is not None else ()
        return next(((client, did) for did in reversed(dids) if client is not None and key in did_keys(did)), None)


def conflicts(groups: Iterable[Group], clients: Iterable[Client], agents: Iterable[Agent] = ()) -> list[str]:
    """What keeps all these from standing side by side, one sentence each; an empty list is good.

    What `repeated` tells, and groups and clients that are named and do not exist.
    """
    known, everyone, staff = tuple(groups), tuple(clients), tuple(agents)
    return [
        *repeated(known, everyone, staff),
        *missing_groups({group.id for group in known}, everyone),
        *missing_clients({client.id for client in everyone}, staff),
    ]


def repeated(groups: Iterable[Group], clients: Iterable[Client], agents: Iterable[Agent] = ()) -> list[str]:
    """Ids that stand twice, numbers that lead to several of these clients, telephones of several of these agents."""
    everyone, staff = tuple(clients), tuple(agents)
    return [
        *_standing_twice("group", (group.id for group in groups)),
        *_standing_twice("client", (client.id for client in everyone)),
        *_standing_twice("agent", (agent.id for agent in staff)),
        *_shared_numbers(everyone),
        *_shared_telephones(staff),
        *_standing_twice("extension", (agent.extension for agent in staff if agent.extension is not None)),
    ]


def missing_groups(known: Container[str], clients: Iterable[Client]) -> list[str]:
    """Groups that these clients ring and that are not `known` (ids)."""
    return [
        f"client {client.id!r}, {where}: there is no group {target.group!r}"
        for client in clients
        for where, target in _group_targets(client)
        if target.group not in known
    ]


def missing_clients(known: Container[str], agents: Iterable[Agent]) -> list[str]:
    """Clients that these agents are to serve and that are not `known` (ids)."""
    return [
        f"agent {agent.id!r}, clients: there is no client {name!r}"
        for agent in agents
        for name in agent.clients
        if name not in known
    ]


def _standing_twice(kind: str, ids: Iterable[str]) -> list[str]:
    return [f"{kind} {name!r} stands {times} times" for name, times in Counter(ids).items() if times > 1]


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


def _shared_telephones(agents: Iterable[Agent]) -> list[str]:
    owners: dict[str, list[str]] = {}
    for agent in agents:
        for endpoint in agent.endpoints:
            owners.setdefault(endpoint, []).append(agent.id)
    return [
        f"telephone {endpoint} belongs to agents {' and '.join(map(repr, names))}; each has telephones of its own"
        for endpoint, names in owners.items()
        if len(names) > 1
    ]


def _group_targets(client: Client) -> Iterable[tuple[str, ToGroup]]:
    for key in ("open", "closed", "at_lunch", "on_holiday", "on_vacation"):
        handling: Handling | None = getattr(client, key)
        for n, target in enumerate(handling.chain if handling else (), 1):
            if isinstance(target, ToGroup):
                yield f"{key}.chain[{n}]", target
    for menu, key, n, choice in targets_in(client.menus):
        if isinstance(choice, ToGroup):
            yield f"menus.{menu.id}.{key}[{n}]", choice

"""What of the wall is a sign of trouble. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vorzimmer.control.wall import AgentSeen, Caller, View
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import ToGroup, ToQueue
from vorzimmer.core.menu import targets_in
from vorzimmer.core.office_hours import state
from vorzimmer.core.plan import OfficeState
from vorzimmer.core.presence import State
from vorzimmer.core.service_alarm import Sign, What
from vorzimmer.core.serving import Roll, needs_of

NAMED = 3
"""Clients that are named; of the others it is said how many they are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on it is trouble. None: never.

    `abandoned_after`: seconds that a caller who gave up had waited. `waiting`: more callers than that in the line;
    `seconds`: a longer wait than that. `trunk`: the endpoint that leads outside.
    """

    abandoned_after: float | None = None
    waiting: int | None = None
    seconds: float | None = None
    trunk: str = "trunk"


def of_line(waiting: Sequence[Caller], limits: Limits, at: datetime) -> Iterator[Sign]:
    """Too many callers, or too long a wait."""
    if limits.waiting is not None and len(waiting) > limits.waiting:
        yield Sign(What.WAITING, "", f"{len(waiting)} callers wait (more than {limits.waiting})")
    longest = max(((at - one.since).total_seconds() for one in waiting), default=0.0)
    if limits.seconds is not None and longest > limits.seconds:
        yield Sign(What.WAIT, "", f"a caller has been waiting for {longest:.0f} s (more than {limits.seconds:g} s)")


def of_trunk(view: View, limits: Limits) -> Iterator[Sign]:
    """Nobody gets out, and probably nobody in."""
    if limits.trunk in view.unreachable:
        yield Sign(What.TRUNK, limits.trunk, f"the trunk {limits.trunk} cannot be reached")


def of_people(view: View, directory: Directory, at: datetime) -> Iterator[Sign]:
    """Nobody is left who could answer, though clients are open who want it: a group's telephones, or a queue's agents.

    Of a queue somebody must be logged in or expected: clients whom no agent serves at this hour have another way. A
    paused agent is there. Takes long for many clients; nothing at all while everybody's telephone is there.
    """
    if not view.unreachable and all(_is_there(agent) or not _is_wanted(agent) for agent in view.agents):
        return
    groups, queues = _wanted(directory, at)
    for group, clients in groups.items():
        endpoints = directory.groups[group].endpoints if group in directory.groups else ()
        if endpoints and set(endpoints) <= set(view.unreachable):
            who = f"no telephone of the group {group} can be reached ({', '.join(endpoints)})"
            yield Sign(What.NOBODY, f"group {group}", f"{who}; open now: {_some(clients)}")
    agents = {agent.agent: agent for agent in view.agents}
    for names, clients in queues.items():
        wanted = [agents[name] for name in names if name in agents and _is_wanted(agents[name])]
        if wanted and not any(_is_there(agent) for agent in wanted):
            who = f"nobody can be reached of {', '.join(agent.agent for agent in wanted)}"
            yield Sign(What.NOBODY, " ".join(names), f"{who}; open now: {_some(clients)}")


def _is_wanted(agent: AgentSeen) -> bool:
    """Whether the agent works now, or should."""
    return agent.state is not State.LOGGED_OUT or agent.expected


def _is_there(agent: AgentSeen) -> bool:
    return agent.state is not State.LOGGED_OUT and agent.reachable


def _wanted(directory: Directory, at: datetime) -> tuple[Mapping[str, list[str]], Mapping[tuple[str, ...], list[str]]]:
    """The groups that open clients ring, and the agents whom they wait for: each with these clients."""
    roll = Roll(directory.agents, at.date())
    groups: dict[str, list[str]] = {}
    queues: dict[tuple[str, ...], list[str]] = {}
    for client in directory.clients.values():
        if not _is_open(client, at):
            continue
        for target in _targets(client):
            if isinstance(target, ToGroup):
                groups.setdefault(target.group, []).append(client.id)
            else:
                able = roll.able(needs_of(client, target.team))
                queues.setdefault(tuple(sorted(roll.members(able))), []).append(client.id)
    return groups, queues


def _is_open(client: Client, at: datetime) -> bool:
    return any(state(client, did, at).state is OfficeState.OPEN for did in client.dids)


def _targets(client: Client) -> Iterator[ToGroup | ToQueue]:
    """Whom callers of the open office may reach: by the chain, or by a menu."""
    behind = (target for _, _, _, target in targets_in(client.menus))
    for target in (*client.open.chain, *behind):
        if isinstance(target, ToGroup | ToQueue):
            yield target


def _some(clients: Iterable[str]) -> str:
    once = list(dict.fromkeys(clients))
    more = len(once) - NAMED
    return ", ".join(once[:NAMED]) + (f" and {more} more" if more > 0 else "")

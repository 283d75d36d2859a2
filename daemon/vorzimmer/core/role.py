"""What a person who uses the pages is allowed in general, and what belongs to it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user is to the house. No role contains another: each route names all that may use it."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    CLIENT = "client"


def misfit(role: Role, agent: str | None, client: str | None) -> str | None:
    """Why a user of this role cannot be this agent or speak for this client, in a sentence; None: it fits.

    An agent's user is one agent, a client's user belongs to one client. Supervisors and admins may answer calls too,
    as an agent.
    """
    if role is Role.AGENT and agent is None:
        return "a user of role agent needs an agent"
    if role is Role.CLIENT and client is None:
        return "a user of role client needs a client"
    if role is Role.CLIENT and agent is not None:
        return "a user of role client is no agent"
    if role is not Role.CLIENT and client is not None:
        return f"a user of role {role} belongs to no client"
    return None

"""The house under load: its clients and agents, and what each kind of caller dials."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.faults.evidence import Kind
from vorzimmer.core.client import Book

DESK, SECOND, PROBED, ABSENT, SLOW = range(1, 141), range(141, 171), range(171, 191), range(191, 195), range(195, 199)
"""Agents by number: who talk, whom waiting callers reach in the end, whom probes reach; and two kinds who let it ring:
those for whom callers wait in vain, and those each of whom keeps the callers of one client waiting for a while."""

AGENTS = SLOW[-1]
RINGS_FOR_EVER = (*ABSENT, *SLOW)

DIALLED: dict[Kind, tuple[str, ...]] = {
    Kind.TALK: tuple(f"+498920010{n}" for n in range(4)),
    Kind.HOLD: tuple(f"+498920020{n}" for n in range(len(SLOW))),
    Kind.GIVE_UP: ("+4989200300",),
    Kind.MESSAGE: ("+4989200400",),
    Kind.PROBE: ("+4989200500",),
}
"""The clients' numbers, one each."""

_MACHINE = {"to": "machine", "silence": 10}


def _chain(kind: Kind, n: int) -> dict[str, Any]:
    """How the n-th client of a kind has its calls handled. Whatever fails, the machine is last, as it should be."""
    desk = {"to": "group", "group": "desk", "seconds": 20, "wait": 20}
    match kind:
        case Kind.TALK:
            return {"chain": [desk, _MACHINE]}
        case Kind.HOLD:
            slow = {"to": "group", "group": f"slow{n}", "seconds": 3, "wait": 3}
            return {"music": True, "chain": [slow, desk | {"group": "second"}, _MACHINE]}
        case Kind.GIVE_UP:
            return {"music": True, "chain": [{"to": "group", "group": "absent", "seconds": 60, "wait": 60}, _MACHINE]}
        case Kind.MESSAGE:
            return {"chain": [_MACHINE]}
        case Kind.PROBE:
            return {"chain": [desk | {"group": "probed"}, _MACHINE]}


def clients() -> dict[str, tuple[Kind, str]]:
    """Kind and number of each client, by its id."""
    return {
        f"{kind.value.replace(' ', '-')}{n}": (kind, number)
        for kind, numbers in DIALLED.items()
        for n, number in enumerate(numbers)
    }


def address_of(client: str) -> str:
    """Whom the client has told of its calls."""
    return f"office@{client}.example"


def book() -> Book:
    """All of it, to be imported."""
    groups: dict[str, Any] = {"desk": DESK, "second": SECOND, "probed": PROBED, "absent": ABSENT}
    groups |= {f"slow{n}": (agent,) for n, agent in enumerate(SLOW)}
    return Book.model_validate(
        {
            "group": [
                {"id": name, "endpoints": [f"agent{agent}" for agent in agents], "strategy": "sequential"}
                for name, agents in groups.items()
            ],
            "client": [
                {
                    "id": client,
                    "name": f"Kanzlei {client}",
                    "dids": [number],
                    "hours": "always",
                    "open": _chain(kind, int(client[-1])),
                    "mail": [address_of(client)],
                    "announcements": {"machine": "machine.wav"},
                }
                for client, (kind, number) in clients().items()
            ],
        }
    )


def configure(etc: Path, answering: int, silent: int) -> None:
    """Send the calls of all agents of a sandbox to two ports: to those who answer, and to those who let it ring."""
    telephones = etc / "vorzimmer.d" / "pjsip.conf"

    def contact(found: re.Match[str]) -> str:
        return f"{found[1]}{silent if int(found[2]) in RINGS_FOR_EVER else answering}"

    text = telephones.read_text()
    telephones.write_text(re.sub(r"(contact = sip:agent(\d+)@127\.0\.0\.1:)\d+", contact, text))

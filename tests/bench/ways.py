"""The three ways a call can go from the trunk to an agent, and what each needs of Asterisk and of the client book."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from vorzimmer.core.client import Book

LOADED = 200
"""Agents 1 … LOADED are rung by SIPp's calls, the next PROBES by the probe's."""

PROBES = 10
CLIENTS = 10_000
"""Clients in the database, all loaded by the daemon in every round."""

_GROUPS = 50
"""The agents stand in so many groups: at 150 calls/s of one second each, one of a group is always free."""


class Way(StrEnum):
    """Who brings caller and agent together."""

    DIAL = "Dial"
    QUEUE = "app_queue"
    DAEMON = "daemon"


_FIRST_DIGITS = {Way.DIAL: "8001", Way.QUEUE: "8002"}
_ALL_DAY = ["00:00-12:00", "12:00-24:00"]
_FIRST_NUMBER = 49_30_5000000

_DIALPLAN = """
[from-trunk]
exten => _8001X,1,Goto(bench-dial,${EXTEN:4},1)
exten => _8001XX,1,Goto(bench-dial,${EXTEN:4},1)
exten => _8001XXX,1,Goto(bench-dial,${EXTEN:4},1)
exten => _8002X,1,Queue(bench,r,,,30)
exten => _8002XX,1,Queue(bench,r,,,30)
exten => _80021XX,1,Queue(bench,r,,,30)
exten => _80022XX,1,Queue(probe,r,,,30)
exten => 8002200,1,Queue(bench,r,,,30)

[bench-dial]
exten => _X,1,Dial(PJSIP/agent${EXTEN},30)
exten => _XX,1,Dial(PJSIP/agent${EXTEN},30)
exten => _XXX,1,Dial(PJSIP/agent${EXTEN},30)
"""

# With rrmemory callers that come at once all ask for the same member, and all but one wait a second for the next try.
_QUEUE = "strategy = random\nringinuse = no\ntimeout = 30\nretry = 1\n"


def numbers(way: Way, first: int, last: int) -> list[str]:
    """The numbers that lead to agents `first` … `last` (counted from 1), or to groups that hold them."""
    if way is Way.DAEMON:
        return [_did(agent) for agent in range(first, last + 1)]
    return [f"{_FIRST_DIGITS[way]}{agent}" for agent in range(first, last + 1)]


def configure(etc: Path, load_port: int, probe_port: int) -> None:
    """Add the two other ways to a sandbox's Asterisk, and send all agents' calls to two ports."""
    with (etc / "extensions.conf").open("a") as file:
        file.write(_DIALPLAN)
    (etc / "queues.conf").write_text("[general]\npersistentmembers = no\n" + _queues())
    move_telephones(etc, lambda agent: load_port if agent <= LOADED else probe_port)


def move_telephones(etc: Path, port_of: Callable[[int], int]) -> None:
    """Tell a sandbox's Asterisk that agent n's telephone is at another port."""
    telephones = etc / "vorzimmer.d" / "pjsip.conf"

    def contact(found: re.Match[str]) -> str:
        return f"{found[1]}{port_of(int(found[2]))}"

    moved = re.sub(r"(contact = sip:agent(\d+)@127\.0\.0\.1:)\d+", contact, telephones.read_text())
    telephones.write_text(moved)


def _queues() -> str:
    loaded, probes = range(1, LOADED + 1), range(LOADED + 1, LOADED + PROBES + 1)
    bench = [f"member => PJSIP/agent{agent}" for agent in loaded]
    # The probe's queue has as many members to look at; only its own telephones are ever the best choice.
    probe = [f"member => PJSIP/agent{agent}" for agent in probes]
    probe += [f"member => PJSIP/agent{agent},10" for agent in loaded]
    return f"[bench]\n{_QUEUE}" + "\n".join(bench) + f"\n[probe]\n{_QUEUE}" + "\n".join(probe) + "\n"


def book() -> Book:
    """All clients: the first ones own the agents' numbers, each with hours, a holiday calendar and a mail address."""
    groups = [
        {"id": f"g{n}", "endpoints": [f"agent{agent}" for agent in range(n + 1, LOADED + 1, _GROUPS)]}
        for n in range(_GROUPS)
    ]
    groups.append({"id": "probe", "endpoints": [f"agent{LOADED + n}" for n in range(1, PROBES + 1)]})
    return Book.model_validate(
        {
            "group": [{**group, "strategy": "sequential"} for group in groups],
            "client": [_client(agent) for agent in range(1, CLIENTS + 1)],
        }
    )


def _client(agent: int) -> dict[str, object]:
    group = "probe" if LOADED < agent <= LOADED + PROBES else f"g{(agent - 1) % _GROUPS}"
    return {
        "id": f"client-{agent:05}",
        "name": f"Kanzlei {agent}",
        "dids": [_did(agent)],
        "hours": {"mon-sun": _ALL_DAY},
        "holidays": "DE-BE",
        "special_days": [{"date": "2026-12-24", "hours": _ALL_DAY}, {"date": "2026-12-31", "hours": _ALL_DAY}],
        "open": {"chain": [{"to": "group", "group": group, "seconds": 20}]},
        "on_holiday": {"chain": [{"to": "group", "group": group, "seconds": 20}]},
        "mail": [f"office@client-{agent:05}.example"],
    }


def _did(agent: int) -> str:
    return f"+{_FIRST_NUMBER + agent}"

"""What a sandbox knows about itself: one `state.json` in its folder, private, swapped in whole at each change."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vorzimmer.sandbox.process import Process

PARTS = ("asterisk", "postgres", "mail")


@dataclass(frozen=True)
class State:
    """Passwords and processes. `dsn` is a PostgreSQL of somebody else's, or nothing for an own one."""

    agents: int
    passwords: dict[str, str] = field(repr=False)
    dsn: str | None = field(default=None, repr=False)
    processes: dict[str, Process] = field(default_factory=dict)

    def with_process(self, part: str, process: Process) -> State:
        """The same with one part's process noted."""
        return replace(self, processes={**self.processes, part: process})


def new_passwords() -> dict[str, str]:
    """A fresh password for each user of the sandbox."""
    users = ("ari", "ami", "recorder", "database", "softphone1", "softphone2")
    return {name: secrets.token_hex(16) for name in users}


def read(folder: Path) -> State | None:
    """The state that stands in this folder, or nothing where there is no sandbox."""
    try:
        told = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return None
    # A sandbox of an earlier version has none for users that came later.
    told["passwords"] = {**new_passwords(), **told["passwords"]}
    told["processes"] = {part: Process(**known) for part, known in told["processes"].items()}
    return State(**told)


def write(folder: Path, state: State) -> None:
    """Write the state, mode 0600."""
    draft = folder / "state.json.new"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(asdict(state), stream, indent=2)
    draft.replace(folder / "state.json")

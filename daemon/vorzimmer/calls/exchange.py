"""What every call is given: Asterisk, the journal, the phones, the gate, the folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.calls.phones import Phones
from vorzimmer.core.directory import Directory
from vorzimmer.core.ports import Clock, Journal


@dataclass(frozen=True, slots=True)
class Trunk:
    """The PJSIP endpoint that leads outside; `show` says whose number is shown there."""

    endpoint: str
    show: Literal["did", "caller"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The surroundings of all calls of this process.

    `media_uri` turns a plan's media name into what Asterisk plays. `spool` is Asterisk's recording folder,
    `recordings` ours; `notes` is where the dialplan writes of calls it handled alone. `directory` is asked anew
    for each call.
    """

    ari: Ari
    app: str
    journal: Journal
    clock: Clock
    phones: Phones
    gate: TrunkGate
    trunk: Trunk
    region: str
    directory: Callable[[], Directory]
    media_uri: Callable[[str], str]
    spool: Path
    recordings: Path
    notes: Path

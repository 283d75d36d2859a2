"""A fax machine in the sandbox: numbers of its Asterisk that answer with `ReceiveFAX`.

A fax that leaves by the endpoint `sandbox-fax` comes back to the same Asterisk over SIP, as from the carrier, and one
of these numbers takes it. The pages are written into a folder as TIFF, and what became of them beside each.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

NUMBER = "+4930990077"
"""A fax machine."""

CUTS = "+4930990078"
"""A fax machine that hangs up while it receives."""

BUSY = "+4930990079"
"""One that is busy."""

_FILE = "fax-machine.conf"
_LOOK = 0.1  # seconds
_CUT_AFTER = 9  # seconds: the first page is under way

_TEXT = """\
; The sandbox's fax machine: not part of what an operator installs.
[from-trunk](+)
exten => {number},1,Goto(fax-machine,receive,1)
exten => {cuts},1,Goto(fax-machine,cut,1)
exten => {busy},1,Busy(2)

[fax-machine]
exten => cut,1,Set(TIMEOUT(absolute)={cut_after})
 same => n,Goto(receive,1)
exten => receive,1,Set(FAXOPT(localstationid)={number})
 same => n,Set(VZ_FAX_CALLER=${{FILTER(0-9+,${{CALLERID(num)}})}})
 same => n,Answer()
 same => n,ReceiveFAX({folder}/${{UNIQUEID}}.tiff,f)
 same => n,Hangup()
exten => h,1,Set(VZ_FAX_TOLD=${{FAXSTATUS}}|${{FAXPAGES}}|${{FAXBITRATE}}|${{VZ_FAX_CALLER}})
 same => n,Set(FILE({folder}/${{UNIQUEID}}.txt,,,al,u)=${{VZ_FAX_TOLD}})
"""


@dataclass(frozen=True)
class Received:
    """A fax that came in. `status`: Asterisk's word, `SUCCESS` or `FAILED`; `caller`: the number shown."""

    tiff: Path
    status: str
    pages: int
    rate: int
    caller: str


def plug_in(etc: Path, folder: Path) -> None:
    """Add the numbers to the dialplan in `etc`; what they receive goes into `folder`.

    Raises:
        OSError: a file cannot be written.
    """
    text = _TEXT.format(number=NUMBER, cuts=CUTS, busy=BUSY, cut_after=_CUT_AFTER, folder=folder)
    (etc / _FILE).write_text(text)
    with (etc / "extensions.conf").open("a") as dialplan:
        dialplan.write(f"\n#include {_FILE}\n")


def received(folder: Path) -> tuple[Received, ...]:
    """Every fax that came in whole or in part, oldest first."""
    return tuple(_read(note) for note in sorted(folder.glob("*.txt"), key=lambda note: note.stat().st_mtime_ns))


async def fax_machine(folder: Path, count: int = 1) -> tuple[Received, ...]:
    """What the fax machine of this folder (`Layout.fax_machine`) has received, once there are `count` faxes."""
    while True:
        found = await asyncio.to_thread(received, folder)
        if len(found) >= count:
            return found
        await asyncio.sleep(_LOOK)


def _read(note: Path) -> Received:
    status, pages, rate, caller = note.read_text().strip().split("|")
    return Received(note.with_suffix(".tiff"), status, int(pages or 0), int(rate or 0), caller)

"""From what the dialplan hands over to a clean `Incoming`.

The arguments of `Stasis(vorzimmer,in,…)` are, in this order: dialled number, caller's number, presentation, diverting
number, mark of one of our own trunk legs, and how often the dialplan had tried before. Each is filtered in the
dialplan and cleaned again here.
"""

from __future__ import annotations

from collections.abc import Sequence

from vorzimmer.core import number
from vorzimmer.core.plan import Incoming


def read_arrival(args: Sequence[str], caller_name: str, region: str, own_numbers: frozenset[str]) -> Incoming:
    """The call as it arrived; missing arguments count as empty."""
    dialled, caller, presentation, diverting, mark = [*args, "", "", "", "", ""][:5]
    withheld = presentation.startswith("prohib")
    return Incoming(
        dialled=read_dialled(dialled, region, own_numbers),
        caller=None if withheld else number.clean(caller, region),
        caller_name=None if withheld else number.clean_name(caller_name),
        withheld=withheld,
        diverted_from=number.clean(diverting, region),
        looped=bool(mark),
    )


def read_dialled(raw: str, region: str, own_numbers: frozenset[str]) -> str:
    """The dialled number in E.164.

    Carriers send national (089…), international (0049…, +49…) and bare forms (4989…); a bare one cannot be told from
    a national number without the area's zero, so the reading that is one of our numbers wins. Whatever is no digit
    is left out.
    """
    bare = f"+{''.join(c for c in raw if c in '0123456789')[: number.LONGEST_SHORT]}"
    readings = [reading for reading in (number.clean(raw, region), bare) if reading is not None]
    return next((reading for reading in readings if reading in own_numbers), readings[0])

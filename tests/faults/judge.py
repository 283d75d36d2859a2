"""The verdict on a round, from its evidence alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from tests.faults.evidence import Evidence, Kind, Leg, Offered, Stored, Witnessed
from vorzimmer.calls.takeup import REASON

USUAL = 1.0
"""Seconds that an undisturbed call takes from INVITE to answer, without the time that the agent lets it ring."""

SILENCE = 3.0
"""Seconds without sound after which a waiting caller believes the line dead."""

LAG = 1.0
"""Seconds by which the two ends of a talk may hear of its end apart."""

CLOSE = 3.0
"""Seconds by which a CDR or a message may differ from what was seen before it counts as wrong."""

_MUSIC_GAP = 0.3
"""Seconds without a packet that are no end of the music, and that are no talk either."""

_ALONE_IN = frozenset({"Answer", "Playback", "Record"})
"""Applications that a caller is in only where the dialplan answers alone."""

Row = TypeVar("Row", Leg, Stored, Witnessed)


class Outcome(StrEnum):
    """What became of a caller; each has exactly one."""

    ANSWERED = "answered"
    FALLBACK = "fallback"
    MACHINE = "machine"
    LEFT = "left"
    LOST = "lost"


@dataclass(frozen=True)
class Finding:
    """Something that should not be, and the call that shows it."""

    what: str
    caller: str
    detail: str


@dataclass
class Verdict:
    """The figures of a round. `silence`, `alone`: the longest, in seconds; `normal_after`: seconds, None for never."""

    offered: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    dropped: int = 0
    cdrs_missing: int = 0
    cdrs_double: int = 0
    cdrs_wrong: int = 0
    messages_missing: int = 0
    mails_missing: int = 0
    mails_double: int = 0
    rung_while_talking: int = 0
    silence: float = 0.0
    alone: float = 0.0
    left: int = 0
    normal_after: float | None = None
    findings: list[Finding] = field(default_factory=list)

    def note(self, what: str, caller: str, detail: object = "") -> None:
        """Keep what was found for whoever looks for its cause."""
        self.findings.append(Finding(what, caller, str(detail)))


@dataclass(frozen=True)
class _Joined:
    """Everything about one caller; `talk` is the leg at which an agent talked with him."""

    call: Offered
    legs: Sequence[Leg]
    talk: Leg | None
    stored: Sequence[Stored]
    witnessed: Sequence[Witnessed]


def judge(evidence: Evidence) -> Verdict:
    """Join what was seen, call by call, and count."""
    verdict = Verdict(offered=len(evidence.offered), left=evidence.left)
    legs, stored = by_caller(evidence.legs), by_caller(evidence.stored)
    witnessed = by_caller(evidence.witnessed)
    for call in evidence.offered:
        of = call.caller
        talk = next((leg for leg in legs[of] if _together(call, leg)), None)
        joined = _Joined(call, legs[of], talk, stored[of], witnessed[of])
        _judge_call(verdict, joined)
        _judge_cdrs(verdict, joined)
        _judge_message(verdict, joined)
        verdict.alone = max([verdict.alone, *(_alone(call, leg, evidence.over_at) for leg in legs[of])])
    _judge_mails(verdict, evidence)
    for leg in rung_while_talking(evidence.legs):
        verdict.rung_while_talking += 1
        verdict.note("rung while talking", leg.caller, leg.agent)
    verdict.normal_after = normal_after(probes(evidence.offered, legs), evidence.fault_at)
    return verdict


def by_caller(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    """What belongs to each caller; nothing for whoever is not there."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.caller].append(row)
    return found


# What the caller met


def _judge_call(verdict: Verdict, joined: _Joined) -> None:
    call = joined.call
    became = outcome(joined)
    verdict.outcomes[became] += 1
    if became is Outcome.LOST:
        verdict.note("lost", call.caller, _why_lost(call))
    if joined.talk and (why := _dropped(call, joined.talk)):
        verdict.dropped += 1
        verdict.note("dropped", call.caller, why)
    if became in (Outcome.ANSWERED, Outcome.LEFT, Outcome.LOST):
        quiet = _waited_in_silence(call, joined.talk)
        verdict.silence = max(verdict.silence, quiet)
        if quiet > SILENCE:
            verdict.note("silence", call.caller, f"{quiet:.1f} s of it while waiting")


def outcome(joined: _Joined) -> Outcome:
    """What became of the caller."""
    call = joined.call
    if joined.talk:
        return Outcome.ANSWERED
    if call.answered is None:
        return Outcome.LOST
    if any(row.reason == REASON for row in joined.stored) or any(row.app in _ALONE_IN for row in joined.witnessed):
        return Outcome.FALLBACK
    if call.spoke or any(row.disposition in ("message", "announced") for row in joined.stored):
        return Outcome.MACHINE
    left_in_peace = call.by == "caller" and call.bye == 200 and _waited_in_silence(call, None) <= SILENCE
    if call.kind in (Kind.HOLD, Kind.GIVE_UP) and left_in_peace:
        return Outcome.LEFT
    return Outcome.LOST


def _why_lost(call: Offered) -> str:
    if call.answered is None:
        return f"{call.kind}: no answer, final status {call.status or 'none'}"
    if call.by == "called":
        return f"{call.kind}: hung up on before anybody came"
    if call.bye != 200:
        return f"{call.kind}: the line was dead, its BYE was answered with {call.bye or 'nothing'}"
    return f"{call.kind}: left without having met anybody"


def _together(call: Offered, leg: Leg) -> tuple[float, float] | None:
    """From when to when the two were connected, None if never.

    Both ends were up, and the music of a caller who had waited had stopped: agents send no sound.
    """
    if call.answered is None or leg.answered is None:
        return None
    begin = max(call.answered, leg.answered)
    end = min(call.ended or float("inf"), leg.ended or float("inf"))
    for since, until in call.heard or ():
        if since <= begin + _MUSIC_GAP:
            begin = max(begin, until)
    least = _MUSIC_GAP if call.heard else 0.0
    return (begin, end) if end - begin > least else None


def _dropped(call: Offered, leg: Leg) -> str:
    """Why this talk counts as dropped, empty if the caller ended it: agents never hang up."""
    if call.by != "caller" or call.ended is None:
        return "the caller was hung up on"
    if call.bye != 200:
        return f"the line was dead: the caller's BYE was answered with {call.bye or 'nothing'}"
    if leg.ended is not None and leg.ended < call.ended - LAG:
        return f"{leg.agent} was cut off {call.ended - leg.ended:.1f} s before the caller left"
    return ""


def _waited_in_silence(call: Offered, talk: Leg | None) -> float:
    """The longest time without sound from the answer until an agent came or the call ended."""
    if call.heard is None or call.answered is None or call.ended is None:
        return 0.0
    both = _together(call, talk) if talk else None
    end = both[0] if both else call.ended
    inside = [(max(since, call.answered), min(until, end)) for since, until in call.heard]
    inside = [span for span in inside if span[1] >= span[0]]
    marks = [(call.answered, call.answered), *inside, (end, end)]
    return max(later[0] - earlier[1] for earlier, later in pairwise(marks))


def _alone(call: Offered, leg: Leg, over_at: float) -> float:
    """Seconds that an agent sat in a call whose caller had gone."""
    if leg.answered is None or call.ended is None:
        return 0.0
    return max((leg.ended or over_at) - max(call.ended, leg.answered), 0.0)


# What was written down


def _judge_cdrs(verdict: Verdict, joined: _Joined) -> None:
    call, have = joined.call, len(joined.stored)
    # Asterisk begins another line for a call that goes back from a bridge to the dialplan.
    ids = sorted({row.call_id for row in joined.witnessed})
    due = max(len(ids), 1 if call.answered else 0)
    if have < due:
        verdict.cdrs_missing += due - have
        verdict.note("CDR missing", call.caller, f"{have} of {due}; Asterisk knows {ids}")
    if have > max(due, 1):
        verdict.cdrs_double += have - max(due, 1)
        verdict.note("CDR double", call.caller, [row.call_id for row in joined.stored])
    if have == 1 and (why := _wrong(call, joined.talk, joined.stored[0])):
        verdict.cdrs_wrong += 1
        verdict.note("CDR wrong", call.caller, f"{joined.stored[0].call_id}: {why}")


def _wrong(call: Offered, talk: Leg | None, cdr: Stored) -> str:
    """In what a CDR contradicts what was seen, empty if in nothing."""
    both = _together(call, talk) if talk else None
    if both is None:
        return "nobody talked, it says answered" if cdr.disposition == "answered" and cdr.talk > LAG else ""
    seen = both[1] - both[0]
    if cdr.disposition != "answered" and seen > LAG:
        return f"an agent talked for {seen:.1f} s, it says {cdr.disposition}"
    # Nobody can say when a line died that both ends still held.
    if call.bye == 200 and abs(cdr.talk - seen) > CLOSE:
        return f"{cdr.talk:.1f} s of talk, {seen:.1f} s were seen"
    return ""


def _judge_message(verdict: Verdict, joined: _Joined) -> None:
    if joined.call.spoke and not any(row.recorded and row.recorded >= 1 for row in joined.stored):
        verdict.messages_missing += 1
        verdict.note("message missing", joined.call.caller, [row.call_id for row in joined.stored])


def _judge_mails(verdict: Verdict, evidence: Evidence) -> None:
    for row in evidence.stored:
        came = evidence.mails.get(row.message_id, 0)
        if not came:
            verdict.mails_missing += 1
            verdict.note("mail missing", row.caller, f"{row.call_id}, {row.message_id}")
        verdict.mails_double += max(came - 1, 0)


# What the house was like


def probes(offered: Iterable[Offered], legs: Mapping[str, Sequence[Leg]]) -> list[tuple[float, bool]]:
    """When each probe called, and whether an agent answered it within the usual time."""
    return sorted((call.invited, _as_usual(call, legs[call.caller])) for call in offered if call.kind is Kind.PROBE)


def _as_usual(call: Offered, legs: Sequence[Leg]) -> bool:
    for leg in legs:
        if leg.answered is not None and call.answered is not None:
            return call.answered - call.invited - (leg.answered - leg.invited) <= USUAL
    return False


def normal_after(probed: Sequence[tuple[float, bool]], fault_at: float) -> float | None:
    """Seconds from the fault to the first probe from which on all are answered as usual; None if there is none."""
    after = [(at, usual) for at, usual in probed if at >= fault_at]
    bad = [place for place, (_, usual) in enumerate(after) if not usual]
    if not bad:
        return 0.0
    good = after[bad[-1] + 1 :]
    return good[0][0] - fault_at if good else None


def rung_while_talking(legs: Iterable[Leg]) -> list[Leg]:
    """The legs that rang at a telephone whose agent was in another call."""
    of: defaultdict[str, list[Leg]] = defaultdict(list)
    for leg in legs:
        of[leg.agent].append(leg)
    return [
        late
        for same in of.values()
        for late in same
        if any(
            other.answered is not None
            and other.caller != late.caller
            and other.answered < late.invited < (other.ended or float("inf"))
            for other in same
        )
    ]

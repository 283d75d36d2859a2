"""Alarms as a mail: a subject that says the most important one, and a line for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from vorzimmer.core.service_alarm import MOST_TEXTS, Alarm, Turn, What

HAPPENED = {
    What.ABANDONED: "callers gave up after a long wait",
    What.DEAD: "messages will not reach their clients (vorzimmer message list --state dead)",
    What.UNDELIVERED: "messages have not arrived, says the provider",
}

HINTS = {
    What.WAITING: "vorzimmer wall",
    What.WAIT: "vorzimmer wall",
    What.TRUNK: "pjsip show endpoints in Asterisk; the carrier",
    What.NOBODY: "vorzimmer wall; pjsip show contacts in Asterisk",
    What.TARGET: "vorzimmer check; journalctl -u vorzimmer-worker",
    What.CALLS: "systemctl status vorzimmer-calls",
    What.DATABASE: "systemctl status postgresql",
}
"""Where to look first."""


def letter(alarms: Sequence[Alarm], zone: ZoneInfo) -> tuple[str, list[str]]:
    """Subject and lines of a mail about these alarms, of which there is one at least; times in this zone."""
    first = next(_said(alarms[0]))
    more = f" (and {len(alarms) - 1} more)" if len(alarms) > 1 else ""
    return f"{first}{more}", [line for alarm in alarms for line in _lines(alarm, zone)]


def _said(alarm: Alarm) -> Iterator[str]:
    """What it is, in a line; of what happened several times, each of them behind it."""
    match alarm.turn:
        case Turn.OVER:
            yield f"over: {alarm.texts[0]}"
        case Turn.GOES_ON:
            yield f"still: {alarm.texts[0]}"
        case Turn.HAPPENED if alarm.count > 1:
            yield f"{alarm.count} {HAPPENED[alarm.what]}"
            yield from (f"  {text}" for text in alarm.texts)
            if alarm.count > MOST_TEXTS:
                yield f"  … and {alarm.count - MOST_TEXTS} more"
        case _:
            yield alarm.texts[0]


def _lines(alarm: Alarm, zone: ZoneInfo) -> Iterator[str]:
    yield from _said(alarm)
    yield f"  since {alarm.since.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    if alarm.turn is not Turn.OVER and alarm.what in HINTS:
        yield f"  look at: {HINTS[alarm.what]}"
    yield ""

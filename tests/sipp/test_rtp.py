"""How a line puts together what it heard."""

from __future__ import annotations

from unittest import mock

from tests.sipp import sound
from tests.sipp.rtp import _HEADER, ALAW, FRAME, Line


def _told(line: Line, arrivals: list[float], words: bytes, stamps: list[int]) -> None:
    with mock.patch("tests.sipp.rtp.asyncio.get_running_loop") as loop:
        for number, (arrival, stamp) in enumerate(zip(arrivals, stamps, strict=True)):
            loop.return_value.time.return_value = arrival
            part = words[number * FRAME : (number + 1) * FRAME]
            line.datagram_received(_HEADER.pack(0x80, ALAW, number, stamp, 7) + part, ("127.0.0.1", 1))


def test_sound_read_late_is_heard_whole() -> None:
    """A test that was held up for two seconds reads many packets at once: that leaves no hole in what was said."""
    spoken = sound.announcement(5, 4.0)
    words = sound.encode_alaw(spoken)
    count = len(words) // FRAME
    arrivals = [at * 0.02 if not 50 <= at < 150 else 150 * 0.02 for at in range(count)]
    line = Line()
    _told(line, arrivals, words, [at * FRAME for at in range(count)])
    assert sound.similarity(line.heard(), spoken) > 0.99


def test_a_pause_that_was_sent_is_heard() -> None:
    """Timestamps that go on as if nothing were, three seconds later: the pause stays where it was."""
    words = sound.encode_alaw(sound.announcement(6, 1.0))
    count = len(words) // FRAME
    arrivals = [at * 0.02 + (3 if at >= 25 else 0) for at in range(count)]
    line = Line()
    _told(line, arrivals, words, [at * FRAME for at in range(count)])
    assert len(line.heard()) == 4 * sound.RATE

"""One end of a call's sound: a UDP socket that hears, speaks and presses keys (RFC 3550, RFC 4733).

It sends without a pause from the moment it knows where to, as a telephone does: a recording counts no time without it.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np

from tests.sipp import sound
from tests.sipp.sound import RATE, Samples
from tests.sipp.waiting import PATIENCE, Watched

FRAME = 160
"""Samples in a packet of 20 ms."""
ALAW, EVENT = 8, 101
"""Payload types of sound and of key presses, as offered in `sip.sdp`."""
KEYS = "0123456789*#ABCD"
"""Keys in the order of their event codes (RFC 4733 table 3)."""

_HEADER = struct.Struct("!BBHII")
_KEY = struct.Struct("!BBH")
_SILENT = bytes([sound.ALAW_SILENCE]) * FRAME
_KEY_FRAMES, _KEY_ENDS, _KEY_GAP = 5, 3, 4
"""A key lasts 100 ms, its end is told three times (RFC 4733 section 2.5.1.4), and 80 ms of silence follow."""
KEY_MS = (_KEY_FRAMES + _KEY_ENDS + _KEY_GAP) * 20
"""Milliseconds that a key press takes on the line."""
_LISTEN_EVERY = 10
"""Packets between two comparisons with a reference."""
_JUMP = 1.0
"""Seconds by which arrival and timestamp may part before the timestamps count as begun anew."""


class LineClosedError(Exception):
    """The call ended before that which was waited for was said or heard."""


class _Heard(NamedTuple):
    arrival: float
    source: int
    timestamp: int
    payload: bytes


class _Frame(NamedTuple):
    """A packet to send; `age` is how many samples ago its timestamp was (all packets of a key carry its start)."""

    payload: bytes
    kind: int = ALAW
    marker: bool = False
    age: int = 0


class Line(Watched, asyncio.DatagramProtocol):
    """The media socket of one call: `async with await Line.open() as line`.

    `keys` are the keys heard so far, in order. Instants are the event loop's time, in seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys = ""
        self.closed = False
        self._heard: list[_Heard] = []
        self._last_key: tuple[int, int] | None = None
        self._waiting: deque[_Frame] = deque()
        self._remote: tuple[str, int] | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._source, self._sequence, self._clock = random.getrandbits(32), 0, random.getrandbits(31)

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Bind the socket (to a free port by default).

        Raises:
            OSError: the address cannot be had.
        """
        _, line = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(host, port))
        return line

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next round

    def close(self) -> None:
        """Stop sending and give the port back. What was heard stays readable."""
        if self._tick:
            self._tick.cancel()
        self.closed = True
        self._transport.close()
        self.tell()

    def __repr__(self) -> str:
        return f"<Line {self.port} -> {self._remote}, {len(self._heard)} packets heard, keys {self.keys!r}>"

    @property
    def port(self) -> int:
        """The port to offer in SDP."""
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    @property
    def packets(self) -> int:
        """How many packets of sound have been heard."""
        return len(self._heard)

    # speaking

    def connect(self, remote: tuple[str, int]) -> None:
        """Send to this address from now on, silence if there is nothing else. May be called again."""
        self._remote = remote
        if not self._tick:
            self._send_next(asyncio.get_running_loop().time())

    def speak(self, samples: Samples) -> None:
        """Queue sound; it leaves in real time once the far side is known."""
        data = sound.encode_alaw(samples)
        frames = [data[at : at + FRAME].ljust(FRAME, _SILENT[:1]) for at in range(0, len(data), FRAME)]
        self._waiting.extend(_Frame(frame, marker=number == 0) for number, frame in enumerate(frames))

    def press(self, keys: str) -> None:
        """Queue key presses (0-9, *, #, A-D)."""
        for code in map(KEYS.index, keys):
            for number in range(_KEY_FRAMES + _KEY_ENDS):
                end = 0x80 if number >= _KEY_FRAMES else 0
                length = min(number + 1, _KEY_FRAMES) * FRAME
                payload = _KEY.pack(code, end | 10, length)
                self._waiting.append(_Frame(payload, EVENT, marker=number == 0, age=number * FRAME))
            self._waiting.extend([_Frame(_SILENT)] * _KEY_GAP)

    async def sent(self, patience: float = 60.0) -> None:
        """Wait until everything queued has left.

        Raises:
            LineClosedError: the call ended before.
            TimeoutError: it takes longer than that, or the far side never said where to send.
        """
        await self._reached("everything queued to be sent", lambda: not self._waiting, patience)

    async def _reached(self, what: str, true: Callable[[], bool], patience: float) -> None:
        await self.until(what, lambda: true() or self.closed, patience)
        if not true():
            raise LineClosedError(f"closed before {what}: {self!r}")

    def _send_next(self, due: float) -> None:
        frame = self._waiting.popleft() if self._waiting else _Frame(_SILENT)
        kind = frame.kind | (0x80 if frame.marker else 0)
        stamp = (self._clock - frame.age) & 0xFFFFFFFF
        self._transport.sendto(
            _HEADER.pack(0x80, kind, self._sequence, stamp, self._source) + frame.payload, self._remote
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._clock += FRAME
        self._tick = asyncio.get_running_loop().call_at(due + FRAME / RATE, self._send_next, due + FRAME / RATE)
        if not self._waiting:
            self.tell()

    # hearing

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # UDP gives this
        """Take the socket (asyncio calls this)."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a packet (asyncio calls this). Anything but sound and keys, RTCP for one, is passed over."""
        del addr
        if len(data) <= _HEADER.size or data[0] >> 6 != 2:
            return
        first, kind, _, stamp, source = _HEADER.unpack_from(data)
        payload = data[_HEADER.size + 4 * (first & 15) :]
        if kind & 0x7F == ALAW:
            self._heard.append(_Heard(asyncio.get_running_loop().time(), source, stamp, payload))
        elif kind & 0x7F == EVENT and (source, stamp) != self._last_key and payload[0] < len(KEYS):
            self._last_key = (source, stamp)
            self.keys += KEYS[payload[0]]
        self.tell()

    def heard(self, start: float = 0.0, end: float = float("inf")) -> Samples:
        """Put together what arrived between two instants, gaps as silence."""
        packets = [packet for packet in self._heard if start <= packet.arrival < end]
        if not packets:
            return sound.SILENCE
        placed = _place(packets)
        origin = min(placed)
        length = max(at + len(packet.payload) for at, packet in zip(placed, packets, strict=True)) - origin
        data = np.full(length, sound.ALAW_SILENCE, dtype=np.uint8)
        for at, packet in zip(placed, packets, strict=True):
            data[at - origin : at - origin + len(packet.payload)] = np.frombuffer(packet.payload, dtype=np.uint8)
        return sound.decode_alaw(data.tobytes())

    async def hears(
        self, reference: Samples, score: float = 0.9, patience: float = PATIENCE, since: float = 0.0
    ) -> float:
        """Wait until the reference has been heard, at best to its end, and return the score.

        Args:
            reference: what should come.
            score: how sure is sure enough, see `sound.recognised`.
            patience: seconds.
            since: listen only to what arrived after this instant.

        Raises:
            LineClosedError: the call ended before.
            TimeoutError: it was not heard.
        """
        best, asked = 0.0, 0

        def enough() -> bool:
            nonlocal best, asked
            if self.packets - asked >= _LISTEN_EVERY or self.closed:
                asked = self.packets
                best = sound.recognised(self.heard(since), reference)
            return best >= score

        try:
            await self._reached(f"a sound to be heard with {score:g}", enough, patience)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; at best with {best:.2f}") from None
        return best

    async def hears_keys(self, keys: str, patience: float = PATIENCE) -> None:
        """Wait until the keys heard end with these.

        Raises:
            LineClosedError: the call ended before.
            TimeoutError: they were not pressed.
        """
        await self._reached(f"keys {keys}", lambda: self.keys.endswith(keys), patience)


def _place(packets: list[_Heard]) -> list[int]:
    """Give each packet its position in samples: by timestamp, or by arrival where the timestamps begin anew."""
    placed: list[int] = []
    start = anchor = packets[0]
    anchor_at = 0
    for packet, arrival in zip(packets, _arrivals(packets), strict=True):
        arrived = round((arrival - start.arrival) * RATE)
        ahead = (packet.timestamp - anchor.timestamp + 0x80000000) % 0x100000000 - 0x80000000
        if packet.source != anchor.source or abs(anchor_at + ahead - arrived) > _JUMP * RATE:
            anchor, anchor_at, ahead = packet, arrived, 0
        placed.append(anchor_at + ahead)
    return placed


def _arrivals(packets: list[_Heard]) -> list[float]:
    """Say when each packet came, also where the loop was held up and read many of them late and at once.

    A packet came no later than the next one less what lies between their timestamps: a pause that was sent stays, a
    pause in reading goes.
    """
    arrivals = [packet.arrival for packet in packets]
    for at in range(len(packets) - 1, 0, -1):
        packet, after = packets[at - 1], packets[at]
        between = (after.timestamp - packet.timestamp) % 0x100000000 / RATE
        if packet.source == after.source and between < _JUMP:
            arrivals[at - 1] = min(packet.arrival, arrivals[at] - between)
    return arrivals

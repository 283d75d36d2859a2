"""The channel fax, with a scripted calls process in place of the real one and Asterisk's lines as it writes them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_fax import CUT, NO_T38, PERSON, SENT
from tests.notify.examples import NOW, message, payload
from vorzimmer.asterisk import fax_files
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.control.commands import Refused
from vorzimmer.control.server import Server
from vorzimmer.core.fax import reference
from vorzimmer.notify import fax
from vorzimmer.notify.channel import Asking, Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.fax import Fax, Manner, tidy
from vorzimmer.notify.fax_drawing import DrawingError, Words
from vorzimmer.store.outbox import Leased

BUSY = "dial=BUSY|at=1|cause=17\n"
TIFF = b"II*\0 pages"


@dataclass
class CallsProcess:
    """What stands at the other end of the socket: `ends` are written as Asterisk would, one for each fax."""

    folder: Path
    ends: list[str | None] = field(default_factory=list)
    refuse: Refused | None = None
    asked: list[commands.FaxSend] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def handlers(self) -> Handlers:
        """Both commands."""

        async def send(command: commands.FaxSend) -> dict[str, Any]:
            if self.refuse is not None:
                raise self.refuse
            self.asked.append(command)
            fax_files.put_by(self.folder, command.reference)
            end = self.ends.pop(0)
            if end is not None:
                (self.folder / f"{command.reference}.result").write_text(end)
            return {"reference": command.reference}

        async def state(_: commands.FaxState) -> dict[str, Any]:
            return {"state": self.states.pop(0) if self.states else "running"}

        return {commands.FaxSend: send, commands.FaxState: state}


@pytest.fixture
def other(tmp_path: Path) -> CallsProcess:
    """The calls process."""
    folder = tmp_path / "fax"
    folder.mkdir()
    return CallsProcess(folder)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages in no time, and no patience."""

    async def drawing(words: Words, _: Any) -> bytes:
        assert words.client == "Kanzlei Müller"
        return TIFF

    monkeypatch.setattr(fax, "drawn", drawing)
    monkeypatch.setattr(fax, "LOOK", 0.01)
    monkeypatch.setattr(fax, "ASK", 0.02)


@contextlib.asynccontextmanager
async def channel(other: CallsProcess, tmp_path: Path) -> AsyncIterator[Fax]:
    """The channel, connected."""
    manner = Manner("Büro Süd", "DE", "+4930123456", tries=3, pause=timedelta(minutes=5))
    socket = tmp_path / "control.sock"
    server = Server(socket, other.handlers(), lambda: NOW, _unheard)
    serving = asyncio.create_task(server.run())
    try:
        await server.listening.wait()
        yield Fax(other.folder, socket, manner, trouble=_unheard, wait=1.0)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _unheard(_event: str, /, **_about: Any) -> None:
    """Nobody listens."""


def fax_message(**changes: Any) -> Leased:
    """A message to a fax machine."""
    return replace(message("+4989777001"), channel="fax", **changes)


async def test_a_fax_that_arrived_is_sent_with_its_copy(other: CallsProcess, tmp_path: Path) -> None:
    """The reference is stable, Asterisk's words are told, and what was sent is kept as it was sent."""
    other.ends = [SENT]
    leased = fax_message()
    async with channel(other, tmp_path) as way:
        assert isinstance(way, Asking)
        outcome = await way.send(leased)
    assert isinstance(outcome, Sent)
    assert outcome.detail == "2 pages, 9600 bit/s, ECM"
    assert outcome.provider_id == reference(leased.message_id)
    assert outcome.copy is not None
    assert (outcome.copy.media_type, outcome.copy.content) == ("image/tiff", TIFF)
    (asked,) = other.asked
    assert (asked.to, asked.client, asked.header) == ("+4989777001", "mueller", "Buero Sued")
    assert asked.station == "+4930123456"


async def test_a_digest_is_faxed_too(other: CallsProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All calls of the day on paper, in one fax."""
    written: list[Words] = []

    async def drawing(words: Words, _: Any) -> bytes:
        written.append(words)
        return TIFF

    monkeypatch.setattr(fax, "drawn", drawing)
    calls = [payload(caller_name=name) for name in ("Erika Muster", "Wałęsa Łódź")]
    digest = {"digest": calls, "client_name": "Kanzlei Müller", "timezone": "Europe/Berlin", "rule": {"id": "day"}}
    other.ends = [SENT]
    async with channel(other, tmp_path) as way:
        assert isinstance(await way.send(fax_message(payload=digest, call_id=None)), Sent)
    (words,) = written
    assert words.client == "Kanzlei Müller"
    assert all(name in words.text for name in ("Erika Muster", "Wałęsa Łódź"))


async def test_what_arrived_is_never_sent_again(other: CallsProcess, tmp_path: Path) -> None:
    """A worker that died after the fax and before the mark finds it, by looking or by sending."""
    other.ends = [SENT]
    leased = fax_message()
    async with channel(other, tmp_path) as way:
        first = await way.send(leased)
        assert await way.look(replace(leased, attempts=2, unclear=True)) == first
        assert await way.send(replace(leased, attempts=3)) == first
    assert len(other.asked) == 1


async def test_each_end_has_its_outcome(other: CallsProcess, tmp_path: Path) -> None:
    """Busy, cut, again busy: after as many calls as are allowed it is given up, and the words say why."""
    other.ends = [BUSY, CUT, BUSY]
    async with channel(other, tmp_path) as way:
        outcomes: list[Outcome] = [await way.send(fax_message(message_id="<a@b>")) for _ in range(3)]
    assert outcomes[0] == RetryLater("the line was busy", after=timedelta(minutes=5))
    assert isinstance(outcomes[1], RetryLater)
    assert "all pages go again" in outcomes[1].detail
    assert outcomes[2] == Dead("the line was busy; given up after 3 calls")


@pytest.mark.parametrize("first", [PERSON, NO_T38], ids=["person", "t38"])
async def test_a_person_is_rung_twice(other: CallsProcess, tmp_path: Path, first: str) -> None:
    """A telephone that is no fax machine is left alone then."""
    other.ends = [first, PERSON]
    async with channel(other, tmp_path) as way:
        assert isinstance(await way.send(fax_message(message_id="<a@b>")), RetryLater)
        outcome = await way.send(fax_message(message_id="<a@b>"))
    assert isinstance(outcome, Dead)
    assert outcome.detail.endswith("is this a fax number?")


async def test_a_fax_that_goes_on_is_looked_after_later(other: CallsProcess, tmp_path: Path) -> None:
    """Neither sent again nor waited for without end; once Asterisk has written its end, that counts."""
    other.ends = [None]
    leased = fax_message()
    async with channel(other, tmp_path) as way:
        goes_on = RetryLater("the fax goes on", after=timedelta(seconds=30), unclear=True)
        assert await way.send(leased) == goes_on
        assert await way.look(leased) == goes_on
        (other.folder / f"{reference(leased.message_id)}.result").write_text(SENT)
        assert isinstance(await way.look(leased), Sent)
    assert len(other.asked) == 1


async def test_a_fax_that_nobody_knows_was_not_sent(other: CallsProcess, tmp_path: Path) -> None:
    """Neither a result nor a channel, at two looks: it may go (again)."""
    other.states = ["unknown", "unknown"]
    async with channel(other, tmp_path) as way:
        assert await way.look(fax_message()) is None
        other.ends, other.states = [None], ["unknown", "running", "unknown", "unknown"]
        lost = await way.send(fax_message())
    assert lost == RetryLater("Asterisk has lost the fax", after=timedelta(minutes=5))


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("gate.kind", Dead("no")),
        ("gate.country", Dead("no")),
        ("gate.invalid", Dead("no")),
        ("gate.loop", Dead("no")),
        ("unknown_client", Dead("no")),
        ("gate.parallel", RetryLater("no", after=timedelta(minutes=5))),
        ("gate.per_day", RetryLater("no", after=timedelta(hours=1))),
        ("line_taken", RetryLater("no", after=timedelta(minutes=5))),
        ("failed", RetryLater("no", after=timedelta(minutes=5))),
        ("unclear", RetryLater("no", after=timedelta(minutes=5), unclear=True)),
    ],
)
async def test_a_refusal_is_told(other: CallsProcess, tmp_path: Path, code: str, outcome: Outcome) -> None:
    """What depends on the number is for good, what depends on the moment is not, what may have begun is unclear."""
    other.refuse = Refused(code, "no")
    async with channel(other, tmp_path) as way:
        assert await way.send(fax_message()) == outcome


async def test_without_the_calls_process_it_waits(other: CallsProcess, tmp_path: Path) -> None:
    """Nobody knows whether it goes: it is asked again, and not sent blindly."""
    manner = Manner("Büro", "DE", None, tries=3, pause=timedelta(minutes=5))
    way = Fax(other.folder, tmp_path / "nobody.sock", manner, trouble=_unheard, wait=1.0)
    for outcome in (await way.send(fax_message()), await way.look(fax_message())):
        assert isinstance(outcome, RetryLater)
        assert "the calls process is not running" in outcome.detail
        assert outcome.unclear


async def test_pages_that_cannot_be_drawn_are_told(
    other: CallsProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a font nothing is dialled, and the message is not lost."""

    async def no_font(*_: Any) -> bytes:
        raise DrawingError("no font to write a fax with: install fonts-dejavu-core")

    monkeypatch.setattr(fax, "drawn", no_font)
    async with channel(other, tmp_path) as way:
        outcome = await way.send(fax_message())
    assert isinstance(outcome, RetryLater)
    assert "install fonts-dejavu-core" in outcome.detail
    assert not other.asked


class EnoughError(Exception):
    """The clock has told the time once."""


async def test_old_pages_do_not_lie_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than a message is tried is deleted, whether faxes go or not; a folder that is gone harms nobody."""
    monkeypatch.setattr(fax, "TIDY", 0)
    old, young = tmp_path / "old.tiff", tmp_path / "young.tiff"
    for file, age in ((old, timedelta(days=4)), (young, timedelta(days=2))):
        file.write_bytes(TIFF)
        at = (NOW - age).timestamp()
        os.utime(file, (at, at))
    for folder in (tmp_path, tmp_path / "none"):
        times = iter([NOW])

        def clock(times: Iterator[datetime] = times) -> datetime:
            for at in times:
                return at
            raise EnoughError

        with pytest.raises(EnoughError):
            await tidy(folder, clock=clock, trouble=_unheard)
    assert (old.exists(), young.exists()) == (False, True)

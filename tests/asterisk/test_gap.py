"""What is made up for the time in which no events came."""

from __future__ import annotations

from typing import Any

import pytest

from vorzimmer.asterisk import events, gap
from vorzimmer.asterisk.errors import AriError, Gone, Unavailable
from vorzimmer.asterisk.objects import OnEvent


class Pbx:
    """An Asterisk with these channels (id to state) and these sounds under way; or one that says nothing."""

    def __init__(self, *sounds: str, away: bool = False, **channels: str) -> None:
        self.sounds = sounds
        self.channels = channels
        self.away = away

    async def request(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """Answer a GET."""
        assert (method, json, params) == ("GET", None, {})
        if self.away:
            raise Unavailable(path)
        if path == "/channels":
            caller = {"number": "", "name": ""}
            return [{"id": one, "name": one, "state": state, "caller": caller} for one, state in self.channels.items()]
        if path not in self.sounds:
            raise Gone(404, path)
        return {}

    def on_event(self, object_id: str, callback: OnEvent) -> None:
        """Not asked here."""

    def forget(self, object_id: str) -> None:
        """Not asked here."""


def said(told: list[events.Event]) -> set[tuple[str, str]]:
    """The events as pairs of type and id."""
    return {(type(one).__name__, one.of) for one in told}


async def test_a_leg_that_lives_has_been_created_and_perhaps_answered() -> None:
    """Who waits for a channel to appear or to be answered is told; of strangers' channels nothing is said."""
    pbx = Pbx(created="Down", ringing="Ringing", talking="Up", stranger="Up")
    told = await gap.still_there(pbx, ["created", "ringing", "talking", "gone"])
    assert said(told) == {("StasisStart", "created"), ("StasisStart", "talking"), ("ChannelState", "talking")}
    assert events.ChannelState("talking", "Up") in told


async def test_what_nothing_has_any_more_has_ended_whatever_it_was() -> None:
    """Channels that live, and sounds that go on, are left alone; anything else has ended, with normal clearing."""
    pbx = Pbx("/playbacks/words", "/recordings/live/message", talking="Up")
    assert await gap.gone(pbx, ["talking", "words", "message"]) == []
    told = await gap.gone(pbx, ["talking", "left"])
    assert said(told) == {(kind, "left") for kind in ("ChannelDestroyed", "PlaybackFinished", "RecordingFinished")}
    assert events.ChannelDestroyed("left", 16, missed=True) in told


@pytest.mark.parametrize("ask", [gap.still_there, gap.gone])
async def test_without_an_answer_nothing_is_made_up(ask: Any) -> None:
    """An Asterisk that cannot say must never count as one in which everything has ended."""
    with pytest.raises(AriError):
        await ask(Pbx(away=True), ["talking"])

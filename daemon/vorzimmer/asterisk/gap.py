"""Gaps in the events: while the socket was away, what happened was told to nobody.

Channels, bridges, playbacks and recordings outlive the gap. After it Asterisk is asked how things stand, and what
would have been told is made up from the answers: else a caller whose agent hung up in the gap would listen to silence
for ever. An event that is told twice, once made up and once real, says the same both times.
"""

from __future__ import annotations

from collections.abc import Iterable

from vorzimmer.asterisk import events
from vorzimmer.asterisk.objects import Channels, Playbacks, Recordings, Rest

NORMAL = 16
"""Q.850: the cause of an end that nobody told us of."""


async def still_there(ari: Rest, ids: Iterable[str]) -> list[events.Event]:
    """For those of the ids that are channels which live: that they entered the application, and were answered if so.

    One that rings is past the first and before the second: nothing is to be told of it.

    Raises:
        AriError: Asterisk cannot say.
    """
    living = {channel.id: channel for channel in await Channels(ari).list()}
    found = [living[one] for one in ids if one in living and living[one].state in ("Down", "Up")]
    entered = [events.StasisStart(channel.id, channel, ()) for channel in found]
    answered = [events.ChannelState(channel.id, channel.state) for channel in found if channel.state == "Up"]
    return [*entered, *answered]


async def gone(ari: Rest, ids: Iterable[str]) -> list[events.Event]:
    """For those of the ids that nothing in Asterisk has any more: that it has ended.

    An id does not say what it was; each listener takes the event that is for its kind of object.

    Raises:
        AriError: Asterisk cannot say.
    """
    living = {channel.id for channel in await Channels(ari).list()}
    told: list[events.Event] = []
    for one in ids:
        if one not in living and not await _sounds(ari, one):
            told.append(events.ChannelDestroyed(one, NORMAL, missed=True))
            told.append(events.PlaybackFinished(one, failed=False))
            told.append(events.RecordingFinished(one, failed=False))
    return told


async def _sounds(ari: Rest, one: str) -> bool:
    """Whether it is a playback or a recording that goes on."""
    return await Playbacks(ari).live(one) or await Recordings(ari).live(one)

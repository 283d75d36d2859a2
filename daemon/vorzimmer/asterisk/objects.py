"""ARI's objects in the model of ari-py: repositories that make them, objects that act.

An object is its id and the way to ask; it holds no copy of Asterisk's state, which would be old at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Gone

OnEvent = Callable[[events.Event], None]


class Rest(Protocol):
    """What an object needs of the client."""

    async def request(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """One REST request."""

    def on_event(self, object_id: str, callback: OnEvent) -> None:
        """Send an object's events to `callback`."""

    def forget(self, object_id: str) -> None:
        """Stop listening."""


class Channel:
    """A channel by its id. Methods are ARI's own operations."""

    __slots__ = ("_ari", "id")

    def __init__(self, ari: Rest, channel_id: str) -> None:
        self._ari = ari
        self.id = channel_id

    def on_event(self, callback: OnEvent) -> None:
        """Send this channel's events to `callback`."""
        self._ari.on_event(self.id, callback)

    def forget(self) -> None:
        """Stop listening to this channel."""
        self._ari.forget(self.id)

    async def create(
        self,
        endpoint: str,
        *,
        app: str,
        args: str,
        originator: str | None,
        variables: Mapping[str, str],
        reported: Mapping[str, str],
    ) -> None:
        """Make a channel to `endpoint` under this id, chosen by us; it enters `app` with `args` and waits for `dial`.

        `originator`: the channel for whose call it is made, if that is there. `variables` are set on it; `reported` are
        set and ride in each of its events and in the list of channels. No channel may be there whose id begins with
        this one's: Asterisk takes it for the same (409).

        Listen before: its events may overtake the answer to this request. `originate` would be one request less, but
        follows redirections (SIP 302) to wherever the called side says, over the trunk too.
        """
        reports = {name: {"value": value, "report_events": True} for name, value in reported.items()}
        await self._ari.request(
            "POST",
            "/channels/create",
            json={"variables": {**variables, **reports}},
            channelId=self.id,
            endpoint=endpoint,
            app=app,
            appArgs=args,
            **({"originator": originator} if originator is not None else {}),
        )

    async def originate(
        self,
        local: str,
        *,
        other_id: str,
        goes_on: tuple[str, str],
        variables: Mapping[str, str],
        reported: Mapping[str, str],
    ) -> None:
        """Make a channel of two halves that lives in the dialplan, whatever becomes of us.

        Args:
            local: `Local/EXTENSION@CONTEXT/n`, where the other half goes. Nothing else: see `create`.
            other_id: of the other half; it may not begin with this one's.
            goes_on: context and extension of this half, once the other one has answered.
            variables: set on both.
            reported: set too, and told in each event and in the list of channels.
        """
        reports = {name: {"value": value, "report_events": True} for name, value in reported.items()}
        context, extension = goes_on
        await self._ari.request(
            "POST",
            "/channels",
            json={"variables": {**variables, **reports}},
            channelId=self.id,
            otherChannelId=other_id,
            endpoint=local,
            context=context,
            extension=extension,
            priority=1,
        )

    async def dial(self, timeout: int) -> None:  # noqa: ASYNC109 - Asterisk's ring timeout in seconds, not ours
        """Dial a created channel, after its `StasisStart`."""
        await self._ari.request("POST", f"/channels/{self.id}/dial", timeout=timeout)

    async def read(self) -> events.ChannelData:
        """How it is now.

        Raises:
            Gone: it is not there.
        """
        return events.parse_channel(await self._ari.request("GET", f"/channels/{self.id}"))

    async def answer(self) -> None:
        """Answer it (200 OK)."""
        await self._ari.request("POST", f"/channels/{self.id}/answer")

    async def ring(self) -> None:
        """Let it hear ringing (180)."""
        await self._ari.request("POST", f"/channels/{self.id}/ring")

    async def stop_ringing(self) -> None:
        """Stop the ringing that it hears."""
        await self._ari.request("DELETE", f"/channels/{self.id}/ring")

    async def start_moh(self) -> None:
        """Play music on hold."""
        await self._ari.request("POST", f"/channels/{self.id}/moh")

    async def stop_moh(self) -> None:
        """Stop the music."""
        await self._ari.request("DELETE", f"/channels/{self.id}/moh")

    async def play(self, playback_id: str, media: str, lang: str) -> None:
        """Play a media URI; `PlaybackFinished` comes under `playback_id`."""
        path = f"/channels/{self.id}/play/{playback_id}"
        await self._ari.request("POST", path, media=media, lang=lang)

    async def record(self, name: str, *, max_seconds: int, silence: int, terminate_on: str) -> None:
        """Record what the channel says into `name`.wav, with a beep first; fails if the name exists."""
        await self._ari.request(
            "POST",
            f"/channels/{self.id}/record",
            name=name,
            format="wav",
            maxDurationSeconds=max_seconds,
            maxSilenceSeconds=silence,
            ifExists="fail",
            beep="true",
            terminateOn=terminate_on,
        )

    async def heard_of(self) -> bool:
        """Whether the called side has said anything yet, be it only "trying": then the channel was dialled.

        A channel that was dialled is "Down" like one that was not, as long as it does not ring, and over some trunks it
        never does (183 in place of 180).
        """
        told = await self._ari.request("GET", f"/channels/{self.id}/variable", variable="HANGUPCAUSE_KEYS()")
        return bool(told["value"])

    async def snoop(self, snoop_id: str, *, app: str, args: str, whisper: bool) -> None:
        """Make a channel that hears both sides of this one; with `whisper`, this one's far side alone hears it.

        It enters `app` with `args`, and ends with this one.
        """
        how = {"spy": "both", "whisper": "out" if whisper else "none"}
        await self._ari.request("POST", f"/channels/{self.id}/snoop/{snoop_id}", app=app, appArgs=args, **how)

    async def set(self, variable: str, value: str) -> None:
        """Set a variable, or write to a function of the dialplan."""
        await self._ari.request("POST", f"/channels/{self.id}/variable", variable=variable, value=value)

    async def press(self, keys: str) -> None:
        """Let the far side of this channel hear keys."""
        await self._ari.request("POST", f"/channels/{self.id}/dtmf", dtmf=keys, between=80, duration=100)

    async def tell_transfer(self, state: str) -> None:
        """Say how the transfer goes that this channel's telephone asked for by REFER (RFC 3515).

        `state`: `channel_progress`, `channel_answered`, `channel_unavailable` or `channel_declined`.
        """
        await self._ari.request("POST", f"/channels/{self.id}/transfer_progress", states=state)

    async def move_to_dialplan(self, context: str, extension: str, label: str) -> None:
        """Leave Stasis and go on in the dialplan."""
        await self._ari.request(
            "POST", f"/channels/{self.id}/continue", context=context, extension=extension, label=label
        )

    async def hang_up(self, *, reason: str | None = None, cause: int | None = None) -> None:
        """Hang up, with ARI's reason word or a Q.850 cause."""
        params: dict[str, str | int] = {}
        if reason is not None:
            params["reason"] = reason
        if cause is not None:
            params["reason_code"] = cause
        await self._ari.request("DELETE", f"/channels/{self.id}", **params)


class Channels:
    """`client.channels`."""

    def __init__(self, ari: Rest) -> None:
        self._ari = ari

    def __call__(self, channel_id: str) -> Channel:
        """A channel by its id, without asking Asterisk."""
        return Channel(self._ari, channel_id)

    async def list(self) -> list[events.ChannelData]:
        """All channels of this Asterisk."""
        found = await self._ari.request("GET", "/channels")
        return [events.parse_channel(raw) for raw in found]

    async def exists(self, channel_id: str) -> bool:
        """Whether the channel is there."""
        return await _is_there(self._ari, f"/channels/{channel_id}")


@dataclass(frozen=True, slots=True)
class BridgeData:
    """A bridge as ARI describes it: its id, and the channels in it."""

    id: str
    channels: frozenset[str]
    created_at: datetime | None


class Bridge:
    """A mixing bridge by its id, chosen by us."""

    __slots__ = ("_ari", "id")

    def __init__(self, ari: Rest, bridge_id: str) -> None:
        self._ari = ari
        self.id = bridge_id

    async def create(self) -> None:
        """Create it."""
        await self._ari.request("POST", f"/bridges/{self.id}", type="mixing")

    async def add(self, *channel_ids: str, keys_apart: bool = False) -> None:
        """Put channels in. `keys_apart`: their DTMF stays out of the bridge and is told as events only.

        Raises:
            Gone: a channel is not there (ARI says 400 to that, not 404), or the bridge is not.
            Conflict: a channel is not in Stasis.
        """
        try:
            apart = {"absorbDTMF": "true"} if keys_apart else {}
            await self._ari.request("POST", f"/bridges/{self.id}/addChannel", channel=",".join(channel_ids), **apart)
        except AriError as error:
            raise Gone(error.status, str(error)) if error.status == 400 else error from None

    async def remove(self, channel_id: str) -> None:
        """Take a channel out; it stays in Stasis."""
        await self._ari.request("POST", f"/bridges/{self.id}/removeChannel", channel=channel_id)

    async def destroy(self) -> None:
        """Take the bridge down; its channels live on."""
        await self._ari.request("DELETE", f"/bridges/{self.id}")


class Bridges:
    """`client.bridges`."""

    def __init__(self, ari: Rest) -> None:
        self._ari = ari

    def __call__(self, bridge_id: str) -> Bridge:
        """A bridge by its id, without asking Asterisk."""
        return Bridge(self._ari, bridge_id)

    async def list(self) -> list[BridgeData]:
        """All bridges of this Asterisk."""
        found = await self._ari.request("GET", "/bridges")
        return [
            BridgeData(str(raw["id"]), frozenset(map(str, raw["channels"])), events.parse_time(raw["creationtime"]))
            for raw in found
        ]


class Recordings:
    """`client.recordings`."""

    def __init__(self, ari: Rest) -> None:
        self._ari = ari

    async def live(self, name: str) -> bool:
        """Whether it is being recorded now."""
        return await _is_there(self._ari, f"/recordings/live/{name}")

    async def stored(self, name: str) -> bool:
        """Whether it is finished and lies in Asterisk's folder."""
        return await _is_there(self._ari, f"/recordings/stored/{name}")

    async def stop(self, name: str) -> None:
        """Stop a live recording and keep it."""
        await self._ari.request("POST", f"/recordings/live/{name}/stop")


class Playbacks:
    """`client.playbacks`."""

    def __init__(self, ari: Rest) -> None:
        self._ari = ari

    async def live(self, playback_id: str) -> bool:
        """Whether it is being played or waits for its turn."""
        return await _is_there(self._ari, f"/playbacks/{playback_id}")

    async def stop(self, playback_id: str) -> None:
        """Stop a playback."""
        await self._ari.request("DELETE", f"/playbacks/{playback_id}")


async def _is_there(ari: Rest, path: str) -> bool:
    try:
        await ari.request("GET", path)
    except Gone:
        return False
    return True

"""ARI's JSON becomes the few event types in use; cleaned here, at the edge.

Whatever is not one of these types is dropped. Text that came from the network (numbers, names) is passed on
raw in `ChannelData`, since only `core.number` knows what a clean number is; everything else is checked
for its type, so a malformed event is dropped as a whole and never half believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ChannelData:
    """A channel as ARI describes it. `number` and `name` of the caller are raw.

    `app` and `app_args`: the Stasis application it is in and its arguments there; empty in the dialplan.
    `variables`: those that were set with `report_events`. `sip_call_id` is what its SIP messages carry.
    """

    id: str
    name: str
    state: str
    number: str
    caller_name: str
    app: str = ""
    app_args: tuple[str, ...] = ()
    created_at: datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    sip_call_id: str = ""


@dataclass(frozen=True, slots=True)
class StasisStart:
    """A channel entered the application with these arguments."""

    of: str
    channel: ChannelData
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StasisEnd:
    """A channel left the application: hung up, or sent on in the dialplan."""

    of: str


@dataclass(frozen=True, slots=True)
class HangupRequest:
    """Somebody asks for the channel's end. `cause`: Q.850, 0 where none was given."""

    of: str
    cause: int


@dataclass(frozen=True, slots=True)
class ChannelDestroyed:
    """The channel is gone. `cause`: Q.850. `missed`: it had gone before, while no events came."""

    of: str
    cause: int
    missed: bool = False


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The channel's state changed: `Ringing`, `Up` and so on."""

    of: str
    state: str


@dataclass(frozen=True, slots=True)
class Dtmf:
    """One digit was pressed on the channel."""

    of: str
    digit: str


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The telephone on this channel asks by REFER to put its partner through to `destination`, raw as it wrote it.

    `replaces`: it names a call of its own that is to be taken instead of dialling.
    """

    of: str
    destination: str
    replaces: bool


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A playback ended. `failed`: it could not be played (to the end)."""

    of: str
    failed: bool


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """A live recording ended. `of` is its name."""

    of: str
    failed: bool


Event = (
    StasisStart
    | StasisEnd
    | HangupRequest
    | ChannelDestroyed
    | ChannelState
    | Dtmf
    | TransferAsked
    | PlaybackFinished
    | RecordingFinished
)


def parse(raw: Mapping[str, Any]) -> Event | None:
    """The event in use, or None for one that is not or is not of its form."""
    build = _BUILDERS.get(raw.get("type", ""))
    if build is None:
        return None
    try:
        return build(raw)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def parse_channel(raw: Mapping[str, Any]) -> ChannelData:
    """A channel of an event or of `GET /channels`.

    Raises:
        KeyError, TypeError: not a channel.
    """
    caller = raw["caller"]
    app, args = _application(raw.get("dialplan") or {})
    return ChannelData(
        str(raw["id"]),
        str(raw["name"]),
        str(raw["state"]),
        str(caller["number"]),
        str(caller["name"]),
        app,
        args,
        parse_time(str(raw.get("creationtime", ""))),
        {str(key): str(value) for key, value in (raw.get("channelvars") or {}).items()},
        str(raw.get("protocol_id", "")),
    )


def _application(dialplan: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The Stasis application and its arguments, from what the dialplan runs on the channel."""
    if dialplan.get("app_name") != "Stasis":
        return "", ()
    app, *args = str(dialplan.get("app_data", "")).split(",")
    return app, tuple(args)


def parse_time(text: str) -> datetime | None:
    """An instant as ARI writes it, such as `2026-11-22T06:34:11.322+0000`; None if it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _channel_id(raw: Mapping[str, Any]) -> str:
    return str(raw["channel"]["id"])


def _stasis_start(raw: Mapping[str, Any]) -> Event:
    channel = parse_channel(raw["channel"])
    return StasisStart(channel.id, channel, tuple(str(arg) for arg in raw["args"]))


def _recording(raw: Mapping[str, Any]) -> Event:
    return RecordingFinished(str(raw["recording"]["name"]), raw["type"] == "RecordingFailed")


def _transfer(raw: Mapping[str, Any]) -> Event | None:
    if "state" in raw:
        return None  # what we told the telephone, said back to us
    wanted = raw["refer_to"]
    named = wanted["requested_destination"]
    return TransferAsked(
        str(raw["referred_by"]["source_channel"]["id"]),
        str(named.get("destination") or ""),
        replaces="destination_channel" in wanted or "protocol_id" in named,
    )


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    "StasisStart": _stasis_start,
    "StasisEnd": lambda raw: StasisEnd(_channel_id(raw)),
    "ChannelHangupRequest": lambda raw: HangupRequest(_channel_id(raw), int(raw.get("cause", 0))),
    "ChannelDestroyed": lambda raw: ChannelDestroyed(_channel_id(raw), int(raw["cause"])),
    "ChannelStateChange": lambda raw: ChannelState(_channel_id(raw), str(raw["channel"]["state"])),
    "ChannelDtmfReceived": lambda raw: Dtmf(_channel_id(raw), str(raw["digit"])),
    "ChannelTransfer": _transfer,
    "PlaybackFinished": lambda raw: PlaybackFinished(str(raw["playback"]["id"]), raw["playback"]["state"] == "failed"),
    "RecordingFinished": _recording,
    "RecordingFailed": _recording,
}

UNUSED = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeMerged",
    "PlaybackStarted",
    "PlaybackContinuing",
    "RecordingStarted",
    "Dial",
    "ChannelHold",
    "ChannelUnhold",
    "ChannelTalkingStarted",
    "ChannelTalkingFinished",
    "DeviceStateChanged",
    "EndpointStateChange",
    "PeerStatusChange",
    "ContactStatusChange",
)
"""Types that Asterisk is asked not to send; a *disallowed* list, because an allowed one drops REST responses too."""

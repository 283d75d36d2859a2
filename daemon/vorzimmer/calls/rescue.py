"""Calls that stand in Asterisk while the daemon is away for longer: looked after from outside, by a process of its own.

It asks the daemon whether it is ready, and while it is not, does what `core.rescue` decides, by plain requests to
Asterisk: no event socket (a second one would take the calls away from the daemon), no database, no journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import aiohttp
import structlog

from vorzimmer.asterisk.errors import AriError, Conflict, Gone
from vorzimmer.asterisk.objects import Bridges, Channels, Recordings, Rest
from vorzimmer.core import rescue
from vorzimmer.core.rescue import Absence, Action, DestroyBridge, Found, HangUp, SendAway

log = structlog.get_logger()

T = TypeVar("T")

POLL = 1.0
"""Seconds between two questions to the daemon."""

ANSWER_TIMEOUT = 2.0
"""Seconds within which a daemon that is well answers."""

PATIENCE = 15.0
"""Seconds that the daemon may be away before its callers are looked after: time for a restart."""

AGAIN = 5.0
"""Seconds between two passes while it stays away."""

PASS_TIMEOUT = 10.0
"""Seconds for one pass; Asterisk answers in milliseconds or is in trouble."""

ALARM_TIMEOUT = 60.0
"""Seconds that the mail server may take."""

FALLBACK = ("vorzimmer", "rescued", "begin")
"""Context, extension and label of the dialplan's way for callers who were left behind."""

NORMAL = 16
"""Q.850: normal call clearing."""


async def is_ready(url: str) -> bool:
    """Whether the daemon says so at `url`; one that is frozen, starting or gone does not."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT)
    try:
        # A connection of its own for each question: one kept open to a process that died in between costs an answer.
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


async def look_after(rest: Rest, app: str) -> list[Action]:
    """One pass over everything in Asterisk; returns what was done. `app`: the daemon's Stasis application.

    A second pass at once does little or nothing: what was done is done, or has ended by itself.

    Raises:
        AriError: Asterisk could not say how things stand.
    """
    actions = rescue.decide(await _look(rest, app))
    done = await asyncio.gather(*(_do(rest, action) for action in actions))
    return [action for action, was_done in zip(actions, done, strict=True) if was_done]


async def _look(rest: Rest, app: str) -> Found:
    """Channels before bridges: who is connected in between is then seen as connected."""
    channels = [
        rescue.Channel(channel.id, channel.app_args if channel.app == app else ())
        for channel in await Channels(rest).list()
    ]
    bridges = {bridge.id: bridge.channels for bridge in await Bridges(rest).list()}
    found = Found(channels, bridges)
    names = [rescue.message_of(call) for call in rescue.waiting(found)]
    recordings = Recordings(rest)
    # Those that go on before those on the disk: one that is finished in between is then seen as one or the other.
    recording = await _which(recordings.live, names)
    return Found(channels, bridges, recording, await _which(recordings.stored, names))


async def _which(there: Callable[[str], Awaitable[bool]], names: Sequence[str]) -> frozenset[str]:
    answers = await asyncio.gather(*(there(name) for name in names))
    return frozenset(name for name, answer in zip(names, answers, strict=True) if answer)


async def _do(rest: Rest, action: Action) -> bool:
    """Carry one action out. False: it was too late, or Asterisk refused; the next pass sees how things are then."""
    try:
        match action:
            case SendAway(call):
                await Channels(rest)(call).move_to_dialplan(*FALLBACK)
            case HangUp(channel=channel):
                await Channels(rest)(channel).hang_up(cause=NORMAL)
            case DestroyBridge(bridge=bridge):
                await Bridges(rest)(bridge).destroy()
    except (Gone, Conflict):
        return False
    except AriError as error:
        log.warning("rescue.refused", call_id=action.call, what=describe(action), error=str(error))
        return False
    log.warning("rescue.done", call_id=action.call, what=describe(action))
    return True


def describe(action: Action) -> str:
    """An action in words, in the past."""
    match action:
        case SendAway():
            return "caller sent to the announcement"
        case HangUp(channel=channel, why=why):
            return f"{channel} hung up: {why}"
        case DestroyBridge(bridge=bridge):
            return f"empty bridge {bridge} taken down"


async def watch(
    ready: Callable[[], Awaitable[bool]],
    one_pass: Callable[[], Awaitable[Sequence[Action]]],
    *,
    alive: Callable[[], None],
    alarm: Callable[[Sequence[Action] | None], Awaitable[None]],
) -> None:
    """Ask for ever, and look after the calls while the daemon is away; nothing that fails ends this.

    Args:
        ready: whether the daemon is ready; raises nothing.
        one_pass: looks after the calls once.
        alive: told after every question, with a pass or without; at most `ANSWER_TIMEOUT + PASS_TIMEOUT + POLL` apart.
        alarm: called once an absence, after its first pass, with what was done, or None where that failed.
    """
    loop = asyncio.get_running_loop()
    absence = Absence(PATIENCE, AGAIN)
    alarmed = False
    async with asyncio.TaskGroup() as beside:
        while True:
            asked = loop.time()
            is_there = await ready()
            if absence.is_due(asked, ready=is_there):
                done = await _quietly(one_pass(), PASS_TIMEOUT)
                if not alarmed:
                    # Beside: a mail server that does not answer must keep no caller waiting.
                    beside.create_task(_quietly(alarm(done), ALARM_TIMEOUT))
                    alarmed = True
            elif is_there and alarmed:
                log.info("rescue.over")
                alarmed = False
            alive()
            await asyncio.sleep(POLL)


async def _quietly(work: Awaitable[T], seconds: float) -> T | None:
    """The result, or None: what goes wrong is logged. The next time may be better, and nobody else does this work."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except (AriError, TimeoutError) as error:
        log.warning("rescue.failed", error=str(error) or type(error).__name__)
    except Exception:
        log.exception("rescue.failed")
    return None
